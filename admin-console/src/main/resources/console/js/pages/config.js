// The settings in force and where each comes from; check a file, reload; certificates and their days.

import { h } from "../dom.js";
import { post, url } from "../api.js";
import * as f from "../format.js";
import { button, card, choose, empty, foreign, state, verdict, when } from "../parts.js";
import { here, to, tweak } from "../router.js";
import { ask, download, toast } from "../dialog.js";

const TABS = [
  ["settings", "Settings"],
  ["certs", "Certificates"],
];
const KIND = { ok: "ok", info: "ok", warning: "warn", critical: "crit" };
const tabOf = () => (here().words.get("tab") === "certs" ? "certs" : "settings");
const isDefault = row => row.origin === "default";

export default {
  title: () => (tabOf() === "certs" ? "Certificates" : "Config"),
  feeds() {
    const node = here().words.get("node");
    return {
      config: { path: url("/config", { node }), every: 20_000 },
      certs: { path: url("/certs", { node }), every: 60_000 },
      nodes: { path: "/nodes", every: 20_000 },
    };
  },
  begin(ctx) {
    ctx.state.query = "";
  },
  view(ctx) {
    const isElsewhere = here().words.get("node") && here().words.get("node") !== ctx.visitor.node;
    const mayNot = !ctx.can("operator") || isElsewhere;
    const title = isElsewhere ? "At that node's own console" : mayNot ? "Needs operator" : null;
    return h(
      "section",
      { class: "page", "aria-labelledby": "title" },
      h(
        "div",
        { class: "page-head" },
        h("h1", { id: "title", tabindex: -1 }, "Config and certificates"),
        ctx.feeds.config?.value &&
          h(
            "span",
            { class: "muted" },
            `node ${ctx.feeds.config.value.node}`,
            ctx.feeds.config.value.files?.length > 0 && [
              ", ",
              h("span", { class: "mono" }, ctx.feeds.config.value.files.join(", ")),
            ],
          ),
        h(
          "div",
          { class: "tools" },
          nodeChoice(ctx),
          button("Check a file…", () => validate(), { disabled: mayNot, title }),
          button("Reload…", () => reload(ctx), { disabled: mayNot, title }),
        ),
      ),
      h(
        "nav",
        { class: "tabs", "aria-label": "Config and certificates" },
        TABS.map(([key, word]) =>
          h(
            "a",
            {
              href: to("/config", { tab: key === "settings" ? null : key, node: here().words.get("node") }),
              "aria-current": key === tabOf() ? "page" : null,
            },
            word,
          ),
        ),
      ),
      tabOf() === "certs"
        ? when(ctx.feeds.certs, "certificates", certs)
        : when(ctx.feeds.config, "settings", answer => settings(ctx, answer), { lines: 10 }),
    );
  },
};

/** Whose, where there are several. */
function nodeChoice(ctx) {
  const nodes = (ctx.feeds.nodes?.value?.nodes ?? []).filter(node => node.alive);
  if (nodes.length < 2) return null;
  const own = nodes.find(node => node.self)?.id;
  return choose(
    "Node",
    nodes.map(node => [node.self ? "" : node.id, `Node: ${f.cut(node.id, 24)}`]),
    here().words.get("node") === own ? "" : here().words.get("node"),
    v => tweak({ node: v || null }, { replace: true }),
  );
}

function settings(ctx, { settings: all, warnings = [] }) {
  const { words } = here();
  const onlySet = words.get("all") !== "1";
  const query = ctx.state.query.toLowerCase();
  const rows = all.filter(
    row =>
      (!onlySet || query || !isDefault(row)) &&
      (!query || `${row.word} ${row.help ?? ""} ${row.value ?? ""}`.toLowerCase().includes(query)),
  );
  const pending = all.filter(row => row.pending);
  const groups = [...new Set(rows.map(row => row.group ?? "Settings"))];
  return [
    pending.length > 0 &&
      verdict(
        "warn",
        `${f.plural(pending.length, "setting")} of the file ${pending.length === 1 ? "is" : "are"} not in force yet`,
        { more: `${pending.map(row => row.word).join(", ")}: takes a restart.` },
      ),
    warnings.length > 0 &&
      verdict("warn", f.plural(warnings.length, "warning"), {
        issues: warnings.slice(0, 5).map(text => foreign(text, 140)),
      }),
    settingsTools(ctx, all, onlySet),
    rows.length === 0
      ? card(
          "Settings",
          {},
          empty(query ? "No setting matches" : "Everything is at its default", null, {
            kind: "none",
            actions: !query && button("Show defaults", () => tweak({ all: "1" })),
          }),
        )
      : groups.map(group => groupCard(group, rows)),
  ];
}

const setting = row =>
  h(
    "tr",
    { "data-key": row.word },
    h(
      "td",
      { class: "lead", title: row.help },
      h("code", null, row.word),
      h("div", { class: "small muted help" }, row.help ?? ""),
    ),
    h(
      "td",
      { class: "wide2 value", "data-l": "Value" },
      row.secret
        ? state("off", "secret, not shown", { mark: "dash" })
        : row.values?.length > 0
          ? h(
              "ul",
              null,
              row.values.slice(0, 12).map(v => h("li", null, h("code", null, f.cut(v, 80)))),
              row.values.length > 12 && h("li", { class: "muted" }, `${row.values.length - 12} more`),
            )
          : h(
              "code",
              { title: row.value },
              row.value === undefined || row.value === "" ? "–" : f.cut(row.value, 80),
            ),
      row.pending && " ",
      row.pending && state("warn", "file says otherwise", { small: true }),
    ),
    h("td", { class: isDefault(row) ? "muted" : null, "data-l": "From" }, row.origin),
    h(
      "td",
      { class: "muted nowrap", "data-l": "Changes" },
      row.reloadable ? "with a reload" : "with a restart",
    ),
  );

const KINDS = ok => (ok ? ["ok", "This file would start"] : ["crit", "This file would not start"]);

function validate() {
  ask({
    title: "Check a configuration file",
    action: "Check",
    fields: [
      {
        name: "text",
        label: "Its text; nothing is changed",
        multiline: true,
        hint: "Empty: the files in use are checked",
      },
    ],
    onDone: async ({ text }) => {
      const said = await post("/config/validate", text ? { text } : {});
      const [kind, word] = KINDS(said.ok);
      return {
        title: word,
        body: h(
          "div",
          { class: "page" },
          state(kind, said.ok ? "No error" : f.plural(said.errors.length, "error")),
          listOf("crit", said.errors),
          listOf("warn", said.warnings),
          said.changes?.length > 0 &&
            h(
              "dl",
              { class: "pairs" },
              said.changes.map(c => [
                h("dt", null, h("code", null, c.word)),
                h(
                  "dd",
                  null,
                  foreign(c.from, 30),
                  " → ",
                  foreign(c.to, 30),
                  h("span", { class: "muted" }, c.reloadable ? ", with a reload" : ", with a restart"),
                ),
              ]),
            ),
        ),
      };
    },
  });
}

const listOf = (kind, texts) =>
  texts.length > 0 &&
  h(
    "ul",
    { class: "items" },
    texts.map(text => h("li", null, state(kind, text))),
  );

const reload = ctx =>
  ask({
    title: "Read the configuration again?",
    action: "Reload",
    reason: true,
    effects: [
      { kind: "ok", text: "Sessions go on;", more: "certificates, users, rules, limits and listeners are read anew." },
      { kind: "off", text: "A wrong file changes nothing:", more: "what is in force stays." },
    ],
    onDone: async ({ reason }) => {
      const { waiting, refused } = await post("/config/reload", { reason });
      const left = [
        refused && `the listeners are as before: ${refused}`,
        waiting.length > 0 && `${f.plural(waiting.length, "setting")} wait for a restart`,
      ];
      toast(["Reloaded", ...left.filter(Boolean)].join("; "));
      ctx.feeds.config?.retry();
      ctx.feeds.certs?.retry();
    },
  });

function certs({ certs: all }) {
  if (all.length === 0)
    return card(
      "Certificates",
      {},
      empty("No certificate in use", "With cert= and pkey= clients may come by TLS and DTLS.", {
        kind: "none",
      }),
    );
  return all.map(c =>
    card(
      c.names[0] ?? c.subject,
      {
        key: `${c.listener} ${c.fingerprint ?? c.subject}`,
        label: `Certificate of ${c.listener}: ${c.names[0] ?? c.subject}`,
        tools: state(
          KIND[c.severity] ?? (c.daysLeft < 3 ? "crit" : c.daysLeft < 14 ? "warn" : "ok"),
          c.daysLeft < 0 ? `ended ${f.count(-c.daysLeft)} d ago` : `${f.count(c.daysLeft)} d left`,
        ),
      },
      h(
        "div",
        { class: "body" },
        h(
          "dl",
          { class: "pairs" },
          [
            ["Used by", c.listener],
            ["Names", foreign(c.names.join(", "), 120)],
            ["Key", c.keyType],
            ["Good", `${f.day(c.notBefore)} to ${f.day(c.notAfter)}`],
            [
              "Made by",
              c.selfSigned ? state("warn", "itself: clients will not trust it") : foreign(c.issuer, 90),
            ],
            ["From", c.origin],
            ["SHA-256", c.fingerprint && h("code", { class: "small" }, c.fingerprint)],
            ["Do", c.advice],
          ]
            .filter(([, value]) => value)
            .map(([name, value]) => [h("dt", null, name), h("dd", null, value)]),
        ),
      ),
    ),
  );
}

function settingsTools(ctx, all, onlySet) {
  return h(
    "div",
    { class: "filters" },
    h("input", {
      class: "input",
      "aria-label": "Find a setting",
      placeholder: "Find a setting",
      oninput: event => {
        ctx.state.query = event.target.value.trim();
        ctx.draw();
      },
      autocomplete: "off",
      spellcheck: "false",
    }),
    h(
      "label",
      { class: "row check" },
      h("input", {
        type: "checkbox",
        checked: !onlySet,
        onchange: event => tweak({ all: event.target.checked ? "1" : null }, { replace: true }),
      }),
      "show defaults too",
    ),
    h(
      "span",
      { class: "muted" },
      `${f.count(all.filter(row => !isDefault(row)).length)} set of ${f.count(all.length)}`,
    ),
    h("span", { class: "grow" }),
    button("Download", () => download("config.json", JSON.stringify(all, null, 2)), {
      name: "save",
      cls: "quiet opt",
    }),
  );
}

function groupCard(group, rows) {
  return card(
    group,
    { key: group },
    h(
      "div",
      { class: "tablewrap" },
      h(
        "table",
        { class: "cards config", "aria-label": group },
        h(
          "thead",
          null,
          h(
            "tr",
            null,
            ["Setting", "Value", "From", "Changes"].map(word => h("th", { scope: "col" }, word)),
          ),
        ),
        h("tbody", null, rows.filter(row => (row.group ?? "Settings") === group).map(setting)),
      ),
    ),
  );
}

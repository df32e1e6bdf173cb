// What happened: events of nodes, who changed what, and the log of all nodes as it is written.

import { h } from "../dom.js";
import { BASE, url } from "../api.js";
import * as f from "../format.js";
import { button, card, choose, empty, foreign, partial, state, when } from "../parts.js";
import { here, to, toNode, tweak } from "../router.js";
import { download } from "../dialog.js";
import { eventRow } from "./logs-rows.js";

const TABS = [
  ["events", "Events"],
  ["audit", "Audit"],
  ["logs", "Logs"],
];
const KEPT = 1_000;
const LEVELS = [
  ["", "Level: info"],
  ["error", "Level: error"],
  ["warn", "Level: warn"],
  ["debug", "Level: debug"],
  ["trace", "Level: trace"],
];
const LOOK = {
  error: ["crit", "no"],
  warn: ["warn", "warn"],
  info: ["off", "dash"],
  debug: ["off", "ring"],
  trace: ["off", "ring"],
};
const tabOf = () =>
  TABS.some(([key]) => key === here().words.get("tab")) ? here().words.get("tab") : "events";

export default {
  title: () => ({ events: "Events", audit: "Audit", logs: "Logs" })[tabOf()],
  feeds(ctx) {
    const { words } = here();
    const tab = tabOf();
    follow(ctx, tab === "logs" && ctx.can("operator"));
    if (tab === "events")
      return {
        events: {
          path: url("/events", {
            severity: words.get("severity"),
            node: words.get("node"),
            cursor: words.get("cursor"),
            limit: 100,
          }),
          every: 3_000,
          keep: true,
        },
      };
    if (tab === "audit")
      return {
        audit: {
          path: url("/audit", {
            who: words.get("who"),
            action: words.get("action"),
            node: words.get("node"),
            cursor: words.get("cursor"),
            limit: 100,
          }),
          every: 5_000,
          keep: true,
        },
      };
    return {};
  },
  begin(ctx) {
    Object.assign(ctx.state, {
      lines: [],
      source: null,
      path: "",
      lost: 0,
      isFollowing: true,
      status: "connecting",
    });
  },
  view(ctx) {
    const views = { events: () => events(ctx), audit: () => audit(ctx), logs: () => logs(ctx) };
    return h(
      "section",
      { class: "page", "aria-labelledby": "title" },
      h("div", { class: "page-head" }, h("h1", { id: "title", tabindex: -1 }, "Events and logs")),
      h(
        "nav",
        { class: "tabs", "aria-label": "Events and logs" },
        TABS.map(([key, word]) =>
          h(
            "a",
            {
              href: to("/logs", { tab: key === "events" ? null : key }),
              "aria-current": key === tabOf() ? "page" : null,
            },
            word,
          ),
        ),
      ),
      views[tabOf()](),
    );
  },
};

// ---- events

function events(ctx) {
  const { words } = here();
  return [
    h(
      "div",
      { class: "filters" },
      choose(
        "Severity",
        [
          ["", "Severity: all"],
          ["warning", "Severity: warning and worse"],
          ["critical", "Severity: critical"],
        ],
        words.get("severity"),
        v => tweak({ severity: v, cursor: null }, { replace: true }),
      ),
      words.get("node") && chip("node", words.get("node")),
    ),
    card(
      "Events",
      { key: "events" },
      when(ctx.feeds.events, "events", ({ events: all, next }) =>
        all.length === 0
          ? empty("Nothing has happened", "Starts, drains, reloads and warnings come here.")
          : [
              h("table", { class: "cards", "aria-label": "Events" }, h("tbody", null, all.map(eventRow))),
              pager(next),
            ],
      ),
    ),
  ];
}

const chip = (name, value) =>
  h(
    "span",
    { class: "chip" },
    h("span", { class: "muted" }, name),
    h("b", null, f.cut(value, 30)),
    button("", () => tweak({ [name]: null, cursor: null }), {
      cls: "quiet icon tiny",
      name: "cross",
      label: `Remove filter ${name}`,
    }),
  );

const pager = next =>
  (next || here().words.get("cursor")) &&
  h(
    "div",
    { class: "foot" },
    h("span", { class: "grow" }),
    button("Newest", () => tweak({ cursor: null }), { disabled: !here().words.get("cursor") }),
    button("Older", () => tweak({ cursor: next }), { disabled: !next }),
  );

// ---- audit

function audit(ctx) {
  const { words } = here();
  return [
    h(
      "form",
      {
        class: "filters",
        onsubmit: event => {
          event.preventDefault();
          const { who, action } = event.target.elements;
          tweak({ who: who.value.trim(), action: action.value.trim(), cursor: null });
        },
      },
      h("input", {
        class: "input short",
        name: "who",
        "aria-label": "Who",
        placeholder: "account:ana",
        initial: words.get("who"),
        autocomplete: "off",
      }),
      h("input", {
        class: "input short",
        name: "action",
        "aria-label": "Action",
        placeholder: "drain",
        initial: words.get("action"),
        autocomplete: "off",
      }),
      h("button", { class: "btn quiet", type: "submit" }, "Filter"),
      words.get("node") && chip("node", words.get("node")),
      ctx.feeds.audit?.value?.coverage &&
        partial(ctx.feeds.audit.value.coverage.answered, ctx.feeds.audit.value.coverage.nodes),
    ),
    card(
      "Who changed what",
      { key: "audit" },
      when(ctx.feeds.audit, "the audit log", ({ entries, next }) =>
        entries.length === 0
          ? empty("Nothing was changed", "Each change leaves one line here, with its reason.")
          : [
              h(
                "div",
                { class: "tablewrap" },
                h(
                  "table",
                  { class: "cards", "aria-label": "Audit log" },
                  h(
                    "thead",
                    null,
                    h(
                      "tr",
                      null,
                      ["When", "Who", "Did", "To", "Reason", "Outcome", "Node"].map(word =>
                        h("th", { scope: "col" }, word),
                      ),
                    ),
                  ),
                  h("tbody", null, entries.map(entry)),
                ),
              ),
              pager(next),
            ],
      ),
    ),
  ];
}

const entry = e =>
  h(
    "tr",
    { "data-key": e.id },
    h(
      "td",
      { class: "nowrap muted", "data-l": "When" },
      h("time", { datetime: e.t, title: f.fullTime(e.t) }, f.moment(e.t)),
    ),
    h(
      "td",
      { "data-l": "Who", title: e.from ? `from ${e.from}` : null },
      h("b", null, foreign(e.who.replace(/^account:/, ""), 24)),
    ),
    h("td", { "data-l": "Did" }, e.action),
    h(
      "td",
      { "data-l": "To", class: "wide2" },
      foreign(e.target, 36),
      e.before !== undefined &&
        e.after !== undefined &&
        h("div", { class: "small muted" }, foreign(e.before, 30), " → ", foreign(e.after, 30)),
    ),
    h("td", { "data-l": "Reason", class: "wide2" }, foreign(e.reason, 60)),
    h(
      "td",
      { "data-l": "Outcome" },
      e.outcome === "done" ? state("ok", "done") : state("crit", f.cut(e.outcome, 40)),
    ),
    h("td", { "data-l": "Node" }, h("a", { href: toNode(e.node) }, e.node)),
  );

// ---- logs, followed as they are written

function follow(ctx, isOn) {
  const { state: own } = ctx;
  const { words } = here();
  const path =
    isOn && own.isFollowing
      ? url("/logs", {
          level: words.get("level"),
          component: words.get("component"),
          text: words.get("text"),
          node: words.get("node"),
          limit: 200,
        })
      : "";
  if (path === own.path) return;
  own.path = path;
  own.source?.close();
  own.source = null;
  if (!path) return;
  Object.assign(own, {
    lines: [],
    lost: 0,
    coverage: null,
    status: "connecting",
    source: new EventSource(path.startsWith(BASE) ? path : BASE + path),
  });
  const { source } = own;
  const draw = () => {
    if (source === own.source) ctx.draw();
  };
  source.onopen = () => {
    own.status = "live";
    draw();
  };
  source.onerror = () => {
    own.status = source.readyState === EventSource.CLOSED ? "closed" : "connecting";
    draw();
  };
  source.addEventListener("log", event => {
    own.lines = added(own.lines, parsed(event.data));
    draw();
  });
  source.addEventListener("coverage", event => {
    own.coverage = parsed(event.data);
    draw();
  });
  source.addEventListener("gap", event => {
    own.lost += parsed(event.data)?.lost ?? 0;
    draw();
  });
  ctx.onLeave = () => source.close();
}

/** By time: lines of other nodes come a little later than this one's. */
function added(lines, line) {
  if (!line) return lines;
  let at = lines.length;
  while (at > 0 && lines[at - 1].t > line.t) at--;
  return lines.toSpliced(at, 0, line).slice(-KEPT);
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function logs(ctx) {
  const { state: own } = ctx;
  const { words } = here();
  if (!ctx.can("operator"))
    return card(
      "Logs",
      {},
      empty(
        "Your role may look, not read logs",
        "Logs can name users and addresses. Reading them needs operator.",
        { kind: "none" },
      ),
    );
  return [
    logFilters(words, own.coverage),
    h(
      "section",
      { class: "card", "aria-label": "Log", "data-key": "log" },
      logHeader(ctx),
      own.lines.length === 0
        ? empty(
            own.status === "closed" ? "No log" : "No line yet",
            own.status === "closed"
              ? "The log cannot be followed now; look where the standard error of the nodes goes."
              : "New lines come here as they are written.",
            { kind: own.status === "closed" ? "none" : "collecting" },
          )
        : h(
            "ol",
            { class: "log mono", tabindex: 0, "aria-label": "Log lines, newest first" },
            own.lines.slice(-300).reverse().map(line),
          ),
    ),
  ];
}

function line(l) {
  const [kind, mark] = LOOK[l.level] ?? LOOK.info;
  const fields = Object.entries(l.fields ?? {});
  return h(
    "li",
    { "data-key": `${l.node} ${l.seq} ${l.t}`, class: kind === "crit" ? "bad" : null },
    h("time", { datetime: l.t, title: f.fullTime(l.t), class: "muted" }, f.clock(l.t)),
    state(kind, l.level, { mark }),
    h("a", { href: toNode(l.node), title: `Node ${l.node}` }, f.cut(l.node, 16)),
    h("span", { class: "muted", title: l.component }, f.cut(l.component, 24)),
    h(
      "span",
      { class: "msg", dir: "auto" },
      l.message,
      fields.map(([name, value]) =>
        h("span", { class: "field1" }, h("span", { class: "muted" }, ` ${name}=`), value),
      ),
      l.exception &&
        h("details", null, h("summary", null, l.exception.split("\n")[0]), h("pre", null, l.exception)),
    ),
  );
}

function logFilters(words, coverage) {
  return h(
    "form",
    {
      class: "filters",
      onsubmit: event => {
        event.preventDefault();
        const { node, component, text } = event.target.elements;
        tweak({ node: node.value.trim(), component: component.value.trim(), text: text.value.trim() });
      },
    },
    choose("Level", LEVELS, words.get("level"), v => tweak({ level: v }, { replace: true })),
    h("input", {
      class: "input short",
      name: "node",
      "aria-label": "Node",
      placeholder: "Node: all",
      initial: words.get("node"),
      autocomplete: "off",
    }),
    h("input", {
      class: "input short",
      name: "component",
      "aria-label": "Component",
      placeholder: "Component: all",
      initial: words.get("component"),
      autocomplete: "off",
    }),
    h("input", {
      class: "input",
      name: "text",
      "aria-label": "Text in the line",
      placeholder: "Text in the line",
      initial: words.get("text"),
      autocomplete: "off",
      spellcheck: "false",
    }),
    h("button", { class: "btn quiet", type: "submit" }, "Filter"),
    coverage?.missing && state("warn", `no answer from ${coverage.missing.join(", ")}`, { small: true }),
  );
}

function logHeader(ctx) {
  const { state: own } = ctx;
  const status = {
    live: () => state("ok", "Following", { mark: "full" }),
    connecting: () => state("warn", "Connecting", { mark: "half" }),
    closed: () => state("crit", "The log cannot be followed"),
  };
  return h(
    "header",
    null,
    h("h2", null, here().words.get("node") ? `Log of ${here().words.get("node")}` : "Log of all nodes"),
    own.isFollowing ? status[own.status]() : state("off", "Held"),
    own.lost > 0 && state("warn", `${f.count(own.lost)} lines were too many to follow`, { small: true }),
    h("span", { class: "grow" }),
    button(
      own.isFollowing ? "Hold" : "Follow",
      () => {
        own.isFollowing = !own.isFollowing;
        if (!own.isFollowing) {
          own.source?.close();
          own.source = null;
          own.path = "held";
        } else {
          own.path = "";
          follow(ctx, true);
        }
        ctx.draw();
      },
      { name: own.isFollowing ? "pause" : "play", cls: "quiet" },
    ),
    button(
      "Download",
      () =>
        download(
          "log.ndjson",
          own.lines.map(line => JSON.stringify(line)).join("\n"),
          "application/x-ndjson",
        ),
      { cls: "quiet", name: "save" },
    ),
  );
}

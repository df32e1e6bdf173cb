// Live allocations: filtered, sorted and cut into pages by the server; active and idle told apart.

import { h } from "../dom.js";
import { url } from "../api.js";
import * as f from "../format.js";
import {
  button,
  card,
  empty,
  foreign,
  isActive,
  meter,
  mono,
  partial,
  segments,
  sessionState,
  when,
} from "../parts.js";
import { live, pause } from "../feeds.js";
import { here, toNode, toSession, to, tweak } from "../router.js";
import { keyHints, rowKeys, selectionBar, sortOf, table } from "../table.js";
import { copy, download } from "../dialog.js";
import { askBan, askClose } from "../orders.js";
import { watch, watchButton } from "../watch.js";
import { FILTERS, filterWords, parseFilter } from "./sessions-filter.js";

const BITS = 8;
const LIMIT = 50;
const SORT = "-down";

export default {
  title: () => "Sessions",
  feeds() {
    const { words } = here();
    const path = url("/sessions", {
      ...filterWords(words),
      state: words.get("state"),
      sort: words.get("sort") || SORT,
      cursor: words.get("cursor"),
      limit: LIMIT,
    });
    return { sessions: { path, every: 2_000, keep: true } };
  },
  begin(ctx) {
    Object.assign(ctx.state, { picked: new Map(), trail: [], cursor: 0 });
  },
  keys: ctx => ({
    w: () => watchInView(ctx),
    ...rowKeys(ctx, {
      rows: () => rowsOf(ctx),
      id: s => s.id,
      href: s => toSession(s.id),
      picked: () => new Set(ctx.state.picked.keys()),
      onPick: (ids, on) => pick(ctx, ids, on),
    }),
  }),
  view(ctx) {
    const { value } = ctx.feeds.sessions;
    return h(
      "section",
      { class: "page", "aria-labelledby": "title" },
      head(ctx, value),
      filters(ctx),
      when(ctx.feeds.sessions, "sessions", answer => list(ctx, answer), { lines: 10 }),
      bar(ctx),
    );
  },
};

/** What is selected; else the user that the list is of; else the session under the cursor. */
function watchInView(ctx) {
  const user = here().words.get("user");
  const under = rowsOf(ctx)[ctx.state.cursor];
  if (ctx.state.picked.size > 0) for (const id of ctx.state.picked.keys()) watch("session", id, ctx.draw);
  else if (user) watch("user", user, ctx.draw);
  else if (under) watch("session", under.id, ctx.draw);
}

const rowsOf = ctx => ctx.feeds.sessions?.value?.sessions ?? [];

function head(ctx, answer) {
  const chosen = here().words.get("state") ?? "";
  const hasFilter = Object.keys(filterWords(here().words)).length > 0;
  const active = answer?.matchingActive;
  const word = (text, n) => (n === undefined ? text : `${text} ${f.count(n)}`);
  const isAll = chosen === "";
  return h(
    "div",
    { class: "page-head", "data-key": "head" },
    h("h1", { id: "title", tabindex: -1 }, "Sessions"),
    answer?.total !== undefined &&
      h(
        "span",
        { class: "muted" },
        hasFilter || chosen
          ? `${f.count(answer.matching ?? rowsOf(ctx).length)} of ${f.count(answer.total)}`
          : f.count(answer.total),
      ),
    answer?.coverage && partial(answer.coverage.answered, answer.coverage.nodes),
    h(
      "div",
      { class: "tools" },
      segments(
        "State",
        [
          ["", "All"],
          ["active", word("Active", isAll ? active : undefined), "With a relayed packet in the last 30 s"],
          [
            "idle",
            word(
              "Idle",
              isAll && active !== undefined && answer.matching !== undefined
                ? answer.matching - active
                : undefined,
            ),
            "Holds a port, relays nothing",
          ],
        ],
        chosen,
        v => tweak({ state: v || null, cursor: null }, { replace: true }),
      ),
      button(
        live.isPaused ? "Go on" : "Pause",
        () => {
          pause(!live.isPaused);
          ctx.draw();
        },
        { name: live.isPaused ? "play" : "pause", pressed: live.isPaused },
      ),
      h("a", { class: "btn", href: to("/sessions/why") }, "Find out why…"),
      button("", () => download("sessions.json", JSON.stringify(rowsOf(ctx), null, 2)), {
        cls: "icon opt",
        name: "save",
        label: "Download this page as JSON",
      }),
    ),
  );
}

function filters(ctx) {
  const { words } = here();
  const set = Object.entries(filterWords(words));
  return h(
    "form",
    {
      class: "filters",
      "data-key": "filters",
      onsubmit: event => {
        event.preventDefault();
        applyFilter(ctx, event.target.elements.filter);
      },
    },
    h("input", {
      class: "input",
      name: "filter",
      "aria-label": "Filter sessions",
      "aria-describedby": ctx.state.wrong ? "filter-wrong" : null,
      placeholder: "user:acme:*  node:n4  rate>1M  client:198.51.100.7",
      autocomplete: "off",
      spellcheck: "false",
    }),
    set.map(([name, value]) =>
      h(
        "span",
        { class: "chip", "data-key": `chip-${name}` },
        h("span", { class: "muted" }, FILTERS[name].word),
        h("b", { title: value }, FILTERS[name].show(value)),
        h(
          "button",
          {
            type: "button",
            "aria-label": `Remove filter ${FILTERS[name].word} ${value}`,
            onclick: () => tweak({ [name]: null, cursor: null }),
          },
          h("svg", { class: "i s", "aria-hidden": "true" }, h("use", { href: "#i-cross" })),
        ),
      ),
    ),
    h("button", { class: "btn quiet", type: "submit" }, "Add filter"),
    words.get("user") && watchButton("user", words.get("user"), ctx.draw, "quiet"),
    set.length > 0 &&
      button(
        "Clear",
        () => tweak(Object.fromEntries([...set.map(([name]) => [name, null]), ["cursor", null]])),
        { cls: "quiet" },
      ),
    ctx.state.wrong &&
      h("span", { class: "is-warn small", id: "filter-wrong", role: "alert" }, ctx.state.wrong),
  );
}

function applyFilter(ctx, input) {
  const { words, wrong } = parseFilter(input.value);
  ctx.state.wrong = wrong;
  if (wrong) return ctx.draw();
  input.value = "";
  ctx.state.trail = [];
  tweak({ ...words, cursor: null });
}

const columnsFor = most => [
  {
    name: "Session",
    cls: "lead",
    cell: s => h("a", { class: "id", href: toSession(s.id), title: s.id }, f.shortId(s.id)),
  },
  { name: "State", cell: s => sessionState(s) },
  {
    name: "User",
    sort: "user",
    cell: s => h("a", { class: "plain", href: to("/sessions", { user: s.user }) }, foreign(s.user, 18)),
  },
  { name: "Client", cls: "wide2", cell: s => mono(s.client) },
  { name: "By", cell: s => s.transport.toUpperCase() },
  { name: "Relayed address", cls: "wide2 opt", cell: s => mono(s.relayed[0]) },
  {
    name: "Node",
    cell: s => (s.node ? h("a", { class: "plain", href: toNode(s.node) }, f.cut(s.node, 14)) : "–"),
  },
  {
    name: "To client",
    sort: "down",
    num: true,
    title: "Bits a second towards the client",
    cell: s =>
      h(
        "div",
        { class: "rate" },
        isActive(s)
          ? meter(f.rate(BITS * (s.downBytesPerSecond ?? 0)), (s.downBytesPerSecond ?? 0) / most)
          : h("span"),
        h("span", null, isActive(s) ? f.rate(BITS * (s.downBytesPerSecond ?? 0)) : "0"),
      ),
  },
  {
    name: "From client",
    sort: "up",
    num: true,
    title: "Bits a second from the client",
    cell: s => (isActive(s) ? f.rate(BITS * (s.upBytesPerSecond ?? 0)) : "0"),
  },
  {
    name: "Total",
    sort: "bytes",
    num: true,
    cls: "opt",
    cell: s =>
      h(
        "span",
        { title: `${f.count(s.bytesDown)} bytes to the client, ${f.count(s.bytesUp)} from it` },
        f.bytes(s.bytesUp + s.bytesDown),
      ),
  },
  {
    name: "Age",
    sort: "created",
    num: true,
    cell: s =>
      h("span", { title: f.fullTime(s.created) }, f.age((Date.now() - Date.parse(s.created)) / 1000)),
  },
];

function list(ctx, answer) {
  const rows = answer.sessions;
  if (rows.length === 0) return nothing(ctx, answer);
  const most = Math.max(1, ...rows.map(s => s.downBytesPerSecond ?? 0));
  const { words } = here();
  const at = ctx.state.trail.length * LIMIT;
  const onSort = (by, down) => {
    ctx.state.trail = [];
    tweak({ sort: sortWord(by, down), cursor: null }, { replace: true });
  };
  return h(
    "section",
    { class: "card", "data-key": "list" },
    table(columnsFor(most), rows, {
      id: s => s.id,
      name: s => f.shortId(s.id),
      caption: "sessions",
      cls: "sessions",
      sort: shownSort(),
      onSort,
      picked: new Set(ctx.state.picked.keys()),
      onPick: (ids, on) => pick(ctx, ids, on),
      rowClass: s => (isActive(s) ? "" : "idle"),
      cursor: ctx.state.cursor,
    }),
    h(
      "div",
      { class: "foot" },
      h(
        "span",
        { class: "muted" },
        `${f.count(at + 1)} to ${f.count(at + rows.length)}${answer.matching === undefined ? "" : ` of ${f.count(answer.matching)}`}, sorted on the server, asked again every 2 s`,
      ),
      h("span", { class: "grow" }),
      keyHints([
        ["j k", "move"],
        ["x", "select"],
        ["Enter", "open"],
        ["p", "pause"],
      ]),
      button(
        "Previous",
        () => {
          const trail = ctx.state.trail;
          trail.pop();
          tweak({ cursor: trail.at(-1) ?? null });
        },
        { disabled: !words.get("cursor") },
      ),
      button(
        "Next",
        () => {
          ctx.state.trail.push(answer.next);
          ctx.state.cursor = 0;
          tweak({ cursor: answer.next });
        },
        { disabled: !answer.next },
      ),
    ),
  );
}

/** The age grows as the time of creation goes back. */
const sortWord = (by, down) => (by === "created" ? (down ? "created" : "-created") : (down ? "-" : "") + by);

function shownSort() {
  const sort = sortOf(SORT);
  return sort.by === "created" ? { ...sort, down: !sort.down } : sort;
}

function nothing(ctx, answer) {
  const set = Object.entries(filterWords(here().words));
  const state = here().words.get("state");
  if (set.length === 0 && !state)
    return card(
      "No sessions",
      { key: "list" },
      empty(
        "No sessions yet",
        h(
          "span",
          null,
          "Give a client credentials: make them here, or by ",
          h("code", null, "./puente credentials --user ana"),
          ".",
        ),
        {
          actions: [
            h("a", { class: "btn primary", href: to("/access", { tab: "credentials" }) }, "Make credentials"),
            h("a", { class: "btn", href: to("/diag") }, "Open the ICE test"),
          ],
        },
      ),
    );
  const drop = state ? [["state", state], ...set] : set;
  return card(
    "No session matches",
    { key: "list" },
    empty(
      "No session matches",
      answer.total === undefined
        ? "The filter excludes all."
        : `${f.plural(answer.total, "session")} ${answer.total === 1 ? "exists" : "exist"}.`,
      {
        kind: "none",
        actions: [
          ...drop.map(([name]) =>
            button(`Drop ${FILTERS[name]?.word ?? name}`, () => tweak({ [name]: null, cursor: null })),
          ),
          button(
            "Clear all",
            () => tweak(Object.fromEntries([...drop.map(([name]) => [name, null]), ["cursor", null]])),
            { cls: "quiet" },
          ),
        ],
      },
    ),
  );
}

function pick(ctx, ids, on) {
  for (const id of ids) {
    const session = rowsOf(ctx).find(s => s.id === id);
    if (on && session) ctx.state.picked.set(id, session);
    else ctx.state.picked.delete(id);
  }
  ctx.draw();
}

function bar(ctx) {
  const { picked } = ctx.state;
  if (picked.size === 0) return null;
  const rows = [...picked.values()].map(s => rowsOf(ctx).find(now => now.id === s.id) ?? s);
  const rate = rows.reduce((sum, s) => sum + (s.downBytesPerSecond ?? 0) + (s.upBytesPerSecond ?? 0), 0);
  const mayNot = !ctx.can("operator");
  const clients = [...new Set(rows.map(s => f.host(s.client)))];
  const clear = () => {
    picked.clear();
    ctx.draw();
  };
  return selectionBar(
    "Selected sessions",
    `${f.count(rows.length)} selected`,
    `${f.rate(BITS * rate)}, ${rows.filter(isActive).length} active`,
    [
      button("Close…", () => askClose(rows, clear), {
        cls: "danger",
        disabled: mayNot,
        title: mayNot ? "Needs operator" : null,
      }),
      clients.length === 1 &&
        button("Ban client address…", () => askBan({ target: clients[0], sessions: rows.length }), {
          disabled: mayNot,
          title: mayNot ? "Needs operator" : null,
        }),
      button("Watch", () => watchInView(ctx), { cls: "opt", name: "pin", title: "Keep in view on every page (w)" }),
      button("Copy as JSON", () => copy(JSON.stringify(rows, null, 2), f.plural(rows.length, "session")), {
        cls: "opt",
      }),
    ],
    clear,
  );
}

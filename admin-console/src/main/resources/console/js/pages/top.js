// Who takes most: by user, network, peer, realm or key; from bounded sketches, with their error.

import { h } from "../dom.js";
import { url } from "../api.js";
import * as f from "../format.js";
import { button, card, choose, empty, foreign, meter, partial, segments, state, when } from "../parts.js";
import { here, to, tweak } from "../router.js";
import { download } from "../dialog.js";
import { askBan } from "../orders.js";

const BITS = 8;
const BY = [
  ["user", "Users"],
  ["client", "Client nets"],
  ["peer", "Peers"],
  ["realm", "Realms"],
  ["key", "Keys"],
];
const METRIC = [
  ["egress", "Egress"],
  ["pps", "Packets"],
  ["allocs", "Allocations"],
  ["errors", "Errors"],
];
const WINDOW = [
  ["60", "Last minute"],
  ["300", "Last 5 min"],
  ["3600", "Last hour"],
];
const SHOW = { egress: v => f.rate(BITS * v), pps: f.packetRate, allocs: f.count, errors: f.count };
const ONE = { user: "user", client: "network", peer: "peer", realm: "realm", key: "key" };
const OF = { egress: "egress", pps: "packets", allocs: "allocations", errors: "errors" };
const UNUSUAL = 2;

const word = (name, list, fallback) =>
  list.some(([key]) => key === here().words.get(name)) ? here().words.get(name) : fallback;
const chosen = () => ({
  by: word("by", BY, "user"),
  metric: word("metric", METRIC, "egress"),
  window: word("window", WINDOW, "300"),
});

export default {
  title: () => "Top talkers",
  feeds: () => ({ top: { path: url("/top", { ...chosen(), k: 20 }), every: 3_000, keep: true } }),
  view(ctx) {
    const { by, metric, window } = chosen();
    const { value } = ctx.feeds.top;
    return h(
      "section",
      { class: "page", "aria-labelledby": "title" },
      h(
        "div",
        { class: "page-head" },
        h("h1", { id: "title", tabindex: -1 }, "Top talkers"),
        value?.coverage && partial(value.coverage.answered, value.coverage.nodes),
        h(
          "div",
          { class: "tools" },
          choose("Window", WINDOW, window, v => tweak({ window: v }, { replace: true })),
          button("", () => download("top.json", JSON.stringify(value, null, 2)), {
            cls: "icon opt",
            name: "save",
            label: "Download as JSON",
          }),
        ),
      ),
      h(
        "div",
        { class: "row" },
        segments("Group by", BY, by, v => tweak({ by: v }, { replace: true })),
        h("span", { class: "muted" }, "by"),
        segments("Measure", METRIC, metric, v => tweak({ metric: v }, { replace: true })),
      ),
      when(
        ctx.feeds.top,
        "top talkers",
        answer => (answer.by === by && answer.metric === metric ? found(ctx, answer) : null),
        { lines: 8 },
      ),
    );
  },
};

function found(ctx, answer) {
  const { rows, by, metric } = answer;
  if (rows.length === 0)
    return card("Nobody", {}, empty("Nobody yet", `No ${ONE[by]} made any ${OF[metric]} in this window.`));
  return [
    concentration(answer),
    h(
      "section",
      { class: "card", "data-key": "list" },
      h(
        "div",
        { class: "tablewrap" },
        h(
          "table",
          { class: "cards", "aria-label": "Top talkers" },
          heading(answer),
          h(
            "tbody",
            null,
            rows.map((row, i) => line(ctx, answer, row, i)),
          ),
        ),
      ),
      h(
        "div",
        { class: "foot muted small" },
        [
          answer.errorShare === 0 && "Exact in this window",
          answer.errorShare > 0 &&
            `Estimates are at most ${f.percent(answer.errorShare)} of the whole too high`,
          answer.counters && `${f.count(answer.counters)} counters kept per node`,
        ]
          .filter(Boolean)
          .join("; "),
        ". Exact figures are on each session.",
      ),
    ),
  ];
}

/** How much of all the first few make. */
function concentration({ rows, total, by, metric }) {
  if (!(total > 0)) return null;
  const first = rows.slice(0, 10).map(row => Math.min(1, row.value / total));
  const all = Math.min(
    1,
    first.reduce((x, y) => x + y, 0),
  );
  const ends = first.map((_, i) => first.slice(0, i).reduce((x, y) => x + y, 0));
  const pc = share => `${(share * 100).toFixed(2)}%`;
  const say = `${f.plural(first.length, ONE[by])} ${first.length === 1 ? "makes" : "make"} ${f.percent(all)} of ${OF[metric]}`;
  return card(
    "How concentrated",
    {
      key: "conc",
      hint: [say, first.length > 1 && [`; `, foreign(rows[0].key, 24), ` alone ${f.percent(first[0])}`]],
    },
    h(
      "div",
      { class: "body" },
      h(
        "svg",
        {
          class: "conc",
          role: "img",
          "aria-label": `${say}; the first alone ${f.percent(first[0])}`,
          width: "100%",
          height: 28,
        },
        h("rect", { class: "rest", width: "100%", height: 28, rx: 3 }),
        first.map((share, i) =>
          h("rect", {
            class: "part",
            x: pc(ends[i]),
            width: pc(Math.max(share - 0.002, 0.001)),
            height: 28,
            rx: 3,
            opacity: (1 - i * 0.075).toFixed(3),
          }),
        ),
        all < 0.85 && h("text", { x: pc(all + 0.012), y: 18 }, `everyone else, ${f.percent(1 - all)}`),
      ),
    ),
  );
}

const heading = ({ by, metric }) =>
  h(
    "thead",
    null,
    h(
      "tr",
      null,
      h("th", { scope: "col", class: "num" }, "#"),
      h("th", { scope: "col" }, ONE[by][0].toUpperCase() + ONE[by].slice(1)),
      h(
        "th",
        { scope: "col", class: "num", "aria-sort": "descending" },
        METRIC.find(([key]) => key === metric)[1],
      ),
      h("th", { scope: "col", class: "share" }, "Against the first"),
      ["Of all", "Allocations", "Errors"].map(name => h("th", { scope: "col", class: "num" }, name)),
      h("th", { scope: "col" }, "Against usual"),
      h("th", { scope: "col" }, h("span", { class: "sr" }, "Actions")),
    ),
  );

function line(ctx, { rows, metric, by, total }, row, i) {
  const share = row.share ?? (total > 0 ? row.value / total : undefined);
  const times = row.usual > 0 ? row.value / row.usual : undefined;
  const words = { user: { user: row.key }, client: { client: row.key }, peer: { peer: row.key } }[by];
  return h(
    "tr",
    { "data-key": row.key },
    h("td", { class: "num muted opt" }, i + 1),
    h(
      "td",
      { class: "lead" },
      words
        ? h(
            "a",
            { href: to("/sessions", words) },
            h("b", null, foreign(row.key, 34, by === "user" ? "" : "mono")),
          )
        : h("b", null, foreign(row.key, 34)),
    ),
    h("td", { class: "num", "data-l": OF[metric] }, SHOW[metric](row.value)),
    h(
      "td",
      { class: "wide2", "data-l": "Against the first" },
      meter(share === undefined ? "share" : f.percent(share), row.value / (rows[0].value || 1)),
    ),
    h("td", { class: "num", "data-l": "Of all" }, share === undefined ? "–" : f.percent(share, 1)),
    h(
      "td",
      { class: "num", "data-l": "Allocations" },
      row.allocations === undefined ? "–" : f.count(row.allocations),
    ),
    h("td", { class: "num", "data-l": "Errors" }, row.errors === undefined ? "–" : f.count(row.errors)),
    h(
      "td",
      { class: "wide2 nowrap", "data-l": "Against usual" },
      times === undefined
        ? h("span", { class: "muted" }, "not known yet")
        : times >= UNUSUAL
          ? state("warn", `${times.toFixed(1)}× its own p95`)
          : h("span", { class: "muted" }, `${times.toFixed(1)}× its own p95`),
    ),
    h(
      "td",
      { class: "num nowrap" },
      by === "user" && h("a", { class: "btn quiet", href: to("/sessions/why", { user: row.key }) }, "Why"),
      (by === "user" || by === "client") &&
        button(
          "Ban…",
          () =>
            askBan({ kind: by === "user" ? "user" : "network", target: row.key, sessions: row.allocations }),
          { cls: "quiet", disabled: !ctx.can("operator"), label: `Ban ${row.key}` },
        ),
    ),
  );
}

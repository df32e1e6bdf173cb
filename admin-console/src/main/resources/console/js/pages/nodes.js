// The fleet: what needs care comes first; drain and undrain, with the consequence in numbers.

import { h } from "../dom.js";
import * as f from "../format.js";
import { button, card, choose, empty, meter, nodeState, state, triple, when } from "../parts.js";
import { here, toNode, to, tweak } from "../router.js";
import { keyHints, rowKeys, selectionBar, sortOf, sorted, table } from "../table.js";
import { download } from "../dialog.js";
import { askDrain, askFinish, undrain } from "../orders.js";
import { rankOf, needsCare } from "../node-care.js";

const BITS = 8;
const CPU_TARGET = 0.7;
const VALUES = {
  id: n => n.id,
  allocations: n => n.allocations,
  egress: n => n.egressBytesPerSecond ?? n.bytesPerSecond,
  packets: n => n.packetsPerSecond,
  processor: n => n.processor,
  loop: n => n.loopLagP99Seconds,
  drops: n => n.kernelDropsPerSecond,
  version: n => n.version ?? "",
  uptime: n => -Date.parse(n.started ?? 0),
};

export default {
  title: () => "Nodes",
  feeds: () => ({ nodes: { path: "/nodes", event: "nodes", every: 2_000 } }),
  begin(ctx) {
    ctx.state.picked = new Set();
  },
  keys: ctx => ({
    ...rowKeys(ctx, {
      rows: () => rowsOf(ctx),
      id: n => n.id,
      href: n => toNode(n.id),
      picked: () => ctx.state.picked,
      onPick: (ids, on) => pick(ctx, ids, on),
    }),
    d: () => drainPicked(ctx),
  }),
  view(ctx) {
    return h(
      "section",
      { class: "page", "aria-labelledby": "title" },
      when(ctx.feeds.nodes, "nodes", ({ nodes }) => [head(ctx, nodes), list(ctx), bar(ctx, nodes), hints()]),
    );
  },
};

function rowsOf(ctx) {
  const { words } = here();
  const nodes = (ctx.feeds.nodes?.value?.nodes ?? []).filter(
    n =>
      (!words.get("zone") || n.zone === words.get("zone")) &&
      (!words.get("state") || wordOf(n) === words.get("state")),
  );
  const sort = sortOf("care");
  return sort.by === "care"
    ? [...nodes].sort((a, b) => rankOf(a) - rankOf(b) || a.id.localeCompare(b.id))
    : sorted(nodes, sort, (n, by) => VALUES[by]?.(n));
}

const wordOf = n => (!n.alive ? "down" : needsCare(n) && n.state === "serving" ? "warning" : n.state);

function head(ctx, nodes) {
  const { words } = here();
  const zones = [...new Set(nodes.map(n => n.zone).filter(Boolean))].sort();
  const many = word => nodes.filter(n => wordOf(n) === word).length;
  return h(
    "div",
    { class: "page-head", "data-key": "head" },
    h("h1", { id: "title", tabindex: -1 }, "Nodes"),
    h(
      "span",
      { class: "muted" },
      `${f.count(nodes.length)}${zones.length > 1 ? ` in ${zones.length} zones` : ""}`,
    ),
    many("down") > 0 && state("crit", `${many("down")} down`, { mark: "down" }),
    many("draining") > 0 && state("info", `${many("draining")} draining`),
    many("warning") > 0 && state("warn", f.plural(many("warning"), "warning")),
    h(
      "div",
      { class: "tools" },
      zones.length > 1 &&
        choose("Zone", [["", "Zone: all"], ...zones.map(z => [z, `Zone: ${z}`])], words.get("zone"), v =>
          tweak({ zone: v }),
        ),
      choose(
        "State",
        [
          ["", "State: all"],
          ...["serving", "warning", "draining", "drained", "down"].map(s => [s, `State: ${s}`]),
        ],
        words.get("state"),
        v => tweak({ state: v }),
      ),
      button("", () => download("nodes.json", JSON.stringify(nodes, null, 2)), {
        cls: "icon opt",
        name: "save",
        label: "Download as JSON",
      }),
    ),
  );
}

const columns = [
  {
    name: "Node",
    sort: "id",
    cls: "lead",
    cell: n => [
      h("a", { class: "name nowrap", href: toNode(n.id) }, f.cut(n.id, 20)),
      " ",
      h(
        "span",
        { class: "muted small nowrap", title: n.self ? "This node answers you" : null },
        n.zone ?? "",
        n.self ? " (here)" : "",
      ),
    ],
  },
  { name: "State", cls: "wide2", cell: n => nodeState({ ...n, state: wordOf(n) }) },
  {
    name: "Allocations",
    sort: "allocations",
    cls: "wide2",
    cell: n => [
      triple(n.allocations, n.allocationsPeak, n.allocationsMax, f.count),
      n.relaying !== undefined &&
        h(
          "span",
          { class: "small muted" },
          `${f.count(n.relaying)} active, ${f.count(n.allocations - n.relaying)} idle`,
        ),
    ],
  },
  {
    name: "Egress",
    sort: "egress",
    cls: "wide2",
    cell: n =>
      n.alive &&
      triple(
        BITS * (n.egressBytesPerSecond ?? n.bytesPerSecond),
        scaled(n.egressBytesPerSecondPeak),
        scaled(n.egressBytesPerSecondMax),
        f.rate,
      ),
  },
  { name: "Forwarded", sort: "packets", num: true, cell: n => known(n.packetsPerSecond, f.packetRate) },
  {
    name: "CPU",
    sort: "processor",
    num: true,
    cell: n =>
      n.alive &&
      h(
        "div",
        { class: "bar" },
        h("span", { class: n.processor > CPU_TARGET ? "is-warn" : null }, f.percent(n.processor, 0)),
        meter(`CPU ${f.percent(n.processor, 0)}`, n.processor, { warn: n.processor > CPU_TARGET }),
      ),
  },
  {
    name: "Loop p99",
    sort: "loop",
    num: true,
    title: "How late the busiest event loop is, 99th percentile",
    cell: n => known(n.loopLagP99Seconds, s => f.latency(s * 1000)),
  },
  {
    name: "Drops",
    sort: "drops",
    num: true,
    title: "UDP packets that the kernel dropped because the receive buffer was full",
    cell: n =>
      n.kernelDropsPerSecond > 0
        ? state("warn", `${f.short(n.kernelDropsPerSecond)}/s`)
        : known(n.kernelDropsPerSecond, String),
  },
  { name: "Version", sort: "version", cls: "opt", cell: n => n.version ?? "–" },
  {
    name: "Uptime",
    sort: "uptime",
    num: true,
    cls: "opt",
    cell: n =>
      n.started
        ? h("span", { title: f.fullTime(n.started) }, f.age((Date.now() - Date.parse(n.started)) / 1000))
        : "–",
  },
];

const scaled = bytes => (bytes === undefined ? undefined : BITS * bytes);
const known = (v, form) => (v === undefined || v === null ? "–" : form(v));

function list(ctx) {
  const rows = rowsOf(ctx);
  if (rows.length === 0)
    return card(
      "Nodes",
      {},
      empty("No node matches", "The filter excludes all.", {
        kind: "none",
        actions: button("Clear the filter", () => tweak({ zone: null, state: null })),
      }),
    );
  return h(
    "section",
    { class: "card", "data-key": "list" },
    table(columns, rows, {
      id: n => n.id,
      caption: "nodes",
      cls: "nodes",
      sort: sortOf("care"),
      picked: ctx.state.picked,
      onPick: (ids, on) => pick(ctx, ids, on),
      rowClass: n => (n.alive ? "" : "down"),
      below: n => second(ctx, n),
      cursor: ctx.state.cursor,
    }),
  );
}

/** What needs care says why, and what to do, in a line of its own. */
function second(ctx, n) {
  if (!n.alive)
    return h(
      "div",
      { class: "row" },
      h(
        "span",
        null,
        n.lastSeen ? `Last seen ${f.moment(n.lastSeen)}. ` : "It left the cluster. ",
        h(
          "b",
          null,
          `${f.plural(n.allocations, "allocation")} ${n.allocations === 1 ? "was" : "were"} there then.`,
        ),
      ),
      h("a", { class: "btn", href: to("/logs", { tab: "events", node: n.id }) }, "Its events"),
    );
  if (n.state === "draining" && n.drain) return drainRow(ctx, n);
  if (n.state === "drained")
    return h(
      "div",
      { class: "row small" },
      "Takes no new sessions. It can be stopped.",
      h("span", { class: "grow" }),
      button("Undrain", () => undrain(n), { disabled: !ctx.can("operator") }),
    );
  if (!needsCare(n)) return null;
  return h(
    "div",
    { class: "row small" },
    h("span", { class: n.severity === "critical" ? "is-crit" : "is-warn" }, n.cause ?? "Needs care."),
    n.advice && h("span", null, n.advice),
    h("a", { href: toNode(n.id) }, `Open ${n.id}`),
  );
}

function drainRow(ctx, n) {
  const { drain } = n;
  const all = Math.max(drain.startAllocations ?? n.allocations, n.allocations);
  const gone = all > 0 ? 1 - n.allocations / all : 1;
  return h(
    "div",
    { class: "drain" },
    h("div", { class: "bar" }, meter(`Drain ${f.percent(gone, 0)} done`, gone)),
    h(
      "span",
      null,
      h(
        "b",
        null,
        drain.startAllocations === undefined
          ? `${f.count(n.allocations)} left`
          : `${f.count(n.allocations)} of ${f.count(all)} left`,
      ),
      drain.etaSeconds !== undefined && `, about ${f.age(drain.etaSeconds)} `,
      drain.etaP90Seconds !== undefined &&
        h("span", { class: "muted" }, `(90 % sure within ${f.age(drain.etaP90Seconds)})`),
    ),
    h(
      "div",
      { class: "acts" },
      h("span", { class: "muted small row" }, `deadline ${f.moment(drain.deadline)}`),
      button("Cancel drain", () => undrain(n), { disabled: !ctx.can("operator") }),
      button("Finish now…", () => askFinish(n), { cls: "danger", disabled: !ctx.can("operator") }),
    ),
  );
}

function pick(ctx, ids, on) {
  ids.forEach(id => (on ? ctx.state.picked.add(id) : ctx.state.picked.delete(id)));
  ctx.draw();
}

function bar(ctx, nodes) {
  const picked = nodes.filter(n => ctx.state.picked.has(n.id));
  if (picked.length === 0) return null;
  const mayNot = !ctx.can("operator");
  return selectionBar(
    "Selected nodes",
    `${f.plural(picked.length, "node")} selected`,
    f.cut(picked.map(n => n.id).join(", "), 30),
    [
      button("Drain…", () => drainPicked(ctx), {
        cls: "primary",
        disabled: mayNot,
        title: mayNot ? "Needs operator" : null,
      }),
      button("Undrain", () => picked.forEach(undrain), {
        disabled: mayNot || !picked.some(n => n.state !== "serving"),
      }),
    ],
    () => {
      ctx.state.picked.clear();
      ctx.draw();
    },
  );
}

function drainPicked(ctx) {
  const picked = (ctx.feeds.nodes?.value?.nodes ?? []).filter(n => ctx.state.picked.has(n.id) && n.alive);
  if (picked.length > 0 && ctx.can("operator")) askDrain(picked);
}

const hints = () =>
  h(
    "p",
    { class: "muted small" },
    "Nodes that need care come first, then by name. In each bar the tick is today's peak. ",
    keyHints([
      ["j k", "move"],
      ["x", "select"],
      ["d", "drain"],
      ["Enter", "open"],
    ]),
  );

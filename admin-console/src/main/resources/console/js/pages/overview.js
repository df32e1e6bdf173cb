// Healthy? How full? When do we run out?

import { h } from "../dom.js";
import * as f from "../format.js";
import { url } from "../api.js";
import { card, empty, figure, foreign, meter, partial, state, verdict, when } from "../parts.js";
import { to, toNode, toUser } from "../router.js";
import { seriesChart, seriesFeed, sparkOf } from "../series.js";
import { K } from "../names.js";
import { eventRow } from "./logs-rows.js";

const BITS = 8;
const NAMES = { ports: "Relay ports", egress: "Egress", processor: "CPU", memory: "Memory" };
const KIND = { ok: "ok", info: "ok", warning: "warn", critical: "crit" };
const CAUSE = { ...KIND, info: "info" };
const TRANSPORTS = ["udp", "tls", "tcp", "dtls"];

export default {
  title: () => "Overview",
  feeds: () => ({
    overview: { path: "/overview", event: "overview", every: 2_000 },
    series: seriesFeed([
      K.relaying,
      K.idle,
      K.up,
      K.down,
      K.allocOk,
      K.alloc401,
      K.alloc486,
      K.alloc508,
      K.peers,
      K.upPackets,
      K.downPackets,
      K.relayTime,
    ]),
    top: { path: url("/top", { by: "user", metric: "egress", k: 5 }), every: 5_000 },
    events: { path: url("/events", { limit: 6 }), every: 10_000 },
  }),
  view(ctx) {
    const { feeds } = ctx;
    return h(
      "section",
      { class: "page", "aria-labelledby": "title" },
      h("h1", { class: "sr", id: "title", tabindex: -1 }, "Overview"),
      when(
        feeds.overview,
        "the overview",
        overview => [verdictOf(overview), figuresOf(overview, feeds.series), howFull(overview)],
        { lines: 8 },
      ),
      h(
        "div",
        { class: "cols-2" },
        seriesChart(
          "alloc",
          "Allocations",
          feeds.series,
          [
            { name: "relaying", k: K.relaying, area: true, stack: true },
            { name: "idle", k: K.idle, area: true, stack: true },
          ],
          { read: f.count, axis: f.tick },
        ),
        seriesChart(
          "traffic",
          "Throughput",
          feeds.series,
          [
            { name: "to clients", k: K.down, scale: BITS, area: true },
            { name: "from clients", k: K.up, scale: BITS },
          ],
          { read: f.rate, axis: f.tick },
        ),
      ),
      h(
        "div",
        { class: "cols-3" },
        seriesChart(
          "answers",
          "Allocate answers",
          feeds.series,
          [
            { name: "ok", k: K.allocOk },
            { name: "401", k: K.alloc401 },
            { name: "486", k: K.alloc486 },
            { name: "508", k: K.alloc508 },
          ],
          { height: 150, read: v => `${f.figures(v)}/s`, axis: f.tick },
        ),
        card("Transport, by session", {}, when(feeds.overview, "transports", transports, { lines: 3 })),
        card(
          "Top users by egress",
          { tools: h("a", { class: "btn quiet", href: to("/top") }, "All") },
          when(feeds.top, "top users", topUsers, { lines: 3 }),
        ),
      ),
      card(
        "Recent events",
        { tools: h("a", { class: "btn quiet", href: to("/logs", { tab: "events" }) }, "All events") },
        when(feeds.events, "events", events, { lines: 3 }),
      ),
    );
  },
};

export function verdictOf({ verdict: said, coverage }) {
  const issues = (said.causes ?? []).map(cause => [
    state(CAUSE[cause.severity], cause.text),
    cause.advice && h("span", null, cause.advice),
    cause.page?.startsWith("#/") && h("a", { href: cause.page }, "Look"),
  ]);
  return verdict(KIND[said.severity], said.text, {
    issues,
    more: partial(coverage.answered, coverage.nodes),
  });
}

function figuresOf(o, series) {
  const { allocations: a, traffic: t, answers } = o;
  const least = o.coverage.answered < o.coverage.nodes ? "≥ " : "";
  const egress = BITS * (t.downBytesPerSecond + t.upBytesPerSecond);
  const refused = Object.entries(answers.byCode)
    .filter(([code]) => code !== "401" && code !== "200")
    .map(([code, n]) => `${code}: ${f.count(n)}`);
  const share = answers.successShare * 100;
  return h(
    "div",
    { class: "card figures", role: "group", "aria-label": "Key figures", "data-key": "figures" },
    figure(
      "Allocations",
      [least + f.count(a.total), ""],
      Number.isFinite(a.peakToday) ? `peak ${f.count(a.peakToday)} today` : "at this moment",
      { href: to("/sessions"), spark: sum(sparkOf(series, K.relaying), sparkOf(series, K.idle)) },
    ),
    figure(
      "Relaying now",
      [least + f.count(a.relaying), a.total > 0 ? f.percent(a.relaying / a.total) : ""],
      `${f.count(a.idle)} idle`,
      {
        href: to("/sessions", { state: "active" }),
        spark: sparkOf(series, K.relaying),
        title: "With a relayed packet in the last 30 s",
      },
    ),
    figure(
      "Relayed",
      f.split(egress, "b/s"),
      o.egressChangeWeek === undefined ? totals(t) : change(o.egressChangeWeek),
      {
        href: to("/capacity"),
        spark: sum(sparkOf(series, K.up), sparkOf(series, K.down)),
        title: "Both ways, as sent to clients and peers",
      },
    ),
    figure(
      "Allocate success",
      [share === 100 ? "100" : (Math.floor(share * 100) / 100).toFixed(2), "%"],
      refused.length > 0
        ? `${refused.slice(0, 2).join(", ")} in 1 h`
        : answers.success > 0
          ? `${f.count(answers.success)} in 1 h, none refused`
          : "none asked in 1 h",
      { href: to("/security"), spark: sparkOf(series, K.allocOk) },
    ),
    figure(
      "Signaling",
      o.signaling ? [f.count(o.signaling.peers), o.signaling.peers === 1 ? "peer" : "peers"] : ["–", ""],
      o.signaling ? f.plural(o.signaling.rooms, "room") : "not on this node",
      { href: to("/signaling"), spark: sparkOf(series, K.peers) },
    ),
    relayTime(o, series),
  );
}

/** How long a packet is inside; where that is not measured, how many there are. */
function relayTime({ relayP99Seconds: p99, traffic: t }, series) {
  if (p99 !== undefined) {
    return figure("Relay time p99", f.latency(p99 * 1000).split("\u202f"), "in here, of the slowest node", {
      href: to("/nodes"),
      title: "From being read to being sent on, of 99 % of UDP datagrams of the last minute",
      spark: sparkOf(series, K.relayTime),
    });
  }
  const packets = t.upPacketsPerSecond + t.downPacketsPerSecond;
  return figure("Packets", f.split(packets, "pkt/s"), "relayed, both ways", {
    href: to("/nodes"),
    spark: sum(sparkOf(series, K.upPackets), sparkOf(series, K.downPackets)),
  });
}

const totals = t =>
  t.downBytes === undefined ? "now" : `${f.bytes(t.downBytes + (t.upBytes ?? 0))} since the start`;

const change = share =>
  Math.abs(share) < 0.005
    ? "as last week"
    : `${f.percent(Math.abs(share), 0)} ${share > 0 ? "above" : "below"} last week`;

const sum = (a, b) => a.map((v, i) => (v === null && b[i] === null ? null : (v ?? 0) + (b[i] ?? 0)));

// ---- how full, and until when

function howFull({ resources, zoneLoss }) {
  return card(
    "How full, and until when",
    {
      key: "full",
      hint: "bar: whole cluster, tick: fullest node, dotted: target",
      tools: h("a", { class: "btn quiet", href: to("/capacity") }, "Open planner"),
    },
    h(
      "div",
      { class: "full" },
      ["Resource", "Used", "Cluster, fullest node", "Reaches target"].map(word =>
        h("div", { class: "h" }, word),
      ),
      h("div", { class: "h head" }, "Headroom"),
      h("div", { class: "rule" }),
      resources.map((one, i) => [i > 0 && h("div", { class: "rule" }), resourceRow(one)]),
    ),
    zoneLoss?.length > 0 && zones(zoneLoss),
  );
}

function resourceRow(r) {
  const name = NAMES[r.resource] ?? r.resource;
  const isOver = r.target !== undefined && (r.fullestUsed ?? r.used) > r.target;
  const label = `${name}: cluster ${f.percent(r.used)}${r.fullestNode ? `, ${r.fullestNode} ${f.percent(r.fullestUsed)}` : ""}${r.target ? `, target ${f.percent(r.target)}` : ""}`;
  return [
    h("div", null, h("b", null, name)),
    h("div", { class: "m" }, meter(label, r.used, { worst: r.fullestUsed, target: r.target, over: isOver })),
    h(
      "div",
      { class: "worst" },
      f.percent(r.used),
      r.limit > 0 && !r.fullestNode && h("span", { class: "muted" }, `of ${amount(r)}`),
      r.fullestNode && [
        ", ",
        h("a", { href: toNode(r.fullestNode) }, `${f.cut(r.fullestNode, 14)} ${f.percent(r.fullestUsed)}`),
      ],
      isOver && state("warn", "over", { small: true }),
    ),
    h("div", { class: "when" }, dates(r.reachesTarget)),
    h(
      "div",
      { class: "head" },
      r.headroom === undefined ? "–" : r.headroom >= 100 ? "over 100×" : `${r.headroom.toFixed(1)}×`,
    ),
  ];
}

function amount(r) {
  if (/^b(it)?s?\/s$|^b\/s$/.test(r.unit)) return f.rate(r.limit);
  if (/byte/i.test(r.unit ?? "")) return f.bytes(r.limit);
  return `${f.count(r.limit)} ${r.unit ?? ""}`;
}

export function dates(d) {
  if (!d) return h("span", { class: "muted" }, "no forecast yet");
  if (d.why && !d.p50 && !d.p10) return h("span", { class: "muted", title: d.why }, f.cut(d.why, 44));
  if (!d.p50)
    return [
      h("b", null, "beyond the horizon"),
      d.p10 && h("span", { class: "muted" }, `at worst ${f.day(d.p10)}`),
    ];
  return [
    h("b", null, f.day(d.p50)),
    d.p10 &&
      h(
        "span",
        { class: "muted" },
        `${f.day(d.p10).replace(/ \d{4}$/, "")} to ${d.p90 ? f.day(d.p90).replace(/ \d{4}$/, "") : "later"}`,
      ),
  ];
}

const zones = list =>
  list.map(z =>
    h(
      "div",
      { class: "foot" },
      h("b", null, `If zone ${z.zone} fails now`),
      Object.entries(z.used).map(([name, share]) =>
        share > 1
          ? state("crit", `${NAMES[name] ?? name} ${f.percent(share, 0)}`)
          : state(z.ok || share < 0.7 ? "ok" : "warn", `${NAMES[name] ?? name} ${f.percent(share, 0)}`),
      ),
      h("span", { class: "muted" }, z.text),
    ),
  );

// ---- below

function transports({ byTransport, ipv6Share, allocations }) {
  const all = Object.values(byTransport ?? {}).reduce((x, y) => x + y, 0);
  if (!all) return empty("No sessions", "Shares appear with the first allocation.", { kind: "none" });
  const row = (name, share, n) =>
    h(
      "div",
      null,
      h("span", null, name),
      meter(`${name} ${f.percent(share)}`, share),
      h("b", { title: n === undefined ? null : f.plural(n, "session") }, f.percent(share, 0)),
    );
  return h(
    "div",
    { class: "body" },
    h(
      "div",
      { class: "needs mix" },
      TRANSPORTS.map(name => row(name.toUpperCase(), (byTransport[name] ?? 0) / all, byTransport[name] ?? 0)),
      ipv6Share !== undefined && row("of all, IPv6", ipv6Share),
    ),
  );
}

function topUsers({ rows }) {
  if (rows.length === 0) return empty("Nobody sends yet", null, { kind: "none" });
  const most = rows[0].value || 1;
  return h(
    "table",
    { "aria-label": "Top users by egress" },
    h(
      "tbody",
      null,
      rows
        .slice(0, 5)
        .map(row =>
          h(
            "tr",
            { "data-key": row.key },
            h("td", null, h("a", { href: toUser(row.key) }, foreign(row.key, 22))),
            h("td", { class: "num" }, f.rate(BITS * row.value)),
            h("td", { class: "third" }, meter(`${f.percent(row.share ?? 0)} of all`, row.value / most)),
          ),
        ),
    ),
  );
}

const events = ({ events: list }) =>
  list.length === 0
    ? empty("Nothing has happened yet", "Starts, drains, reloads and warnings come here.", { kind: "none" })
    : h(
        "table",
        { class: "cards", "aria-label": "Recent events" },
        h("tbody", null, list.slice(0, 6).map(eventRow)),
      );

// One node: what is wrong and the cure, four charts against targets, ports, listeners, JVM, threads.

import { h } from "../dom.js";
import { post, segment } from "../api.js";
import * as f from "../format.js";
import { button, card, empty, nodeState, verdict, when } from "../parts.js";
import { here, to } from "../router.js";
import { seriesChart, seriesFeed } from "../series.js";
import { K } from "../names.js";
import { attempt, copy, download } from "../dialog.js";
import { askDrain, askFinish, undrain } from "../orders.js";
import { watch, watchButton } from "../watch.js";
import { needsCare } from "../node-care.js";
import { portMap } from "./node-ports.js";
import { jvm, listeners, logLevels, loops, threads } from "./node-machine.js";

const BITS = 8;
const CPU_TARGET = 0.7;
const TABS = [
  ["summary", "Summary"],
  ["traffic", "Traffic"],
  ["ports", "Ports"],
  ["listeners", "Listeners"],
  ["jvm", "JVM"],
  ["threads", "Threads"],
];
const KIND = { ok: "ok", info: "ok", warning: "warn", critical: "crit" };

const idOf = ctx => ctx.where.parts[1];
const tabOf = () =>
  TABS.some(([key]) => key === here().words.get("tab")) ? here().words.get("tab") : "summary";

export default {
  title: ctx => idOf(ctx),
  feeds(ctx) {
    const path = `/nodes/${segment(idOf(ctx))}`;
    const tab = tabOf();
    return {
      node: { path, every: 2_000 },
      ...(["summary", "ports"].includes(tab) ? { ports: { path: `${path}/ports`, every: 5_000 } } : {}),
      ...(["summary", "traffic"].includes(tab)
        ? {
            series: seriesFeed(
              [
                K.processor,
                K.up,
                K.down,
                K.upPackets,
                K.downPackets,
                K.loopLag,
                K.kernelDrops,
                K.relaying,
                K.idle,
              ],
              { node: idOf(ctx) },
            ),
          }
        : {}),
      ...(tab === "threads" ? { threads: { path: `${path}/threads`, once: true } } : {}),
    };
  },
  keys: ctx => ({
    w: () => watch("node", ctx.where.parts[1], ctx.draw),
    d: () => {
      const n = ctx.feeds.node?.value;
      if (n && ctx.can("operator")) askDrain([n]);
    },
  }),
  view(ctx) {
    return h(
      "section",
      { class: "page", "aria-labelledby": "title" },
      when(ctx.feeds.node, "this node", node => [head(ctx, node), tabs(ctx), body(ctx, node)], { lines: 8 }),
    );
  },
};

function head(ctx, n) {
  const mayNot = !ctx.can("operator");
  const up = n.started ? `up ${f.age((Date.now() - Date.parse(n.started)) / 1000)}` : null;
  return h(
    "div",
    { class: "page-head", "data-key": "head" },
    h("a", { class: "muted", href: to("/nodes") }, "Nodes"),
    h("span", { class: "muted" }, "/"),
    h("h1", { id: "title", tabindex: -1 }, n.id),
    nodeState({ ...n, state: n.alive && n.state === "serving" && needsCare(n) ? "warning" : n.state }),
    (n.addresses ?? []).slice(0, 3).map(a => h("span", { class: "muted mono" }, a)),
    h(
      "span",
      { class: "muted" },
      [n.region, n.zone && `zone ${n.zone}`, n.version, up].filter(Boolean).join(", "),
    ),
    h(
      "div",
      { class: "tools" },
      watchButton("node", n.id, ctx.draw),
      button("Support bundle", () => bundle(n), {
        name: "save",
        disabled: mayNot || !n.alive,
        title: mayNot ? "Needs operator" : null,
      }),
      n.state === "serving"
        ? button("Drain…", () => askDrain([n]), {
            cls: "primary",
            disabled: mayNot || !n.alive,
            title: mayNot ? "Needs operator" : null,
          })
        : [
            button("Undrain", () => undrain(n), { disabled: mayNot }),
            n.state === "draining" &&
              button("Finish now…", () => askFinish(n), { cls: "danger", disabled: mayNot }),
          ],
    ),
  );
}

const tabs = ctx =>
  h(
    "nav",
    { class: "tabs", "aria-label": `Node ${idOf(ctx)}` },
    TABS.map(([key, word]) =>
      h(
        "a",
        {
          href: to(here().path, { tab: key === "summary" ? null : key }),
          "aria-current": key === tabOf() ? "page" : null,
        },
        word,
      ),
    ),
  );

async function bundle(n) {
  const text = await attempt(
    () => post(`/nodes/${segment(n.id)}/support-bundle`),
    "Support bundle made; it holds no secrets",
  );
  if (text) download(`puente-${n.id}.json`, JSON.stringify(text, null, 2));
}

function body(ctx, n) {
  const { detail } = n;
  if (!n.alive)
    return verdict("crit", `${n.id} is down`, {
      more: n.lastSeen
        ? `Last seen ${f.moment(n.lastSeen)}, with ${f.plural(n.allocations, "allocation")}.`
        : "These are its last words.",
    });
  const parts = {
    summary: () => [
      verdictOf(n),
      charts(ctx),
      portsCard(ctx),
      h("div", { class: "cols-2" }, listeners(n), jvm(n)),
    ],
    traffic: () => traffic(ctx, n),
    ports: () => portsCard(ctx),
    listeners: () => listeners(n),
    jvm: () => [h("div", { class: "cols-2" }, jvm(n), logLevels(ctx, n)), loops(n)],
    threads: () => threads(ctx),
  };
  const tab = tabOf();
  if (!detail && !["summary", "traffic", "ports", "threads"].includes(tab))
    return card(
      "Details",
      {},
      empty(
        "No details from this node",
        "It is a member, but answers only for itself: open its own admin port.",
        { kind: "none" },
      ),
    );
  return parts[tab]();
}

function verdictOf(n) {
  const said = n.detail?.verdict ?? {
    severity: n.severity ?? "ok",
    text: n.cause ?? "All is well: nothing needs care.",
    causes: n.advice ? [{ severity: "info", text: "", advice: n.advice }] : [],
  };
  const advice = said.causes?.find(cause => cause.advice)?.advice;
  const isCommand = advice && /^(sysctl|echo|ulimit|ip |nft |systemctl)/.test(advice);
  return verdict(KIND[said.severity], said.text, {
    issues: (said.causes ?? []).map(cause => [
      cause.text && h("span", null, cause.text),
      cause.advice && h(isCommand ? "code" : "span", null, cause.advice),
    ]),
    action: isCommand && button("Copy command", () => copy(advice, "the command")),
  });
}

const percentAxis = v => f.percent(v, 0);

function charts({ feeds }) {
  const small = { height: 120 };
  return h(
    "div",
    { class: "cols-4" },
    seriesChart("cpu", "CPU", feeds.series, [{ name: "CPU", k: K.processor, area: true }], {
      ...small,
      read: percentAxis,
      max: 1,
      goal: { v: CPU_TARGET, label: "target" },
    }),
    seriesChart(
      "out",
      "Relayed",
      feeds.series,
      [
        { name: "to clients", k: K.down, scale: BITS, area: true },
        { name: "from", k: K.up, scale: BITS },
      ],
      { ...small, read: f.rate, axis: f.tick, isQuiet: true },
    ),
    seriesChart("loop", "Loop p99", feeds.series, [{ name: "loop p99", k: K.loopLag, scale: 1000 }], {
      ...small,
      read: f.latency,
      axis: f.latency,
    }),
    seriesChart("drops", "Kernel drops", feeds.series, [{ name: "drops", k: K.kernelDrops, colour: 2 }], {
      ...small,
      read: v => `${f.short(v)}/s`,
      axis: f.tick,
    }),
  );
}

function traffic({ feeds }, n) {
  const t = n.detail?.traffic;
  return [
    h(
      "div",
      { class: "cols-2" },
      seriesChart(
        "out2",
        "Relayed",
        feeds.series,
        [
          { name: "to clients", k: K.down, scale: BITS, area: true },
          { name: "from clients", k: K.up, scale: BITS },
        ],
        { read: f.rate, axis: f.tick },
      ),
      seriesChart(
        "pps",
        "Packets",
        feeds.series,
        [
          { name: "to clients", k: K.downPackets, area: true },
          { name: "from clients", k: K.upPackets },
        ],
        { read: f.packetRate, axis: f.tick },
      ),
    ),
    h(
      "div",
      { class: "cols-2" },
      seriesChart(
        "alloc2",
        "Allocations",
        feeds.series,
        [
          { name: "relaying", k: K.relaying, area: true, stack: true },
          { name: "idle", k: K.idle, area: true, stack: true },
        ],
        { read: f.count, axis: f.tick },
      ),
      card(
        "Since the start",
        {},
        t
          ? h("div", { class: "body" }, totals(t))
          : empty("No totals from this node", null, { kind: "none" }),
      ),
    ),
  ];
}

const totals = t =>
  h(
    "dl",
    { class: "pairs" },
    h("dt", null, "To clients"),
    h(
      "dd",
      null,
      `${f.bytes(t.downBytes)}, ${f.short(t.downPackets)} packets, now ${f.rate(BITS * t.downBytesPerSecond)}`,
    ),
    h("dt", null, "From clients"),
    h(
      "dd",
      null,
      `${f.bytes(t.upBytes)}, ${f.short(t.upPackets)} packets, now ${f.rate(BITS * t.upBytesPerSecond)}`,
    ),
  );

const portsCard = ctx => when(ctx.feeds.ports, "relay ports", ports => portMap(ctx, ports));

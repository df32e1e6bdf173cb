// A node's listeners, JVM, host, loops, log levels and threads.

import { h } from "../dom.js";
import { post, segment } from "../api.js";
import * as f from "../format.js";
import { button, card, choose, empty, meter, state, when } from "../parts.js";
import { attempt, download } from "../dialog.js";

const KIND = { ok: "ok", info: "ok", warning: "warn", critical: "crit" };
const LEVELS = ["error", "warn", "info", "debug", "trace"];

export function listeners({ detail }) {
  if (!detail) return card("Listeners", {}, empty("No details from this node", null, { kind: "none" }));
  return card(
    "Listeners",
    {},
    h(
      "div",
      { class: "tablewrap" },
      h(
        "table",
        { class: "cards", "aria-label": "Listeners" },
        h(
          "thead",
          null,
          h(
            "tr",
            null,
            h("th", { scope: "col" }, "Listener"),
            h("th", { scope: "col", class: "num" }, "Load"),
            h("th", { scope: "col" }, "Health"),
          ),
        ),
        h(
          "tbody",
          null,
          detail.listeners.map(one =>
            h(
              "tr",
              { "data-key": `${one.kind}${one.address}` },
              h("td", { class: "lead" }, h("b", null, one.kind), " ", h("code", null, one.address)),
              h("td", { class: "num", "data-l": "Load" }, load(one)),
              h("td", { "data-l": "Health" }, health(one)),
            ),
          ),
        ),
      ),
    ),
  );
}

const load = l =>
  [
    Number.isFinite(l.packetsPerSecond) && `${f.packetRate(l.packetsPerSecond)} in`,
    Number.isFinite(l.connections) && f.plural(l.connections, "connection"),
  ]
    .filter(Boolean)
    .join(", ") || "–";

function health(l) {
  if (l.kernelDropsPerSecond > 0) return state("warn", `${f.short(l.kernelDropsPerSecond)} drops/s`);
  if (l.certificateDaysLeft !== undefined)
    return state(
      l.certificateDaysLeft < 3 ? "crit" : l.certificateDaysLeft < 14 ? "warn" : "ok",
      `Certificate ${f.count(l.certificateDaysLeft)} d`,
    );
  return l.severity === "warning" || l.severity === "critical"
    ? state(KIND[l.severity], l.advice ?? "Needs care")
    : state("ok", "Fine");
}

export function jvm({ detail }) {
  if (!detail) return card("JVM and host", {}, empty("No details from this node", null, { kind: "none" }));
  const { jvm: j, system: s, loops: all = [] } = detail;
  const busiest = Math.max(...all.map(one => one.busy ?? 0));
  const part = (name, used, max, form) =>
    used === undefined
      ? null
      : h(
          "tr",
          null,
          h("td", null, name),
          h("td", { class: "num nowrap" }, `${form(used)}${max > 0 ? ` of ${form(max)}` : ""}`),
          h(
            "td",
            { class: "wide40" },
            max > 0 && meter(`${name} ${f.percent(used / max)}`, used / max, { warn: used / max > 0.9 }),
          ),
        );
  const word = (name, value, more) =>
    value === undefined
      ? null
      : h(
          "tr",
          null,
          h("td", null, name),
          h("td", { class: "num nowrap" }, value),
          h("td", { class: "muted" }, more),
        );
  return card(
    "JVM and host",
    {},
    h(
      "div",
      { class: "tablewrap" },
      h(
        "table",
        { "aria-label": "JVM and host" },
        h(
          "tbody",
          null,
          part("Heap", j.heapBytes, j.heapMaxBytes, f.mebibytes),
          part("Direct memory", j.directBytes, j.directMaxBytes, f.mebibytes),
          all.length > 0 &&
            part(`Busiest of ${f.plural(all.length, "loop")}`, busiest, 1, v => f.percent(v, 0)),
          word(
            "GC pause p99",
            j.pauseP99Seconds === undefined ? undefined : f.latency(j.pauseP99Seconds * 1000),
            j.collector,
          ),
          part("File descriptors", s.descriptors, s.descriptorsMax, f.count),
          word("Processors", s.processors, s.kernel),
          word(
            "Memory of the machine",
            s.memoryBytes === undefined ? undefined : f.mebibytes(s.memoryBytes),
            "",
          ),
          word("Java", j.version, ""),
        ),
      ),
    ),
  );
}

export function loops({ detail }) {
  if (!detail?.loops?.length) return null;
  return card(
    "Loops",
    { hint: "one for each shard" },
    h(
      "div",
      { class: "tablewrap" },
      h(
        "table",
        { "aria-label": "Loops" },
        h(
          "thead",
          null,
          h(
            "tr",
            null,
            ["Loop", "Busy", "", "Lag p99", "Allocations"].map((word, i) =>
              h(
                "th",
                { scope: "col", class: i === 0 || i === 2 ? null : "num" },
                word || h("span", { class: "sr" }, "Share"),
              ),
            ),
          ),
        ),
        h(
          "tbody",
          null,
          detail.loops.map(one =>
            h(
              "tr",
              { "data-key": one.name },
              h("td", null, one.name),
              h("td", { class: "num" }, f.percent(one.busy, 0)),
              h(
                "td",
                { class: "wide40" },
                meter(`${one.name} ${f.percent(one.busy, 0)} busy`, one.busy, { warn: one.busy > 0.8 }),
              ),
              h(
                "td",
                { class: "num" },
                one.lagP99Seconds === undefined ? "–" : f.latency(one.lagP99Seconds * 1000),
              ),
              h("td", { class: "num" }, f.count(one.allocations)),
            ),
          ),
        ),
      ),
    ),
  );
}

export function logLevels(ctx, n) {
  const levels = n.detail?.logLevels?.levels ?? [];
  const set = level =>
    attempt(
      () =>
        post(`/nodes/${segment(n.id)}/log-level`, {
          level,
          ...(level === "debug" || level === "trace" ? { seconds: 600 } : {}),
        }),
      `Log level of ${n.id}: ${level}`,
    );
  return card(
    "Log level",
    { hint: "debug and trace last 10 min, then it goes back" },
    h(
      "div",
      { class: "body page" },
      ctx.can("operator")
        ? choose(
            "Log level",
            LEVELS.map(l => [l, `Level: ${l}`]),
            levels.find(l => l.component === "puente")?.level ?? "info",
            set,
          )
        : h("p", { class: "muted" }, "Changing it needs operator."),
      h(
        "dl",
        { class: "pairs" },
        levels.map(l => [
          h("dt", { class: "mono" }, l.component),
          h("dd", null, l.level, l.until && h("span", { class: "muted" }, ` until ${f.moment(l.until)}`)),
        ]),
      ),
    ),
  );
}

export const threads = ctx =>
  card(
    "Threads",
    {
      hint: ctx.feeds.threads?.value ? `as of ${f.moment(ctx.feeds.threads.value.asOf)}` : null,
      tools: [
        button("Look again", () => ctx.feeds.threads?.retry()),
        button(
          "Download",
          () => download("threads.json", JSON.stringify(ctx.feeds.threads?.value, null, 2)),
          { cls: "quiet" },
        ),
      ],
    },
    when(ctx.feeds.threads, "threads", ({ threads: all }) =>
      h(
        "div",
        { class: "body threads" },
        [...all]
          .sort((a, b) => (b.processorSeconds ?? 0) - (a.processorSeconds ?? 0))
          .map(t =>
            h(
              "details",
              { "data-key": t.id },
              h(
                "summary",
                null,
                h("b", null, t.name),
                " ",
                h(
                  "span",
                  { class: "muted" },
                  `${t.state.toLowerCase()}${t.processorSeconds === undefined ? "" : `, ${f.figures(t.processorSeconds)} s of processor`}${t.waitsFor ? `, waits for ${t.waitsFor}` : ""}`,
                ),
              ),
              h("pre", { class: "mono small" }, t.stack.join("\n")),
            ),
          ),
      ),
    ),
  );

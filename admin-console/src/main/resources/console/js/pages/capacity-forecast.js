// When does it run out? History solid, median dashed, four of five futures as a band, the limit, and dates.

import { h } from "../dom.js";
import * as f from "../format.js";
import { card, empty, segments } from "../parts.js";
import { here, tweak } from "../router.js";
import { chart } from "../chart.js";

const NAMES = { egress: "Egress", processor: "CPU", cpu: "CPU", ports: "Ports", memory: "Memory" };
const READ = {
  egress: v => f.rate(v),
  processor: v => f.percent(v),
  cpu: v => f.packetRate(v),
  ports: f.count,
  memory: f.bytes,
};
const DAY = 86_400;

export function runsOut(ctx) {
  const all = ctx.feeds.forecast?.value?.forecast?.length
    ? ctx.feeds.forecast.value.forecast
    : (ctx.state.plan?.forecast ?? []);
  const collecting = ctx.feeds.forecast?.value?.collecting;
  if (all.length === 0) {
    if (!ctx.feeds.forecast?.value && !ctx.feeds.forecast?.problem) return null;
    return card(
      "When does it run out?",
      { key: "forecast" },
      empty(
        collecting ? "Still collecting" : "No history yet",
        collecting ?? "A forecast needs a week of this cluster's own busy hours.",
        { kind: "collecting" },
      ),
    );
  }
  const chosen =
    all.find(one => one.resource === here().words.get("resource")) ?? all.find(one => one.p50) ?? all[0];
  const tools = segments(
    "Resource",
    all.map(one => [one.resource, NAMES[one.resource] ?? one.resource]),
    chosen.resource,
    v => tweak({ resource: v }, { replace: true }),
  );
  const name = NAMES[chosen.resource] ?? chosen.resource;
  const points = (chosen.series ?? []).filter(p => p.t);
  if (points.length < 2)
    return card(
      `When does ${name} run out?`,
      { key: "forecast", tools },
      empty(chosen.why ?? chosen.reason ?? "No date", null, { kind: "collecting" }),
      collecting && h("p", { class: "body muted" }, collecting),
    );
  return h(
    "div",
    { class: "fanwrap", "data-key": "forecast" },
    fan(chosen, name, points, tools),
    datesRow(chosen),
  );
}

function fan(one, name, points, tools) {
  const times = points.map(p => Date.parse(p.t) / 1000);
  const read = READ[one.resource] ?? f.short;
  const firstAhead = points.findIndex(p => Number.isFinite(p.mean) && !Number.isFinite(p.actual));
  const dots = [
    ["p10", "early"],
    ["p50", "likely"],
    ["p90", "late"],
  ]
    .filter(([key]) => one[key])
    .map(([key, word]) => ({
      t: Date.parse(one[key]) / 1000,
      v: one.limit,
      main: key === "p50",
      label: key === "p50" ? `${f.day(one[key])}, ${word}` : f.day(one[key]).replace(/ \d{4}$/, ""),
    }));
  return chart("fan", {
    title: `When does ${name === "CPU" ? name : name.toLowerCase()} run out?`,
    height: 290,
    times,
    read,
    axis: one.resource === "processor" ? v => f.percent(v, 0) : f.tick,
    days: true,
    isQuiet: true,
    tools,
    today: firstAhead >= 0 ? times[firstAhead] - DAY / 2 : Date.now() / 1000,
    limit: Number.isFinite(one.limit) ? { v: one.limit, label: `limit ${read(one.limit)}` } : null,
    dots,
    series: [
      { name: "busy hour, measured", values: points.map(p => p.actual), colour: 1, area: false },
      { name: "forecast, median", values: points.map(p => p.mean), colour: 1, dash: [6, 4] },
      { name: "80 of 100 futures, highest", values: points.map(p => p.hi), colour: 1, band: true, bandTo: 3 },
      { name: "lowest", values: points.map(p => p.lo), colour: 1, band: true },
    ],
  });
}

function datesRow(one) {
  const days = one.p50 ? Math.round((Date.parse(one.p50) - Date.now()) / (DAY * 1000)) : null;
  const fact = (name, value, more) =>
    h(
      "div",
      null,
      h("span", { class: "muted small" }, name),
      h("span", { class: "n" }, value),
      more && h("span", { class: "muted small" }, more),
    );
  return h(
    "div",
    { class: "card dates datescard" },
    fact("Early, 1 in 10", one.p10 ? f.day(one.p10) : "–"),
    fact(
      "Likely",
      one.p50 ? f.day(one.p50) : "beyond the horizon",
      days === null ? (one.why ?? one.reason) : `in ${f.plural(days, "day")}`,
    ),
    fact("Late, 9 in 10", one.p90 ? f.day(one.p90) : "–"),
    fact(
      "How sure",
      Number.isFinite(one.mase) ? `MASE ${one.mase.toFixed(2)}` : "–",
      one.model ? `${one.model}; under 1 is better than naive` : null,
    ),
  );
}

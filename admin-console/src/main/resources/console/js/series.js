// History for charts: which series a chart wants, in the time range that the URL names.

import { url } from "./api.js";
import { span } from "./router.js";
import { chart } from "./chart.js";
import { lacks } from "./feeds.js";

const POINTS = 360;
const STEPS = [1, 10, 60, 300, 900, 3600, 21_600];

/** A young node has a short history: its charts begin with it, in full detail. */
let begins = 0;
const YOUNG_LEAST = 120;

/** A feed of these names over the chosen range; it follows now unless the range is zoomed. */
export function seriesFeed(names, { node, agg } = {}) {
  const { from, to, isLive, name } = span();
  const words = { k: names.join(","), node, agg };
  return {
    mark: `series ${names} ${node ?? ""} ${name} ${isLive ? "" : `${from} ${to}`}`,
    path: () => {
      const length = isLive
        ? Math.min(to - from, Math.max(YOUNG_LEAST, Date.now() / 1000 - begins))
        : to - from;
      const step = STEPS.find(s => length / s <= POINTS) ?? STEPS.at(-1);
      return url("/series", {
        ...words,
        step,
        ...(isLive ? { from: -Math.ceil(length) } : { from: iso(from), to: iso(to) }),
      });
    },
    every: isLive ? Math.min(60_000, Math.max(2_000, ((to - from) * 1_000) / POINTS / 2)) : 600_000,
    keep: true,
    isSum: true,
    onValue: noteBeginning,
  };
}

/** From the first answer on it is known whether the history is shorter than what is asked for; then it is asked for anew. */
function noteBeginning({ t = [], series = [] }) {
  const first = t.findIndex((_, i) => series.some(one => one.v[i] !== null));
  const before = begins;
  if (first > 0) begins = t[first];
  else if (first === 0 && t[0] < begins - 60) begins = 0;
  return Math.abs(begins - before) > 60;
}

const iso = s => new Date(s * 1000).toISOString();

/** The values of one name, scaled; all gaps if it is not there. */
export function valuesOf(answer, name, scale = 1) {
  const found = answer?.series?.find(one => one.k === name);
  return (answer?.t ?? []).map((_, i) => (Number.isFinite(found?.v[i]) ? found.v[i] * scale : null));
}

/** Starts, stops, reloads and drains as lines through the chart. */
export const marksOf = answer =>
  (answer?.marks ?? []).map(event => ({
    t: Date.parse(event.t) / 1000,
    label: [event.node, event.kind].filter(Boolean).join(" "),
  }));

/**
 * A chart of a series feed. lines: [{ name, k, scale, area, stack, colour }].
 */
export function seriesChart(key, title, feed, lines, options) {
  const answer = feed?.value;
  const words =
    feed?.problem && !answer
      ? {
          emptyWord: feed.problem.isAbsent ? "Not available on this node" : "Could not load",
          emptyMore: feed.problem.isAbsent ? "This node keeps no history of it." : feed.problem.message,
        }
      : {};
  return chart(key, {
    title,
    times: answer?.t ?? [],
    marks: marksOf(answer),
    ...(lacks(answer) && { hint: `without ${answer.coverage.missing.join(", ")}, silent now` }),
    ...words,
    ...options,
    series: lines.map(line => ({ ...line, values: valuesOf(answer, line.k, line.scale) })),
  });
}

/** The last few values for a spark, thinned. */
export function sparkOf(feed, name, scale = 1) {
  const values = valuesOf(feed?.value, name, scale);
  const step = Math.max(1, Math.ceil(values.length / 40));
  return values.filter((_, i) => (values.length - 1 - i) % step === 0);
}

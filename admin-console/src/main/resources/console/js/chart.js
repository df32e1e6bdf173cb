// A chart with its legend, its table and its summary in words, drawn by uPlot. All charts of a page
// share one crosshair; drag to zoom all, double-click to go back.

import { h, fill, widget } from "./dom.js";
import { button } from "./parts.js";
import { clock, day, isUtc, zone } from "./format.js";
import { tweak } from "./router.js";
import { download } from "./dialog.js";
import { areaFill, drawMarks, dashOf, ink } from "./chart-ink.js";

const uPlot = globalThis.uPlot;
const sync = uPlot.sync("time");
const TABLE_ROWS = 40;
const ZOOM_MIN_PX = 12;

let isStale = false;

/** Charts grey while what they show is old. */
export function markStale(on) {
  isStale = on;
}

/**
 * A card with a chart. props: title, hint, height, times (seconds), series [{ name, values, area,
 * colour 1..6, stack }], read (value to text), axis (value to short text), marks [{ t, label }],
 * goal and limit { v, label }, max, days (x is days), today, tools.
 */
export const chart = (key, props) =>
  widget(`chart-${key}`, create, props, "figure", { class: "card chartcard" });

function create(element, first) {
  const own = { element, props: first, hidden: new Set(), isTable: false, plot: null, shape: "" };
  own.header = h("header");
  own.box = h("div", { class: "chart" });
  element.append(own.header, own.box);
  const observer = new ResizeObserver(() => {
    const width = widthOf(own);
    if (own.plot && width > 40 && own.plot.width !== width)
      own.plot.setSize({ width, height: own.props.height ?? 180 });
  });
  observer.observe(own.box);
  refresh(own);
  return {
    update(props) {
      own.props = props;
      refresh(own);
    },
    paint() {
      rebuild(own);
    },
    destroy() {
      observer.disconnect();
      own.plot?.destroy();
    },
  };
}

const widthOf = own =>
  Math.floor(own.box.clientWidth - 2 * parseFloat(getComputedStyle(own.box).paddingLeft || 0));

function refresh(own) {
  const { props } = own;
  fill(
    own.header,
    h("h2", null, props.title),
    props.hint && h("span", { class: "muted small" }, props.hint),
    legend(own),
    h("span", { class: "grow" }),
    props.tools,
    own.isTable && button("CSV", () => saveCsv(props), { cls: "quiet", label: `CSV of ${props.title}` }),
    !own.isTable &&
      hasData(props) &&
      button("PNG", () => savePng(own), { cls: "quiet", label: `PNG of ${props.title}` }),
    button(
      own.isTable ? "Chart" : "Table",
      () => {
        own.isTable = !own.isTable;
        refresh(own);
        rebuild(own);
      },
      { cls: "quiet", label: own.isTable ? `Chart of ${props.title}` : `Table of ${props.title}` },
    ),
  );
  const shape = JSON.stringify([
    props.series.map(one => [one.name, one.area, one.colour, one.band]),
    props.height,
    props.max,
    own.isTable,
    hasData(props),
    props.emptyMore,
  ]);
  if (shape !== own.shape) {
    own.shape = shape;
    rebuild(own);
  } else if (own.isTable) {
    fill(own.box, table(own));
  } else if (own.plot) {
    own.plot.$own = own;
    own.plot.setData(data(own));
    own.plot.root.setAttribute("aria-label", summary(props));
  }
}

const hasData = props =>
  (props.times ?? []).length > 1 && props.series.some(one => one.values?.some(Number.isFinite));

function rebuild(own) {
  own.plot?.destroy();
  own.plot = null;
  own.box.replaceChildren();
  if (own.isTable) return fill(own.box, table(own));
  if (!hasData(own.props)) return fill(own.box, collecting(own.props));
  const width = Math.max(60, widthOf(own));
  own.plot = new uPlot(options(own, width), data(own), own.box);
  own.plot.root.setAttribute("role", "img");
  own.plot.root.setAttribute("aria-label", summary(own.props));
}

const collecting = props =>
  h(
    "div",
    { class: `collecting tall${Math.round((props.height ?? 180) / 30)}` },
    h("b", null, props.emptyWord ?? "Collecting"),
    h("p", { class: "muted" }, props.emptyMore ?? "The first points come by themselves."),
  );

/** Bottom to top, when they are stacked. */
function data(own) {
  const { times, series } = own.props;
  let below = null;
  const rows = series.map((one, i) => {
    if (!one.stack || own.hidden.has(i)) return one.values.map(orNull);
    below = one.values.map((v, at) =>
      (Number.isFinite(v) ? v : null) === null ? null : v + (below?.[at] ?? 0),
    );
    return below;
  });
  return [times, ...rows];
}

const orNull = v => (Number.isFinite(v) ? v : null);

function options(own, width) {
  const { props } = own;
  const axis = {
    stroke: ink("--muted"),
    font: `11px ${FONT}`,
    grid: { stroke: ink("--grid"), width: 1 },
    ticks: { show: false },
  };
  return {
    width,
    height: props.height ?? 180,
    tzDate: t => (isUtc() ? uPlot.tzDate(new Date(t * 1000), "Etc/UTC") : new Date(t * 1000)),
    padding: [props.marks?.length || props.goal ? 18 : 8, 22, 0, 0],
    legend: { show: false },
    cursor: {
      sync: { key: sync.key },
      drag: { x: true, y: false, setScale: false },
      points: { size: 6 },
      y: false,
    },
    scales: { x: { time: true }, y: { range: (u, low, high) => rangeOf(own, high) } },
    axes: [
      {
        ...axis,
        grid: { show: false },
        size: 26,
        space: 70,
        values: (u, at) => at.map(t => (props.days ? shortDay(t) : tick(t, at))),
      },
      { ...axis, size: 50, gap: 6, space: 34, values: (u, at) => at.map(v => (props.axis ?? props.read)(v)) },
    ],
    series: [{}, ...props.series.map((one, i) => line(own, one, i))],
    bands: bandsOf(own),
    hooks: {
      draw: [u => drawMarks(u, own.props)],
      setCursor: [u => point(u, own)],
      setSelect: [u => zoom(u)],
      ready: [u => u.over.addEventListener("dblclick", () => tweak({ from: null, to: null }))],
    },
  };
}

const FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, sans-serif";

function rangeOf(own, high) {
  const { props } = own;
  const tops = [
    high ?? 0,
    props.goal?.v,
    props.limit?.v && props.limit.show !== false ? props.limit.v : 0,
  ].filter(Number.isFinite);
  const top = Math.max(...tops, props.min ?? 0);
  return [0, props.max ?? (top > 0 ? top * 1.12 : 1)];
}

function line(own, one, i) {
  const colour = one.colour ?? i + 1;
  const stroke = () => (isStale ? ink("--control") : ink(`--s${colour}`));
  return {
    label: one.name,
    show: !own.hidden.has(i),
    width: one.band ? 0 : 1.75,
    dash: one.dash ?? dashOf(colour),
    stroke,
    points: { show: false },
    spanGaps: false,
    fill: one.area && !isStacked(own, i) ? () => areaFill(isStale ? "--control" : `--s${colour}`) : undefined,
  };
}

const isStacked = (own, i) =>
  own.props.series[i].stack && own.props.series.slice(0, i).some(one => one.stack);

/** Between stacked lines, and between the edges of a forecast. */
function bandsOf(own) {
  const bands = [];
  own.props.series.forEach((one, i) => {
    const colour = isStale ? "--control" : `--s${one.colour ?? i + 1}`;
    if (isStacked(own, i)) bands.push({ series: [i + 1, i], fill: () => areaFill(colour) });
    if (one.bandTo !== undefined)
      bands.push({ series: [i + 1, one.bandTo + 1], fill: () => areaFill(colour) });
  });
  return bands;
}

function tick(t, at) {
  const wide = at.length > 1 && at.at(-1) - at[0] > 36 * 3600;
  return wide
    ? `${new Date(t * 1000).toLocaleDateString("en-GB", { day: "numeric", month: "short", ...zone() })}`
    : clock(t * 1000, at.length > 1 && at[1] - at[0] < 60);
}

const shortDay = t =>
  new Date(t * 1000).toLocaleDateString("en-GB", { month: "short", day: "numeric", timeZone: "UTC" });

function zoom(u) {
  if (u.select.width < ZOOM_MIN_PX) return;
  const from = Math.round(u.posToVal(u.select.left, "x"));
  const to = Math.round(u.posToVal(u.select.left + u.select.width, "x"));
  u.setSelect({ left: 0, width: 0, top: 0, height: 0 }, false);
  if (to - from >= 10) tweak({ from, to });
}

/** The values under the crosshair; only where the pointer is, not on the charts that follow it. */
function point(u, own) {
  const { props } = own;
  const at = u.cursor.idx;
  let tip = own.box.querySelector(".tip");
  const isHere = own.box.matches(":hover") && at !== null && at !== undefined && u.cursor.left >= 0;
  if (!isHere) return tip?.remove();
  if (!tip) own.box.append((tip = h("div", { class: "tip" })));
  fill(
    tip,
    h("b", null, props.days ? day(props.times[at] * 1000) : clock(props.times[at] * 1000)),
    props.series.map((one, i) =>
      own.hidden.has(i) || one.band || !Number.isFinite(one.values[at])
        ? null
        : h("span", null, `${one.name} ${props.read(one.values[at])}`),
    ),
  );
  const left = Math.min(
    u.cursor.left + u.bbox.left / devicePixelRatio + 24,
    own.box.clientWidth - tip.offsetWidth - 8,
  );
  tip.style.setProperty("left", `${Math.max(4, left)}px`);
  tip.style.setProperty("top", "24px");
}

function legend(own) {
  const { props } = own;
  const shown = props.series.map((one, i) => [one, i]).filter(([one]) => !one.band);
  if (shown.length < 2) {
    return h("div", { class: "legend" }, h("b", null, reading(props, props.series[0])));
  }
  return h(
    "div",
    { class: "legend" },
    shown.map(([one, i]) =>
      h(
        "button",
        {
          type: "button",
          "aria-pressed": String(!own.hidden.has(i)),
          title: "Hide or show; with Alt: only this",
          onclick: event => toggle(own, i, event.altKey),
        },
        swatch(one.colour ?? i + 1, one.dash),
        one.name,
        props.isQuiet ? null : h("b", null, reading(props, one)),
      ),
    ),
  );
}

const swatch = (colour, dash) =>
  h(
    "svg",
    { viewBox: "0 0 20 8", class: "plot", "aria-hidden": "true" },
    h("line", {
      class: dash ? "ahead" : `s${colour}`,
      x1: 0,
      x2: 20,
      y1: 4,
      y2: 4,
      "stroke-dasharray": dash ? dash.join(" ") : null,
    }),
  );

function reading(props, one) {
  const last = one?.values?.findLast(Number.isFinite);
  return last === undefined ? "" : props.read(last);
}

function toggle(own, i, isSolo) {
  if (isSolo) own.props.series.forEach((_, j) => (j === i ? own.hidden.delete(j) : own.hidden.add(j)));
  else if (!own.hidden.delete(i)) own.hidden.add(i);
  refresh(own);
  rebuild(own);
}

function table(own) {
  const { props } = own;
  const times = props.times ?? [];
  const step = Math.max(1, Math.ceil(times.length / TABLE_ROWS));
  const rows = times
    .map((_, i) => i)
    .filter(i => (times.length - 1 - i) % step === 0)
    .reverse();
  const shown = props.series.filter(one => !one.band);
  return h(
    "div",
    { class: "asTable tablewrap", tabindex: 0, role: "region", "aria-label": `${props.title} as table` },
    h(
      "table",
      null,
      h(
        "thead",
        null,
        h(
          "tr",
          null,
          h("th", { scope: "col" }, "Time"),
          shown.map(one => h("th", { scope: "col", class: "num" }, one.name)),
        ),
      ),
      h(
        "tbody",
        null,
        rows.map(i =>
          h(
            "tr",
            null,
            h("td", null, props.days ? day(times[i] * 1000) : clock(times[i] * 1000)),
            shown.map(one =>
              h("td", { class: "num" }, Number.isFinite(one.values[i]) ? props.read(one.values[i]) : "–"),
            ),
          ),
        ),
      ),
    ),
  );
}

const fileName = (props, ending) => `${props.title.toLowerCase().replaceAll(/[^a-z0-9]+/g, "-")}.${ending}`;

/** The chart as it is drawn, with its title, its legend and the time above it. */
function savePng(own) {
  const drawn = own.plot.ctx.canvas;
  const scale = devicePixelRatio || 1;
  const head = Math.round(44 * scale);
  const canvas = document.createElement("canvas");
  canvas.width = drawn.width;
  canvas.height = drawn.height + head;
  const pen = canvas.getContext("2d");
  pen.fillStyle = ink("--raised");
  pen.fillRect(0, 0, canvas.width, canvas.height);
  pen.drawImage(drawn, 0, head);
  pen.fillStyle = ink("--text");
  pen.font = `600 ${13 * scale}px ${FONT}`;
  pen.fillText(own.props.title, 10 * scale, 18 * scale);
  pen.font = `${11 * scale}px ${FONT}`;
  pen.fillStyle = ink("--muted");
  pen.textAlign = "right";
  pen.fillText(new Date().toISOString().slice(0, 16).replace("T", " ") + " UTC", canvas.width - 10 * scale, 18 * scale);
  pen.textAlign = "left";
  let x = 10 * scale;
  own.props.series.forEach((one, i) => {
    if (one.band || own.hidden.has(i)) return;
    const words = `${one.name} ${reading(own.props, one)}`;
    pen.fillStyle = ink(`--s${one.colour ?? i + 1}`);
    pen.fillRect(x, 33 * scale, 10 * scale, 3 * scale);
    pen.fillStyle = ink("--muted");
    pen.fillText(words, x + 14 * scale, 38 * scale);
    x += pen.measureText(words).width + 30 * scale;
  });
  canvas.toBlob(picture => download(fileName(own.props, "png"), picture, "image/png"), "image/png");
}

function saveCsv(props) {
  const shown = props.series.filter(one => !one.band);
  const quoted = text => `"${text.replaceAll('"', '""')}"`;
  const rows = props.times.map((t, i) => [
    new Date(t * 1000).toISOString(),
    ...shown.map(one => one.values[i] ?? ""),
  ]);
  const text = [["time", ...shown.map(one => quoted(one.name))], ...rows]
    .map(row => row.join(","))
    .join("\n");
  download(fileName(props, "csv"), `${text}\n`, "text/csv");
}

/** What a chart says, for those who hear it. */
function summary(props) {
  const parts = props.series
    .filter(one => !one.band)
    .map(one => {
      const known = (one.values ?? []).filter(Number.isFinite);
      if (known.length === 0) return `${one.name}: no data`;
      return `${one.name}: now ${props.read(known.at(-1))}, highest ${props.read(Math.max(...known))}`;
    });
  const limits = [props.goal, props.limit]
    .filter(Boolean)
    .map(line => `${line.label}: ${props.read(line.v)}`);
  return `${props.title}. ${[...parts, ...limits].join("; ")}.`;
}

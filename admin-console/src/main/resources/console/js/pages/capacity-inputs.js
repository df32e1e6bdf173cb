// The assumptions: what was measured is a full dot, what was assumed a hollow one; sliders change them.

import { glyph, h } from "../dom.js";
import * as f from "../format.js";
import { button } from "../parts.js";
import { here, tweak } from "../router.js";

const ratio = v => f.percent(v, 0);
const perSecond = v => f.packetRate(v);

/** The figures that a slider or a field sets: word in the URL, path in the request. */
export const CONTROLS = [
  {
    key: "bhca",
    path: "demand.bhca",
    name: "Calls in the busy hour",
    min: 100,
    max: 1_000_000,
    log: true,
    show: f.count,
  },
  {
    key: "hold",
    path: "demand.holdSeconds",
    name: "Mean call",
    min: 30,
    max: 7_200,
    log: true,
    show: v => f.age(v),
  },
  {
    key: "urls",
    path: "demand.turnUrls",
    name: "TURN URLs a client allocates on",
    min: 1,
    max: 6,
    step: 1,
    show: f.count,
  },
  {
    key: "relay",
    path: "demand.relayRatio",
    name: "Relay ratio",
    min: 0.01,
    max: 1,
    step: 0.01,
    show: ratio,
  },
  {
    key: "pps",
    path: "node.ppsCapacity",
    name: "Packets a second a node forwards",
    min: 10_000,
    max: 2_000_000,
    log: true,
    show: perSecond,
  },
  {
    key: "egress",
    path: "node.egressCapBps",
    name: "Egress of a node",
    min: 1e8,
    max: 1e11,
    log: true,
    show: f.rate,
  },
  {
    key: "ports",
    path: "node.ports",
    name: "Relay ports of a node",
    min: 1_000,
    max: 64_000,
    log: true,
    show: f.count,
  },
  {
    key: "running",
    path: "policy.nodesRunning",
    name: "Nodes you run",
    min: 1,
    max: 100,
    step: 1,
    show: f.count,
  },
  { key: "zones", path: "policy.zones", name: "Zones", min: 1, max: 6, step: 1, show: f.count },
  {
    key: "lose",
    path: "policy.survive.zones",
    name: "Zones that may fail",
    min: 0,
    max: 3,
    step: 1,
    show: f.count,
  },
  {
    key: "spare",
    path: "policy.survive.nodes",
    name: "Nodes that may fail",
    min: 0,
    max: 5,
    step: 1,
    show: f.count,
  },
  {
    key: "join",
    path: "node.joinMillis",
    name: "Time a loop takes for one who comes",
    min: 0.1,
    max: 100,
    log: true,
    show: v => f.latency(v),
  },
  {
    key: "back",
    path: "policy.reconnectSeconds",
    name: "A lost node's clients come back within",
    min: 0.5,
    max: 300,
    log: true,
    show: v => f.age(v),
  },
  {
    key: "hour",
    path: "price.nodeHour",
    name: "Price of a node an hour",
    min: 0,
    max: 5,
    step: 0.01,
    show: v => v.toFixed(2),
  },
];

const SHOWN_FIRST = 6;
const MIXES = [
  ["", "as measured, else 60 % 720p and 40 % voice"],
  ["voice", "voice, 54 kb/s"],
  ["av360p", "360p, 660 kb/s"],
  ["av720p", "720p, 1.3 Mb/s"],
  ["av1080p", "1080p, 3.1 Mb/s"],
  ["screen", "screen, 1.2 Mb/s"],
  ["data", "data, 200 kb/s"],
  ["camera", "camera, one way, 1.5 Mb/s"],
];

export function assumptions(ctx) {
  const { plan } = ctx.state;
  const inputs = plan?.inputs ?? {};
  const { words } = here();
  const guesses = CONTROLS.slice(0, SHOWN_FIRST).filter(c => !isMeasured(inputs[c.path], words.get(c.key)));
  return h(
    "section",
    { class: "card", "aria-labelledby": "h-assume", "data-key": "assume" },
    h(
      "header",
      null,
      h("h2", { id: "h-assume" }, "Assumptions"),
      h("span", { class: "grow" }),
      h(
        "span",
        { class: "small muted row legendpad" },
        glyph("meas"),
        "measured ",
        glyph("guess"),
        "assumed",
      ),
    ),
    h(
      "div",
      { class: "assume" },
      CONTROLS.slice(0, SHOWN_FIRST).map(c => control(c, inputs[c.path])),
      mixChoice(words),
      guesses.length > 0 &&
        h(
          "p",
          { class: "small item" },
          h("span", { class: "is-warn" }, glyph("warn")),
          h(
            "span",
            null,
            `${f.plural(guesses.length, "figure")} of ${SHOWN_FIRST} ${guesses.length === 1 ? "is" : "are"} assumed: the answer is as good as they are.`,
          ),
        ),
      h(
        "details",
        { class: "more", "data-key": "more" },
        h("summary", null, "Fleet, zones and price"),
        h(
          "div",
          { class: "assume flat" },
          CONTROLS.slice(SHOWN_FIRST).map(c => control(c, inputs[c.path])),
        ),
      ),
      allFigures(inputs),
    ),
  );
}

const isMeasured = (input, word) => word === null && input?.origin === "measured";

const shortValue = ({ value, unit }) =>
  unit === "b/s"
    ? f.rate(value)
    : unit === "bytes"
      ? f.mebibytes(value)
      : `${value >= 1000 ? f.count(value) : +value.toPrecision(4)}${unit ? ` ${unit}` : ""}`;

function control(c, input) {
  const word = here().words.get(c.key);
  const value =
    word !== null && word !== "" ? Number(word) : (input?.value ?? (c.key === "bhca" ? 6_000 : c.min));
  const [min, max, step, position] = c.log
    ? [0, 1000, 1, Math.round((1000 * Math.log(value / c.min)) / Math.log(c.max / c.min))]
    : [c.min, c.max, c.step, value];
  const fromPosition = p => (c.log ? rounded(c.min * (c.max / c.min) ** (p / 1000)) : Number(p));
  return h(
    "div",
    { class: "ctl", "data-key": c.key },
    h("label", { for: `ctl-${c.key}` }, c.name),
    h("output", { for: `ctl-${c.key}` }, Number.isFinite(value) ? c.show(value) : "–"),
    h("input", {
      type: "range",
      id: `ctl-${c.key}`,
      min,
      max,
      step,
      value: String(Number.isFinite(position) ? position : min),
      "aria-valuetext": Number.isFinite(value) ? c.show(value) : null,
      oninput: e => tweak({ [c.key]: fromPosition(e.target.value) }, { replace: true }),
    }),
    h(
      "span",
      { class: "src" },
      source(input, word),
      word !== null &&
        button("Undo", () => tweak({ [c.key]: null }, { replace: true }), {
          cls: "quiet tiny",
          label: `Take back ${c.name}`,
        }),
    ),
  );
}

/** Two figures, so that a slider names round numbers. */
const rounded = v => Number(v.toPrecision(2));

function source(input, word) {
  if (word !== null) return [glyph("guess"), "you set it"];
  if (!input) return [glyph("guess"), "…"];
  return [
    glyph(input.origin === "measured" ? "meas" : "guess"),
    `${input.origin}${input.from ? `, ${input.from}` : input.origin === "default" ? ", nothing was measured yet" : ""}`,
  ];
}

function allFigures(inputs) {
  return h(
    "details",
    { class: "more", "data-key": "all" },
    h("summary", null, "All figures"),
    h(
      "dl",
      { class: "pairs small" },
      Object.entries(inputs)
        .filter(([, one]) => one.origin !== "none" && Number.isFinite(one.value))
        .map(([path, one]) => [
          h("dt", { title: one.meaning }, path.split(".").slice(1).join(" ") || path),
          h(
            "dd",
            null,
            glyph(one.origin === "measured" ? "meas" : "guess"),
            ` ${shortValue(one)} `,
            h("span", { class: "muted" }, one.origin, one.from ? `, ${one.from}` : ""),
          ),
        ]),
    ),
  );
}

function mixChoice(words) {
  return h(
    "div",
    { class: "field" },
    h("label", { for: "mix" }, "Kind of calls"),
    h(
      "select",
      {
        class: "select",
        id: "mix",
        value: words.get("mix") ?? "",
        onchange: e => tweak({ mix: e.target.value }, { replace: true }),
      },
      MIXES.map(([value, word]) => h("option", { value }, word)),
    ),
  );
}

// Each number of a plan explains itself: formula, what went in, whose formula, and where it comes from.

import { h } from "../dom.js";
import * as f from "../format.js";
import { origin } from "../parts.js";
import { ask } from "../dialog.js";

/** A number that says on hover how it came about, and shows all of it when chosen. */
export function explained(plan, path, word, cls = "") {
  const figure = plan.explain[path];
  if (!figure) return h(cls === "b" ? "b" : "span", { class: cls === "muted" ? "muted" : null }, word);
  return h(
    "button",
    {
      class: `explain ${cls}`,
      type: "button",
      title: `${figure.formula}\n${Object.entries(figure.inputs)
        .map(([name, value]) => `${name}: ${value}`)
        .join("\n")}\n${figure.source}`,
      onclick: () => explainOne(plan, path),
    },
    word,
  );
}

function explainOne(plan, path) {
  ask({
    title: titleOf(path),
    action: "Close",
    isNote: true,
    onDone: async () => {},
    body: h(
      "div",
      { class: "page explaintree", tabindex: 0, role: "group", "aria-label": "Explanation" },
      tree(plan, path, new Set()),
    ),
  });
}

export function explainAll(plan) {
  ask({
    title: "How this is computed",
    action: "Close",
    isNote: true,
    onDone: async () => {},
    body: h(
      "div",
      { class: "explaintree tall", tabindex: 0, role: "group", "aria-label": "Explanations" },
      h(
        "p",
        { class: "muted" },
        "Every figure with its formula, what went in, and where it comes from. A full dot is measured, a hollow one assumed or a default.",
      ),
      Object.keys(plan.explain).map(path => one(plan, path)),
    ),
  });
}

const titleOf = path =>
  path
    .replace(".", ": ")
    .replace(/([A-Z])/g, " $1")
    .toLowerCase();

const valueOf = ({ value, unit }) =>
  unit === "b/s"
    ? f.rate(value)
    : unit === "bytes"
      ? f.bytes(value)
      : unit === "packets/s"
        ? f.packetRate(value)
        : `${Math.abs(value) >= 1000 ? f.count(value) : value === 0 ? "0" : Math.abs(value) < 1e-4 ? value.toExponential(1) : +value.toPrecision(4)} ${unit}`;

function one(plan, path) {
  const figure = plan.explain[path];
  return h(
    "div",
    { class: "explainone", "data-key": path },
    h(
      "div",
      { class: "row" },
      origin(figure.origin),
      h("b", null, titleOf(path)),
      h("span", { class: "grow" }),
      h("b", null, valueOf(figure)),
    ),
    h("code", null, figure.formula),
    h(
      "dl",
      { class: "pairs small" },
      Object.entries(figure.inputs).map(([name, value]) => [
        h("dt", null, titleOf(name)),
        h("dd", null, value),
      ]),
    ),
    h("p", { class: "muted small" }, figure.source),
  );
}

/** A figure, then those that went into it. */
function tree(plan, path, seen) {
  if (!plan.explain[path] || seen.has(path)) return [];
  seen.add(path);
  return [one(plan, path), ...Object.keys(plan.explain[path].inputs).flatMap(name => tree(plan, name, seen))];
}

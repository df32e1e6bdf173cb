// All relay ports of a node at a glance: are they spread evenly, and how many rest?

import { h } from "../dom.js";
import { count, figures, percent } from "../format.js";
import { card, state } from "../parts.js";

const CELL = 26;
const GAP = 3;
const COLUMNS = 32;
const COLUMNS_NARROW = 16;

export function portMap(ctx, p) {
  const all = p.max - p.min + 1;
  const columns = innerWidth < 760 ? COLUMNS_NARROW : Math.min(COLUMNS, p.cells.length);
  const rows = Math.ceil(p.cells.length / columns);
  const most = Math.max(p.cellPorts / 2, 1);
  const used = p.used ?? p.cells.reduce((sum, cell) => sum + cell.used, 0);
  const resting = p.quarantined ?? p.cells.reduce((sum, cell) => sum + cell.quarantined, 0);
  return card(
    "Relay ports",
    {
      key: "ports",
      hint: `${p.min} to ${p.max}, ${count(all)} ports, ${p.cellPorts} in each cell`,
      tools: ramp(most),
    },
    h(
      "div",
      { class: "body" },
      h(
        "svg",
        {
          class: "portmap",
          viewBox: `0 0 ${columns * (CELL + GAP) - GAP} ${rows * (CELL + GAP) - GAP}`,
          role: "img",
          "aria-label": `${count(used)} of ${count(all)} ports used, ${percent(used / all)}; ${count(resting)} resting`,
          onpointerover: event => read(ctx, event),
        },
        p.cells.map((cell, i) => square(p, cell, i, columns, most)),
      ),
    ),
    h(
      "div",
      { class: "foot" },
      h("span", null, h("b", null, count(used)), ` used, ${percent(used / all)}`),
      h("span", null, h("b", null, count(resting)), " resting after close"),
      Number.isFinite(p.reserved) && h("span", null, h("b", null, count(p.reserved)), " reserved"),
      p.randomness === undefined
        ? h("span", { class: "muted" }, "too few used to judge how evenly")
        : [
            state(
              p.randomness > 0.001 ? "ok" : "warn",
              p.randomness > 0.001 ? "evenly random" : "not spread evenly",
            ),
            h("span", { class: "muted" }, `χ² p = ${figures(p.randomness)}`),
          ],
      h("span", { class: "grow" }),
      h("span", { class: "muted" }, ctx.state.cell ?? "Point at a cell to read it"),
    ),
  );
}

function square(p, cell, i, columns, most) {
  const x = (i % columns) * (CELL + GAP);
  const y = Math.floor(i / columns) * (CELL + GAP);
  const first = p.min + i * p.cellPorts;
  const last = Math.min(p.max, first + p.cellPorts - 1);
  const heat = cell.used === 0 ? 0 : Math.min(4, 1 + Math.floor((cell.used / most) * 3.999));
  const say = `${first} to ${last}: ${cell.used} used${cell.quarantined ? `, ${cell.quarantined} resting` : ""}`;
  return [
    h(
      "rect",
      { class: `h${heat}`, x, y, width: CELL, height: CELL, rx: 3, "data-say": say },
      h("title", null, say),
    ),
    cell.quarantined > 0 &&
      h("path", { class: "q", d: `M${x + CELL} ${y + CELL / 2}v${CELL / 2}h-${CELL / 2}z` }),
  ];
}

function read(ctx, event) {
  const say = event.target.getAttribute?.("data-say");
  if (say && say !== ctx.state.cell) {
    ctx.state.cell = say;
    ctx.draw();
  }
}

const ramp = most =>
  h(
    "span",
    { class: "row small muted" },
    h(
      "span",
      { class: "ramp" },
      "0 ",
      h(
        "svg",
        { viewBox: "0 0 76 12", class: "portmap five", "aria-hidden": "true" },
        [0, 1, 2, 3, 4].map(i => h("rect", { class: `h${i}`, x: i * 15.5, width: 14, height: 12, rx: 2 })),
      ),
      ` ${count(most)} or more`,
    ),
    h(
      "span",
      { class: "ramp" },
      h(
        "svg",
        { viewBox: "0 0 14 12", class: "portmap one", "aria-hidden": "true" },
        h("rect", { class: "h3", width: 14, height: 12, rx: 2 }),
        h("path", { class: "q", d: "M14 4v8H6z" }),
      ),
      " some resting",
    ),
  );

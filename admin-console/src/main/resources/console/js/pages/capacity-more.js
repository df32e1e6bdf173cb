// What the answer hangs on, and what egress costs elsewhere.

import { h } from "../dom.js";
import * as f from "../format.js";
import { button, card, state } from "../parts.js";
import { tweak } from "../router.js";

export function hangsOn({ state: { plan } }) {
  if (!plan?.sensitivity?.length) return null;
  const change = (input, delta) =>
    input.endsWith("Ratio") ? `${f.percent(delta, 0)} more or less` : `${f.short(delta)} more or less`;
  return card(
    "What the answer hangs on",
    { key: "hangs", hint: "one figure off, the rest as they are" },
    h(
      "div",
      { class: "tablewrap" },
      h(
        "table",
        { class: "cards", "aria-label": "Sensitivity" },
        h(
          "thead",
          null,
          h(
            "tr",
            null,
            h("th", { scope: "col" }, "If this is off"),
            h("th", { scope: "col" }, "By"),
            h("th", { scope: "col", class: "num" }, "Nodes for the load"),
            h("th", { scope: "col", class: "num" }, "Egress cost"),
          ),
        ),
        h(
          "tbody",
          null,
          plan.sensitivity.map(s =>
            h(
              "tr",
              { "data-key": s.input },
              h("td", { class: "lead" }, plan.inputs[s.input]?.meaning ?? s.input),
              h("td", { class: "muted", "data-l": "Off by" }, change(s.input, s.delta)),
              h(
                "td",
                { class: "num", "data-l": "Nodes" },
                s.nodes[0] === s.nodes[1]
                  ? f.count(s.nodes[0])
                  : `${f.count(s.nodes[0])} to ${f.count(s.nodes[1])}`,
              ),
              h(
                "td",
                { class: "num", "data-l": "Egress cost" },
                s.egress[0] === s.egress[1]
                  ? f.count(s.egress[0])
                  : `${f.count(s.egress[0])} to ${f.count(s.egress[1])}`,
              ),
            ),
          ),
        ),
      ),
    ),
    plan.warnings.length > 0 &&
      h(
        "div",
        { class: "foot warnings" },
        plan.warnings.map(text => h("div", null, state("warn", text, { small: true }))),
      ),
  );
}

export function prices({ state: { plan } }) {
  if (!plan) return null;
  const { cost } = plan;
  const rows = [
    { ...cost, verified: true, isOwn: true },
    ...cost.alternatives.filter(a => a.preset !== cost.preset),
  ].sort((a, b) => a.egress - b.egress);
  return card(
    "Egress in a month, elsewhere",
    { key: "prices", hint: "list prices change; compare before you rely on one" },
    h(
      "div",
      { class: "tablewrap" },
      h(
        "table",
        { class: "cards", "aria-label": "Prices" },
        h(
          "thead",
          null,
          h(
            "tr",
            null,
            h("th", { scope: "col" }, "Provider"),
            h("th", { scope: "col", class: "num" }, "Egress"),
            h("th", { scope: "col" }, "As of"),
            h("th", { scope: "col" }, "Compared with its page"),
            h("th", { scope: "col" }, h("span", { class: "sr" }, "Choose")),
          ),
        ),
        h(
          "tbody",
          null,
          rows.map(a =>
            h(
              "tr",
              { "data-key": a.preset },
              h("td", { class: "lead" }, h(a.isOwn ? "b" : "span", null, a.preset)),
              h(
                "td",
                { class: "num", "data-l": "Egress" },
                `${a.currency === "EUR" ? "€" : "$"}${f.count(a.egress)}`,
              ),
              h("td", { "data-l": "As of", class: "muted" }, f.day(a.asOf)),
              h(
                "td",
                { "data-l": "Compared" },
                a.isOwn
                  ? h("span", { class: "muted" }, "in use")
                  : a.verified
                    ? state("ok", "yes")
                    : state("off", "not yet"),
              ),
              h(
                "td",
                { class: "num" },
                !a.isOwn &&
                  button("Use", () => tweak({ price: a.preset }, { replace: true }), {
                    cls: "quiet",
                    label: `Use the prices of ${a.preset}`,
                  }),
              ),
            ),
          ),
        ),
      ),
    ),
  );
}

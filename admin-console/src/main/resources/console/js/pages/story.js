// What happened, step by step, and why: shared by a session's page and by the search for a reason.

import { glyph, h } from "../dom.js";
import { clock, count, fullTime, moment } from "../format.js";
import { button, decisions } from "../parts.js";
import { copy } from "../dialog.js";

const NAMES = {
  binding: "Binding",
  allocate: "Allocate",
  refresh: "Refresh",
  "create-permission": "CreatePermission",
  "channel-bind": "ChannelBind",
  "first-packet": "First packet relayed",
  "permission-miss": "Not relayed",
  connect: "Connect",
  close: "Closed",
  drain: "Drain",
};
const LOOKS = {
  ok: ["is-ok", "yes"],
  asked: ["is-off", "dash"],
  refused: ["is-crit", "no"],
  note: ["is-warn", "warn"],
};

export const nameOf = step =>
  `${NAMES[step.what] ?? step.what}${step.outcome === "asked" && step.what === "allocate" ? ", first try" : ""}${step.count > 1 ? `, ${count(step.count)} times` : ""}`;

/** The step to explain first: the last refusal, else the last odd one, else the last. */
export const firstChoice = steps => {
  const last = what => steps.findLastIndex(step => step.outcome === what);
  return [last("refused"), last("note"), steps.length - 1].find(i => i >= 0) ?? 0;
};

export function timeline(steps, chosen, onchoose) {
  return h(
    "ol",
    { class: "timeline" },
    steps.map((step, i) => {
      const [cls, mark] = LOOKS[step.outcome] ?? LOOKS.ok;
      const code = step.code && !String(step.text).includes(String(step.code)) ? `${step.code}: ` : "";
      return h(
        "li",
        null,
        h(
          "button",
          { type: "button", "aria-pressed": String(i === chosen), onclick: () => onchoose(i) },
          h("time", { class: "when", datetime: step.t, title: fullTime(step.t) }, clock(step.t)),
          h("span", { class: cls }, glyph(mark)),
          h(
            "span",
            null,
            h("b", null, nameOf(step)),
            " ",
            h("span", { class: "muted", dir: "auto" }, code, textOf(step)),
          ),
          h("span", { class: "gap" }, step.until ? `until ${clock(step.until)}` : gap(steps[i - 1], step)),
        ),
      );
    }),
  );
}

/** Without what the name of the step says already. */
const textOf = step => (step.text ?? "").replace(/^first relayed packet,? ?/, "");

function gap(before, step) {
  const ms = before ? Date.parse(step.t) - Date.parse(before.until ?? before.t) : 0;
  if (!(ms > 0) || ms > 120_000) return "";
  return ms < 1000 ? `+${ms} ms` : `+${(ms / 1000).toFixed(1)} s`;
}

const RESULT = { passed: "yes", decided: "no", "not-reached": "off" };

export function why(step) {
  if (!step) return null;
  const isGood = step.outcome === "ok" || step.outcome === "asked";
  const facts = [NAMES[step.what] ?? step.what, step.code, step.peer, step.clause].filter(Boolean).join(", ");
  return h(
    "div",
    { class: "why body" },
    h("p", null, h("b", { dir: "auto" }, headline(step))),
    h("p", { class: "muted small" }, facts, ", ", moment(step.t)),
    step.checks?.length > 0
      ? decisions(
          step.checks.map(check => ({
            text: check.name,
            detail: check.text ?? (check.result === "not-reached" ? "not reached" : null),
            decides: check.result === "decided",
            kind: check.result === "decided" && isGood ? "yes" : RESULT[check.result],
          })),
        )
      : h("p", { class: "muted" }, isGood ? "Every check passed." : "The checks of this step were not kept."),
    (step.effect || step.advice) &&
      h(
        "div",
        { class: "note" },
        step.effect && h("p", null, h("b", null, "Effect. "), step.effect),
        step.advice &&
          h(
            "p",
            null,
            h("b", null, isGood ? "When to worry. " : "What would change it. "),
            h("span", { class: "advice" }, step.advice),
          ),
      ),
    h(
      "div",
      { class: "row note" },
      button("Copy trace", () => copy(JSON.stringify(step, null, 2), "the trace")),
    ),
  );
}

function headline(step) {
  if (step.outcome === "refused") return `Refused${step.code ? ` with ${step.code}` : ""}: ${step.text}`;
  if (step.outcome === "asked") return "Not an error: every first request gets this";
  return textOf(step) ? `${NAMES[step.what] ?? step.what}: ${textOf(step)}` : "Granted";
}

// The small parts that pages are made of. State is glyph + word + colour, in that order of importance.

import { glyph, h, icon } from "./dom.js";
import { age, cut, percent } from "./format.js";

const GLYPH_OF = { ok: "yes", warn: "warn", crit: "no", off: "ring", info: "half" };

/** kind: ok, warn, crit, off, info. */
export const state = (kind, word, { mark, small } = {}) =>
  h("span", { class: `state is-${kind}${small ? " small" : ""}` }, glyph(mark ?? GLYPH_OF[kind]), word);

/** A node's phase as the API says it. */
export function nodeState(node) {
  if (node.alive === false || node.state === "down") return state("crit", "Down", { mark: "down" });
  switch (node.state) {
    case "draining":
      return state("info", "Draining");
    case "drained":
      return state("info", "Drained");
    case "stopping":
      return state("warn", "Stopping", { mark: "half" });
    case "warning":
      return state("warn", "Warning");
    case "starting":
      return state("off", "Starting");
    default:
      return (node.warnings ?? []).length
        ? state("warn", "Warning")
        : state("ok", "Serving", { mark: "full" });
  }
}

/** Active has relayed something within 30 s; idle only holds a port. */
export function sessionState(session) {
  if (session.state === "closing") return state("info", "Closing");
  if (session.state === "closed") return state("off", "Closed", { mark: "dash" });
  if (session.state === undefined) return state("off", "Not known", { mark: "dash" });
  if (isActive(session)) return state("ok", "Active", { mark: "full" });
  return state("off", "Idle");
}

export const isActive = session => session.state === "active" || session.active === true;

/**
 * A bar: the value, a tick for the fullest member or the peak, a dotted line for the target. The
 * same is told in words by the label.
 */
export function meter(label, value, { worst, target, warn, over } = {}) {
  const at = share => `${Math.min(100, Math.max(0, (share || 0) * 100)).toFixed(1)}%`;
  return h(
    "svg",
    { class: `meter${warn ? " warn" : ""}${over ? " over" : ""}`, role: "img", "aria-label": label },
    h("rect", { class: "t", width: "100%", height: "100%", rx: 2 }),
    h("rect", { class: "v", width: at(value), height: "100%", rx: 2 }),
    Number.isFinite(target) &&
      h("line", { class: "target", x1: at(target), x2: at(target), y1: "-40%", y2: "140%" }),
    Number.isFinite(worst) && h("line", { class: "w", x1: at(worst), x2: at(worst), y1: "-40%", y2: "140%" }),
  );
}

/** Current, peak, limit: 3 890, peak 4 400 of 16 384, and the bar. */
export function triple(now, peak, limit, form) {
  const beside = [Number.isFinite(peak) && `peak ${form(peak)}`, limit > 0 && `of ${form(limit)}`]
    .filter(Boolean)
    .join(" ");
  return h(
    "div",
    { class: "tri" },
    h("div", null, h("b", null, form(now)), h("span", null, beside || "no limit known")),
    limit > 0 &&
      meter(`${form(now)} ${beside}`, now / limit, {
        worst: Number.isFinite(peak) ? peak / limit : undefined,
      }),
  );
}

/** The first thing seen on a page: one sentence, up to three causes, one action. */
export function verdict(kind, sentence, { issues = [], more, action } = {}) {
  return h(
    "div",
    { class: `verdict is-${kind}`, role: "status", "data-key": "verdict" },
    glyph(GLYPH_OF[kind]),
    h(
      "div",
      null,
      h("h2", null, sentence),
      more && h("p", null, more),
      issues.length > 0 &&
        h(
          "ul",
          { class: "issues" },
          issues.map(one => h("li", null, spaced(one))),
        ),
    ),
    action && h("div", { class: "act" }, action),
  );
}

/** On narrow screens these stand in one line of text. */
const spaced = parts => [parts].flat().flatMap(part => (part ? [part, " "] : []));

/** One of the six key figures: label, value and unit, context, spark; it links to what explains it. */
export function figure(label, [value, unit], context, { href, spark: values, title } = {}) {
  return h(
    href ? "a" : "div",
    { class: "figure", href, title },
    h("span", { class: "k" }, label),
    h("span", { class: "n" }, value, h("small", null, unit)),
    h("span", { class: "s" }, context),
    spark(values),
  );
}

/** The course of the last while, without axes. */
export function spark(values) {
  const known = (values ?? []).filter(Number.isFinite);
  if (known.length < 2) return h("svg", { class: "spark", "aria-hidden": "true" });
  const low = Math.min(...known);
  const high = Math.max(...known);
  const steps = values.length - 1;
  const points = values
    .map((v, i) =>
      Number.isFinite(v)
        ? `${((i / steps) * 97 + 1).toFixed(1)} ${(high > low ? 20 - ((v - low) / (high - low)) * 17 : 20).toFixed(1)}`
        : null,
    )
    .filter(Boolean);
  return h(
    "svg",
    { class: "spark", viewBox: "0 0 100 22", preserveAspectRatio: "none", "aria-hidden": "true" },
    h("path", { class: "fill", d: `M${points[0].split(" ")[0]} 22L${points.join("L")}V22z` }),
    h("path", { d: `M${points.join("L")}` }),
    h("path", { class: "end", d: `M${points.at(-1)}h0` }),
  );
}

export const card = (title, { hint, tools, key, label = title, cls = "" } = {}, ...content) =>
  h(
    "section",
    { class: `card ${cls}`, "data-key": key, "aria-label": label },
    h(
      "header",
      null,
      h("h2", null, title),
      hint && h("span", { class: "muted small" }, hint),
      tools && h("span", { class: "grow" }),
      tools,
    ),
    content,
  );

export const pairs = rows =>
  h(
    "dl",
    { class: "pairs" },
    rows.filter(Boolean).map(([name, ...value]) => [h("dt", null, name), h("dd", null, value)]),
  );

export const button = (word, onclick, { cls = "", label, disabled, pressed, title, name, key } = {}) =>
  h(
    "button",
    {
      class: `btn ${cls}`,
      type: "button",
      onclick,
      disabled,
      title,
      "aria-label": label,
      "data-key": key,
      "aria-pressed": pressed === undefined ? null : String(pressed),
    },
    name && icon(name),
    word,
  );

/** One of a few, all seen. */
export const segments = (label, choices, chosen, onchoose) =>
  h(
    "span",
    { class: "seg", role: "group", "aria-label": label },
    choices.map(([value, word, title]) =>
      h(
        "button",
        { type: "button", title, "aria-pressed": String(value === chosen), onclick: () => onchoose(value) },
        word,
      ),
    ),
  );

/** One of many: label inside, as "Zone: all". */
export const choose = (label, choices, chosen, onchoose) =>
  h(
    "select",
    {
      class: "select inline",
      "aria-label": label,
      value: chosen ?? "",
      onchange: e => onchoose(e.target.value),
    },
    choices.map(([value, word]) => h("option", { value }, word)),
  );

/** Foreign text: cut in the middle, whole in its title. */
export const foreign = (text, most = 28, cls = "") => {
  const whole = String(text ?? "");
  return h(
    "span",
    { class: `foreign ${cls}`, title: whole.length > most ? whole : null, dir: "auto" },
    whole ? cut(whole, most) : "–",
  );
};

export const mono = (text, most = 46) => foreign(text, most, "mono");

/** Where a number comes from: measured is full, assumed is hollow. */
export const origin = word =>
  h(
    "span",
    { class: "origin", title: word },
    glyph(word === "measured" || word === "computed" ? "meas" : "guess"),
    h("span", { class: "sr" }, word),
  );

/** All checks in order, the deciding one marked, the rest "not reached". */
export const decisions = steps =>
  h(
    "ol",
    { class: "steps" },
    steps.map(step => {
      const kind =
        step.kind === "no" ? "crit" : step.kind === "off" ? "off" : step.kind === "warn" ? "warn" : "ok";
      const cls = step.decides
        ? `decides${step.kind === "no" ? "" : " ok"}`
        : step.kind === "off"
          ? "after"
          : "";
      return h(
        "li",
        { class: cls },
        h("span", { class: `is-${kind}` }, glyph({ crit: "no", off: "dash", warn: "warn", ok: "yes" }[kind])),
        step.decides ? h("b", null, step.text) : h("span", null, step.text),
        step.detail && h("span", { class: "d" }, step.detail),
      );
    }),
  );

// ---- the states that every panel has

/** Of the content's size; a reader hears what is being loaded. */
export const skeleton = (what, lines = 4) =>
  h(
    "div",
    { class: "body page skeleton", "aria-busy": "true" },
    h("div", { class: "skel l" }),
    Array.from({ length: lines - 1 }, (_, i) => h("div", { class: `skel ${["", "m", "s"][i % 3]}` })),
    h("p", { class: "sr", role: "status" }, `Loading ${what}`),
  );

const ARCH = ["M2 34h92M20 34V24M76 34V24M8 34C20 6 76 6 88 34"];
const LINE = ["M0 38h96", "M4 30h10", "M18 30h74"];

const picture = (paths, cls = "") =>
  h(
    "svg",
    { class: `pic ${cls}`, viewBox: "0 0 96 40", "aria-hidden": "true" },
    paths.map(d => h("path", { d })),
  );

/** Nothing has happened yet, or the filter leaves nothing. */
export const empty = (headline, more, { actions, kind } = {}) =>
  h(
    "div",
    { class: "empty" },
    kind === "none" ? null : kind === "collecting" ? picture(LINE, "line") : picture(ARCH),
    h("b", null, headline),
    more && h("p", { class: "muted" }, more),
    actions && h("div", { class: "row" }, actions),
  );

/** This node answers, but does not keep what the panel would show. */
export const absent = problem =>
  h(
    "div",
    { class: "empty" },
    picture(ARCH, "arch"),
    h("b", null, "Not available on this node"),
    h("p", { class: "muted" }, "This needs a part of the API that this node does not have."),
    problem && h("p", { class: "muted small mono" }, problem.asked),
  );

/** What could not be loaded, why, and when it is tried again; the rest of the page still works. */
export function failure(what, problem, retry) {
  if (problem.isRefused) {
    return h(
      "div",
      { class: "empty" },
      h("b", null, `Your role may not see ${what}`),
      h("p", { class: "muted" }, problem.message),
    );
  }
  if (problem.isAbsent) return absent(problem);
  return [
    h(
      "div",
      { class: "banner crit flat", role: "alert" },
      glyph("no"),
      h("b", null, `Could not load ${what}`),
      h("span", { class: "t" }, problem.message),
    ),
    h(
      "div",
      { class: "empty" },
      h("p", { class: "muted" }, "The rest of the page still works. It is tried again by itself."),
      h("dl", { class: "pairs small" }, h("dt", null, "Asked"), h("dd", { class: "mono" }, problem.asked)),
      retry && h("div", { class: "row" }, button("Try again", retry)),
    ),
  ];
}

/** The content of a feed, or what stands in its place. */
export function when(feed, what, content, { lines, retry } = {}) {
  if (feed?.value !== undefined && feed?.value !== null) return content(feed.value);
  if (feed?.problem) return failure(what, feed.problem, retry ?? feed.retry);
  return skeleton(what, lines);
}

/** Totals that leave out some nodes say so. */
export const partial = (answered, all) =>
  answered < all &&
  state("warn", `${answered} of ${all} nodes answered; totals are at least`, { small: true });

export const since = seconds => `${age(seconds)} ago`;

export const shareText = (label, share) => `${label} ${percent(share)}`;

// What the pages of Access share: tables, orders that need admin, texts that are shown once.

import { h } from "../dom.js";
import { button } from "../parts.js";
import { copy } from "../dialog.js";

const NEEDS_ADMIN = "Needs admin";

/** What is shown this once, and never again. */
export const once = (title, rows) => ({
  title,
  body: h(
    "div",
    { class: "page" },
    h("p", null, h("b", null, "Shown this once. "), "Keep it now: nobody can show it again."),
    h(
      "dl",
      { class: "pairs" },
      rows.map(([name, value]) => [
        h("dt", null, name),
        h(
          "dd",
          null,
          h("code", { class: "once" }, value),
          " ",
          button("Copy", () => copy(value, name), { cls: "quiet tiny" }),
        ),
      ]),
    ),
  ),
});

export const changes = (ctx, word, onclick, more = {}) =>
  button(word, onclick, {
    disabled: !ctx.can("admin"),
    title: ctx.can("admin") ? null : NEEDS_ADMIN,
    ...more,
  });

export const grid = (caption, heads, rows) =>
  h(
    "div",
    { class: "tablewrap" },
    h(
      "table",
      { class: "cards", "aria-label": caption },
      h(
        "thead",
        null,
        h(
          "tr",
          null,
          heads.map(word => h("th", { scope: "col" }, word || h("span", { class: "sr" }, "Actions"))),
        ),
      ),
      h("tbody", null, rows),
    ),
  );

export const again = (ctx, name) => ctx.feeds[name]?.retry();

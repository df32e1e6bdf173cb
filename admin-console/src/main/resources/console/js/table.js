// Tables: sort in the header (in the URL), j and k and x and Enter, cards on narrow screens.

import { h, icon, glyph } from "./dom.js";
import { here, tweak } from "./router.js";

/**
 * columns: [{ key, name, num, sort (the word in the URL), title, cls, width, cell(row) }].
 * options: id(row), cls, caption, sort { by, down }, picked (Set), onPick, href(row), rowClass(row),
 * below(row) a second line across, cursor (index).
 */
export function table(columns, rows, options) {
  const { picked, caption, cls = "" } = options;
  return h(
    "div",
    { class: "tablewrap" },
    h(
      "table",
      { class: `cards ${cls}`, "aria-label": caption },
      h(
        "thead",
        null,
        h(
          "tr",
          null,
          picked && h("th", { scope: "col", class: "pickhead" }, pickAll(rows, options)),
          columns.map(column => heading(column, options)),
        ),
      ),
      h(
        "tbody",
        null,
        rows.map((row, i) => rowOf(columns, row, i, options)),
      ),
    ),
  );
}

function heading(column, { sort, onSort }) {
  const isSorted = column.sort && sort?.by === column.sort;
  const props = {
    scope: "col",
    class: column.num ? "num" : null,
    title: column.title,
    "aria-sort": isSorted ? (sort.down ? "descending" : "ascending") : null,
  };
  if (!column.sort)
    return h("th", props, column.name || h("span", { class: "sr" }, column.label ?? "Actions"));
  const next = isSorted ? !sort.down : !!column.num;
  return h(
    "th",
    props,
    h(
      "button",
      { type: "button", onclick: () => (onSort ?? sortInUrl)(column.sort, next) },
      column.name,
      isSorted && glyph(sort.down ? "sortdown" : "sortup"),
    ),
  );
}

const sortInUrl = (by, down) => tweak({ sort: (down ? "-" : "") + by, cursor: null }, { replace: true });

/** -outBps is by outBps, the greatest first. */
export function sortOf(fallback) {
  const word = here().words.get("sort") || fallback;
  return { by: word.replace(/^-/, ""), down: word.startsWith("-"), word };
}

/** For lists that are all here: sorted by a column's value. */
export function sorted(rows, sort, valueOf) {
  const sign = sort.down ? -1 : 1;
  return [...rows].sort((a, b) => {
    const x = valueOf(a, sort.by);
    const y = valueOf(b, sort.by);
    return (
      sign *
      (typeof x === "string" || typeof y === "string"
        ? String(x ?? "").localeCompare(String(y ?? ""))
        : (x ?? -1) - (y ?? -1))
    );
  });
}

function pickAll(rows, { picked, onPick, id, caption }) {
  const all = rows.length > 0 && rows.every(row => picked.has(id(row)));
  return h("input", {
    type: "checkbox",
    "aria-label": `Select all ${caption ?? "rows"} on this page`,
    checked: all,
    onchange: e => onPick(rows.map(id), e.target.checked),
  });
}

function rowOf(columns, row, i, options) {
  const { id, picked, onPick, rowClass, below, cursor, name } = options;
  const key = id(row);
  const second = below?.(row);
  const isPicked = picked?.has(key);
  const cls = [rowClass?.(row), second && "has-sub", cursor === i && "cursor"].filter(Boolean).join(" ");
  const cells = columns.map(column =>
    h(
      "td",
      {
        class: [column.num && "num", column.cls].filter(Boolean).join(" ") || null,
        "data-l": column.cls?.includes("lead") ? null : column.name || null,
      },
      column.cell(row),
    ),
  );
  const first =
    picked &&
    h(
      "td",
      { class: "pick" },
      h("input", {
        type: "checkbox",
        checked: isPicked,
        "aria-label": `Select ${name?.(row) ?? key}`,
        onchange: e => onPick([key], e.target.checked),
      }),
    );
  return [
    h(
      "tr",
      {
        class: cls || null,
        "data-key": key,
        "data-row": i,
        "aria-selected": picked ? String(!!isPicked) : null,
      },
      first,
      cells,
    ),
    second &&
      h(
        "tr",
        { class: `sub ${rowClass?.(row) ?? ""}`, "data-key": `${key}-sub` },
        picked && h("td", { class: "opt" }),
        h("td", { colspan: columns.length }, second),
      ),
  ];
}

/** Moves a cursor over rows with the keyboard; pages hand it their keys. */
export function rowKeys(ctx, { rows, id, href, onPick, picked }) {
  const at = () => Math.min(ctx.state.cursor ?? -1, rows().length - 1);
  const move = by => {
    ctx.state.cursor = Math.max(0, Math.min(rows().length - 1, at() + by));
    ctx.draw();
    requestAnimationFrame(() => document.querySelector("tr.cursor")?.scrollIntoView({ block: "nearest" }));
  };
  return {
    j: () => move(1),
    k: () => move(-1),
    x: () => {
      const row = rows()[at()];
      if (row && onPick) onPick([id(row)], !picked().has(id(row)));
    },
    Enter: () => {
      const row = rows()[at()];
      if (row && href) location.hash = href(row);
    },
  };
}

/** Floats, says what it covers. */
export const selectionBar = (label, headline, detail, actions, onClear) =>
  h(
    "div",
    { class: "selbar", role: "toolbar", "aria-label": label, "data-key": "selbar" },
    h("b", null, headline),
    h("span", { class: "muted" }, detail),
    actions,
    h(
      "button",
      { class: "btn quiet icon", type: "button", "aria-label": "Clear selection", onclick: onClear },
      icon("cross"),
    ),
  );

export const keyHints = hints =>
  h(
    "span",
    { class: "keys" },
    hints.map(([keys, word]) =>
      h(
        "span",
        null,
        keys.split(" ").map(key => [h("kbd", { class: "kbd" }, key), " "]),
        word,
      ),
    ),
  );

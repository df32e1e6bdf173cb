// Dialogs say what will happen, in numbers, and ask for a reason; a typed word only where live calls
// end. Toasts say what happened, with a way back where there is one.

import { fill, glyph, h } from "./dom.js";
import { button } from "./parts.js";

const UNDO_MS = 10_000;

/**
 * Opens a dialog.
 *
 * spec: title; effects [{ kind, text, more }], what will happen; body, nodes; fields [{ name, label,
 * value, type, options, hint, required }]; reason, true asks for one; typed, a word to type first;
 * action, the word on the button; danger; isNote, there is only something to read; onDone(values), a
 * promise, whose failure is shown inside; onProblem(problem, spec) may then ask for more.
 */
export function ask(spec) {
  const dialog = h("dialog", { "aria-labelledby": "dialog-title" });
  const own = { dialog, spec, busy: false, problem: null, typed: "", result: null };
  dialog.addEventListener("close", () => dialog.remove());
  dialog.addEventListener("cancel", event => {
    if (own.busy) event.preventDefault();
  });
  document.body.append(dialog);
  draw(own);
  dialog.showModal();
  dialog.querySelector("input:not([type=checkbox]), select, textarea")?.focus();
  return dialog;
}

function draw(own) {
  const { spec, dialog } = own;
  if (own.result)
    return fill(
      dialog,
      h("div", { class: "body" }, h("h1", { id: "dialog-title" }, own.result.title), own.result.body),
      h(
        "footer",
        null,
        button("Close", () => dialog.close(), { cls: "primary" }),
      ),
    );
  const isReady = !own.busy && (!spec.typed || own.typed === spec.typed);
  fill(
    dialog,
    h(
      "form",
      { method: "dialog", onsubmit: event => submit(event, own) },
      h(
        "div",
        { class: "body" },
        h("h1", { id: "dialog-title" }, spec.title),
        spec.effects && h("ul", { class: "items" }, spec.effects.filter(Boolean).map(effect)),
        spec.body,
        (spec.fields ?? []).map(field),
        spec.reason && field({ name: "reason", label: "Reason, kept in the audit log", max: 200 }),
        spec.typed && typed(own),
        own.problem &&
          h(
            "div",
            { class: "banner crit flat", role: "alert" },
            glyph("no"),
            h("span", { class: "t" }, own.problem),
          ),
      ),
      h(
        "footer",
        null,
        !spec.isNote && button(spec.cancel ?? "Cancel", () => dialog.close()),
        h(
          "button",
          { class: `btn ${spec.danger ? "danger solid" : "primary"}`, type: "submit", disabled: !isReady },
          own.busy ? "One moment…" : spec.action,
        ),
      ),
    ),
  );
}

const GLYPHS = { ok: "yes", warn: "warn", crit: "no", off: "dash", info: "half" };

const effect = ({ kind = "off", text, more }) =>
  h(
    "li",
    { class: "item" },
    h("span", { class: `is-${kind}` }, glyph(GLYPHS[kind])),
    h("span", null, h("b", null, text), more && ` ${more}`),
  );

function field({
  name,
  label,
  value,
  type = "text",
  options,
  hint,
  required,
  max,
  min,
  autocomplete = "off",
  multiline,
}) {
  const id = `field-${name}`;
  const shared = { id, name, required, "aria-describedby": hint ? `${id}-hint` : null };
  return h(
    "div",
    { class: "field" },
    h("label", { for: id }, label),
    options
      ? h(
          "select",
          { ...shared, class: "select" },
          options.map(([v, word]) => h("option", { value: v, selected: v === value }, word)),
        )
      : multiline
        ? h("textarea", { ...shared, class: "input area mono", rows: 8, spellcheck: "false" })
        : h("input", {
            ...shared,
            class: "input",
            type,
            autocomplete,
            maxlength: max,
            min,
            initial: value ?? null,
            spellcheck: "false",
          }),
    hint && h("span", { class: "small muted", id: `${id}-hint` }, hint),
  );
}

function typed(own) {
  return h(
    "div",
    { class: "field" },
    h("label", { for: "field-typed" }, "Type ", h("b", null, own.spec.typed), " to confirm"),
    h("input", {
      id: "field-typed",
      class: "input mono",
      autocomplete: "off",
      oninput: event => {
        own.typed = event.target.value;
        draw(own);
      },
    }),
  );
}

async function submit(event, own) {
  event.preventDefault();
  if (own.busy) return;
  const values = {};
  for (const input of own.dialog.querySelectorAll("[name]")) {
    values[input.name] = input.type === "checkbox" ? input.checked : input.value.trim();
  }
  own.busy = true;
  own.problem = null;
  draw(own);
  try {
    own.result = (await own.spec.onDone(values)) ?? null;
    own.busy = false;
    if (own.result?.title) draw(own);
    else own.dialog.close();
  } catch (problem) {
    own.busy = false;
    own.problem = problem.message;
    own.spec.onProblem?.(problem, own.spec);
    draw(own);
  }
}

/** Says what was done; `undo` is offered for ten seconds. It never carries the only copy: the audit log has it. */
export function toast(text, { kind = "ok", undo, link } = {}) {
  const stack = document.getElementById("toasts");
  let left = undo ? UNDO_MS / 1000 : 5;
  const item = h("div", { class: "toast", role: "status" });
  const end = () => {
    clearInterval(timer);
    item.remove();
  };
  const show = () =>
    fill(
      item,
      h("span", { class: `is-${kind}` }, glyph(GLYPHS[kind])),
      h("span", null, text),
      link && h("a", { class: "btn quiet", href: link[1], onclick: end }, link[0]),
      undo &&
        button(
          `Undo, ${left} s`,
          () => {
            end();
            undo();
          },
          { cls: "quiet" },
        ),
    );
  const timer = setInterval(() => {
    left -= 1;
    if (left <= 0) end();
    else show();
  }, 1_000);
  show();
  stack.append(item);
}

/** Does a thing that may fail, and says so. */
export async function attempt(work, done) {
  try {
    const result = await work();
    if (done) toast(typeof done === "function" ? done(result) : done);
    return result;
  } catch (problem) {
    toast(problem.message, { kind: "crit" });
    return undefined;
  }
}

export async function copy(text, what) {
  try {
    await navigator.clipboard.writeText(text);
    toast(`Copied ${what}`);
  } catch {
    toast("The browser does not let this page copy", { kind: "warn" });
  }
}

/** Hands a text over as a file. */
export function download(name, text, type = "application/json") {
  const link = h("a", { href: URL.createObjectURL(new Blob([text], { type })), download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

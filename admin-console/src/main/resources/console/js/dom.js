// Builds and updates the page. Text only ever becomes text nodes: no HTML is parsed from strings,
// no inline style is set, so that a strict Content-Security-Policy with Trusted Types holds.

const SVG = "http://www.w3.org/2000/svg";
const SVG_TAGS = new Set([
  "svg",
  "path",
  "rect",
  "line",
  "circle",
  "use",
  "g",
  "polyline",
  "polygon",
  "text",
  "title",
]);

/** Things that live on while the page around them is drawn anew: charts, inputs with a state. */
const living = new Set();

/**
 * An element. Names that begin with "on" are event handlers, kept as properties so that `patch`
 * can carry them over; `value` and `checked` are properties; null, false and undefined are left out.
 */
export function h(tag, props, ...children) {
  const e = SVG_TAGS.has(tag) ? document.createElementNS(SVG, tag) : document.createElement(tag);
  for (const [name, value] of Object.entries(props ?? {})) set(e, name, value);
  append(e, children);
  for (const [name, value] of Object.entries(e.$props ?? {})) e[name] = value; // a select has its options by now
  return e;
}

function set(e, name, value) {
  if (value === null || value === undefined || value === false) return;
  if (name.startsWith("on")) (e.$on ??= {})[name] = e[name] = value;
  else if (name === "initial") e.setAttribute("value", value);
  else if (name === "value" || name === "checked") (e.$props ??= {})[name] = value;
  else e.setAttribute(name, value === true ? "" : String(value));
}

function append(e, children) {
  for (const child of children) {
    if (Array.isArray(child)) append(e, child);
    else if (child instanceof Node) e.append(child);
    else if (child !== null && child !== undefined && child !== false) e.append(String(child));
  }
}

/** A place for something with a life of its own: `create(element, props)` gives { update, destroy }. */
export function widget(key, create, props, tag = "div", attributes = {}) {
  const e = h(tag, attributes);
  e.$widget = { key, create, props };
  return e;
}

/** Makes `parent`'s children like `wanted`, and touches as little as it can: focus and scroll stay. */
export function fill(parent, ...wanted) {
  const holder = document.createDocumentFragment();
  append(holder, wanted);
  patchChildren(parent, holder);
  settle(parent);
}

function patchChildren(parent, wanted) {
  const byKey = new Map();
  for (const child of parent.childNodes) if (keyOf(child)) byKey.set(keyOf(child), child);
  let at = parent.firstChild;
  for (const next of [...wanted.childNodes]) {
    const old = keyOf(next) ? byKey.get(keyOf(next)) : at && !keyOf(at) ? at : null;
    if (old && alike(old, next)) {
      if (old !== at) parent.insertBefore(old, at);
      else at = at.nextSibling;
      patch(old, next);
    } else {
      parent.insertBefore(next, at);
      if (at && !keyOf(at) && !keyOf(next)) {
        const gone = at;
        at = at.nextSibling;
        gone.remove();
      }
    }
  }
  while (at) {
    const gone = at;
    at = at.nextSibling;
    gone.remove();
  }
}

const keyOf = node => node.$widget?.key ?? (node.nodeType === 1 ? node.getAttribute("data-key") : null);

const alike = (a, b) => a.nodeType === b.nodeType && a.nodeName === b.nodeName && keyOf(a) === keyOf(b);

function patch(old, next) {
  if (old.nodeType !== 1) {
    if (old.nodeValue !== next.nodeValue) old.nodeValue = next.nodeValue;
    return;
  }
  patchAttributes(old, next);
  if (next.$widget) {
    old.$widget.props = next.$widget.props;
    old.$widget.life?.update?.(next.$widget.props);
    return;
  }
  if (!old.hasAttribute("data-own")) patchChildren(old, next);
  for (const [name, value] of Object.entries(next.$props ?? {})) {
    if (old[name] !== value && !(name === "value" && old === document.activeElement)) old[name] = value;
  }
}

function patchAttributes(old, next) {
  for (const { name, value } of [...next.attributes]) {
    if (old.getAttribute(name) !== value) old.setAttribute(name, value);
  }
  for (const { name } of [...old.attributes]) {
    if (!next.hasAttribute(name) && !(name === "open" && old.nodeName === "DETAILS"))
      old.removeAttribute(name);
  }
  for (const name of Object.keys(old.$on ?? {})) if (!next.$on?.[name]) old[name] = null;
  for (const [name, handler] of Object.entries(next.$on ?? {})) old[name] = handler;
  old.$on = next.$on;
}

/** Brings new widgets to life, and ends those that are gone. */
export function settle(root) {
  const walk = document.createTreeWalker(root, NodeFilter.SHOW_ELEMENT);
  for (let e = root; e; e = walk.nextNode()) {
    if (e.$widget && !e.$widget.life) {
      e.$widget.life = e.$widget.create(e, e.$widget.props) ?? {};
      living.add(e);
    }
  }
  for (const e of living) {
    if (e.isConnected) continue;
    living.delete(e);
    e.$widget.life.destroy?.();
    e.$widget.life = null;
  }
}

/** Tells every living thing of that kind, such as all charts when the colours change. */
export function tellAll(what, ...more) {
  for (const e of living) e.$widget.life?.[what]?.(...more);
}

export const icon = (name, extra = "") =>
  h("svg", { class: `i ${extra}`, "aria-hidden": "true" }, h("use", { href: `#i-${name}` }));

export const glyph = name =>
  h("svg", { class: "g", "aria-hidden": "true" }, h("use", { href: `#i-g-${name}` }));

export const one = (selector, from = document) => from.querySelector(selector);

// What all pages share: the theme, the key this server gives its own pages, small tools.

export const $ = (query, from = document) => from.querySelector(query);
export const $$ = (query, from = document) => [...from.querySelectorAll(query)];
export const asked = new URLSearchParams(location.search);

const theme = asked.get('theme');
if (theme) document.documentElement.dataset.theme = theme;

/** The publishable key for pages of this server, or null when the operator gives none. */
export async function ownKey() {
  const answer = await fetch('/pages/site.json');
  return answer.ok ? (await answer.json()).key : null;
}

export const NO_KEY =
  'This server gives its own pages no credentials. Its operator can: public-key=pub_site@self';

export function say(text) {
  $('#said').textContent = text;
}

export async function copy(text, button) {
  const label = button.textContent;
  try {
    await navigator.clipboard.writeText(text);
    button.textContent = 'Copied';
    say('Copied');
  } catch {
    button.textContent = 'Cannot copy here';
    say('The browser does not let this page copy');
  }
  setTimeout(() => { button.textContent = label; }, 2_000);
}

/** Glyph and colour of a state: ok, warn, crit or off. */
export function mark(element, state) {
  const glyph = { ok: 'yes', warn: 'warn', crit: 'no', off: 'dash' }[state];
  element.classList.remove('is-ok', 'is-warn', 'is-crit', 'is-off');
  element.classList.add(`is-${state}`);
  $('use', element).setAttribute('href', `#i-g-${glyph}`);
}

/** A new element; texts are texts, never markup. */
export function make(tag, attributes = {}, ...children) {
  const svg = /^(svg|rect|path|circle|use)$/.test(tag);
  const element = svg
    ? document.createElementNS('http://www.w3.org/2000/svg', tag)
    : document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

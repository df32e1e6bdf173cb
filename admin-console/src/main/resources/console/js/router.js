// Where we are, from the URL's hash: #/sessions?user=acme:*&sort=-outBps. Filters, sort, tab and time
// range all live there, so that any view can be shared and Back works.

/** Words that go along from page to page. */
const TRAVEL = ["range", "from", "to"];

export const RANGES = {
  "15m": ["Last 15 min", 900],
  "1h": ["Last hour", 3600],
  "6h": ["Last 6 h", 21_600],
  "24h": ["Last 24 h", 86_400],
  "7d": ["Last 7 days", 604_800],
  "30d": ["Last 30 days", 2_592_000],
};

export function here() {
  const [path, query = ""] = location.hash.replace(/^#/, "").split("?");
  const parts = (path || "/").split("/").filter(Boolean).map(safeDecode);
  return { path: `/${parts.map(encodeURIComponent).join("/")}`, parts, words: new URLSearchParams(query) };
}

function safeDecode(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** A link to a page; the time range goes along. */
export function to(path, words = {}) {
  const query = new URLSearchParams();
  const now = here().words;
  for (const name of TRAVEL) if (now.get(name)) query.set(name, now.get(name));
  for (const [name, value] of Object.entries(words)) {
    if (value !== null && value !== undefined && value !== "") query.set(name, value);
  }
  const text = query.toString();
  return `#${path}${text ? `?${text}` : ""}`;
}

export const toNode = (id, words) => to(`/nodes/${encodeURIComponent(id)}`, words);
export const toSession = id => to(`/sessions/${encodeURIComponent(id)}`);
export const toUser = user => to("/sessions", { user });

export function go(hash) {
  location.hash = hash;
}

/** The same page with some words changed; null takes a word away. */
export function tweak(words, { replace = false } = {}) {
  const now = here();
  for (const [name, value] of Object.entries(words)) {
    if (value === null || value === undefined || value === "") now.words.delete(name);
    else now.words.set(name, value);
  }
  const text = now.words.toString();
  const hash = `#${now.path}${text ? `?${text}` : ""}`;
  if (replace) {
    history.replaceState(null, "", hash);
    dispatchEvent(new HashChangeEvent("hashchange"));
  } else {
    location.hash = hash;
  }
}

/** The chosen span in seconds since 1970, and whether it goes along with now. */
export function span() {
  const { words } = here();
  const from = Number(words.get("from"));
  const until = Number(words.get("to"));
  if (from > 0 && until > from) return { from, to: until, isLive: false, name: "zoom" };
  const name = RANGES[words.get("range")] ? words.get("range") : "1h";
  const now = Math.floor(Date.now() / 1000);
  return { from: now - RANGES[name][1], to: now, isLive: true, name };
}

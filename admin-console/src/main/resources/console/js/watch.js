// What somebody keeps an eye on while going from page to page: sessions, users and nodes in a tray,
// each with what it sends now and sent lately. Kept in this browser.

import { fill, h } from "./dom.js";
import { segment, url } from "./api.js";
import * as f from "./format.js";
import { Feed } from "./feeds.js";
import { button, foreign, isActive, nodeState, sessionState, spark, state } from "./parts.js";
import { toNode, toSession, toUser } from "./router.js";
import { toast } from "./dialog.js";

const KEY = "puente-watch";
const WATCHED_MAX = 8;
const EVERY_MS = 3_000;
const SAMPLES = 60;
const BITS = 8;
const NAME_MAX = 600;

/** How each kind is asked for, and what of the answer is told. */
const KINDS = {
  session: {
    word: "Session",
    href: toSession,
    path: id => `/sessions/${segment(id)}`,
    name: id => h("span", { class: "mono" }, f.shortId(id)),
    rate: s => (isActive(s) ? down(s) : 0),
    said: s => [foreign(s.user, 22), " ", sessionState(s)],
  },
  user: {
    word: "User",
    href: toUser,
    path: id => url("/sessions", { user: id, sort: "-down", limit: 100 }),
    name: id => foreign(id, 26),
    rate: ({ sessions }) => sessions.reduce((sum, s) => sum + down(s), 0),
    said: ({ matching, matchingActive }) => `${f.plural(matching, "session")}, ${f.count(matchingActive)} relaying`,
  },
  node: {
    word: "Node",
    href: id => toNode(id),
    path: id => `/nodes/${segment(id)}`,
    name: id => h("span", null, f.cut(id, 26)),
    rate: n => down(n.traffic ?? {}),
    said: n => nodeState(n),
  },
};

const down = s => BITS * (s.downBytesPerSecond ?? 0);

const own = { items: load(), feeds: new Map(), isOpen: true };

function load() {
  try {
    const kept = JSON.parse(localStorage.getItem(KEY) ?? "[]");
    return kept
      .filter(one => KINDS[one?.kind] && typeof one.id === "string" && one.id.length <= NAME_MAX)
      .map(({ kind, id }) => ({ kind, id }))
      .slice(0, WATCHED_MAX);
  } catch {
    return []; // somebody else's words, or none may be kept
  }
}

function keep() {
  try {
    localStorage.setItem(KEY, JSON.stringify(own.items));
  } catch {
    /* a private window: it lasts for this page */
  }
}

const keyOf = ({ kind, id }) => `${kind} ${id}`;

export const isWatched = (kind, id) => own.items.some(one => one.kind === kind && one.id === id);

/** Takes it up, or leaves it. */
export function watch(kind, id, draw) {
  if (isWatched(kind, id)) {
    own.items = own.items.filter(one => one.kind !== kind || one.id !== id);
  } else if (own.items.length >= WATCHED_MAX) {
    toast(`${WATCHED_MAX} are watched already: leave one first`, { kind: "warn" });
    return;
  } else {
    own.items = [...own.items, { kind, id }];
    own.isOpen = true;
  }
  keep();
  drawTray();
  draw?.();
}

export const watchButton = (kind, id, draw, cls = "") =>
  button(isWatched(kind, id) ? "Watched" : "Watch", () => watch(kind, id, draw), {
    name: "pin",
    cls,
    pressed: isWatched(kind, id),
    label: `${isWatched(kind, id) ? "Watched" : "Watch"} ${KINDS[kind].word.toLowerCase()} ${f.cut(id, 40)}`,
    title: "Keep it in view on every page (w)",
  });

/** Feeds for what is watched, as long as somebody is signed in. */
export function drawTray() {
  const tray = document.getElementById("tray");
  if (!tray) return;
  const wanted = new Set(own.items.map(keyOf));
  for (const [key, one] of own.feeds) {
    if (wanted.has(key) && one.tray === tray) continue;
    one.feed.close();
    own.feeds.delete(key);
  }
  for (const item of own.items) {
    if (!own.feeds.has(keyOf(item))) own.feeds.set(keyOf(item), follow(item, tray));
  }
  tray.hidden = own.items.length === 0;
  fill(tray, own.items.length > 0 && contents());
}

function follow(item, tray) {
  const one = { tray, rates: [], feed: null };
  one.feed = new Feed(KINDS[item.kind].path(item.id), {
    every: EVERY_MS,
    onChange: feed => {
      const rate = feed.value === undefined || feed.problem ? null : KINDS[item.kind].rate(feed.value);
      one.rates = [...one.rates, rate].slice(-SAMPLES);
      drawTray();
    },
  });
  return one;
}

function contents() {
  return [
    h(
      "button",
      {
        class: "btn quiet trayhead",
        type: "button",
        id: "trayhead",
        "aria-expanded": String(own.isOpen),
        "aria-controls": "watched",
        onclick: () => {
          own.isOpen = !own.isOpen;
          drawTray();
        },
      },
      h("svg", { class: "i", "aria-hidden": "true" }, h("use", { href: "#i-pin" })),
      `Watching ${own.items.length}`,
    ),
    h("ul", { id: "watched", hidden: !own.isOpen }, own.items.map(shown)),
  ];
}

function shown(item) {
  const kind = KINDS[item.kind];
  const { feed, rates } = own.feeds.get(keyOf(item)) ?? {};
  const now = rates?.at(-1);
  return h(
    "li",
    { "data-key": keyOf(item) },
    h("span", { class: "small muted" }, kind.word),
    h("a", { class: "what", href: kind.href(item.id) }, kind.name(item.id)),
    h("span", { class: "said small" }, said(kind, feed)),
    spark(rates),
    h("b", { class: "now" }, Number.isFinite(now) ? f.rate(now) : "–"),
    button("", () => watch(item.kind, item.id), {
      cls: "quiet icon tiny",
      name: "cross",
      label: `Stop watching ${kind.word.toLowerCase()} ${f.cut(item.id, 40)}`,
    }),
  );
}

function said(kind, feed) {
  if (feed?.problem?.isAbsent) return state("off", "over", { mark: "dash" });
  if (feed?.problem) return state("warn", "not heard of");
  return feed?.value === undefined ? "…" : kind.said(feed.value);
}

/** For `w` on a page without anything of its own to watch: into the tray, if there is one. */
export function focusTray() {
  document.querySelector("#tray:not([hidden]) #trayhead")?.focus();
}

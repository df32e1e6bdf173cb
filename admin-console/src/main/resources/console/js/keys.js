// The keyboard: / and Ctrl-K search, g and a letter goes, p pauses, ? helps; pages add their own.

import { h } from "./dom.js";
import { live, pause } from "./feeds.js";
import { to } from "./router.js";
import { ask } from "./dialog.js";
import { openPalette } from "./palette.js";
import { focusTray } from "./watch.js";

const G_MS = 900;
const GO = {
  o: "/",
  n: "/nodes",
  s: "/sessions",
  t: "/top",
  i: "/signaling",
  c: "/capacity",
  y: "/security",
  a: "/access",
  l: "/logs",
  f: "/config",
  d: "/diag",
};

export function listenToKeys(frameOf) {
  let wentAt = -Infinity;
  addEventListener("keydown", event => {
    const frame = frameOf();
    if (!frame.visitor || isTyping(event) || document.querySelector("dialog[open]")) return;
    const isSearch = event.key === "/" || (event.key === "k" && (event.metaKey || event.ctrlKey));
    if (isSearch) {
      event.preventDefault();
      openPalette(frame);
      return;
    }
    if (event.metaKey || event.ctrlKey || event.altKey) return;
    if (event.timeStamp - wentAt < G_MS && event.key === "w") {
      focusTray();
      wentAt = -Infinity;
      return;
    }
    if (event.timeStamp - wentAt < G_MS && GO[event.key]) {
      location.hash = to(GO[event.key]);
      wentAt = -Infinity;
      return;
    }
    if (event.key === "g") wentAt = event.timeStamp;
    else if (event.key === "p") {
      pause(!live.isPaused);
      frame.ctx.draw();
    } else if (event.key === "?") help();
    else pageKey(event, frame);
  });
}

/** Enter on a link or a button is theirs. */
function pageKey(event, frame) {
  if (event.key === "Enter" && event.target.closest?.("a, button, input, select, summary")) return;
  const keys = frame.page?.keys?.(frame.ctx) ?? {};
  const act = keys[event.key];
  if (!act) return;
  event.preventDefault();
  act();
}

const isTyping = event =>
  event.target.matches?.("textarea, select, input:not([type=checkbox]):not([type=range])") ||
  event.isComposing;

const HELP = [
  ["/  Ctrl K", "search node, session, user, address, room"],
  ["g o", "Overview"],
  ["g n", "Nodes"],
  ["g s", "Sessions"],
  ["g t", "Top talkers"],
  ["g i", "Signaling"],
  ["g c", "Capacity"],
  ["g y", "Security"],
  ["g a", "Access"],
  ["g l", "Events and logs"],
  ["g f", "Config and certificates"],
  ["g d", "Diagnostics"],
  ["j  k", "next, previous row"],
  ["x", "select the row"],
  ["Enter", "open the row"],
  ["d", "drain the selected node"],
  ["w", "watch, or leave: the session, user or node in view"],
  ["g w", "to what is watched"],
  ["p", "pause, go on"],
  ["Esc", "close"],
];

export function help() {
  ask({
    title: "Keyboard",
    action: "Close",
    isNote: true,
    onDone: async () => {},
    body: h(
      "dl",
      { class: "pairs keyhelp" },
      HELP.map(([keys, word]) => [
        h(
          "dt",
          null,
          keys.split(/\s+/).map(key => [h("kbd", { class: "kbd" }, key), " "]),
        ),
        h("dd", null, word),
      ]),
    ),
  });
}

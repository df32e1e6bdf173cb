// Search: one box that finds nodes, sessions, users, addresses, rooms and pages.

import { fill, h, icon } from "./dom.js";
import { get, url } from "./api.js";
import { cut, plural, rate, shortId } from "./format.js";
import { to, toNode, toSession, toUser } from "./router.js";
import { isActive } from "./parts.js";

const WAIT_MS = 150;
const SHOWN = 5;
const PAGES = [
  ["Overview", "/"],
  ["Nodes", "/nodes"],
  ["Sessions", "/sessions"],
  ["Top talkers", "/top"],
  ["Signaling", "/signaling"],
  ["Capacity", "/capacity"],
  ["Security, bans", "/security"],
  ["Access, users, secrets", "/access"],
  ["Events and logs, audit", "/logs"],
  ["Config and certificates", "/config"],
  ["Diagnostics, ICE test", "/diag"],
];
const ADDRESS = /^[0-9a-f:.]+(\/\d+)?$/i;

export function openPalette(frame) {
  if (document.querySelector("dialog.palette")) return;
  const dialog = h("dialog", { class: "palette", "aria-label": "Search" });
  const own = { dialog, frame, text: "", found: null, at: 0, abort: null, timer: 0 };
  dialog.addEventListener("close", () => {
    own.abort?.abort();
    dialog.remove();
  });
  dialog.addEventListener("keydown", event => move(event, own));
  document.body.append(dialog);
  drawPalette(own);
  dialog.showModal();
  dialog.querySelector("input").focus();
  find(own);
}

function drawPalette(own) {
  fill(
    own.dialog,
    h("input", {
      "aria-label": "Search",
      placeholder: "Node, session, user, address, room",
      autocomplete: "off",
      spellcheck: "false",
      oninput: event => {
        own.text = event.target.value.trim();
        clearTimeout(own.timer);
        own.timer = setTimeout(() => find(own), WAIT_MS);
      },
    }),
    h(
      "div",
      { class: "found" },
      own.found === null
        ? null
        : own.found.length === 0
          ? h("p", { class: "muted nothing", role: "status" }, `Nothing found for “${cut(own.text, 40)}”.`)
          : own.found.map(
              group =>
                group.items.length > 0 && [
                  h("h3", null, group.name),
                  h(
                    "ul",
                    null,
                    group.items.map(item =>
                      h(
                        "li",
                        null,
                        h(
                          "a",
                          { href: item.href, onclick: () => own.dialog.close() },
                          icon(group.icon),
                          h("span", { class: item.isMono ? "mono" : null, title: item.title }, item.word),
                          h("span", { class: "muted" }, item.more),
                        ),
                      ),
                    ),
                  ),
                ],
            ),
    ),
  );
}

/** Arrows walk through what was found; Enter in the box takes the first. */
function move(event, { dialog }) {
  const links = [...dialog.querySelectorAll("a")];
  const at = links.indexOf(document.activeElement);
  if (event.key === "ArrowDown" || event.key === "ArrowUp") {
    event.preventDefault();
    const next = at + (event.key === "ArrowDown" ? 1 : -1);
    (links[next] ?? (next < 0 ? dialog.querySelector("input") : links[0]))?.focus();
  } else if (event.key === "Enter" && at < 0 && links[0]) {
    event.preventDefault();
    links[0].click();
  }
}

async function find(own) {
  own.abort?.abort();
  own.abort = new AbortController();
  const { signal } = own.abort;
  const { text } = own;
  const low = text.toLowerCase();
  const pages = PAGES.filter(([name]) => name.toLowerCase().includes(low)).map(([word, path]) => ({
    word,
    href: to(path),
    more: "",
  }));
  if (!text) {
    own.found = [{ name: "Go to", icon: "overview", items: pages }];
    return drawPalette(own);
  }
  const ask = path => get(path, { signal }).catch(() => null);
  const isAddress = ADDRESS.test(text) && /[.:]/.test(text);
  const [nodes, byUser, byClient, session, rooms] = await Promise.all([
    ask("/nodes"),
    isAddress ? null : ask(url("/sessions", { user: `${text}*`, sort: "-rate", limit: SHOWN })),
    isAddress ? ask(url("/sessions", { client: text, limit: SHOWN })) : null,
    text.length >= 8 && !isAddress ? ask(`/sessions/${encodeURIComponent(text)}`) : null,
    isAddress ? null : ask(url("/rooms", { q: text, limit: SHOWN })),
  ]);
  if (signal.aborted) return;
  own.found = groupsOf({ text, low, isAddress, pages }, { nodes, byUser, byClient, session, rooms });
  drawPalette(own);
}

function users(answer, text) {
  const names = [...new Set((answer?.sessions ?? []).map(s => s.user))];
  return [
    ...names
      .slice(0, SHOWN)
      .map(user => ({ word: cut(user, 36), title: user, more: "all sessions", href: toUser(user) })),
    {
      word: cut(text, 36),
      more: "what happened to this user, and why",
      href: to("/sessions/why", { user: text }),
    },
  ];
}

/** What was found, by kind; kinds without any are left out. */
function groupsOf({ text, low, isAddress, pages }, { nodes, byUser, byClient, session, rooms }) {
  const sessions = [
    session?.id ? session : null,
    ...(byUser?.sessions ?? []),
    ...(byClient?.sessions ?? []),
  ].filter(Boolean);
  return [
    {
      name: "Nodes",
      icon: "nodes",
      items: (nodes?.nodes ?? [])
        .filter(n => n.id.toLowerCase().includes(low) || (n.addresses ?? []).some(a => a.includes(low)))
        .slice(0, SHOWN)
        .map(n => ({ word: n.id, more: n.alive ? n.state : "down", href: toNode(n.id) })),
    },
    {
      name: isAddress ? "Address" : "Users",
      icon: "talk",
      items: isAddress
        ? [
            {
              word: text,
              more: byClient?.matching !== undefined ? plural(byClient.matching, "session") : "its sessions",
              href: to("/sessions", { client: text }),
              isMono: true,
            },
            {
              word: text,
              more: "what happened to it, and why",
              href: to("/sessions/why", { client: text }),
              isMono: true,
            },
          ]
        : users(byUser, text),
    },
    {
      name: "Sessions",
      icon: "sessions",
      items: sessions.slice(0, SHOWN).map(s => ({
        word: shortId(s.id),
        isMono: true,
        href: toSession(s.id),
        more: `${cut(s.user, 24)}, ${isActive(s) ? rate(8 * ((s.upBytesPerSecond ?? 0) + (s.downBytesPerSecond ?? 0))) : "idle"}${s.node ? `, ${s.node}` : ""}`,
      })),
    },
    {
      name: "Rooms",
      icon: "signal",
      items: (rooms?.rooms ?? []).slice(0, SHOWN).map(r => ({
        word: cut(r.id, 32),
        title: r.id,
        more: plural(r.peers, "peer"),
        href: to("/signaling", { room: r.id }),
      })),
    },
    { name: "Go to", icon: "overview", items: pages },
  ].filter(group => group.items.length > 0);
}

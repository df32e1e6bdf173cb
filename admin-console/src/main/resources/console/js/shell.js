// What stands around every page: top bar, rail, the state of the connection, the banner when stale.

import { fill, glyph, h, icon } from "./dom.js";
import { age, clock, count, cut, isUtc, moment, useUtc } from "./format.js";
import { live, pause, tryNow } from "./feeds.js";
import { RANGES, here, span, to, tweak } from "./router.js";
import { openPalette } from "./palette.js";
import { help } from "./keys.js";
import { ask, toast } from "./dialog.js";
import { state } from "./parts.js";
import { post, useSession } from "./api.js";

const RAIL = [
  ["/", "overview", "Overview"],
  ["/nodes", "nodes", "Nodes"],
  ["/sessions", "sessions", "Sessions"],
  ["/top", "talk", "Top talkers"],
  ["/signaling", "signal", "Signaling"],
  null,
  ["/capacity", "capacity", "Capacity"],
  ["/security", "shield", "Security"],
  ["/access", "key", "Access"],
  null,
  ["/logs", "logs", "Events and logs"],
  ["/config", "config", "Config and certs"],
  ["/diag", "diag", "Diagnostics"],
];

/** Draws, repaints and signs out: the console itself does. */
let acts;

export function buildShell(own) {
  acts = own;
  document.getElementById("skip").onclick = event => {
    event.preventDefault();
    document.getElementById("main").focus();
  };
  return h(
    "div",
    { class: "shell" },
    h("header", { class: "top", id: "top" }),
    h("nav", { class: "rail", id: "rail", "aria-label": "Console" }),
    h("main", { id: "main", tabindex: -1 }),
    h("aside", { class: "tray", id: "tray", "aria-label": "Watched", hidden: true }),
    h("div", { class: "sr", id: "announce", "aria-live": "assertive" }),
  );
}

export function drawShell(frame) {
  const top = document.getElementById("top");
  if (!top) return;
  fill(top, topBar(frame));
  fill(document.getElementById("rail"), rail(frame));
  announce();
}

function topBar(frame) {
  const { visitor } = frame;
  const name = visitor.cluster || visitor.node || "one node";
  return [
    h(
      "button",
      {
        class: "btn quiet icon menu",
        id: "menu",
        type: "button",
        "aria-label": "Menu",
        "aria-controls": "rail",
        "aria-expanded": String(!!document.getElementById("rail")?.classList.contains("open")),
        onclick: toggleMenu,
      },
      icon("menu"),
    ),
    h(
      "a",
      { class: "brand", href: to("/"), "aria-label": "Puente, overview" },
      h("svg", { "aria-hidden": "true" }, h("use", { href: "#i-logo" })),
      h("span", null, "Puente"),
    ),
    h(
      "div",
      { class: "where" },
      h(
        "span",
        {
          class: "whereword",
          title: visitor.node ? `You see the cluster through node ${visitor.node}` : null,
        },
        cut(name, 24),
      ),
    ),
    h(
      "button",
      { class: "btn find", type: "button", title: "Search", onclick: () => openPalette(frame) },
      icon("find"),
      h("span", null, "Search node, session, user, address, room"),
      h("kbd", { class: "kbd", "aria-hidden": "true" }, "/"),
    ),
    rangeChoice(),
    connection(frame),
    alerts(frame),
    h(
      "button",
      { class: "btn quiet icon", type: "button", ...themeWords(), onclick: nextTheme },
      icon("theme"),
    ),
    h(
      "button",
      {
        class: "btn quiet wide",
        type: "button",
        onclick: () => account(frame),
        "aria-label": `Account ${visitor.name ?? ""}`,
      },
      icon("user"),
      visitor.name || visitor.role || "you",
    ),
  ];
}

function toggleMenu() {
  const menu = document.getElementById("rail");
  menu.classList.toggle("open");
  document.getElementById("menu").setAttribute("aria-expanded", String(menu.classList.contains("open")));
}

function rangeChoice(cls = "select inline wide") {
  const { name, from, to: until } = span();
  const choices = Object.entries(RANGES).map(([key, [word]]) => h("option", { value: key }, word));
  if (name === "zoom")
    choices.unshift(
      h("option", { value: "zoom" }, `${clock(from * 1000, false)} to ${clock(until * 1000, false)}`),
    );
  return h(
    "select",
    {
      class: cls,
      "aria-label": "Time range of the charts",
      value: name,
      onchange: e => tweak({ range: e.target.value === "1h" ? null : e.target.value, from: null, to: null }),
    },
    choices,
  );
}

/** Never silently stale. */
function connection() {
  const s = Math.round(live.forMs / 1000);
  const looks = {
    live: ["is-ok", "full", "Live"],
    reconnecting: ["is-warn", "half", `Reconnecting, ${s} s`],
    stale: ["is-crit", "down", `Stale, ${age(s)}`],
    paused: ["is-off", null, live.missed ? `Paused, ${count(live.missed)} new` : "Paused"],
  };
  const [cls, mark, word] = looks[live.word];
  return h(
    "button",
    {
      class: `btn quiet state live ${cls}`,
      type: "button",
      id: "live",
      title:
        live.word === "live"
          ? live.isStreaming
            ? "Events come as they happen. Click to pause (p)."
            : "The event stream is down: asking every 2 s. Click to pause (p)."
          : "Click to go on",
      onclick: () =>
        live.word === "stale" || live.word === "reconnecting" ? tryNow() : pause(!live.isPaused),
    },
    mark ? glyph(mark) : icon("pause", "s"),
    word,
  );
}

/** Old figures stay, grey, and say how old they are. */
export const staleBanner = () =>
  h(
    "div",
    { class: "banner warn stalebanner", "data-key": "stale", role: "alert" },
    glyph("warn"),
    h("b", null, "This node stopped answering"),
    h(
      "span",
      { class: "t" },
      `The figures are of ${clock(Date.now() - live.forMs)}. It is asked again by itself.`,
    ),
    h("span", { class: "grow" }),
    h("button", { class: "btn", type: "button", onclick: tryNow }, "Try now"),
  );

const LOOKS = { critical: "crit", warning: "warn", info: "info", ok: "ok" };

/** What is open, from all nodes. */
function alerts(frame) {
  const open = frame.alerts?.value?.alerts ?? [];
  return (
    open.length > 0 &&
    h(
      "button",
      {
        class: "btn quiet wide",
        type: "button",
        "aria-label": `${open.length} open ${open.length === 1 ? "alert" : "alerts"}`,
        onclick: () => showAlerts(open),
      },
      icon("bell"),
      String(open.length),
    )
  );
}

function showAlerts(open) {
  ask({
    title: open.length === 1 ? "One thing to look at" : `${open.length} things to look at`,
    action: "Close",
    isNote: true,
    body: h("ul", { class: "items" }, open.map(alertItem)),
    onDone: async () => {},
  });
}

function alertItem(one) {
  const subject = one.node && !one.text.startsWith(one.node) ? `${one.node}: ` : "";
  return h(
    "li",
    null,
    state(LOOKS[one.severity] ?? "warn", one.severity === "critical" ? "Critical" : "Warning"),
    h(
      "span",
      null,
      h("b", null, `${subject}${one.text}. `),
      `${one.advice}. Since ${moment(one.since)}.`,
    ),
    h("a", { class: "btn quiet", href: one.page }, "Look"),
  );
}

function rail(frame) {
  const current = here().path;
  const overview = frame.overview?.value;
  const down = overview ? overview.nodes.total - overview.nodes.serving : 0;
  const counts = {
    "/nodes":
      down > 0 && h("span", { class: "count is-warn" }, `${down} ${down === 1 ? "needs" : "need"} care`),
    "/sessions": overview && h("span", { class: "count" }, count(overview.allocations.total)),
  };
  const links = RAIL.map((entry, i) => {
    if (!entry) return h("hr", { "data-key": `rule-${i}` });
    const [path, name, word] = entry;
    const isHere = path === "/" ? current === "/" : current === path || current.startsWith(`${path}/`);
    return h(
      "a",
      { href: to(path), title: word, "aria-current": isHere ? "page" : null, "data-key": path },
      icon(name),
      h("span", null, word),
      counts[path],
    );
  });
  return [
    links,
    h("hr", { class: "narrowonly", "data-key": "rule-you" }),
    h(
      "button",
      { class: "narrowonly", type: "button", title: "You", "data-key": "you", onclick: () => account(frame) },
      icon("user"),
      h("span", null, frame.visitor.name || frame.visitor.role || "You"),
    ),
    h("div", { class: "narrowonly sheetonly", "data-key": "range" }, rangeChoice("select inline")),
  ];
}

// ---- theme

const THEMES = ["auto", "light", "dark"];
const themeNow = () => document.documentElement.dataset.theme ?? "auto";
const themeWords = () => {
  const word = `Theme: ${themeNow() === "auto" ? "automatic" : themeNow()}`;
  return { "aria-label": word, title: word };
};

function nextTheme() {
  const next = THEMES[(THEMES.indexOf(themeNow()) + 1) % THEMES.length];
  if (next === "auto") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = next;
  try {
    localStorage.setItem("puente-theme", next);
  } catch {
    /* a private window: the choice lasts for this page */
  }
  acts.repaint();
  dispatchEvent(new HashChangeEvent("hashchange"));
}

// ---- account

function account(frame) {
  const { visitor } = frame;
  const isAccount = visitor.method === "cookie";
  const isPerson = isAccount || visitor.method === "oidc";
  const how = {
    cookie: "signed in",
    oidc: `signed in with ${visitor.singleSignOn}`,
    token: "by an access token",
    loopback: "on this machine, as long as no account exists",
  }[visitor.method];
  ask({
    title: visitor.name || "You",
    action: isPerson ? "Sign out" : "Close",
    cancel: "Back",
    body: h(
      "div",
      { class: "page" },
      h(
        "dl",
        { class: "pairs" },
        h("dt", null, "Role"),
        h("dd", null, visitor.role, h("span", { class: "muted" }, `, ${how ?? ""}`)),
        visitor.node && [h("dt", null, "Through node"), h("dd", null, visitor.node)],
        visitor.version && [h("dt", null, "Version"), h("dd", null, visitor.version)],
      ),
      h(
        "div",
        { class: "row" },
        h("button", { class: "btn", type: "button", onclick: help }, "Keyboard"),
        h(
          "button",
          { class: "btn", type: "button", "aria-pressed": String(isUtc()), onclick: switchZone },
          "Times in UTC",
        ),
        isAccount &&
          h(
            "button",
            { class: "btn", type: "button", onclick: () => changePassword(frame) },
            "Change password…",
          ),
        isPerson &&
          h("button", { class: "btn", type: "button", onclick: everywhere }, "Sign out everywhere…"),
      ),
    ),
    onDone: async () => {
      if (isPerson) await acts.signOut();
    },
  });
}

function switchZone(event) {
  useUtc(!isUtc());
  event.currentTarget.setAttribute("aria-pressed", String(isUtc()));
  acts.repaint();
  acts.draw();
}

function changePassword(frame) {
  const least = frame.visitor.passwordLengthMin ?? 10;
  ask({
    title: "Change your password?",
    action: "Change it",
    effects: [
      { kind: "ok", text: "This session goes on." },
      { kind: "warn", text: "Your other sessions end." },
    ],
    fields: [
      {
        name: "password",
        label: "Password now",
        type: "password",
        autocomplete: "current-password",
        required: true,
      },
      {
        name: "newPassword",
        label: "New password",
        type: "password",
        autocomplete: "new-password",
        required: true,
        hint: `At least ${least} characters`,
      },
    ],
    onDone: async values => {
      Object.assign(frame.visitor, await post("/auth/password", values));
      useSession(frame.visitor);
      toast("Password changed");
    },
  });
}

function everywhere() {
  ask({
    title: "Sign out everywhere?",
    action: "Sign out everywhere",
    danger: true,
    effects: [{ kind: "warn", text: "All your console sessions end,", more: "this one too." }],
    onDone: async () => {
      await post("/auth/logout-everywhere");
      await acts.signOut();
    },
  });
}

// ---- what is said aloud

let said = "";

/** Loss of the connection is said once, and its return. */
function announce() {
  const now =
    live.word === "stale"
      ? "Connection lost. The figures are old."
      : said && live.word === "live"
        ? "Connected again."
        : said;
  if (now === said) return;
  said = now === "Connected again." ? "" : now;
  document.getElementById("announce").textContent = now;
}

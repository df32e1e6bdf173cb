// Starts the console: who is there, then the shell and the page that the URL names.

import { fill, settle, tellAll } from "./dom.js";
import { get, post, useSession } from "./api.js";
import * as feeds from "./feeds.js";
import { Feed, live, onLive } from "./feeds.js";
import { here } from "./router.js";
import { markStale } from "./chart.js";
import { forgetInk } from "./chart-ink.js";
import { drawLogin } from "./login.js";
import { buildShell, drawShell, staleBanner } from "./shell.js";
import { listenToKeys } from "./keys.js";
import { toast } from "./dialog.js";
import { drawTray } from "./watch.js";
import { pageFor } from "./pages.js";

const RANKS = { viewer: 1, operator: 2, admin: 3 };

const app = document.getElementById("app");
/** What the shell shows besides the page. */
const frame = { visitor: null, overview: null, events: [], page: null, ctx: null };

async function begin() {
  let visitor;
  try {
    visitor = await get("/auth");
  } catch (problem) {
    visitor = { state: "unreachable", problem };
  }
  useSession(visitor, signedOut);
  if (visitor.state === "signed-in") enter(visitor);
  else drawLogin(app, visitor, { onDone: begin, onLook: () => enter(visitor) });
}

function signedOut() {
  if (!frame.visitor) return;
  frame.visitor = null;
  frame.page = null;
  feeds.stop();
  document.querySelectorAll("dialog").forEach(dialog => dialog.close());
  begin();
}

function enter(visitor) {
  frame.visitor = visitor;
  app.replaceChildren(buildShell({ draw, repaint, signOut }));
  settle(app);
  feeds.start();
  frame.overview = new Feed("/overview", { event: "overview", every: 2_000, onChange: drawChrome });
  frame.alerts = new Feed("/alerts", { every: 15_000, onChange: drawChrome });
  drawTray();
  show();
}

const can = role => (RANKS[frame.visitor?.role] ?? 0) >= RANKS[role];

async function signOut() {
  await post("/auth/logout").catch(() => {});
  signedOut();
}

let wanted = 0;

/** Once a frame, however many things changed. */
function draw() {
  if (wanted) return;
  wanted = requestAnimationFrame(() => {
    wanted = 0;
    drawNow();
  });
}

function drawNow() {
  const { page, ctx } = frame;
  const main = document.getElementById("main");
  if (!page || !main) return;
  const isStale = live.word === "stale";
  if (document.documentElement.classList.toggle("stale", isStale) !== wasStale) {
    wasStale = isStale;
    markStale(isStale);
    tellAll("paint");
  }
  fill(main, isStale && staleBanner(), page.view(ctx));
  drawChrome();
}

let wasStale = false;

function drawChrome() {
  drawShell(frame);
  const title = frame.page ? frame.page.title(frame.ctx) : "Overview";
  const name = `${title}, ${frame.visitor?.cluster || frame.visitor?.node || "Puente"}, Puente`;
  if (document.title !== name) document.title = name;
}

/** The page for where we are; the same page keeps its state when only words of the URL change. */
function show() {
  if (!frame.visitor) return;
  const where = here();
  const { page, id } = pageFor(where);
  const isSame = frame.ctx?.identity === id;
  document.querySelectorAll("dialog[open]").forEach(dialog => dialog.close());
  if (!isSame) {
    Object.values(frame.ctx?.feeds ?? {}).forEach(feed => feed.close());
    frame.ctx?.onLeave?.();
    frame.page = page;
    frame.ctx = {
      identity: id,
      where,
      state: {},
      feeds: {},
      draw,
      can,
      visitor: frame.visitor,
      overview: () => frame.overview?.value,
    };
    page.begin?.(frame.ctx);
  }
  frame.ctx.where = where;
  feedsOf(page, frame.ctx);
  drawNow();
  if (!isSame) {
    document.getElementById("rail")?.classList.remove("open");
    scrollTo(0, 0);
    const head = document.querySelector("#main h1");
    if (wasShown) head?.focus({ preventScroll: true });
    wasShown = true;
  }
}

let wasShown = false;

/** Feeds whose path is the same go on; a filter that changed asks anew and shows the old rows meanwhile. */
function feedsOf(page, ctx) {
  const wishes = page.feeds?.(ctx) ?? {};
  for (const [name, feed] of Object.entries(ctx.feeds)) {
    if (!wishes[name]) {
      feed.close();
      delete ctx.feeds[name];
    }
  }
  for (const [name, wish] of Object.entries(wishes)) {
    const mark = wish.mark ?? String(wish.path);
    const old = ctx.feeds[name];
    if (old?.mark === mark) continue;
    old?.close();
    const feed = new Feed(wish.path, { ...wish, onChange: draw });
    feed.mark = mark;
    if (old && wish.keep) feed.value = old.value;
    ctx.feeds[name] = feed;
  }
}

addEventListener("hashchange", show);
onLive(({ name, data }) => {
  if (name === "event") frame.events = [data, ...frame.events].slice(0, 50);
  if (name === "alert") rung(data);
  if (name === "live") draw();
});

/** One opened or ended: the list behind the bell is asked again; only what is critical is said aloud. */
function rung(alert) {
  frame.alerts?.retry();
  if (alert.state !== "open" || alert.severity !== "critical") return;
  const subject = alert.node && !alert.text.startsWith(alert.node) ? `${alert.node}: ` : "";
  toast(`${subject}${alert.text}`, { kind: "crit", link: ["Look", alert.page] });
}

matchMedia("(prefers-color-scheme: dark)").addEventListener("change", repaint);

/** The colours changed. */
function repaint() {
  forgetInk();
  tellAll("paint");
}

listenToKeys(() => frame);
begin();

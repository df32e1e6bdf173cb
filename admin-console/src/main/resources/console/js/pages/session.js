// One allocation: its path, what happened and why, what it sends, and the way to end it.

import { h } from "../dom.js";
import { segment } from "../api.js";
import * as f from "../format.js";
import { button, card, empty, foreign, pairs, sessionState, when } from "../parts.js";
import { to, toNode, toUser } from "../router.js";
import { chart } from "../chart.js";
import { copy } from "../dialog.js";
import { askBan, askClose } from "../orders.js";
import { pathPicture } from "./session-path.js";
import { watch, watchButton } from "../watch.js";
import { firstChoice, timeline, why } from "./story.js";

const BITS = 8;
const SAMPLES = 900;

export default {
  title: ctx => `Session ${f.shortId(ctx.where.parts[1])}`,
  feeds: ctx => ({ session: { path: `/sessions/${segment(ctx.where.parts[1])}`, every: 2_000 } }),
  keys: ctx => ({ w: () => watch("session", ctx.where.parts[1], ctx.draw) }),
  begin(ctx) {
    Object.assign(ctx.state, { chosen: null, times: [], up: [], down: [], seenAt: 0 });
  },
  view(ctx) {
    const feed = ctx.feeds.session;
    if (feed.problem?.status === 404 && !feed.value) return gone(ctx, feed.problem);
    return h(
      "section",
      { class: "page", "aria-labelledby": "title" },
      when(feed, "this session", session => body(ctx, session), { lines: 10 }),
    );
  },
};

/** Over, or never there: what is remembered may still say why. */
const gone = (ctx, problem) =>
  h(
    "section",
    { class: "page", "aria-labelledby": "title" },
    h(
      "div",
      { class: "page-head" },
      h("a", { class: "muted", href: to("/sessions") }, "Sessions"),
      h("span", { class: "muted" }, "/"),
      h("h1", { id: "title", tabindex: -1, class: "mono" }, f.shortId(ctx.where.parts[1])),
    ),
    card(
      "Gone",
      {},
      empty("This session is over, or never was", problem.message, {
        actions: [
          h(
            "a",
            { class: "btn", href: to("/sessions/why", { session: ctx.where.parts[1] }) },
            "What is remembered of it",
          ),
          h("a", { class: "btn", href: to("/sessions") }, "All sessions"),
        ],
      }),
    ),
  );

function body(ctx, s) {
  sample(ctx, s);
  const steps = s.detail?.timeline ?? [];
  const chosen = ctx.state.chosen ?? firstChoice(steps);
  const choose = i => {
    ctx.state.chosen = i;
    ctx.draw();
  };
  return [
    head(ctx, s),
    pathPicture(s),
    h(
      "div",
      { class: "cols-side why-side", "data-key": "happened" },
      h(
        "div",
        { class: "page" },
        card(
          "What happened",
          { hint: "choose a step to see why" },
          steps.length > 0
            ? timeline(steps, chosen, choose)
            : empty("No steps are kept of this session", null, { kind: "none" }),
        ),
        h("div", { class: "cols-2" }, rates(ctx), soFar(s)),
      ),
      h(
        "section",
        { class: "card", "aria-live": "polite", "aria-label": "Why" },
        h("header", null, h("h2", null, "Why")),
        steps.length > 0 ? why(steps[chosen]) : h("p", { class: "body muted" }, "Nothing to explain yet."),
      ),
    ),
  ];
}

function head(ctx, s) {
  const mayNot = !ctx.can("operator");
  const age = f.age((Date.now() - Date.parse(s.created)) / 1000);
  return h(
    "div",
    { class: "page-head", "data-key": "head" },
    h("a", { class: "muted", href: to("/sessions") }, "Sessions"),
    h("span", { class: "muted" }, "/"),
    h("h1", { id: "title", tabindex: -1, class: "mono", title: s.id }, f.shortId(s.id)),
    sessionState(s),
    h("a", { href: toUser(s.user) }, foreign(s.user, 40)),
    h(
      "span",
      { class: "muted" },
      [s.realm && `realm ${f.cut(s.realm, 24)}`, s.key && `key ${s.key}`].filter(Boolean).join(", "),
      s.node && [", node ", h("a", { href: toNode(s.node) }, s.node)],
      `, ${age}`,
    ),
    h(
      "div",
      { class: "tools" },
      s.state !== "closed" && watchButton("session", s.id, ctx.draw),
      button("Copy link", () => copy(location.href, "the link")),
      button("Ban client…", () => askBan({ target: f.host(s.client) }), {
        disabled: mayNot,
        title: mayNot ? "Needs operator" : null,
      }),
      button("Ban user…", () => askBan({ kind: "user", target: s.user }), {
        disabled: mayNot,
        title: mayNot ? "Needs operator" : null,
        cls: "opt",
      }),
      s.state !== "closed" &&
        button("Close session…", () => askClose([s]), {
          cls: "danger",
          disabled: mayNot,
          title: mayNot ? "Needs operator" : null,
        }),
    ),
  );
}

/** The rates since this page was opened, one point for each answer. */
function sample(ctx, s) {
  const { state } = ctx;
  if (state.seenAt === ctx.feeds.session.at) return;
  state.seenAt = ctx.feeds.session.at;
  state.times = [...state.times, Math.round(state.seenAt / 1000)].slice(-SAMPLES);
  state.up = [...state.up, BITS * (s.upBytesPerSecond ?? 0)].slice(-SAMPLES);
  state.down = [...state.down, BITS * (s.downBytesPerSecond ?? 0)].slice(-SAMPLES);
}

const rates = ({ state }) =>
  chart("session-rate", {
    title: "Rate",
    hint: "since you look",
    height: 140,
    times: state.times,
    read: f.rate,
    axis: f.tick,
    series: [
      { name: "to client", values: state.down, area: true },
      { name: "from client", values: state.up },
    ],
  });

const DROPS = {
  no_permission: "no permission",
  no_channel: "no channel",
  peer_denied: "peer denied",
  bandwidth_quota: "over the rate allowed",
  send_buffer: "send buffer full",
  mtu: "too long",
};

function soFar(s) {
  const d = s.detail ?? {};
  const drops = Object.entries(d.dropped ?? {}).filter(([, n]) => n > 0);
  return card(
    "So far",
    {},
    h(
      "div",
      { class: "body" },
      pairs([
        ["To client", `${f.bytes(s.bytesDown)}, ${f.count(s.packetsDown)} packets`],
        ["From client", `${f.bytes(s.bytesUp)}, ${f.count(s.packetsUp)} packets`],
        [
          "Not relayed",
          drops.length === 0
            ? "0"
            : drops.map(([why2, n]) => `${f.count(n)}, ${DROPS[why2] ?? why2}`).join("; "),
        ],
        d.allocationsOfUser !== undefined && [
          "Allocations",
          `${f.count(d.allocationsOfUser)}${d.quotaOfUser > 0 ? ` of ${f.count(d.quotaOfUser)}` : ""} for this user`,
        ],
        s.software && ["Client says it is", foreign(s.software, 60)],
        d.closeReason && ["Closed", d.closeReason.replace("_", " ")],
      ]),
    ),
  );
}

// Why did it not work? By a user, an address, a signaling room or a session: every try, allocated or refused.

import { h } from "../dom.js";
import { url } from "../api.js";
import * as f from "../format.js";
import { card, empty, foreign, mono, partial, segments, when } from "../parts.js";
import { here, to, toNode, toSession, tweak } from "../router.js";
import { firstChoice, timeline, why } from "./story.js";

const BY = [
  ["user", "User"],
  ["client", "Client address"],
  ["room", "Room"],
  ["session", "Session"],
];
const HINTS = {
  user: "alice, or the whole ephemeral name 1763641282:alice",
  client: "198.51.100.7 or 2001:db8::9",
  room: "name of a signaling room",
  session: "id of a session",
};

const asked = () => BY.map(([by]) => [by, here().words.get(by)]).find(([, value]) => value) ?? [null, ""];

export default {
  title: () => "Why",
  feeds() {
    const [by, value] = asked();
    return by ? { stories: { path: url("/explain", { [by]: value }), every: 5_000 } } : {};
  },
  begin(ctx) {
    Object.assign(ctx.state, { by: asked()[0] ?? "user", chosen: {} });
  },
  view(ctx) {
    const [by, value] = asked();
    return h(
      "section",
      { class: "page", "aria-labelledby": "title" },
      h(
        "div",
        { class: "page-head" },
        h("a", { class: "muted", href: to("/sessions") }, "Sessions"),
        h("span", { class: "muted" }, "/"),
        h("h1", { id: "title", tabindex: -1 }, "Why"),
        h(
          "span",
          { class: "muted" },
          by
            ? h("span", null, `what happened to ${by} `, foreign(value, 40))
            : "what happened to somebody, allocated or refused",
        ),
      ),
      h(
        "form",
        { class: "filters", "data-key": "form", onsubmit: event => ask(event, ctx) },
        segments("Look by", BY, ctx.state.by, v => {
          ctx.state.by = v;
          ctx.draw();
        }),
        h("input", {
          class: "input",
          name: "value",
          "aria-label": "Whom",
          initial: value,
          placeholder: HINTS[ctx.state.by],
          autocomplete: "off",
          spellcheck: "false",
        }),
        h("button", { class: "btn primary", type: "submit" }, "Look"),
      ),
      by
        ? when(ctx.feeds.stories, "what is remembered", answer => stories(ctx, answer), { lines: 8 })
        : card(
            "How to ask",
            {},
            empty(
              "Name a user, an address, a room or a session",
              "You see every try with its checks in order, which one decided, and what would change it.",
              { kind: "arch" },
            ),
          ),
    );
  },
};

function ask(event, ctx) {
  event.preventDefault();
  const value = event.target.elements.value.value.trim();
  ctx.state.chosen = {};
  tweak({ user: null, client: null, room: null, session: null, ...(value ? { [ctx.state.by]: value } : {}) });
}

function stories(ctx, { stories: all, remembered, coverage }) {
  if (all.length === 0)
    return card(
      "Nothing remembered",
      {},
      empty(
        "Nothing is remembered of it",
        `${remembered ? `Kept: ${remembered.replace(/\.$/, "")}. ` : ""}If a client just tried and is not here, its packets did not reach this server: look at firewalls, and at the ICE test.`,
        { actions: h("a", { class: "btn", href: to("/diag") }, "Open the ICE test") },
      ),
    );
  return [
    coverage && partial(coverage.answered, coverage.nodes),
    all.map((story, i) => one(ctx, story, i)),
    remembered && h("p", { class: "muted small" }, `Kept: ${remembered.replace(/\.$/, "")}.`),
  ];
}

function one(ctx, story, i) {
  const key = story.session ?? `${story.client}-${story.timeline[0]?.t ?? i}`;
  const chosen = ctx.state.chosen[key] ?? firstChoice(story.timeline);
  const choose = at => {
    ctx.state.chosen[key] = at;
    ctx.draw();
  };
  return h(
    "div",
    { class: "cols-side why-side", "data-key": key },
    card(
      story.summary ?? "What happened",
      { label: `What happened, ${i + 1}` },
      h(
        "div",
        { class: "body row small muted" },
        mono(story.client),
        story.user && foreign(story.user, 40),
        story.node && h("a", { href: toNode(story.node) }, story.node),
        story.session && h("a", { href: toSession(story.session) }, `session ${f.shortId(story.session)}`),
        (story.rooms ?? []).map(room =>
          h("a", { href: to("/signaling", { room }) }, `room ${f.cut(room, 24)}`),
        ),
      ),
      timeline(story.timeline, chosen, choose),
    ),
    h(
      "section",
      { class: "card", "aria-live": "polite", "aria-label": `Why, ${i + 1}` },
      h("header", null, h("h2", null, "Why")),
      why(story.timeline[chosen]),
    ),
  );
}

// Rooms, peers, protocols; a room leads to the sessions of its members, and to why they relay.

import { h } from "../dom.js";
import { segment, url } from "../api.js";
import * as f from "../format.js";
import { button, card, empty, figure, foreign, meter, mono, pairs, partial, state, when } from "../parts.js";
import { here, to, toNode, toSession, tweak } from "../router.js";
import { seriesChart, seriesFeed, sparkOf } from "../series.js";
import { K } from "../names.js";
import { verdictOf } from "./overview.js";

const PROTOCOLS = { puente: "Puente", peerjs: "PeerJS", ywebrtc: "y-webrtc" };

export default {
  title: () => "Signaling",
  feeds() {
    const { words } = here();
    return {
      signaling: { path: "/signaling", every: 2_000 },
      rooms: {
        path: url("/rooms", { q: words.get("q"), cursor: words.get("cursor"), limit: 25 }),
        every: 4_000,
        keep: true,
      },
      series: seriesFeed([K.peers, K.rooms, K.messages]),
      ...(words.get("room") ? { room: { path: `/rooms/${segment(words.get("room"))}`, every: 2_000 } } : {}),
    };
  },
  view(ctx) {
    const { feeds } = ctx;
    return h(
      "section",
      { class: "page", "aria-labelledby": "title" },
      h(
        "div",
        { class: "page-head" },
        h("h1", { id: "title", tabindex: -1 }, "Signaling"),
        feeds.signaling?.value?.coverage &&
          partial(feeds.signaling.value.coverage.answered, feeds.signaling.value.coverage.nodes),
      ),
      when(
        feeds.signaling,
        "signaling",
        answer => [
          answer.verdict && verdictOf({ verdict: answer.verdict, coverage: { nodes: 0, answered: 0 } }),
          figures(answer, feeds.series),
        ],
        { lines: 5 },
      ),
      h(
        "div",
        { class: "cols-2" },
        seriesChart(
          "peers",
          "Peers and rooms",
          feeds.series,
          [
            { name: "peers", k: K.peers, area: true },
            { name: "rooms", k: K.rooms },
          ],
          { read: f.count, axis: f.tick },
        ),
        seriesChart("messages", "Messages", feeds.series, [{ name: "messages", k: K.messages, area: true }], {
          read: v => `${f.short(v)}/s`,
          axis: f.tick,
        }),
      ),
      h(
        "div",
        { class: "cols-side" },
        card(
          "Rooms",
          { key: "rooms", hint: "fullest first", tools: search() },
          when(feeds.rooms, "rooms", answer => rooms(answer), { lines: 6 }),
        ),
        h(
          "div",
          { class: "page" },
          here().words.get("room")
            ? card(
                f.cut(here().words.get("room"), 30),
                {
                  key: "room",
                  tools: button("", () => tweak({ room: null }), {
                    cls: "quiet icon",
                    name: "cross",
                    label: "Close the room",
                  }),
                },
                when(feeds.room, "this room", room),
              )
            : null,
          when(feeds.signaling, "counts", counts, { lines: 3 }),
        ),
      ),
    );
  },
};

const entries = tree => Object.entries(tree ?? {}).sort((a, b) => b[1] - a[1]);
const sum = tree => Object.values(tree ?? {}).reduce((x, y) => x + y, 0);

function figures(s, series) {
  const refused = sum(s.refused);
  const resumed = s.resumes?.ok ?? s.resumes?.success ?? s.resumes?.resumed;
  return h(
    "div",
    { class: "card figures", role: "group", "aria-label": "Key figures" },
    figure("Peers", [f.count(s.peers), ""], "connected now", { spark: sparkOf(series, K.peers) }),
    figure(
      "Rooms",
      [f.count(s.rooms), ""],
      s.rooms > 0 ? `${(s.peers / s.rooms).toFixed(1)} peers in each` : "none open",
      { spark: sparkOf(series, K.rooms) },
    ),
    figure(
      "Messages",
      s.messagesPerSecond === undefined ? ["–", ""] : [f.short(s.messagesPerSecond), "/s"],
      "passed on",
      { spark: sparkOf(series, K.messages) },
    ),
    figure(
      "Resumed",
      resumed === undefined || sum(s.resumes) === 0
        ? ["–", ""]
        : [f.percent(resumed / sum(s.resumes)).replace(/\u202f%/, ""), "%"],
      sum(s.resumes) > 0 ? `of ${f.count(sum(s.resumes))} that came back` : "nobody came back yet",
    ),
    figure(
      "Refused",
      [f.count(refused), ""],
      refused > 0 ? `most: ${entries(s.refused)[0][0].replaceAll("_", " ")}` : "since the start",
    ),
    figure("Expired", s.expired === undefined ? ["–", ""] : [f.count(s.expired), ""], "messages too old"),
  );
}

const search = () =>
  h(
    "form",
    {
      class: "row",
      onsubmit: event => {
        event.preventDefault();
        tweak({ q: event.target.elements.q.value.trim(), cursor: null });
      },
    },
    h("input", {
      class: "input short",
      name: "q",
      "aria-label": "Find a room",
      placeholder: "Room",
      initial: here().words.get("q"),
      autocomplete: "off",
      spellcheck: "false",
    }),
    h("button", { class: "btn quiet", type: "submit" }, "Find"),
  );

function rooms(answer) {
  if (answer.rooms.length === 0)
    return here().words.get("q")
      ? empty("No room begins like that", null, {
          kind: "none",
          actions: button("All rooms", () => tweak({ q: null })),
        })
      : empty("No rooms open", "The first peer that joins opens one.", {
          actions: h("a", { class: "btn", href: to("/diag") }, "Try it"),
        });
  return [
    h(
      "div",
      { class: "tablewrap" },
      h(
        "table",
        { class: "cards", "aria-label": "Rooms" },
        h(
          "thead",
          null,
          h(
            "tr",
            null,
            h("th", { scope: "col" }, "Room"),
            h("th", { scope: "col", class: "num" }, "Peers"),
            h("th", { scope: "col" }, "By"),
          ),
        ),
        h(
          "tbody",
          null,
          answer.rooms.map(r =>
            h(
              "tr",
              { "data-key": r.id, "aria-current": r.id === here().words.get("room") ? "true" : null },
              h(
                "td",
                { class: "lead" },
                h(
                  "a",
                  { href: to("/signaling", { ...Object.fromEntries(here().words), room: r.id }) },
                  foreign(r.id, 40),
                ),
              ),
              h("td", { class: "num", "data-l": "Peers" }, f.count(r.peers)),
              h("td", { "data-l": "By" }, PROTOCOLS[r.protocol] ?? r.protocol ?? "–"),
            ),
          ),
        ),
      ),
    ),
    h(
      "div",
      { class: "foot" },
      h("span", { class: "muted" }, `${f.count(answer.rooms.length)} of ${f.count(answer.total)}`),
      h("span", { class: "grow" }),
      button("Next", () => tweak({ cursor: answer.next }), { disabled: !answer.next }),
    ),
  ];
}

function room(r) {
  const members = r.members ?? [];
  return [
    h(
      "div",
      { class: "body row" },
      h(
        "span",
        { class: "muted" },
        [f.plural(r.peers, "peer"), PROTOCOLS[r.protocol] ?? r.protocol].filter(Boolean).join(", "),
      ),
      h("a", { class: "btn", href: to("/sessions/why", { room: r.id }) }, "Why do they relay?"),
    ),
    members.length === 0
      ? empty("Nobody of this node is in it", "Members on other nodes are counted, not listed.", {
          kind: "none",
        })
      : h(
          "ul",
          { class: "members" },
          members.map(m =>
            h(
              "li",
              { "data-key": m.id },
              h(
                "div",
                { class: "row" },
                m.connected === false ? state("off", "away") : state("ok", "here", { mark: "full" }),
                h("b", null, foreign(m.id, 24)),
                m.node && h("a", { href: toNode(m.node) }, m.node),
                m.client && mono(m.client),
              ),
              m.user &&
                h(
                  "div",
                  { class: "row small muted" },
                  "TURN user ",
                  h("a", { href: to("/sessions/why", { user: m.user }) }, foreign(m.user, 30)),
                  (m.sessions ?? []).map(id => h("a", { href: toSession(id) }, f.shortId(id))),
                ),
            ),
          ),
        ),
  ];
}

function counts(s) {
  const all = sum(s.byProtocol);
  return card(
    "By protocol",
    { key: "protocols" },
    h(
      "div",
      { class: "body page" },
      all > 0
        ? h(
            "div",
            { class: "needs mix" },
            entries(s.byProtocol).map(([name, n]) =>
              h(
                "div",
                null,
                h("span", null, PROTOCOLS[name] ?? name),
                meter(`${name} ${f.percent(n / all)}`, n / all),
                h("b", null, f.count(n)),
              ),
            ),
          )
        : h("p", { class: "muted" }, "Nobody is connected."),
      entries(s.refused).some(([, n]) => n > 0) && [
        h("h3", null, "Refused since the start"),
        pairs(
          entries(s.refused)
            .filter(([, n]) => n > 0)
            .map(([why, n]) => [why.replaceAll("_", " "), f.count(n)]),
        ),
      ],
    ),
  );
}

// Did anything get through? Who is refused, why, and which rule decides.

import { h } from "../dom.js";
import { get, url } from "../api.js";
import * as f from "../format.js";
import { button, card, decisions, empty, figure, foreign, mono, partial, state, when } from "../parts.js";
import { to, toUser } from "../router.js";
import { seriesChart, seriesFeed, sparkOf } from "../series.js";
import { K } from "../names.js";
import { askBan, lift } from "../orders.js";
import { verdictOf } from "./overview.js";

const perSecond = v => `${f.short(v)}/s`;

export default {
  title: () => "Security",
  feeds: () => ({
    security: { path: "/security", every: 2_000 },
    bans: { path: "/bans", every: 5_000 },
    rules: { path: "/peer-rules", every: 10_000 },
    series: seriesFeed([K.rateLimited, K.wrongCredentials, K.peerRefused, K.overQuota]),
  }),
  begin(ctx) {
    ctx.state.check = null;
  },
  view(ctx) {
    const { feeds } = ctx;
    const mayNot = !ctx.can("operator");
    return h(
      "section",
      { class: "page", "aria-labelledby": "title" },
      h(
        "div",
        { class: "page-head" },
        h("h1", { id: "title", tabindex: -1 }, "Security"),
        feeds.security?.value?.coverage &&
          partial(feeds.security.value.coverage.answered, feeds.security.value.coverage.nodes),
        h(
          "div",
          { class: "tools" },
          h("a", { class: "btn", href: to("/sessions/why") }, "Find out why…"),
          button("Ban…", () => askBan(), { disabled: mayNot, title: mayNot ? "Needs operator" : null }),
        ),
      ),
      when(
        feeds.security,
        "security",
        answer => [
          verdictOf({ verdict: answer.verdict, coverage: { nodes: 0, answered: 0 } }),
          figures(answer, feeds.series),
        ],
        { lines: 5 },
      ),
      h(
        "div",
        { class: "cols-2" },
        seriesChart(
          "refusals",
          "Refusals, by reason",
          feeds.series,
          [
            { name: "rate limited", k: K.rateLimited, area: true },
            { name: "wrong credentials", k: K.wrongCredentials },
            { name: "peer refused", k: K.peerRefused },
            { name: "over quota", k: K.overQuota },
          ],
          { read: perSecond, axis: f.tick },
        ),
        card(
          "Who is refused",
          { hint: "last hour" },
          when(feeds.security, "refusals", answer => refusals(ctx, answer)),
        ),
      ),
      card(
        "Bans in force",
        { key: "bans" },
        when(feeds.bans, "bans", answer => bans(ctx, answer), { lines: 3 }),
      ),
      h(
        "div",
        { class: "cols-2" },
        card("Peer rules, in order", { hint: "first match decides" }, when(feeds.rules, "peer rules", rules)),
        check(ctx),
      ),
    );
  },
};

function figures({ figures: n }, series) {
  const one = (name, value, context, k) =>
    figure(name, [f.short(value), "/s"], context, { spark: sparkOf(series, k) });
  return h(
    "div",
    { class: "card figures", role: "group", "aria-label": "Key figures" },
    one("Wrong credentials", n.wrongCredentialsPerSecond, "wrong password", K.wrongCredentials),
    one("Peers refused", n.peersRefusedPerSecond, "by the peer rules", K.peerRefused),
    one("Rate limited", n.rateLimitedPerSecond, "answers not sent", K.rateLimited),
    one("Over quota", n.overQuotaPerSecond, "refused with 486", K.overQuota),
    figure(
      "Amplification",
      n.amplification === undefined ? ["–", ""] : [n.amplification.toFixed(2), "×"],
      n.amplification === undefined
        ? "no stranger asked"
        : n.amplification <= 1
          ? "less out than in"
          : "more out than in",
    ),
    figure(
      "Bans",
      [f.count(n.bans), ""],
      n.nextBanEnds
        ? `next ends in ${f.age((Date.parse(n.nextBanEnds) - Date.now()) / 1000)}`
        : n.bans > 0
          ? "until lifted"
          : "nobody is kept out",
    ),
  );
}

function refusals(ctx, { refusals: all }) {
  if (all.length === 0)
    return empty(
      "Nobody was refused in the last hour",
      "The first 401 that every client gets does not count.",
      { kind: "none" },
    );
  return h(
    "div",
    { class: "tablewrap" },
    h(
      "table",
      { class: "cards", "aria-label": "Who is refused" },
      h(
        "thead",
        null,
        h(
          "tr",
          null,
          h("th", { scope: "col" }, "Source"),
          h("th", { scope: "col" }, "Reason"),
          h("th", { scope: "col", class: "num" }, "In 1 h"),
          h("th", { scope: "col" }, "Now"),
          h("th", { scope: "col" }, h("span", { class: "sr" }, "Actions")),
        ),
      ),
      h(
        "tbody",
        null,
        all.map(one => refusalRow(ctx, one)),
      ),
    ),
  );
}

function bans(ctx, { bans: all }) {
  if (all.length === 0)
    return empty(
      "Nobody is banned",
      "A ban drops all packets of a network, or refuses a user, on every node.",
      { kind: "none" },
    );
  return h(
    "div",
    { class: "tablewrap" },
    h(
      "table",
      { class: "cards", "aria-label": "Bans" },
      h(
        "thead",
        null,
        h(
          "tr",
          null,
          ["Whom", "Since", "Ends", "By", "Reason"].map(word => h("th", { scope: "col" }, word)),
          h("th", { scope: "col", class: "num", title: "Requests turned away, since each node's start" }, "Turned away"),
          h("th", { scope: "col" }, h("span", { class: "sr" }, "Actions")),
        ),
      ),
      h(
        "tbody",
        null,
        all.map(ban =>
          h(
            "tr",
            { "data-key": ban.id },
            h("td", { class: "lead" }, ban.kind === "network" ? mono(ban.target) : foreign(ban.target, 34)),
            h("td", { "data-l": "Since" }, h("span", { title: f.fullTime(ban.since) }, f.moment(ban.since))),
            h(
              "td",
              { "data-l": "Ends" },
              ban.ends ? `in ${f.age((Date.parse(ban.ends) - Date.now()) / 1000)}` : "when lifted",
            ),
            h("td", { "data-l": "By" }, foreign(ban.by.replace(/^account:/, ""), 20)),
            h("td", { "data-l": "Reason", class: "wide2" }, foreign(ban.reason, 60)),
            h("td", { class: "num", "data-l": "Turned away" }, ban.hits === undefined ? "–" : f.count(ban.hits)),
            h(
              "td",
              { class: "num" },
              button("Lift", () => lift(ban), {
                disabled: !ctx.can("operator"),
                label: `Lift the ban of ${ban.target}`,
              }),
            ),
          ),
        ),
      ),
    ),
  );
}

const rules = ({ rules: all }) =>
  h(
    "div",
    { class: "tablewrap" },
    h(
      "table",
      { class: "cards", "aria-label": "Peer rules" },
      h(
        "thead",
        null,
        h(
          "tr",
          null,
          h("th", { scope: "col" }, "Rule"),
          h("th", { scope: "col" }, "Covers"),
          h("th", { scope: "col", class: "num" }, "Hits"),
        ),
      ),
      h(
        "tbody",
        null,
        all.map((rule, i) =>
          h(
            "tr",
            { "data-key": `${i} ${rule.name}` },
            h(
              "td",
              { class: "lead nowrap", title: rule.origin },
              state(rule.allow ? "ok" : "crit", rule.allow ? "Allow" : "Deny"),
              " ",
              rule.name,
            ),
            h(
              "td",
              { class: "mono wide2", "data-l": "Covers" },
              rule.covers.slice(0, 6).join(", "),
              rule.covers.length > 6 && `, ${rule.covers.length - 6} more`,
            ),
            h("td", { class: "num", "data-l": "Hits" }, rule.hits === undefined ? "–" : f.count(rule.hits)),
          ),
        ),
      ),
    ),
  );

// ---- would this peer be allowed?

function check(ctx) {
  const { check: found, problem } = ctx.state;
  return card(
    "Would this peer be allowed?",
    {},
    h(
      "div",
      { class: "body why" },
      h(
        "form",
        { class: "row", onsubmit: event => ask(event, ctx) },
        h("input", {
          class: "input grow mono",
          name: "peer",
          "aria-label": "Peer address",
          placeholder: "192.168.1.20",
          autocomplete: "off",
          spellcheck: "false",
        }),
        h("button", { class: "btn", type: "submit" }, "Check"),
      ),
      problem && h("p", { class: "is-crit", role: "alert" }, problem),
      found && [
        h(
          "p",
          { class: "verdictline", role: "status" },
          state(
            found.allowed ? "ok" : "crit",
            found.allowed ? `${found.peer} is allowed` : `${found.peer} is refused with 403`,
          ),
        ),
        decisions(
          found.steps.map(step => ({
            text: step.rule,
            detail: step.text ?? (step.result === "not-reached" ? "not reached" : null),
            decides: step.result === "decides",
            kind: step.result === "decides" ? (found.allowed ? "yes" : "no") : "off",
          })),
        ),
        found.advice && h("p", { class: "muted" }, found.advice),
      ],
      !found &&
        !problem &&
        h(
          "p",
          { class: "muted small" },
          "The rules are walked in order, as for a CreatePermission; nothing is changed.",
        ),
    ),
  );
}

async function ask(event, ctx) {
  event.preventDefault();
  const peer = event.target.elements.peer.value.trim();
  if (!peer) return;
  Object.assign(ctx.state, { check: null, problem: null });
  try {
    ctx.state.check = await get(url("/peer-rules/check", { peer }));
  } catch (problem) {
    ctx.state.problem = problem.message;
  }
  ctx.draw();
}

function refusalRow(ctx, one) {
  const mayNot = !ctx.can("operator");
  const bansNow = ctx.feeds.bans?.value?.bans ?? [];
  return h(
    "tr",
    { "data-key": `${one.source} ${one.reason}` },
    h(
      "td",
      { class: "lead" },
      one.kind === "user"
        ? h("a", { href: toUser(one.source) }, foreign(one.source, 30))
        : h(
            "a",
            { href: to("/sessions/why", { client: one.source.replace(/\/(32|128)$/, "") }) },
            mono(one.source),
          ),
    ),
    h("td", { "data-l": "Reason" }, one.reason),
    h("td", { class: "num", "data-l": "In 1 h" }, f.count(one.count)),
    h(
      "td",
      { "data-l": "Now" },
      one.ban
        ? state("off", "Banned", { mark: "down" })
        : state("ok", one.code ? `Refused, ${one.code}` : "Dropped"),
    ),
    h(
      "td",
      { class: "num" },
      one.ban
        ? button(
            "Lift",
            () => {
              const ban = bansNow.find(b => b.id === one.ban);
              if (ban) lift(ban);
            },
            { disabled: mayNot, label: `Lift the ban of ${one.source}` },
          )
        : button(
            "Ban…",
            () => askBan({ kind: one.kind ?? "network", target: one.source, because: one.reason }),
            { disabled: mayNot, label: `Ban ${one.source}` },
          ),
    ),
  );
}

// Will calls connect? The ICE test from this browser, and what the node says of itself.

import { h } from "../dom.js";
import { post } from "../api.js";
import * as f from "../format.js";
import { button, card, empty, mono, state, verdict, when } from "../parts.js";
import { copy } from "../dialog.js";
import { testIce } from "../ice.js";

const CHECK = { pass: "ok", warn: "warn", fail: "crit" };
const WAYS = { stun: "STUN over UDP", udp: "TURN over UDP", tcp: "TURN over TCP", tls: "TURN over TLS" };

export default {
  title: () => "Diagnostics",
  feeds: () => ({ checks: { path: "/diagnostics", every: 15_000 } }),
  begin(ctx) {
    ctx.state.ice = null;
  },
  view: ctx =>
    h(
      "section",
      { class: "page", "aria-labelledby": "title" },
      h("div", { class: "page-head" }, h("h1", { id: "title", tabindex: -1 }, "Diagnostics")),
      h(
        "div",
        { class: "cols-2" },
        ice(ctx),
        card(
          "This node's checks",
          {
            key: "checks",
            hint: ctx.feeds.checks?.value?.asOf
              ? `${ctx.feeds.checks.value.node}, ${f.moment(ctx.feeds.checks.value.asOf)}`
              : null,
            tools: button("Check again", () => ctx.feeds.checks?.retry(), { cls: "quiet" }),
          },
          when(ctx.feeds.checks, "checks", checks),
        ),
      ),
    ),
};

function checks({ checks: all }) {
  const bad = all.filter(c => c.status !== "pass");
  return [
    h(
      "p",
      { class: "body" },
      bad.length === 0
        ? state("ok", `All ${f.plural(all.length, "check")} passed`)
        : state(
            bad.some(c => c.status === "fail") ? "crit" : "warn",
            `${f.count(bad.length)} of ${f.plural(all.length, "check")} ${bad.length === 1 ? "needs" : "need"} care`,
          ),
    ),
    h(
      "ul",
      { class: "checks" },
      [...bad, ...all.filter(c => c.status === "pass")].map(c =>
        h(
          "li",
          { "data-key": c.name },
          state(CHECK[c.status], c.name),
          h("span", { class: "muted" }, c.detail),
          c.advice && h("span", { class: "advice" }, c.advice),
        ),
      ),
    ),
  ];
}

// ---- the ICE test

function ice(ctx) {
  const { ice: run } = ctx.state;
  const mayNot = !ctx.can("operator");
  return card(
    "ICE test, from this browser",
    {
      key: "ice",
      tools:
        run &&
        !run.isRunning &&
        button("Copy report", () => copy(report(run), "the report"), { cls: "quiet" }),
    },
    !run
      ? empty(
          "Will calls connect?",
          "A credential for 10 minutes is made, then each way in is tried from where you sit, and packets go once through the relay and back.",
          {
            actions: [
              button("Run the test", () => start(ctx), { cls: "primary", disabled: mayNot }),
              mayNot && h("span", { class: "small muted" }, "Needs operator"),
            ],
          },
        )
      : h(
          "div",
          { class: "body page" },
          run.problem ? h("p", { class: "is-crit", role: "alert" }, run.problem) : said(run),
          ways(run),
          candidates(run),
          h(
            "div",
            { class: "row" },
            button(run.isRunning ? "Running…" : "Run again", () => start(ctx), {
              disabled: run.isRunning || mayNot,
            }),
          ),
        ),
  );
}

function said(run) {
  if (run.isRunning) return state("info", "Trying each way in…");
  const open = run.ways.filter(w => w.ok);
  const relays = open.filter(w => w.key !== "stun");
  if (relays.length === 0)
    return verdict("crit", "Calls that need the relay would fail from here", {
      more: "No TURN way in answered: look at firewalls between this browser and the server, and at the checks beside.",
    });
  const loop = run.loop;
  return verdict(
    run.ways.every(w => w.ok) ? "ok" : "warn",
    run.ways.every(w => w.ok)
      ? "Calls connect from here, every way in is open"
      : `Calls connect from here, over ${relays.map(w => w.key.toUpperCase()).join(" and ")}`,
    {
      more: loop?.ok
        ? `Relay to relay: ${f.latency(loop.rttMs)} there and back, ${f.count(loop.echoes)} of ${f.count(loop.sent)} messages returned.`
        : loop
          ? `Relay to relay did not work: ${loop.why}`
          : null,
    },
  );
}

const ways = run =>
  h(
    "ul",
    { class: "checks" },
    run.ways.map(w =>
      h(
        "li",
        { "data-key": w.key },
        w.isPending
          ? state("info", WAYS[w.key])
          : w.ok
            ? state("ok", WAYS[w.key])
            : state("crit", WAYS[w.key]),
        h(
          "span",
          { class: "muted" },
          w.isPending ? "trying" : w.ok ? [mono(w.address), ` in ${f.latency(w.ms)}`] : w.why,
        ),
      ),
    ),
  );

const candidates = run =>
  run.candidates.length > 0 &&
  h(
    "details",
    { class: "more", "data-key": "candidates" },
    h("summary", null, f.plural(run.candidates.length, "candidate")),
    h(
      "div",
      { class: "tablewrap" },
      h(
        "table",
        { "aria-label": "Candidates" },
        h(
          "thead",
          null,
          h(
            "tr",
            null,
            ["Kind", "By", "Address", "After"].map(word => h("th", { scope: "col" }, word)),
          ),
        ),
        h(
          "tbody",
          null,
          run.candidates.map(c =>
            h(
              "tr",
              null,
              h("td", null, c.type),
              h("td", null, c.relayProtocol ?? c.protocol),
              h("td", null, mono(`${c.address}:${c.port}`)),
              h("td", null, f.latency(c.ms)),
            ),
          ),
        ),
      ),
    ),
  );

const report = run =>
  [
    `ICE test ${new Date().toISOString()}`,
    ...run.ways.map(
      w => `${w.ok ? "ok  " : "FAIL"} ${WAYS[w.key]} ${w.ok ? `${w.address} ${Math.round(w.ms)} ms` : w.why}`,
    ),
    run.loop
      ? `relay to relay ${run.loop.ok ? `${run.loop.rttMs.toFixed(1)} ms, ${run.loop.echoes}/${run.loop.sent}` : run.loop.why}`
      : "",
    ...run.candidates.map(c => `${c.type} ${c.protocol} ${c.address}:${c.port}`),
  ].join("\n");

async function start(ctx) {
  const run = { isRunning: true, ways: [], candidates: [], loop: null, problem: null };
  ctx.state.ice = run;
  ctx.draw();
  try {
    const { iceServers } = await post("/credentials", {
      user: "ice-test",
      ttlSeconds: 600,
      reason: "ICE test in the console",
    });
    await testIce(iceServers, run, ctx.draw);
  } catch (problem) {
    run.problem = problem.message;
  }
  run.isRunning = false;
  ctx.draw();
}

// How many nodes, until when, at what price, and what if: the planner, live. Every number says where it
// comes from, and explains itself.

import { h } from "../dom.js";
import { post } from "../api.js";
import * as f from "../format.js";
import { button, card, failure, skeleton, state } from "../parts.js";
import { here, tweak } from "../router.js";
import { copy, download } from "../dialog.js";
import { CONTROLS, assumptions } from "./capacity-inputs.js";
import { hangsOn, prices } from "./capacity-more.js";
import { requestOf } from "./capacity-request.js";
import { explainAll, explained } from "./capacity-explain.js";
import { runsOut } from "./capacity-forecast.js";

const WAIT_MS = 120;
const NAMES = { cpu: "CPU", egress: "Egress", ports: "Ports", memory: "Memory" };

export default {
  title: () => "Capacity",
  feeds: () => ({
    inputs: { path: "/capacity/inputs", once: true },
    forecast: { path: "/capacity/forecast", every: 300_000 },
  }),
  begin(ctx) {
    Object.assign(ctx.state, { plan: null, problem: null, asked: "", timer: 0 });
  },
  view(ctx) {
    const { inputs } = ctx.feeds;
    if (!inputs.value && !inputs.problem)
      return h("section", { class: "page" }, head(ctx), skeleton("the planner", 8));
    replan(ctx);
    return h(
      "section",
      { class: "page", "aria-labelledby": "title" },
      head(ctx),
      h(
        "div",
        { class: "cols-side" },
        h("div", { class: "page" }, answer(ctx), runsOut(ctx), whatIf(ctx), hangsOn(ctx), prices(ctx)),
        assumptions(ctx),
      ),
    );
  },
};

/** Asks when the question changed; the old answer stays until the new one is there. */
function replan(ctx) {
  const { state: own } = ctx;
  const request = requestOf(ctx);
  const asked = JSON.stringify(request);
  if (asked === own.asked) return;
  own.asked = asked;
  clearTimeout(own.timer);
  own.timer = setTimeout(
    async () => {
      const plan = await post("/capacity/plan", request).catch(problem => {
        own.problem = problem;
        return null;
      });
      if (own.asked !== asked) return;
      if (plan) Object.assign(own, { plan, problem: null });
      ctx.draw();
    },
    own.plan ? WAIT_MS : 0,
  );
}

// ---- head

function head(ctx) {
  const { words } = here();
  const changed = [...words.keys()].filter(
    key => CONTROLS.some(c => c.key === key) || ["mix", "price", "if"].includes(key),
  );
  return h(
    "div",
    { class: "page-head", "data-key": "head" },
    h("h1", { id: "title", tabindex: -1 }, "Capacity"),
    h(
      "span",
      { class: "muted" },
      changed.length > 0
        ? `${f.plural(changed.length, "figure")} changed by you`
        : hasMeasured(ctx)
          ? "as the cluster runs"
          : "with defaults, as nothing was measured yet",
    ),
    h(
      "div",
      { class: "tools" },
      changed.length > 0 &&
        button("Back to measured", () => tweak(Object.fromEntries(changed.map(key => [key, null])))),
      button("Copy link", () => copy(location.href, "the link: it holds your figures")),
      button("", () => download("plan.json", JSON.stringify(ctx.state.plan, null, 2)), {
        cls: "icon",
        name: "save",
        label: "Download the plan as JSON",
        disabled: !ctx.state.plan,
      }),
    ),
  );
}

const hasMeasured = ctx =>
  CONTROLS.some(c => c.key !== "running" && ctx.state.plan?.inputs[c.path]?.origin === "measured");

// ---- the answer

const IFS = [
  ["", "As planned", "your figures"],
  ["double", "Traffic doubles", "same mix of calls"],
  ["relay40", "Relay ratio 40 %", "a big customer's firewall"],
  ["zone", "A zone is lost", "its nodes are gone"],
  ["node", "A node is lost", "one of yours is gone"],
];
const chosenIf = () => IFS.find(([key]) => key === (here().words.get("if") ?? "")) ?? IFS[0];

/** Nodes that are left of those that run, and what they must carry. */
function standing(plan) {
  const { nodes, inputs } = plan;
  const zones = inputs["policy.zones"]?.value ?? 1;
  const [key] = chosenIf();
  const running = nodes.running ?? null;
  const lost = key === "node" ? 1 : key === "zone" ? Math.ceil((running ?? nodes.recommended) / zones) : 0;
  const have = running === null ? null : running - lost;
  return { have, lost, need: lost > 0 ? nodes.base : nodes.recommended, zones };
}

function answer(ctx) {
  const { plan, problem } = ctx.state;
  if (!plan)
    return card(
      "Answer",
      { key: "answer" },
      problem
        ? failure("the plan", problem, () => {
            ctx.state.asked = "";
            ctx.draw();
          })
        : skeleton("the plan"),
    );
  const s = standing(plan);
  return h(
    "section",
    { class: "card", "aria-labelledby": "h-answer", "data-key": "answer" },
    h(
      "header",
      null,
      h("h2", { id: "h-answer" }, "Answer"),
      h("span", { class: "muted small" }, chosenIf()[1].toLowerCase()),
      h("span", { class: "grow" }),
      button("How this is computed", () => explainAll(plan), { cls: "quiet" }),
    ),
    problem && h("div", { class: "banner crit flat", role: "alert" }, state("crit", problem.message)),
    h(
      "div",
      { class: "answer" },
      h(
        "div",
        null,
        h("p", { class: "big" }, f.count(s.need), h("small", null, s.need === 1 ? "node" : "nodes")),
        h("p", { class: "say", "aria-live": "polite" }, saying(plan, s)),
      ),
      needs(plan, s),
    ),
    facts(plan),
  );
}

function saying(plan, { have, lost, need, zones }) {
  const decide = plan.perResource.filter(r => r.binding).map(r => NAMES[r.resource] ?? r.resource);
  const binding = decide.length > 0 ? `${decide.join(" and ")} decides.` : "Nothing is scarce.";
  const { nodes } = plan;
  const spread =
    zones > 1 && nodes.withZoneLoss > 0 && nodes.recommended === nodes.withZoneLoss
      ? `${nodes.perZone} in each of ${zones} zones, so any zone may fail.`
      : `${nodes.base} for the load, ${need - nodes.base} spare.`;
  if (have === null) return [h("b", null, `${spread}`), h("br"), h("span", { class: "muted" }, binding)];
  const gap = need - have;
  const word =
    lost > 0
      ? gap > 0
        ? `${have} left: ${gap} short of the load`
        : `${have} left: enough${gap < 0 ? `, ${-gap} spare` : ""}`
      : gap > 0
        ? `You run ${have}: add ${gap}`
        : `You run ${have}: enough${gap < 0 ? `, ${-gap} to spare` : ""}`;
  return [
    state(gap > 0 ? "warn" : "ok", word),
    h("br"),
    h(
      "span",
      { class: "muted" },
      lost > 0 ? `While it is gone, the load itself needs ${need}. ${binding}` : `${spread} ${binding}`,
    ),
  ];
}

function needs(plan, { have }) {
  const { nodes } = plan;
  const widest = Math.max(nodes.recommended, have ?? 0, 4, ...plan.perResource.map(r => r.nodes ?? 0));
  const mark = v => `${((v / widest) * 100).toFixed(1)}%`;
  const rows = [...plan.perResource].sort((a, b) => (b.nodes ?? 0) - (a.nodes ?? 0));
  return h(
    "div",
    null,
    h(
      "div",
      { class: "needs" },
      rows.map(r =>
        h(
          "div",
          { class: r.binding ? "binding" : null },
          h("span", null, NAMES[r.resource] ?? r.resource),
          h(
            "svg",
            { role: "img", "aria-label": `${NAMES[r.resource]} needs ${f.plural(r.nodes, "node")}` },
            h("rect", { class: "t", width: "100%", height: 12, rx: 2 }),
            h("rect", { class: "n", width: mark(r.nodes), height: 12, rx: 2 }),
            have !== null && h("line", { class: "have", x1: mark(have), x2: mark(have), y1: -2, y2: 14 }),
          ),
          explained(
            plan,
            `nodes.${r.resource}`,
            r.binding ? `${f.plural(r.nodes, "node")}, decides` : f.plural(r.nodes, "node"),
            r.binding ? "b" : "muted",
          ),
        ),
      ),
    ),
    h(
      "p",
      { class: "muted small" },
      "Load alone ",
      explained(plan, "nodes.base", f.count(nodes.base)),
      ", spare nodes ",
      explained(plan, "nodes.withNPlus", f.count(nodes.withNPlus)),
      (plan.inputs["policy.zones"]?.value ?? 1) > 1 && [
        ", a zone may fail ",
        explained(plan, "nodes.withZoneLoss", f.count(nodes.withZoneLoss)),
      ],
      have !== null && `. Tick: the ${have} you ${have === nodes.running ? "run" : "would have left"}`,
      ".",
    ),
  );
}

function facts(plan) {
  const { offered: o, cost, scenarios } = plan;
  const worst = Math.max(...scenarios.filter(s => !/x2|40/.test(s.name)).map(s => s.blocking ?? 0));
  const target = plan.inputs["policy.blocking"]?.value ?? 0.001;
  const money = v => `${cost.currency === "EUR" ? "€" : "$"}${f.count(v)}`;
  const fact = (name, value, ...more) =>
    h(
      "div",
      null,
      h("span", { class: "muted small" }, name),
      h("span", { class: "n" }, value),
      h("span", { class: "muted small" }, more),
    );
  return h(
    "div",
    { class: "dates facts" },
    fact(
      "Carries",
      explained(plan, "offered.relayedErlangs", `${f.count(o.relayedErlangs)} relayed calls`),
      explained(plan, "offered.allocationErlangs", `${f.count(o.allocationErlangs)} allocations`),
      ", ",
      explained(plan, "offered.egressBps", f.rate(o.egressBps)),
      ", ",
      explained(plan, "offered.forwardPps", f.packetRate(o.forwardPps)),
    ),
    fact(
      "Refused for lack of ports",
      explained(plan, "blocking.ports", worst < 1e-12 ? "under 1e−12" : `${+(worst * 100).toPrecision(worst < 0.1 ? 2 : 3)} %`),
      `worst with a loss, target ${f.percent(target)}`,
    ),
    fact(
      "Wait to be taken in",
      explained(plan, "joins.lastWaitsSeconds", wait(plan, "joins.lastWaitsSeconds")),
      "after the loss of a node ",
      explained(plan, "reconnects.lastWaitsSeconds", wait(plan, "reconnects.lastWaitsSeconds")),
    ),
    fact(
      "Egress in a month",
      explained(plan, "offered.egressGbPerMonth", f.bytes(o.egressGbPerMonth * 1e9)),
      `busy hour is ${f.percent(plan.inputs["demand.busyHourShare"].value, 0)} of a day`,
    ),
    fact(
      "Cost in a month, list price",
      money(cost.total),
      `${cost.preset}, as of ${f.day(cost.asOf)}; egress ${money(cost.egress)}, nodes ${money(cost.nodes)}${cost.perRelayedCallHour ? `; ${cost.perRelayedCallHour.toFixed(3)} a relayed call-hour` : ""}`,
    ),
  );
}

/** Of a queue: without end where more come than are taken in. */
const wait = (plan, path) =>
  Number.isFinite(plan.explain[path]?.value) ? f.latency(plan.explain[path].value * 1000) : "without end";

// ---- what if

const SCENARIO = { double: /x2/, relay40: /40/, zone: /zone/, node: /lose a node/ };

function whatIf(ctx) {
  const { plan } = ctx.state;
  if (!plan) return null;
  const chosen = chosenIf()[0];
  return card(
    "What if",
    { key: "whatif", hint: "each is put on top of your figures; the answer above follows" },
    h(
      "div",
      { class: "whatif" },
      IFS.map(([key, word, hint]) => {
        const scenario = SCENARIO[key] && plan.scenarios.find(s => SCENARIO[key].test(s.name));
        if (key === "zone" && (plan.inputs["policy.zones"]?.value ?? 1) < 2) return null;
        return h(
          "button",
          {
            type: "button",
            "data-key": key || "plan",
            "aria-pressed": String(key === chosen),
            onclick: () => tweak({ if: key || null }, { replace: true }),
          },
          h("b", null, word),
          key === chosen || !scenario
            ? h("span", { class: "small muted" }, hint)
            : h("span", { class: "small" }, scenarioWord(scenario)),
          scenario && key !== chosen && h("span", { class: "muted small" }, hint),
        );
      }),
    ),
    h("div", { class: "tablewrap" }, scenarioTable(plan)),
  );
}

const scenarioWord = s =>
  state(
    s.ok ? "ok" : "warn",
    s.ok
      ? `${f.plural(s.nodes, "node")} ${s.nodes === 1 ? "carries" : "carry"} it`
      : `load needs ${f.count(s.nodesNeeded)}, ${f.count(s.nodes)} there`,
    { small: true },
  );

const scenarioTable = plan =>
  h(
    "table",
    { class: "cards", "aria-label": "How full in each case" },
    h(
      "thead",
      null,
      h(
        "tr",
        null,
        h("th", { scope: "col" }, "How full"),
        ["ports", "egress", "cpu", "memory"].map(r => h("th", { scope: "col", class: "num" }, NAMES[r])),
        h("th", { scope: "col", class: "num" }, "Refused"),
        h("th", { scope: "col" }, "On"),
      ),
    ),
    h(
      "tbody",
      null,
      plan.scenarios.map(s =>
        h(
          "tr",
          { "data-key": s.name },
          h("td", { class: "lead" }, s.name),
          ["ports", "egress", "cpu", "memory"].map(r =>
            h("td", { class: "num", "data-l": NAMES[r] }, over(plan, r, s.utilisation[r])),
          ),
          h("td", { class: "num", "data-l": "Refused" }, s.blocking < 1e-12 ? "0" : f.percent(s.blocking)),
          h("td", { "data-l": "On" }, scenarioWord(s)),
        ),
      ),
    ),
  );

const TARGET = { cpu: "policy.cpuTarget", egress: "policy.bwTarget", memory: "policy.memTarget" };

function over(plan, resource, share) {
  if (!Number.isFinite(share)) return "–";
  const target = plan.inputs[TARGET[resource]]?.value ?? 1;
  return share > target ? state(share > 1 ? "crit" : "warn", f.percent(share, 0)) : f.percent(share, 0);
}

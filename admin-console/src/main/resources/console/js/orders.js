// Orders to nodes, sessions and bans: each dialog says what it does, in numbers, before it is done.

import { h } from "./dom.js";
import { get, post, remove, segment, url } from "./api.js";
import * as f from "./format.js";
import { ask, attempt, toast } from "./dialog.js";
import { to } from "./router.js";
import { isActive } from "./parts.js";
import { tryNow } from "./feeds.js";

const BITS = 8;
const DEADLINES = [
  ["900", "15 min"],
  ["3600", "60 min"],
  ["14400", "4 h"],
];
const BAN_TIMES = [
  ["3600", "1 hour"],
  ["86400", "1 day"],
  ["604800", "1 week"],
  ["", "until lifted"],
];
const RESOURCES = { ports: "ports", egress: "egress", processor: "CPU", memory: "memory" };
const TYPED_FROM = 10;

const nodePath = (node, what) => `/nodes/${segment(node.id)}/${what}`;

// ---- nodes

/** Asked for only where the other nodes could not carry what is left. */
const FORCE = {
  name: "force",
  label: "The rest cannot carry it",
  options: [
    ["", "do not drain then"],
    ["yes", "drain all the same"],
  ],
  value: "",
};

export async function askDrain(nodes) {
  const previews = await Promise.all(
    nodes.map(n =>
      get(nodePath(n, "drain")).catch(() => ({ allocations: n.allocations, relaying: n.relaying })),
    ),
  );
  const names = f.cut(nodes.map(n => n.id).join(", "), 40);
  ask({
    title: `Drain ${names}?`,
    action: `Drain ${nodes.length === 1 ? names : f.plural(nodes.length, "node")}`,
    reason: true,
    effects: previews.flatMap((p, i) => effectsOf(nodes[i], p, nodes.length > 1)),
    fields: [
      { name: "deadline", label: "Deadline", options: DEADLINES, value: "3600" },
      ...(previews.some(p => p.fits === false) ? [FORCE] : []),
    ],
    onProblem: (problem, spec) => {
      if (problem.status === 409 && !spec.fields.includes(FORCE)) spec.fields.push(FORCE);
    },
    onDone: async ({ deadline, reason, force }) => {
      for (const n of nodes)
        await post(nodePath(n, "drain"), {
          deadline: Number(deadline),
          reason,
          ...(force ? { force: true } : {}),
        });
      toast(`Draining ${names}`, {
        kind: "info",
        link: ["Progress", to("/nodes")],
        undo: () => nodes.forEach(undrain),
      });
      tryNow();
    },
  });
}

function effectsOf(node, p, isNamed) {
  const who = isNamed ? `${node.id}: ` : "";
  const rest = Object.entries(p.rest ?? {})
    .map(([name, share]) => `${RESOURCES[name] ?? name} ${f.percent(share, 0)}`)
    .join(", ");
  const times = [
    p.p50Seconds !== undefined && `Half are gone in ${f.age(p.p50Seconds)}`,
    p.p90Seconds !== undefined && `9 of 10 in ${f.age(p.p90Seconds)}`,
  ]
    .filter(Boolean)
    .join(", ");
  return [
    {
      kind: "ok",
      text: `${who}${f.plural(p.allocations, "session")} ${p.allocations === 1 ? "goes" : "go"} on`,
      more: `until they end or the deadline.${p.relaying === undefined ? "" : ` ${f.count(p.relaying)} relaying now.`} ${times ? `${times}.` : ""}`,
    },
    {
      kind: "off",
      text: "New allocations",
      more: "are sent to the other nodes from now on; without another node they are refused with 508.",
    },
    rest && { kind: p.fits === false ? "crit" : "ok", text: "The rest reaches", more: `${rest}.` },
    p.text && { kind: p.fits === false ? "crit" : "off", text: "", more: p.text },
  ];
}

export const undrain = node =>
  attempt(async () => {
    await post(nodePath(node, "undrain"));
    tryNow();
  }, `${node.id} takes new sessions again`);

export function askFinish(node) {
  const many = f.plural(node.allocations, "session");
  ask({
    title: `End ${many} on ${node.id} now?`,
    action: `End ${many}`,
    cancel: "Keep draining",
    danger: true,
    typed: node.id,
    reason: true,
    effects: [
      {
        kind: "crit",
        text:
          node.relaying === undefined
            ? "Live calls are cut."
            : `${f.count(node.relaying)} of them carry traffic.`,
        more: "Those calls freeze until the clients restart ICE; clients that cannot drop.",
      },
    ],
    onDone: async ({ reason }) => {
      await post(nodePath(node, "drain"), { deadline: 0, reason });
      toast(`Ending ${many} on ${node.id}`, { kind: "info" });
      tryNow();
    },
  });
}

// ---- sessions

export function askClose(sessions, onClosed) {
  const many = f.plural(sessions.length, "session");
  const users = [...new Set(sessions.map(s => s.user))];
  const active = sessions.filter(isActive);
  const rate = sessions.reduce((sum, s) => sum + (s.upBytesPerSecond ?? 0) + (s.downBytesPerSecond ?? 0), 0);
  ask({
    title: `Close ${sessions.length === 1 ? "this session" : many}${users.length === 1 ? ` of ${f.cut(users[0], 30)}` : ` of ${users.length} users`}?`,
    action: `Close ${many}`,
    danger: true,
    reason: true,
    typed: sessions.length > TYPED_FROM ? String(sessions.length) : undefined,
    effects: [
      active.length > 0
        ? {
            kind: "crit",
            text: `${active.length === sessions.length ? (sessions.length === 1 ? "It carries" : "All carry") : `${active.length} of them carry`} traffic,`,
            more: `${f.rate(BITS * rate)} together.`,
          }
        : {
            kind: "ok",
            text: sessions.length === 1 ? "It is idle." : "All are idle.",
            more: "No call is cut.",
          },
      {
        kind: "off",
        text: "The client is told nothing by TURN:",
        more: "it notices after a while, and may allocate again. To keep it out, ban it.",
      },
    ],
    onDone: async ({ reason }) => {
      if (sessions.length === 1) await remove(url(`/sessions/${segment(sessions[0].id)}`, { reason }));
      else await post("/sessions:close", { ids: sessions.map(s => s.id), reason });
      toast(`Closed ${many}`);
      onClosed?.();
      tryNow();
    },
  });
}

// ---- bans

export function askBan({ kind = "network", target = "", because = "", sessions } = {}) {
  ask({
    title: target ? `Ban ${f.cut(target, 40)}?` : "Ban an address or a user?",
    action: "Ban",
    danger: true,
    effects: [
      kind === "user"
        ? {
            kind: "warn",
            text: "All requests of this user are refused",
            more: "on every node; what it has allocated ends with its next Refresh.",
          }
        : {
            kind: "warn",
            text: "All packets from there are dropped",
            more: "on every node, at once, and its sessions end.",
          },
      sessions !== undefined && {
        kind: sessions > 0 ? "crit" : "off",
        text: f.plural(sessions, "session"),
        more: "from there now.",
      },
    ],
    fields: [
      ...(target
        ? []
        : [
            {
              name: "kind",
              label: "What",
              options: [
                ["network", "address or network"],
                ["user", "TURN user"],
              ],
              value: kind,
            },
            {
              name: "target",
              label: "Which",
              required: true,
              hint: "192.0.2.9, 192.0.2.0/24, 2001:db8::/56, or a username",
            },
          ]),
      { name: "seconds", label: "For how long", options: BAN_TIMES, value: "3600" },
      { name: "reason", label: "Reason, kept in the audit log", value: because, max: 200 },
    ],
    onDone: async values => {
      const ban = await post("/bans", {
        kind: target ? kind : values.kind,
        target: target || values.target,
        reason: values.reason,
        ...(values.seconds ? { seconds: Number(values.seconds) } : {}),
      });
      toast(
        `Banned ${f.cut(ban.target, 30)}${values.seconds ? ` for ${BAN_TIMES.find(([s]) => s === values.seconds)[1]}` : ""}`,
        { undo: () => lift(ban) },
      );
      tryNow();
    },
  });
}

export const lift = ban =>
  attempt(
    async () => {
      await remove(`/bans/${segment(ban.id)}`);
      tryNow();
    },
    `Lifted the ban of ${f.cut(ban.target, 30)}`,
  );

// The path of one allocation: client, this server, peers; both directions with their rates.

import { h } from "../dom.js";
import * as f from "../format.js";
import { card, isActive, mono, pairs } from "../parts.js";

const BITS = 8;
const PEERS = 3;
const ADDRESS = 30;

export function pathPicture(s) {
  const down = f.rate(BITS * (s.downBytesPerSecond ?? 0));
  const up = f.rate(BITS * (s.upBytesPerSecond ?? 0));
  const peers = [...(s.detail?.peers ?? [])].sort((a, b) => (b.channel ? 1 : 0) - (a.channel ? 1 : 0));
  const rtt = s.detail?.roundTripSeconds;
  const by = `${s.transport.toUpperCase()}${rtt === undefined ? "" : `, ${f.latency(rtt * 1000)}`}`;
  const left = Math.max(0, (Date.parse(s.expires) - Date.now()) / 1000);
  const say = `Client ${s.client} reaches node ${s.node ?? ""} over ${by}; it relays at ${s.relayed.join(" and ")} to ${f.plural(peers.length, "peer")}. ${down} to the client, ${up} from it.`;
  return card(
    "Path",
    {
      key: "path",
      tools: h(
        "span",
        { class: "legend" },
        h("span", { class: "row" }, swatch("s1"), "to client"),
        h("span", { class: "row" }, swatch("s2"), "from client"),
      ),
    },
    h(
      "div",
      { class: "path" },
      h(
        "svg",
        { viewBox: "0 0 1040 168", role: "img", "aria-label": say },
        box(10, 260, "Client", [
          ["a", f.cut(s.client, ADDRESS)],
          ["m", s.client.startsWith("[") ? "IPv6" : "IPv4"],
          ["m", s.software ? f.cut(s.software, 32) : ""],
        ]),
        box(
          390,
          260,
          `Puente ${s.node ?? ""}`,
          [
            ["a", f.cut(s.relayed[0] ?? "", ADDRESS)],
            ["m", `lifetime ${f.count(s.lifetimeSeconds ?? NaN)} s, ${f.count(left)} s left`],
            ["m", s.relayed[1] ? f.cut(s.relayed[1], ADDRESS) : dropText(s)],
          ],
          true,
        ),
        box(770, 260, peers.length === 1 ? "Peer" : `Peers, ${f.count(peers.length)}`, peerLines(peers)),
        arrows(330, by, down, up, isActive(s)),
        arrows(710, "UDP", down, up, isActive(s)),
      ),
    ),
    h(
      "div",
      { class: "body path-narrow" },
      pairs([
        ["Client", mono(s.client)],
        ["to client", h("b", null, down), `, ${by}`],
        [`Puente ${s.node ?? ""}`, mono(s.relayed.join(", "))],
        ["to peers", h("b", null, up)],
        ...peers.slice(0, PEERS).map(p => ["Peer", mono(p.address)]),
      ]),
    ),
  );
}

const dropText = s => {
  const all = Object.values(s.detail?.dropped ?? {}).reduce((x, y) => x + y, 0);
  return `not relayed: ${f.count(all)} packets`;
};

function peerLines(peers) {
  if (peers.length === 0)
    return [
      ["m", "no permission yet: nothing"],
      ["m", "is relayed"],
    ];
  const [first, ...others] = peers;
  const ends = first.channel
    ? `channel ${first.channel}, ${until(first.channelEnds)}`
    : `permission, ${until(first.permissionEnds)}`;
  return [
    ["a", f.cut(first.address, ADDRESS)],
    ["m", ends],
    [
      "m",
      others.length > 0
        ? `also ${others
            .slice(0, 2)
            .map(p => p.address)
            .join(", ")}`.slice(0, 38)
        : "",
    ],
  ];
}

const until = t => (t ? `${f.age((Date.parse(t) - Date.now()) / 1000)} left` : "in force");

const box = (x, width, title, lines, isOurs) =>
  h(
    "g",
    null,
    h("rect", {
      class: `box${isOurs ? " us" : ""}`,
      x,
      y: isOurs ? 10 : 18,
      width,
      height: isOurs ? 140 : 124,
      rx: 10,
    }),
    h("text", { class: "b", x: x + 18, y: 44 }, f.cut(title, 26)),
    lines.map(([cls, text], i) => h("text", { class: cls, x: x + 18, y: 70 + i * 23 }, text)),
  );

function arrows(middle, word, down, up, isMoving) {
  const l = middle - 54;
  const r = middle + 54;
  if (!isMoving)
    return h(
      "g",
      null,
      h("text", { class: "m", x: middle, y: 34, "text-anchor": "middle" }, word),
      h("path", { class: "direct", d: `M${l} 80H${r}` }),
      h("text", { class: "m", x: middle, y: 104, "text-anchor": "middle" }, "idle"),
    );
  return h(
    "g",
    null,
    h("text", { class: "m", x: middle, y: 34, "text-anchor": "middle" }, word),
    h("path", { class: "out", d: `M${r} 56H${l + 14}` }),
    h("path", { class: "outh", d: `M${l} 56l16-8v16z` }),
    h("text", { x: middle, y: 78, "text-anchor": "middle" }, down),
    h("path", { class: "in", d: `M${l} 102H${r - 14}` }),
    h("path", { class: "inh", d: `M${r} 102l-16-8v16z` }),
    h("text", { x: middle, y: 124, "text-anchor": "middle" }, up),
  );
}

const swatch = colour =>
  h(
    "svg",
    { viewBox: "0 0 20 8", class: "plot", "aria-hidden": "true" },
    h("line", { class: colour, x1: 0, x2: 20, y1: 4, y2: 4 }),
  );

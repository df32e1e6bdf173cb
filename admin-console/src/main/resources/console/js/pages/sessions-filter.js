// The filter row of Sessions: words such as user:acme:* or rate>1M, kept in the URL as the API takes them.

import { age, cut, rate } from "../format.js";

const BITS = 8;
const show = v => cut(v, 34);

/** By the API's parameter. */
export const FILTERS = {
  user: { word: "user", show },
  client: { word: "client", show },
  peer: { word: "peer", show },
  room: { word: "room", show },
  node: { word: "node", show },
  transport: { word: "by", show: v => v.toUpperCase() },
  minBytesPerSecond: { word: "rate", show: v => `over ${rate(BITS * v)}` },
  minAgeSeconds: { word: "age", show: v => `over ${age(Number(v))}` },
};

const SCALE = { "": 1, k: 1e3, m: 1e6, g: 1e9 };
const SECONDS = { s: 1, "": 1, m: 60, min: 60, h: 3600, d: 86_400 };
const TRANSPORTS = ["udp", "tcp", "tls", "dtls"];

export function filterWords(words) {
  return Object.fromEntries(
    Object.keys(FILTERS)
      .map(name => [name, words.get(name)])
      .filter(([, value]) => value),
  );
}

/** @returns { words } for the URL, or { wrong } that says what was not understood. */
export function parseFilter(text) {
  const words = {};
  for (const part of text.trim().split(/\s+/).filter(Boolean)) {
    const wrong = parsePart(part, words);
    if (wrong) return { wrong };
  }
  return { words };
}

function parsePart(part, words) {
  const rateOver = /^(?:rate|out|in)>([\d.]+)([kmg]?)$/i.exec(part);
  if (rateOver) {
    words.minBytesPerSecond = Math.round((Number(rateOver[1]) * SCALE[rateOver[2].toLowerCase()]) / BITS);
    return null;
  }
  const older = /^age>([\d.]+)(s|m|min|h|d|)$/i.exec(part);
  if (older) {
    words.minAgeSeconds = Math.round(Number(older[1]) * SECONDS[older[2].toLowerCase()]);
    return null;
  }
  const [, name, value] = /^(user|client|peer|room|node|transport|by|state):(.+)$/i.exec(part) ?? [];
  if (name) return named(name.toLowerCase(), value, words);
  if (
    (/^[\d.]+(\/\d+)?$/.test(part) && part.includes(".")) ||
    (/^\[?[0-9a-f:]*:[0-9a-f:]+\]?$/i.test(part) && part.includes("::"))
  )
    words.client = part.replace(/[[\]]/g, "");
  else words.user = part.includes("*") ? part : `${part}*`;
  return null;
}

function named(name, value, words) {
  if (name === "transport" || name === "by") {
    if (!TRANSPORTS.includes(value.toLowerCase())) return `by: one of ${TRANSPORTS.join(", ")}`;
    words.transport = value.toLowerCase();
  } else if (name === "state" && !["active", "idle"].includes(value)) {
    return "state: active or idle";
  } else {
    words[name] = value;
  }
  return null;
}

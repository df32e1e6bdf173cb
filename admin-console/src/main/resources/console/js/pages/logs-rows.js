// How an event looks, wherever it is listed.

import { h } from "../dom.js";
import { fullTime, moment } from "../format.js";
import { state } from "../parts.js";
import { toNode } from "../router.js";

const LOOKS = {
  "node-down": ["crit", "Node down", "down"],
  "node-up": ["ok", "Node up"],
  started: ["ok", "Started"],
  stopping: ["info", "Stopping"],
  drain: ["info", "Drain"],
  undrain: ["ok", "Undrain"],
  reload: ["ok", "Reload"],
  certificate: ["ok", "Certificate"],
  alert: ["warn", "Warning"],
  "login-guessing": ["warn", "Guessing"],
};
const KIND = { ok: "ok", info: "info", warning: "warn", critical: "crit" };

export function eventRow(event) {
  const [kind, word, mark] = LOOKS[event.kind] ?? [KIND[event.severity] ?? "info", event.kind];
  const look = event.severity === "warning" || event.severity === "critical" ? KIND[event.severity] : kind;
  return h(
    "tr",
    { "data-key": event.id },
    h(
      "td",
      { "data-l": "When", class: "nowrap muted when" },
      h("time", { datetime: event.t, title: fullTime(event.t) }, moment(event.t)),
    ),
    h("td", { "data-l": "What", class: "nowrap" }, state(look, word, { mark })),
    h(
      "td",
      { class: "wide2" },
      h("span", { dir: "auto" }, event.text),
      event.by && h("span", { class: "muted" }, ` by ${event.by}`),
    ),
    h("td", { class: "num" }, event.node && h("a", { href: toNode(event.node) }, event.node)),
  );
}

// What the planner is asked: the cluster's measured inputs, what the visitor set, and the chosen "what if".

import { here } from "../router.js";
import { CONTROLS } from "./capacity-inputs.js";

/** What is asked: the cluster's measured inputs with the words of the URL on top. */
export function requestOf(ctx) {
  const request = structuredClone(ctx.feeds.inputs.value?.request ?? {});
  const { words } = here();
  for (const control of CONTROLS) {
    const text = words.get(control.key);
    if (text !== null && text !== "" && Number.isFinite(Number(text)))
      set(request, control.path, { value: Number(text), origin: "assumed", from: "you set it" });
  }
  if (at(request, "demand.bhca") === undefined && at(request, "demand.concurrentCalls") === undefined)
    set(request, "demand.bhca", { value: 6_000, origin: "default", from: "nothing was measured yet" });
  const members = ctx.overview()?.nodes?.total;
  if (at(request, "policy.nodesRunning") === undefined && members > 0) {
    set(request, "policy.nodesRunning", { value: members, origin: "measured", from: "members now" });
  }
  if (words.get("mix")) set(request, "demand.mix", [{ class: words.get("mix"), share: 1 }]);
  if (words.get("price")) set(request, "price.preset", words.get("price"));
  return withIf(request, words.get("if"));
}

function withIf(request, name) {
  const value = path => {
    const one = at(request, path);
    return typeof one === "object" && one !== null ? one.value : one;
  };
  const demand = ["demand.bhca", "demand.concurrentCalls", "demand.allocations"].filter(
    path => value(path) !== undefined,
  );
  if (name === "double")
    demand.forEach(path =>
      set(request, path, { value: 2 * value(path), origin: "assumed", from: "what if" }),
    );
  if (name === "relay40")
    set(request, "demand.relayRatio", { value: 0.4, origin: "assumed", from: "what if" });
  return request;
}

export const at = (tree, path) => path.split(".").reduce((part, name) => part?.[name], tree);

function set(tree, path, value) {
  const names = path.split(".");
  const last = names.pop();
  let part = tree;
  for (const name of names)
    part = part[name] = typeof part[name] === "object" && part[name] !== null ? part[name] : {};
  part[last] = value;
}

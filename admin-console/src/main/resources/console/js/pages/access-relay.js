// Who may relay: realms with their quotas, keys; revoking a credential.

import { h } from "../dom.js";
import { post, put, segment } from "../api.js";
import * as f from "../format.js";
import { button, card, empty, foreign, when } from "../parts.js";
import { ask, toast } from "../dialog.js";
import { again, changes, grid } from "./access-parts.js";
import { addSecret, addUser, rotate, secrets, users } from "./access-secrets.js";

export const relay = ctx => [
  realmsCard(ctx),
  h(
    "div",
    { class: "cols-2" },
    card(
      "Shared secrets",
      {
        hint: "for time-limited credentials",
        tools: [
          changes(ctx, "Add…", () => addSecret(ctx), { cls: "quiet" }),
          changes(ctx, "Rotate…", () => rotate(ctx), { cls: "quiet" }),
        ],
      },
      when(ctx.feeds.secrets, "secrets", answer => secrets(ctx, answer)),
    ),
    card(
      "TURN users",
      {
        hint: "with a password of their own",
        tools: changes(ctx, "Add…", () => addUser(ctx), { cls: "quiet" }),
      },
      when(ctx.feeds.users, "users", answer => users(ctx, answer)),
    ),
  ),
  keysCard(ctx),
];

function askQuota(ctx, realm) {
  const { quota } = realm;
  const whole = (name, label) => ({ name, label, type: "number", min: 0, value: String(quota[name]) });
  ask({
    title: `Quota of ${realm.name}`,
    action: "Set the quota",
    reason: true,
    effects: [
      {
        kind: "off",
        text: "Takes effect at once",
        more: "for new allocations; those that exist stay. It outlives a restart.",
      },
    ],
    fields: [
      whole("perUser", "Allocations of a user, 0 is no limit"),
      whole("perRealm", "Allocations of the realm"),
      whole("perSource", "Allocations of one client address"),
      whole("total", "Allocations in all"),
    ],
    onDone: async ({ perUser, perRealm, perSource, total, reason }) => {
      await put(`/realms/${segment(realm.name)}/quota`, {
        perUser: Number(perUser),
        perRealm: Number(perRealm),
        perSource: Number(perSource),
        total: Number(total),
        reason,
      });
      toast(`Quota of ${f.cut(realm.name, 30)} set`);
      again(ctx, "realms");
    },
  });
}

const revoke = () =>
  ask({
    title: "Revoke a credential?",
    action: "Revoke it",
    danger: true,
    reason: true,
    effects: [
      {
        kind: "crit",
        text: "This username is refused from now on;",
        more: "what it has allocated ends with its next Refresh.",
      },
    ],
    fields: [
      { name: "username", label: "The whole username, as in 1763641282:alice", required: true, max: 508 },
    ],
    onDone: async ({ username, reason }) => {
      await post("/credentials/revoke", { username, reason });
      toast(`Revoked ${f.cut(username, 36)}`);
    },
  });

function realmsCard(ctx) {
  return card(
    "Realms and quotas",
    { hint: "allocations at most; 0 is no limit" },
    when(ctx.feeds.realms, "realms", ({ realms }) =>
      grid(
        "Realms",
        ["Realm", "Signed by", "For a user", "For the realm", "For an address", "In all", "From", ""],
        realms.map(r =>
          h(
            "tr",
            { "data-key": r.name },
            h("td", { class: "lead" }, h("b", null, foreign(r.name, 36))),
            h(
              "td",
              { "data-l": "Signed by" },
              {
                both: "users and secrets",
                "long-term": "users",
                "shared-secret": "secrets",
                none: "nobody: open to all",
              }[r.authentication] ?? "–",
            ),
            ["perUser", "perRealm", "perSource", "total"].map((key, i) =>
              h(
                "td",
                { "data-l": ["For a user", "For the realm", "For an address", "In all"][i] },
                r.quota[key] > 0 ? f.count(r.quota[key]) : "no limit",
              ),
            ),
            h("td", { class: "muted", "data-l": "From" }, r.quota.origin),
            h(
              "td",
              { class: "num" },
              changes(ctx, "Quota…", () => askQuota(ctx, r), { label: `Quota of ${r.name}` }),
            ),
          ),
        ),
      ),
    ),
  );
}

function keysCard(ctx) {
  return card(
    "Keys",
    {
      hint: "api-key and public-key settings",
      tools: button("Revoke a credential…", () => revoke(), {
        cls: "quiet",
        disabled: !ctx.can("operator"),
        title: ctx.can("operator") ? null : "Needs operator",
      }),
    },
    when(ctx.feeds.keys, "keys", ({ keys }) =>
      keys.length === 0
        ? empty("No keys", "Back ends make credentials with an api-key; web pages with a public-key.", {
            kind: "none",
          })
        : grid(
            "Keys",
            ["Kind", "Key", "Locked to", "From"],
            keys.map(k =>
              h(
                "tr",
                { "data-key": k.kind + k.name },
                h("td", { "data-l": "Kind" }, k.kind),
                h("td", { class: "lead mono" }, foreign(k.name, 44)),
                h("td", { "data-l": "Locked to" }, k.origins?.join(", ") || "–"),
                h("td", { class: "muted", "data-l": "From" }, k.origin),
              ),
            ),
          ),
    ),
  );
}

// Who may come in here: accounts of people, tokens of machines.

import { h } from "../dom.js";
import { post, put, remove, segment } from "../api.js";
import * as f from "../format.js";
import { card, empty, when } from "../parts.js";
import { ask, attempt, toast } from "../dialog.js";
import { again, changes, grid, once } from "./access-parts.js";

const ROLES = [
  ["viewer", "viewer: looks"],
  ["operator", "operator: also drains, closes, bans"],
  ["admin", "admin: also secrets, users, accounts"],
];

export const accounts = ctx =>
  card(
    "Console accounts",
    { tools: changes(ctx, "Add…", () => addAccount(ctx), { cls: "quiet" }) },
    when(ctx.feeds.accounts, "accounts", ({ accounts: all }) =>
      all.length === 0
        ? empty(
            "No account yet",
            "The first is made at the sign-in page with the set-up token, which is in the file setup-token in state-dir.",
            { kind: "none" },
          )
        : grid(
            "Console accounts",
            ["Name", "Role", "Last sign-in", "Open sessions", ""],
            all.map(a =>
              h(
                "tr",
                { "data-key": a.name },
                h(
                  "td",
                  { class: "lead" },
                  h("b", null, a.name),
                  a.name === ctx.visitor.name && h("span", { class: "muted" }, " you"),
                ),
                h("td", { "data-l": "Role" }, a.role),
                h("td", { "data-l": "Last sign-in" }, a.lastLogin ? f.moment(a.lastLogin) : "never"),
                h("td", { "data-l": "Open sessions" }, f.count(a.sessions)),
                h(
                  "td",
                  { class: "num nowrap" },
                  changes(ctx, "Change…", () => changeAccount(ctx, a), {
                    cls: "quiet",
                    label: `Change ${a.name}`,
                  }),
                  changes(
                    ctx,
                    "Sign out",
                    () =>
                      attempt(
                        () => post(`/accounts/${segment(a.name)}/logout`),
                        `${a.name} is signed out everywhere`,
                      ),
                    { cls: "quiet", label: `Sign out ${a.name}` },
                  ),
                  changes(ctx, "Remove…", () => removeAccount(ctx, a), {
                    cls: "quiet",
                    label: `Remove ${a.name}`,
                  }),
                ),
              ),
            ),
          ),
    ),
  );

const password = ctx => ({
  name: "password",
  label: "Password",
  type: "password",
  autocomplete: "new-password",
  hint: `At least ${ctx.visitor.passwordLengthMin ?? 10} characters`,
});

const addAccount = ctx =>
  ask({
    title: "Add an account?",
    action: "Add",
    reason: true,
    fields: [
      { name: "name", label: "Name", required: true, max: 64 },
      { name: "role", label: "Role", options: ROLES, value: "viewer" },
      { ...password(ctx), required: true },
    ],
    onDone: async values => {
      await post("/accounts", values);
      toast(`Added ${values.name}`);
      again(ctx, "accounts");
    },
  });

const changeAccount = (ctx, a) =>
  ask({
    title: `Change ${a.name}?`,
    action: "Change",
    reason: true,
    effects: [
      a.sessions > 0 && {
        kind: "warn",
        text: `${f.plural(a.sessions, "console session")} of ${a.name} ${a.sessions === 1 ? "ends" : "end"}.`,
      },
    ],
    fields: [
      { name: "role", label: "Role", options: ROLES, value: a.role },
      { ...password(ctx), hint: "Empty: stays as it is" },
    ],
    onDone: async ({ role, password: text, reason }) => {
      await put(`/accounts/${segment(a.name)}`, { role, ...(text ? { password: text } : {}), reason });
      toast(`Changed ${a.name}`);
      again(ctx, "accounts");
    },
  });

const removeAccount = (ctx, a) =>
  ask({
    title: `Remove ${a.name}?`,
    action: "Remove",
    danger: true,
    typed: a.name,
    effects: [
      {
        kind: "crit",
        text: `${a.name} cannot sign in any more,`,
        more: `and ${f.plural(a.sessions, "session")} end.`,
      },
    ],
    onDone: async () => {
      await remove(`/accounts/${segment(a.name)}`);
      toast(`Removed ${a.name}`);
      again(ctx, "accounts");
    },
  });

export const tokens = ctx =>
  card(
    "API tokens",
    {
      hint: "for machines: Authorization: Bearer",
      tools: changes(ctx, "Make…", () => addToken(ctx), { cls: "quiet" }),
    },
    when(ctx.feeds.tokens, "tokens", ({ tokens: all }) =>
      all.length === 0
        ? empty(
            "No tokens",
            "Scripts and dashboards come in with a token of their own, with the least role they need.",
            { kind: "none" },
          )
        : grid(
            "API tokens",
            ["Name", "Role", "Made", "Last used", "Ends", ""],
            all.map(t =>
              h(
                "tr",
                { "data-key": t.id },
                h("td", { class: "lead" }, h("b", null, t.name)),
                h("td", { "data-l": "Role" }, t.role),
                h(
                  "td",
                  { "data-l": "Made" },
                  f.moment(t.created),
                  t.createdBy && h("span", { class: "muted" }, ` by ${t.createdBy.replace(/^account:/, "")}`),
                ),
                h("td", { "data-l": "Last used" }, t.lastUsed ? f.moment(t.lastUsed) : "not since the start"),
                h("td", { "data-l": "Ends" }, t.expires ? f.day(t.expires) : "never"),
                h(
                  "td",
                  { class: "num" },
                  changes(ctx, "Revoke…", () => revokeToken(ctx, t), {
                    cls: "quiet",
                    label: `Revoke ${t.name}`,
                  }),
                ),
              ),
            ),
          ),
    ),
  );

const addToken = ctx =>
  ask({
    title: "Make an API token?",
    action: "Make it",
    reason: true,
    fields: [
      { name: "name", label: "Name: what uses it", required: true, max: 64 },
      { name: "role", label: "Role", options: ROLES, value: "viewer" },
      {
        name: "expiresDays",
        label: "Good for",
        options: [
          ["30", "30 days"],
          ["90", "90 days"],
          ["365", "a year"],
          ["", "until revoked"],
        ],
        value: "90",
      },
    ],
    onDone: async ({ name, role, expiresDays, reason }) => {
      const made = await post("/tokens", {
        name,
        role,
        reason,
        ...(expiresDays ? { expiresDays: Number(expiresDays) } : {}),
      });
      again(ctx, "tokens");
      return once("The new token", [["Token", made.token]]);
    },
  });

const revokeToken = (ctx, t) =>
  ask({
    title: `Revoke ${t.name}?`,
    action: "Revoke",
    danger: true,
    effects: [{ kind: "crit", text: "Whatever uses it is turned away with 401 from now on." }],
    onDone: async () => {
      await remove(`/tokens/${segment(t.id)}`);
      toast(`Revoked ${t.name}`);
      again(ctx, "tokens");
    },
  });

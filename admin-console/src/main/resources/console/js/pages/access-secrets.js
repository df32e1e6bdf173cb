// Shared secrets and TURN users: add, rotate, change, remove.

import { h } from "../dom.js";
import { post, put, remove, segment } from "../api.js";
import * as f from "../format.js";
import { empty, foreign, state } from "../parts.js";
import { toUser } from "../router.js";
import { ask, toast } from "../dialog.js";
import { again, changes, grid, once } from "./access-parts.js";

export function secrets(ctx, { secrets: all }) {
  if (all.length === 0)
    return empty("No shared secret", "With one, a back end makes credentials that end by themselves.", {
      kind: "none",
    });
  return grid(
    "Shared secrets",
    ["Secret", "State", "From", ""],
    all.map(s =>
      h(
        "tr",
        { "data-key": s.id },
        h("td", { class: "lead" }, h("code", null, `${s.id}…`)),
        h(
          "td",
          { "data-l": "State" },
          s.ends
            ? state("warn", `ends ${f.moment(s.ends)}`)
            : s.signing
              ? state("ok", "signs new ones")
              : state("off", "accepted"),
        ),
        h("td", { class: "muted", "data-l": "From" }, s.origin, s.created && `, ${f.moment(s.created)}`),
        h(
          "td",
          { class: "num" },
          changes(ctx, "Remove…", () => removeSecret(ctx, s), {
            disabled: !ctx.can("admin") || !s.removable,
            title: s.removable ? null : "From the configuration: take it out there",
            label: `Remove secret ${s.id}`,
          }),
        ),
      ),
    ),
  );
}

export const addSecret = ctx =>
  ask({
    title: "Add a shared secret?",
    action: "Add it",
    reason: true,
    effects: [{ kind: "ok", text: "Credentials made with the old ones stay good." }],
    fields: [
      {
        name: "secret",
        label: "Secret, at least 16 characters",
        hint: "Empty: one is made, and shown this once",
      },
    ],
    onDone: async ({ secret, reason }) => {
      const made = await post("/secrets", { ...(secret ? { secret } : {}), reason });
      again(ctx, "secrets");
      return made.secret ? once("The new secret", [["Secret", made.secret]]) : null;
    },
  });

export function rotate(ctx) {
  const realm = ctx.feeds.realms?.value?.realms?.[0]?.name ?? "self";
  ask({
    title: `Rotate the secret of ${realm}?`,
    action: "Rotate it",
    reason: true,
    danger: true,
    typed: "rotate",
    effects: [
      { kind: "ok", text: "A new secret signs from now on." },
      {
        kind: "warn",
        text: "The old ones end after the overlap:",
        more: "whoever still makes credentials with them is refused then.",
      },
    ],
    fields: [
      {
        name: "overlapSeconds",
        label: "Overlap",
        options: [
          ["3600", "1 hour"],
          ["86400", "1 day"],
          ["604800", "1 week"],
          ["0", "none: end the old ones now"],
        ],
        value: "86400",
      },
    ],
    onDone: async ({ overlapSeconds, reason }) => {
      const made = await post(`/secrets/${segment(realm)}/rotate`, {
        overlapSeconds: Number(overlapSeconds),
        reason,
      });
      again(ctx, "secrets");
      return once("The new secret", [["Secret", made.secret ?? ""]]);
    },
  });
}

const removeSecret = (ctx, s) =>
  ask({
    title: `Remove secret ${s.id}?`,
    action: "Remove it",
    danger: true,
    effects: [
      {
        kind: "crit",
        text: "Credentials made with it are refused from now on;",
        more: "sessions that exist end with their next Refresh.",
      },
    ],
    onDone: async () => {
      await remove(`/secrets/${segment(s.id)}`);
      toast("Secret removed");
      again(ctx, "secrets");
    },
  });

export function users(ctx, { users: all, total }) {
  if (all.length === 0)
    return empty("No users with a password", "Prefer shared secrets: their credentials end by themselves.", {
      kind: "none",
    });
  return [
    grid(
      "TURN users",
      ["User", "From", ""],
      all.map(u =>
        h(
          "tr",
          { "data-key": u.name },
          h("td", { class: "lead" }, h("a", { href: toUser(u.name) }, foreign(u.name, 30))),
          h("td", { class: "muted", "data-l": "From" }, u.origin),
          h(
            "td",
            { class: "num" },
            u.removable
              ? [
                  changes(ctx, "Password…", () => newPassword(ctx, u), {
                    cls: "quiet",
                    label: `New password for ${u.name}`,
                  }),
                  changes(ctx, "Remove…", () => removeUser(ctx, u), {
                    cls: "quiet",
                    label: `Remove ${u.name}`,
                  }),
                ]
              : h("span", { class: "muted small" }, "change it there"),
          ),
        ),
      ),
    ),
    total > all.length && h("p", { class: "foot muted" }, `${f.count(all.length)} of ${f.count(total)}`),
  ];
}

export const addUser = ctx =>
  ask({
    title: "Add a TURN user?",
    action: "Add",
    reason: true,
    fields: [
      { name: "name", label: "Name", required: true, max: 508 },
      {
        name: "password",
        label: "Password",
        type: "password",
        autocomplete: "new-password",
        hint: "Empty: one is made, and shown this once",
      },
    ],
    onDone: async ({ name, password, reason }) => {
      const made = await post("/users", { name, ...(password ? { password } : {}), reason });
      again(ctx, "users");
      return made.password
        ? once("The new user", [
            ["User", made.name],
            ["Password", made.password],
          ])
        : toast(`Added ${f.cut(name, 30)}`);
    },
  });

const newPassword = (ctx, u) =>
  ask({
    title: `New password for ${f.cut(u.name, 30)}?`,
    action: "Change it",
    reason: true,
    effects: [{ kind: "warn", text: "The old one is refused from now on." }],
    fields: [
      {
        name: "password",
        label: "Password",
        type: "password",
        autocomplete: "new-password",
        hint: "Empty: one is made, and shown this once",
      },
    ],
    onDone: async ({ password, reason }) => {
      const made = await put(`/users/${segment(u.name)}`, { ...(password ? { password } : {}), reason });
      return made.password
        ? once("The new password", [
            ["User", made.name],
            ["Password", made.password],
          ])
        : toast("Password changed");
    },
  });

const removeUser = (ctx, u) =>
  ask({
    title: `Remove ${f.cut(u.name, 30)}?`,
    action: "Remove",
    danger: true,
    effects: [
      {
        kind: "crit",
        text: "Its requests are refused from now on;",
        more: "what it has allocated ends with its next Refresh.",
      },
    ],
    onDone: async () => {
      await remove(`/users/${segment(u.name)}`);
      toast(`Removed ${f.cut(u.name, 30)}`);
      again(ctx, "users");
    },
  });

// Who may relay, and who may come in here: realms, TURN users, secrets, keys, credentials; accounts, tokens.

import { h } from "../dom.js";
import { post, put, remove, segment } from "../api.js";
import * as f from "../format.js";
import { button, card, empty, foreign, pairs, state, when } from "../parts.js";
import { here, to, toUser, tweak } from "../router.js";
import { ask, attempt, copy, toast } from "../dialog.js";

const TABS = [["relay", "Who may relay"], ["credentials", "Make credentials"], ["accounts", "Console accounts"], ["tokens", "API tokens"]];
const ROLES = [["viewer", "viewer: looks"], ["operator", "operator: also drains, closes, bans"], ["admin", "admin: also secrets, users, accounts"]];
const NEEDS_ADMIN = "Needs admin";
const tabOf = () => TABS.some(([key]) => key === here().words.get("tab")) ? here().words.get("tab") : "relay";

export default {
  title: () => "Access",
  feeds: () => ({
    relay: { realms: { path: "/realms", every: 10_000 }, users: { path: "/users", every: 10_000 }, secrets: { path: "/secrets", every: 10_000 }, keys: { path: "/keys", every: 60_000 } },
    credentials: {}, accounts: { accounts: { path: "/accounts", every: 10_000 } }, tokens: { tokens: { path: "/tokens", every: 10_000 } },
  })[tabOf()],
  begin(ctx) { ctx.state.credential = null; },
  view(ctx) {
    const views = { relay: () => relay(ctx), credentials: () => credentials(ctx), accounts: () => accounts(ctx), tokens: () => tokens(ctx) };
    return h("section", { class: "page", "aria-labelledby": "title" }, h("div", { class: "page-head" }, h("h1", { id: "title", tabindex: -1 }, "Access")),
      h("nav", { class: "tabs", "aria-label": "Access" }, TABS.map(([key, word]) => h("a", { href: to("/access", { tab: key === "relay" ? null : key }), "aria-current": key === tabOf() ? "page" : null }, word))), views[tabOf()]());
  },
};

/** What is shown this once, and never again. */
const once = (title, rows) => ({ title, body: h("div", { class: "page" }, h("p", null, h("b", null, "Shown this once. "), "Keep it now: nobody can show it again."),
  h("dl", { class: "pairs" }, rows.map(([name, value]) => [h("dt", null, name), h("dd", null, h("code", { class: "once" }, value), " ", button("Copy", () => copy(value, name), { cls: "quiet tiny" }))]))) });

const changes = (ctx, word, onclick, more = {}) => button(word, onclick, { disabled: !ctx.can("admin"), title: ctx.can("admin") ? null : NEEDS_ADMIN, ...more });

const grid = (caption, heads, rows) => h("div", { class: "tablewrap" }, h("table", { class: "cards", "aria-label": caption }, h("thead", null, h("tr", null, heads.map(word => h("th", { scope: "col" }, word || h("span", { class: "sr" }, "Actions"))))), h("tbody", null, rows)));

const again = (ctx, name) => ctx.feeds[name]?.retry();

// ---- who may relay

const relay = ctx => [
  card("Realms and quotas", { hint: "allocations at most; 0 is no limit" }, when(ctx.feeds.realms, "realms", ({ realms }) => grid("Realms", ["Realm", "Signed by", "For a user", "For an address", "In all", "From", ""], realms.map(r => h("tr", { "data-key": r.name },
    h("td", { class: "lead" }, h("b", null, foreign(r.name, 36))), h("td", { "data-l": "Signed by" }, { both: "users and secrets", "long-term": "users", "shared-secret": "secrets", none: "nobody: open to all" }[r.authentication] ?? "–"),
    ["perUser", "perSource", "total"].map((key, i) => h("td", { "data-l": ["For a user", "For an address", "In all"][i] }, r.quota[key] > 0 ? f.count(r.quota[key]) : "no limit")), h("td", { class: "muted", "data-l": "From" }, r.quota.origin),
    h("td", { class: "num" }, changes(ctx, "Quota…", () => askQuota(ctx, r), { label: `Quota of ${r.name}` }))))))),
  h("div", { class: "cols-2" },
    card("Shared secrets", { hint: "for time-limited credentials", tools: [changes(ctx, "Add…", () => addSecret(ctx), { cls: "quiet" }), changes(ctx, "Rotate…", () => rotate(ctx), { cls: "quiet" })] }, when(ctx.feeds.secrets, "secrets", answer => secrets(ctx, answer))),
    card("TURN users", { hint: "with a password of their own", tools: changes(ctx, "Add…", () => addUser(ctx), { cls: "quiet" }) }, when(ctx.feeds.users, "users", answer => users(ctx, answer)))),
  card("Keys", { hint: "api-key and public-key settings", tools: button("Revoke a credential…", () => revoke(), { cls: "quiet", disabled: !ctx.can("operator"), title: ctx.can("operator") ? null : "Needs operator" }) }, when(ctx.feeds.keys, "keys", ({ keys }) => keys.length === 0 ? empty("No keys", "Back ends make credentials with an api-key; web pages with a public-key.", { kind: "none" })
    : grid("Keys", ["Kind", "Key", "Locked to", "From"], keys.map(k => h("tr", { "data-key": k.kind + k.name }, h("td", { "data-l": "Kind" }, k.kind), h("td", { class: "lead mono" }, foreign(k.name, 44)), h("td", { "data-l": "Locked to" }, k.origins?.join(", ") || "–"), h("td", { class: "muted", "data-l": "From" }, k.origin)))))),
];

function askQuota(ctx, realm) {
  const { quota } = realm;
  const whole = (name, label) => ({ name, label, type: "number", min: 0, value: String(quota[name]) });
  ask({ title: `Quota of ${realm.name}`, action: "Set the quota", reason: true, effects: [{ kind: "off", text: "Takes effect at once", more: "for new allocations; those that exist stay. It outlives a restart." }],
    fields: [whole("perUser", "Allocations of a user, 0 is no limit"), whole("perSource", "Allocations of one client address"), whole("total", "Allocations in all")],
    onDone: async ({ perUser, perSource, total, reason }) => { await put(`/realms/${segment(realm.name)}/quota`, { perUser: Number(perUser), perSource: Number(perSource), total: Number(total), reason }); toast(`Quota of ${f.cut(realm.name, 30)} set`); again(ctx, "realms"); } });
}

function secrets(ctx, { secrets: all }) {
  if (all.length === 0) return empty("No shared secret", "With one, a back end makes credentials that end by themselves.", { kind: "none" });
  return grid("Shared secrets", ["Secret", "State", "From", ""], all.map(s => h("tr", { "data-key": s.id }, h("td", { class: "lead" }, h("code", null, `${s.id}…`)),
    h("td", { "data-l": "State" }, s.ends ? state("warn", `ends ${f.moment(s.ends)}`) : s.signing ? state("ok", "signs new ones") : state("off", "accepted")), h("td", { class: "muted", "data-l": "From" }, s.origin, s.created && `, ${f.moment(s.created)}`),
    h("td", { class: "num" }, changes(ctx, "Remove…", () => removeSecret(ctx, s), { disabled: !ctx.can("admin") || !s.removable, title: s.removable ? null : "From the configuration: take it out there", label: `Remove secret ${s.id}` })))));
}

const addSecret = ctx => ask({ title: "Add a shared secret?", action: "Add it", reason: true, effects: [{ kind: "ok", text: "Credentials made with the old ones stay good." }],
  fields: [{ name: "secret", label: "Secret, at least 16 characters", hint: "Empty: one is made, and shown this once" }],
  onDone: async ({ secret, reason }) => { const made = await post("/secrets", { ...(secret ? { secret } : {}), reason }); again(ctx, "secrets"); return made.secret ? once("The new secret", [["Secret", made.secret]]) : null; } });

function rotate(ctx) {
  const realm = ctx.feeds.realms?.value?.realms?.[0]?.name ?? "self";
  ask({ title: `Rotate the secret of ${realm}?`, action: "Rotate it", reason: true, danger: true, typed: "rotate", effects: [{ kind: "ok", text: "A new secret signs from now on." }, { kind: "warn", text: "The old ones end after the overlap:", more: "whoever still makes credentials with them is refused then." }],
    fields: [{ name: "overlapSeconds", label: "Overlap", options: [["3600", "1 hour"], ["86400", "1 day"], ["604800", "1 week"], ["0", "none: end the old ones now"]], value: "86400" }],
    onDone: async ({ overlapSeconds, reason }) => { const made = await post(`/secrets/${segment(realm)}/rotate`, { overlapSeconds: Number(overlapSeconds), reason }); again(ctx, "secrets"); return once("The new secret", [["Secret", made.secret ?? ""]]); } });
}

const removeSecret = (ctx, s) => ask({ title: `Remove secret ${s.id}?`, action: "Remove it", danger: true, effects: [{ kind: "crit", text: "Credentials made with it are refused from now on;", more: "sessions that exist end with their next Refresh." }],
  onDone: async () => { await remove(`/secrets/${segment(s.id)}`); toast("Secret removed"); again(ctx, "secrets"); } });

function users(ctx, { users: all, total }) {
  if (all.length === 0) return empty("No users with a password", "Prefer shared secrets: their credentials end by themselves.", { kind: "none" });
  return [grid("TURN users", ["User", "From", ""], all.map(u => h("tr", { "data-key": u.name }, h("td", { class: "lead" }, h("a", { href: toUser(u.name) }, foreign(u.name, 30))), h("td", { class: "muted", "data-l": "From" }, u.origin),
    h("td", { class: "num" }, u.removable ? [changes(ctx, "Password…", () => newPassword(ctx, u), { cls: "quiet", label: `New password for ${u.name}` }), changes(ctx, "Remove…", () => removeUser(ctx, u), { cls: "quiet", label: `Remove ${u.name}` })] : h("span", { class: "muted small" }, "change it there"))))),
  total > all.length && h("p", { class: "foot muted" }, `${f.count(all.length)} of ${f.count(total)}`)];
}

const addUser = ctx => ask({ title: "Add a TURN user?", action: "Add", reason: true, fields: [{ name: "name", label: "Name", required: true, max: 508 }, { name: "password", label: "Password", type: "password", autocomplete: "new-password", hint: "Empty: one is made, and shown this once" }],
  onDone: async ({ name, password, reason }) => { const made = await post("/users", { name, ...(password ? { password } : {}), reason }); again(ctx, "users"); return made.password ? once("The new user", [["User", made.name], ["Password", made.password]]) : toast(`Added ${f.cut(name, 30)}`); } });

const newPassword = (ctx, u) => ask({ title: `New password for ${f.cut(u.name, 30)}?`, action: "Change it", reason: true, effects: [{ kind: "warn", text: "The old one is refused from now on." }], fields: [{ name: "password", label: "Password", type: "password", autocomplete: "new-password", hint: "Empty: one is made, and shown this once" }],
  onDone: async ({ password, reason }) => { const made = await put(`/users/${segment(u.name)}`, { ...(password ? { password } : {}), reason }); return made.password ? once("The new password", [["User", made.name], ["Password", made.password]]) : toast("Password changed"); } });

const removeUser = (ctx, u) => ask({ title: `Remove ${f.cut(u.name, 30)}?`, action: "Remove", danger: true, effects: [{ kind: "crit", text: "Its requests are refused from now on;", more: "what it has allocated ends with its next Refresh." }],
  onDone: async () => { await remove(`/users/${segment(u.name)}`); toast(`Removed ${f.cut(u.name, 30)}`); again(ctx, "users"); } });

const revoke = () => ask({ title: "Revoke a credential?", action: "Revoke it", danger: true, reason: true, effects: [{ kind: "crit", text: "This username is refused from now on;", more: "what it has allocated ends with its next Refresh." }], fields: [{ name: "username", label: "The whole username, as in 1763641282:alice", required: true, max: 508 }],
  onDone: async ({ username, reason }) => { await post("/credentials/revoke", { username, reason }); toast(`Revoked ${f.cut(username, 36)}`); } });

// ---- credentials

function credentials(ctx) {
  const { credential } = ctx.state;
  const mayNot = !ctx.can("operator");
  return h("div", { class: "cols-2" }, card("Make a credential", { hint: "time-limited, for one user" }, h("form", { class: "body page", onsubmit: event => make(event, ctx) },
    h("div", { class: "field" }, h("label", { for: "cred-user" }, "User"), h("input", { class: "input", id: "cred-user", name: "user", required: true, initial: "test", maxlength: 256, autocomplete: "off", spellcheck: "false" })),
    h("div", { class: "field" }, h("label", { for: "cred-ttl" }, "Good for"), h("select", { class: "select", id: "cred-ttl", name: "ttl" }, [["600", "10 min"], ["3600", "1 hour"], ["86400", "1 day"]].map(([value, word]) => h("option", { value, selected: value === "3600" }, word)))),
    ctx.state.problem && h("p", { class: "is-crit", role: "alert" }, ctx.state.problem), h("div", { class: "row" }, h("button", { class: "btn primary", type: "submit", disabled: mayNot }, "Make it"), mayNot && h("span", { class: "small muted" }, "Needs operator")))),
  card("For RTCPeerConnection", { tools: credential && button("Copy", () => copy(JSON.stringify(credential.iceServers, null, 2), "iceServers"), { cls: "quiet" }) }, credential ? h("div", { class: "body page" }, pairs([["Username", h("code", null, credential.username)], ["Password", h("code", null, credential.password)], credential.realm && ["Realm", credential.realm], ["Good until", f.moment(credential.expires)]]),
    h("pre", { class: "mono small code", tabindex: 0 }, JSON.stringify(credential.iceServers, null, 2))) : empty("Make one, and its iceServers stand here", "Or run the ICE test, which makes its own.", { kind: "none", actions: h("a", { class: "btn", href: to("/diag") }, "Open the ICE test") })));
}

async function make(event, ctx) {
  event.preventDefault();
  const { user, ttl } = event.target.elements;
  ctx.state.problem = null;
  ctx.state.credential = await post("/credentials", { user: user.value, ttlSeconds: Number(ttl.value), reason: "made in the console" }).catch(problem => { ctx.state.problem = problem.message; return null; });
  ctx.draw();
}

// ---- accounts and tokens

const accounts = ctx => card("Console accounts", { tools: changes(ctx, "Add…", () => addAccount(ctx), { cls: "quiet" }) }, when(ctx.feeds.accounts, "accounts", ({ accounts: all }) => all.length === 0 ? empty("No account yet", "As long as there is none, whoever is on this machine may do everything. The set-up token is in the log of the first start.", { kind: "none" })
  : grid("Console accounts", ["Name", "Role", "Last sign-in", "Open sessions", ""], all.map(a => h("tr", { "data-key": a.name }, h("td", { class: "lead" }, h("b", null, a.name), a.name === ctx.visitor.name && h("span", { class: "muted" }, " you")), h("td", { "data-l": "Role" }, a.role), h("td", { "data-l": "Last sign-in" }, a.lastLogin ? f.moment(a.lastLogin) : "never"), h("td", { "data-l": "Open sessions" }, f.count(a.sessions)),
    h("td", { class: "num nowrap" }, changes(ctx, "Change…", () => changeAccount(ctx, a), { cls: "quiet", label: `Change ${a.name}` }), changes(ctx, "Sign out", () => attempt(() => post(`/accounts/${segment(a.name)}/logout`), `${a.name} is signed out everywhere`), { cls: "quiet", label: `Sign out ${a.name}` }), changes(ctx, "Remove…", () => removeAccount(ctx, a), { cls: "quiet", label: `Remove ${a.name}` })))))));

const password = ctx => ({ name: "password", label: "Password", type: "password", autocomplete: "new-password", hint: `At least ${ctx.visitor.passwordLengthMin ?? 10} characters` });

const addAccount = ctx => ask({ title: "Add an account?", action: "Add", reason: true, fields: [{ name: "name", label: "Name", required: true, max: 64 }, { name: "role", label: "Role", options: ROLES, value: "viewer" }, { ...password(ctx), required: true }],
  onDone: async values => { await post("/accounts", values); toast(`Added ${values.name}`); again(ctx, "accounts"); } });

const changeAccount = (ctx, a) => ask({ title: `Change ${a.name}?`, action: "Change", reason: true, effects: [a.sessions > 0 && { kind: "warn", text: `${f.plural(a.sessions, "console session")} of ${a.name} ${a.sessions === 1 ? "ends" : "end"}.` }], fields: [{ name: "role", label: "Role", options: ROLES, value: a.role }, { ...password(ctx), hint: "Empty: stays as it is" }],
  onDone: async ({ role, password: text, reason }) => { await put(`/accounts/${segment(a.name)}`, { role, ...(text ? { password: text } : {}), reason }); toast(`Changed ${a.name}`); again(ctx, "accounts"); } });

const removeAccount = (ctx, a) => ask({ title: `Remove ${a.name}?`, action: "Remove", danger: true, typed: a.name, effects: [{ kind: "crit", text: `${a.name} cannot sign in any more,`, more: `and ${f.plural(a.sessions, "session")} end.` }],
  onDone: async () => { await remove(`/accounts/${segment(a.name)}`); toast(`Removed ${a.name}`); again(ctx, "accounts"); } });

const tokens = ctx => card("API tokens", { hint: "for machines: Authorization: Bearer", tools: changes(ctx, "Make…", () => addToken(ctx), { cls: "quiet" }) }, when(ctx.feeds.tokens, "tokens", ({ tokens: all }) => all.length === 0 ? empty("No tokens", "Scripts and dashboards come in with a token of their own, with the least role they need.", { kind: "none" })
  : grid("API tokens", ["Name", "Role", "Made", "Last used", "Ends", ""], all.map(t => h("tr", { "data-key": t.id }, h("td", { class: "lead" }, h("b", null, t.name)), h("td", { "data-l": "Role" }, t.role), h("td", { "data-l": "Made" }, f.moment(t.created), t.createdBy && h("span", { class: "muted" }, ` by ${t.createdBy.replace(/^account:/, "")}`)),
    h("td", { "data-l": "Last used" }, t.lastUsed ? f.moment(t.lastUsed) : "not since the start"), h("td", { "data-l": "Ends" }, t.expires ? f.day(t.expires) : "never"), h("td", { class: "num" }, changes(ctx, "Revoke…", () => revokeToken(ctx, t), { cls: "quiet", label: `Revoke ${t.name}` })))))));

const addToken = ctx => ask({ title: "Make an API token?", action: "Make it", reason: true, fields: [{ name: "name", label: "Name: what uses it", required: true, max: 64 }, { name: "role", label: "Role", options: ROLES, value: "viewer" }, { name: "expiresDays", label: "Good for", options: [["30", "30 days"], ["90", "90 days"], ["365", "a year"], ["", "until revoked"]], value: "90" }],
  onDone: async ({ name, role, expiresDays, reason }) => { const made = await post("/tokens", { name, role, reason, ...(expiresDays ? { expiresDays: Number(expiresDays) } : {}) }); again(ctx, "tokens"); return once("The new token", [["Token", made.token]]); } });

const revokeToken = (ctx, t) => ask({ title: `Revoke ${t.name}?`, action: "Revoke", danger: true, effects: [{ kind: "crit", text: "Whatever uses it is turned away with 401 from now on." }], onDone: async () => { await remove(`/tokens/${segment(t.id)}`); toast(`Revoked ${t.name}`); again(ctx, "tokens"); } });

// Who may relay, and who may come in here: realms, TURN users, secrets, keys, credentials; accounts, tokens.

import { h } from "../dom.js";
import { post } from "../api.js";
import * as f from "../format.js";
import { button, card, empty, pairs } from "../parts.js";
import { here, to } from "../router.js";
import { copy } from "../dialog.js";
import { relay } from "./access-relay.js";
import { accounts, tokens } from "./access-people.js";

const TABS = [
  ["relay", "Who may relay"],
  ["credentials", "Make credentials"],
  ["accounts", "Console accounts"],
  ["tokens", "API tokens"],
];
const tabOf = () =>
  TABS.some(([key]) => key === here().words.get("tab")) ? here().words.get("tab") : "relay";

export default {
  title: () => "Access",
  feeds: () =>
    ({
      relay: {
        realms: { path: "/realms", every: 10_000 },
        users: { path: "/users", every: 10_000 },
        secrets: { path: "/secrets", every: 10_000 },
        keys: { path: "/keys", every: 60_000 },
      },
      credentials: {},
      accounts: { accounts: { path: "/accounts", every: 10_000 } },
      tokens: { tokens: { path: "/tokens", every: 10_000 } },
    })[tabOf()],
  begin(ctx) {
    ctx.state.credential = null;
  },
  view(ctx) {
    const views = {
      relay: () => relay(ctx),
      credentials: () => credentials(ctx),
      accounts: () => accounts(ctx),
      tokens: () => tokens(ctx),
    };
    return h(
      "section",
      { class: "page", "aria-labelledby": "title" },
      h("div", { class: "page-head" }, h("h1", { id: "title", tabindex: -1 }, "Access")),
      h(
        "nav",
        { class: "tabs", "aria-label": "Access" },
        TABS.map(([key, word]) =>
          h(
            "a",
            {
              href: to("/access", { tab: key === "relay" ? null : key }),
              "aria-current": key === tabOf() ? "page" : null,
            },
            word,
          ),
        ),
      ),
      views[tabOf()](),
    );
  },
};

// ---- credentials

function credentials(ctx) {
  const { credential } = ctx.state;
  const mayNot = !ctx.can("operator");
  return h("div", { class: "cols-2" }, orderCard(ctx, mayNot), credentialCard(credential));
}

async function make(event, ctx) {
  event.preventDefault();
  const { user, ttl } = event.target.elements;
  ctx.state.problem = null;
  ctx.state.credential = await post("/credentials", {
    user: user.value,
    ttlSeconds: Number(ttl.value),
    reason: "made in the console",
  }).catch(problem => {
    ctx.state.problem = problem.message;
    return null;
  });
  ctx.draw();
}

function orderCard(ctx, mayNot) {
  return card(
    "Make a credential",
    { hint: "time-limited, for one user" },
    h(
      "form",
      { class: "body page", onsubmit: event => make(event, ctx) },
      h(
        "div",
        { class: "field" },
        h("label", { for: "cred-user" }, "User"),
        h("input", {
          class: "input",
          id: "cred-user",
          name: "user",
          required: true,
          initial: "test",
          maxlength: 256,
          autocomplete: "off",
          spellcheck: "false",
        }),
      ),
      h(
        "div",
        { class: "field" },
        h("label", { for: "cred-ttl" }, "Good for"),
        h(
          "select",
          { class: "select", id: "cred-ttl", name: "ttl" },
          [
            ["600", "10 min"],
            ["3600", "1 hour"],
            ["86400", "1 day"],
          ].map(([value, word]) => h("option", { value, selected: value === "3600" }, word)),
        ),
      ),
      ctx.state.problem && h("p", { class: "is-crit", role: "alert" }, ctx.state.problem),
      h(
        "div",
        { class: "row" },
        h("button", { class: "btn primary", type: "submit", disabled: mayNot }, "Make it"),
        mayNot && h("span", { class: "small muted" }, "Needs operator"),
      ),
    ),
  );
}

function credentialCard(credential) {
  return card(
    "For RTCPeerConnection",
    {
      tools:
        credential &&
        button("Copy", () => copy(JSON.stringify(credential.iceServers, null, 2), "iceServers"), {
          cls: "quiet",
        }),
    },
    credential
      ? h(
          "div",
          { class: "body page" },
          pairs([
            ["Username", h("code", null, credential.username)],
            ["Password", h("code", null, credential.password)],
            credential.realm && ["Realm", credential.realm],
            ["Good until", f.moment(credential.expires)],
          ]),
          h("pre", { class: "mono small code", tabindex: 0 }, JSON.stringify(credential.iceServers, null, 2)),
        )
      : empty("Make one, and its iceServers stand here", "Or run the ICE test, which makes its own.", {
          kind: "none",
          actions: h("a", { class: "btn", href: to("/diag") }, "Open the ICE test"),
        }),
  );
}

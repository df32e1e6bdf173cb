// The door: first start (set-up token, first account), sign-in, and what to do when the node is away.

import { fill, glyph, h } from "./dom.js";
import { post } from "./api.js";

const RETRY_MS = 3_000;

/** What the way by another server ends with, in `?sign-in=`. */
const ENDS = {
  unavailable: "The other server does not answer as it should. Try again, or use a name and a password.",
  state: "That sign-in was not begun in this browser, or too long ago. Begin again.",
  refused: "The other server did not let you in.",
  token: "What the other server says of you cannot be trusted. The log says why.",
  role: "The other server knows you, but gives you no role here.",
  busy: "Too many sign-ins at once. Wait half a minute.",
  insecure: "Over plain HTTP others would read along: come by an SSH tunnel to localhost, or by HTTPS.",
};

/** Said once: a reload asks anew. */
function ending() {
  const word = new URLSearchParams(location.search).get("sign-in");
  if (word === null) return null;
  history.replaceState(null, "", `${location.pathname}${location.hash}`);
  return Object.hasOwn(ENDS, word) ? { message: ENDS[word] } : null;
}

/** `onLook` goes in without an account, which who is on the machine may do while there is none. */
export function drawLogin(app, visitor, { onDone, onLook }) {
  const own = { app, visitor, onDone, onLook, problem: visitor.problem ?? ending(), isBusy: false };
  document.title = `${visitor.state === "setup" ? "Set up" : "Sign in"}, Puente`;
  draw(own);
  app.querySelector("input")?.focus();
  if (visitor.state === "unreachable") setTimeout(onDone, RETRY_MS);
}

function draw(own) {
  const view = { setup: setUp, unreachable: away }[own.visitor.state] ?? signIn;
  fill(
    own.app,
    h(
      "main",
      { class: "door", id: "main", tabindex: -1 },
      h(
        "div",
        { class: "doorbrand" },
        h("svg", { "aria-hidden": "true" }, h("use", { href: "#i-logo" })),
        h("span", null, "Puente"),
      ),
      view(own),
    ),
  );
}

const where = visitor =>
  visitor.cluster || visitor.node
    ? h(
        "p",
        { class: "muted" },
        `${visitor.cluster ?? visitor.node}${visitor.version ? `, version ${visitor.version}` : ""}`,
      )
    : null;

function form(own, title, more, fields, action, path) {
  return h(
    "form",
    { class: "card doorcard", onsubmit: event => submit(event, own, path) },
    h("h1", { tabindex: -1 }, title),
    where(own.visitor),
    more,
    fields.map(field),
    own.problem &&
      h(
        "div",
        { class: "banner crit flat", role: "alert" },
        glyph("no"),
        h("span", { class: "t" }, own.problem.message),
      ),
    h(
      "button",
      { class: "btn primary big", type: "submit", disabled: own.isBusy },
      own.isBusy ? "One moment…" : action,
    ),
    own.visitor.singleSignOn &&
      h(
        "a",
        { class: "btn big", href: "/api/v1/auth/oidc" },
        `Sign in with ${own.visitor.singleSignOn}`,
      ),
    own.visitor.method === "loopback" &&
      h("button", { class: "btn quiet", type: "button", onclick: own.onLook }, "Go in without an account"),
  );
}

const field = ({ name, label, type = "text", autocomplete, hint }) =>
  h(
    "div",
    { class: "field" },
    h("label", { for: name }, label),
    h("input", {
      class: "input big",
      id: name,
      name,
      type,
      autocomplete,
      required: true,
      spellcheck: "false",
      autocapitalize: "off",
      "aria-describedby": hint ? `${name}-hint` : null,
    }),
    hint && h("span", { class: "small muted", id: `${name}-hint` }, hint),
  );

const signIn = own =>
  form(
    own,
    "Sign in",
    null,
    [
      { name: "name", label: "Name", autocomplete: "username" },
      { name: "password", label: "Password", type: "password", autocomplete: "current-password" },
    ],
    "Sign in",
    "/auth/login",
  );

const setUp = own =>
  form(
    own,
    "Set up the console",
    h(
      "p",
      { class: "muted" },
      "No account exists yet. The set-up token is in the file ",
      h("code", null, "setup-token"),
      " in state-dir, which only the server's user may read.",
    ),
    [
      { name: "token", label: "Set-up token", autocomplete: "one-time-code" },
      { name: "name", label: "Your name, as an admin", autocomplete: "username" },
      {
        name: "password",
        label: "Password",
        type: "password",
        autocomplete: "new-password",
        hint: `At least ${own.visitor.passwordLengthMin ?? 10} characters. A sentence is good.`,
      },
    ],
    "Make the account",
    "/auth/setup",
  );

const away = own =>
  h(
    "div",
    { class: "card doorcard" },
    h("h1", { tabindex: -1 }, "The node does not answer"),
    h(
      "p",
      { class: "muted", role: "status" },
      own.problem?.message ?? "",
      " It is asked again every few seconds.",
    ),
    h("button", { class: "btn", type: "button", onclick: own.onDone }, "Try now"),
  );

async function submit(event, own, path) {
  event.preventDefault();
  if (own.isBusy) return;
  const values = Object.fromEntries(new FormData(event.target));
  own.isBusy = true;
  own.problem = null;
  draw(own);
  try {
    await post(path, values);
    own.onDone();
  } catch (problem) {
    own.isBusy = false;
    own.problem =
      problem.status === 429 && problem.retryAfter
        ? { message: `${problem.message} Try again in ${problem.retryAfter} s.` }
        : problem;
    draw(own);
  }
}

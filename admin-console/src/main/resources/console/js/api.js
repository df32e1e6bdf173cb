// Talks to /api/v1. What goes wrong comes as a Problem whose message is a sentence for people.

export const BASE = "/api/v1";
const LIMIT_MS = 15_000;

let csrf = "";
let onSignedOut = () => {};

/** A refusal or failure: RFC 9457's fields, and sentences where the server gave none. */
export class Problem extends Error {
  constructor(status, fields, asked) {
    super(fields.detail || fields.title || SENTENCES[status] || `The server answered ${status}.`);
    this.status = status;
    this.asked = asked;
    this.fields = fields;
    this.retryAfter = fields.retryAfter;
  }

  /** This node has no such page of the API, or does not keep what it would show. */
  get isAbsent() {
    return this.status === 404 || this.status === 501;
  }

  get isRefused() {
    return this.status === 403;
  }
}

const SENTENCES = {
  0: "This node does not answer.",
  401: "You are signed out.",
  403: "Your role does not allow this.",
  404: "This node does not have that.",
  409: "The state of the node does not allow this now.",
  429: "Too many requests. Wait a moment.",
  500: "The node failed here; its log has more.",
  503: "The node is busy or starting.",
};

export function useSession(session, signedOut) {
  csrf = session?.csrfToken ?? "";
  onSignedOut = signedOut ?? onSignedOut;
}

export const get = (path, options) => call("GET", path, undefined, options);
export const post = (path, body = {}) => call("POST", path, body);
export const put = (path, body = {}) => call("PUT", path, body);
export const remove = (path, body) => call("DELETE", path, body);

/** A path under /api/v1 with its query; empty and missing words are left out. */
export function url(path, words = {}) {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(words)) {
    if (value !== null && value !== undefined && value !== "") query.set(name, value);
  }
  const text = query.toString();
  return BASE + path + (text ? `?${text}` : "");
}

export const segment = encodeURIComponent;

async function call(method, path, body, { signal, ifMatch } = {}) {
  const asked = `${method} ${path}`;
  const headers = { Accept: "application/json, application/problem+json" };
  if (method !== "GET") {
    headers["Puente-Request"] = "1"; // who is on the machine, as long as no account exists
    if (csrf) headers["Puente-CSRF"] = csrf;
  }
  if (ifMatch) headers["If-Match"] = ifMatch;
  if (body !== undefined) headers["Content-Type"] = "application/json";
  const limit = AbortSignal.timeout(LIMIT_MS);
  let response;
  try {
    response = await (early(asked) ?? fetch(path.startsWith("/") && !path.startsWith(BASE) ? BASE + path : path, {
      method,
      headers,
      credentials: "same-origin",
      cache: "no-store",
      redirect: "error",
      body: body === undefined ? undefined : JSON.stringify(body),
      signal: signal ? AbortSignal.any([signal, limit]) : limit,
    }));
  } catch (failed) {
    if (signal?.aborted) throw failed;
    throw new Problem(0, failed.name === "TimeoutError" ? { detail: "No answer within 15 s." } : {}, asked);
  }
  const content = await read(response);
  if (response.ok) return content;
  const fields = content && typeof content === "object" ? content : {};
  const problem = new Problem(
    response.status,
    { ...fields, retryAfter: response.headers.get("Retry-After") },
    asked,
  );
  if (response.status === 401 && !path.startsWith("/auth")) onSignedOut(problem);
  throw problem;
}

/** What `early.js` has asked before this was here; once. */
function early(asked) {
  if (asked !== "GET /auth") return undefined;
  const answer = globalThis.earlyAuth;
  globalThis.earlyAuth = undefined;
  return answer;
}

async function read(response) {
  const text = await response.text().catch(() => "");
  if (!/json/.test(response.headers.get("Content-Type") ?? "")) return text;
  try {
    return text ? JSON.parse(text) : null;
  } catch {
    return null;
  }
}

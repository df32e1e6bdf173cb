// Which page a route names.

import overview from "./pages/overview.js";
import nodes from "./pages/nodes.js";
import node from "./pages/node.js";
import sessions from "./pages/sessions.js";
import session from "./pages/session.js";
import why from "./pages/why.js";
import top from "./pages/top.js";
import signaling from "./pages/signaling.js";
import capacity from "./pages/capacity.js";
import security from "./pages/security.js";
import access from "./pages/access.js";
import logs from "./pages/logs.js";
import config from "./pages/config.js";
import diag from "./pages/diag.js";

const LISTS = { nodes, sessions, top, signaling, capacity, security, access, logs, config, diag };
const SINGLE = { nodes: node, sessions: session };

/** The page, and its name: the same page for another node or session begins anew. */
export function pageFor({ parts }) {
  const [kind, id] = parts;
  if (!kind) return { page: overview, id: "/" };
  if (kind === "sessions" && id === "why") return { page: why, id: "/sessions/why" };
  if (id !== undefined && SINGLE[kind]) return { page: SINGLE[kind], id: `/${kind}/${id}` };
  if (LISTS[kind]) return { page: LISTS[kind], id: `/${kind}` };
  return { page: overview, id: "/" };
}

// Before the first paint: the theme that the visitor chose, if any.
try {
  const chosen = localStorage.getItem("puente-theme");
  if (chosen === "light" || chosen === "dark") document.documentElement.dataset.theme = chosen;
} catch {
  /* no storage in a private window: the system's setting holds */
}

// Who is there: asked while the rest of the console is still on its way. `api.js` takes the answer.
globalThis.earlyAuth = fetch("/api/v1/auth", {
  headers: { Accept: "application/json, application/problem+json" },
  credentials: "same-origin",
  cache: "no-store",
  redirect: "error",
});
globalThis.earlyAuth.catch(() => {});

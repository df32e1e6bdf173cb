// Before the first paint: the theme that the visitor chose, if any.
try {
  const chosen = localStorage.getItem("puente-theme");
  if (chosen === "light" || chosen === "dark") document.documentElement.dataset.theme = chosen;
} catch {
  /* no storage in a private window: the system's setting holds */
}

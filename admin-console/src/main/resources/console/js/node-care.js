// Which nodes need care, and how urgently.

const RANKS = { down: 0, critical: 1, warning: 2, stopping: 3, draining: 4, drained: 5, serving: 6 };

/** Small is urgent. */
export const rankOf = node =>
  !node.alive
    ? RANKS.down
    : node.severity === "critical"
      ? RANKS.critical
      : node.severity === "warning" && node.state === "serving"
        ? RANKS.warning
        : (RANKS[node.state] ?? RANKS.serving);

export const needsCare = node => node.severity === "critical" || node.severity === "warning";

package puente.launcher;

import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import puente.admin.Alert;
import puente.admin.Alerts;
import puente.admin.EventLog;
import puente.launcher.Alternates.Standing;
import puente.launcher.NodeState.Phase;

/** Sees what changes in the cluster, and writes it down. For the control loop. */
final class NodeEvents {

  private static final String GONE = "node-gone";
  private static final String ALL_OUT = "alternates-out";

  private final EventLog log;
  private final Alerts alerts;
  private final String own;
  private final Map<String, NodeState> known = new HashMap<>();
  private Map<String, Boolean> isInByAlternate = Map.of();
  private Phase phase = Phase.SERVING;

  NodeEvents(EventLog log, Alerts alerts, String own) {
    this.log = log;
    this.alerts = alerts;
    this.own = own;
  }

  private void add(String kind, String severity, String node, String text) {
    log.add(System.currentTimeMillis(), kind, severity, node, text, "");
  }

  void started() {
    add("started", "info", own, own + " started, " + VersionCommand.version());
  }

  void look(List<NodeState> nodes) {
    for (NodeState node : nodes) {
      NodeState before = known.put(node.id(), node);
      if (!node.id().equals(own)) {
        compare(before == null ? node.withAlive(false) : before, node);
      }
    }
    // Who is not even listed any more is not missed any more.
    alerts.endAll(
        key ->
            key.startsWith(GONE)
                && nodes.stream().noneMatch(node -> key.equals(Alerts.key(GONE, node.id()))),
        System.currentTimeMillis());
  }

  private void compare(NodeState before, NodeState now) {
    if (!before.alive() && now.alive()) {
      add("node-up", "info", now.id(), now.id() + " joined");
      alerts.end(Alerts.key(GONE, now.id()), System.currentTimeMillis());
    } else if (before.alive() && !now.alive()) {
      boolean wished = now.phase() == Phase.STOPPING || now.phase() == Phase.DRAINED;
      String text = wished ? " left" : " is gone; it had " + now.load().allocations();
      String end = wished ? "" : " allocations";
      add("node-down", wished ? "info" : "critical", now.id(), now.id() + text + end);
      if (!wished) {
        gone(now);
      }
    }
  }

  private void gone(NodeState node) {
    alerts.raise(
        new Alert(
            Alerts.key(GONE, node.id()),
            "critical",
            node.id(),
            node.id() + " is gone; it had " + node.load().allocations() + " allocations",
            "The others go on for its clients by UDP; see its log",
            "#/nodes/" + node.id(),
            System.currentTimeMillis(),
            0));
  }

  /** The servers outside the cluster that clients are sent to, as they are now. */
  void alternates(List<Standing> standings) {
    Map<String, Boolean> now = new HashMap<>();
    for (Standing one : standings) {
      String name = one.target().address() + " " + NodeMetrics.text(one.target().transport());
      now.put(name, one.isIn());
      boolean was = isInByAlternate.getOrDefault(name, true);
      if (was && !one.isIn()) {
        add("alternate-out", "warning", own, name + " does not answer: no client is sent there");
      } else if (!was && one.isIn()) {
        add("alternate-in", "ok", own, name + " answers again: clients are sent there");
      }
    }
    isInByAlternate = now;
    long nowMs = System.currentTimeMillis();
    if (!now.isEmpty() && !now.containsValue(true)) {
      alerts.raise(
          new Alert(
              Alerts.key(ALL_OUT, own),
              "warning",
              own,
              "None of the other servers of " + own + " answers",
              "Clients are served here; see the hosts of alternate-server and its kin",
              "#/nodes/" + own,
              nowMs,
              0));
    } else {
      alerts.end(Alerts.key(ALL_OUT, own), nowMs);
    }
  }

  /** This node's own. */
  void phase(Phase now, Optional<Drain.Plan> plan) {
    if (now == phase) {
      return;
    }
    Phase before = phase;
    phase = now;
    switch (now) {
      case SERVING -> add("undrain", "info", own, own + " takes new allocations again");
      case DRAINING -> {
        String why =
            plan.map(of -> ": " + of.reason() + ", until " + Instant.ofEpochMilli(of.deadlineMs()))
                .orElse("");
        add("drain", "info", own, own + " drains" + why);
      }
      case DRAINED -> add("drain", "info", own, own + " is drained");
      case STOPPING -> {
        if (before != Phase.STOPPING) {
          add("stopping", "info", own, own + " stops");
        }
      }
    }
  }
}

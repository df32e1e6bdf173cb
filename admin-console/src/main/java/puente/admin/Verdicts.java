package puente.admin;

import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import puente.admin.Cluster.Gathered;
import puente.admin.NodeView.NodeInfo;
import puente.series.Figure;

/** A page's first sentence: how it is, up to three causes, and what to do about each. */
final class Verdicts {

  private static final int CAUSES_MAX = 3;

  /** One thing that is not as it should be. */
  record Cause(String severity, String text, String page, String advice) {
    JsonObject json() {
      return new JsonObject()
          .put("severity", severity)
          .put("text", text)
          .put("page", page)
          .put("advice", advice);
    }
  }

  private Verdicts() {}

  static JsonObject of(
      List<NodeInfo> nodes,
      Gathered found,
      Map<String, Map<Figure, Double>> byNode,
      JsonArray resources) {
    List<Cause> causes = new ArrayList<>();
    for (NodeInfo node : nodes) {
      if (!node.alive()) {
        causes.add(
            new Cause(
                "critical",
                node.id() + " is down",
                "#/nodes/" + node.id(),
                "Its clients find another node by themselves; see its log."));
      }
    }
    found.missing().forEach(node -> causes.add(silent(node)));
    byNode.forEach((node, figures) -> ofNode(node, figures, causes));
    for (Object each : resources) {
      ofResource((JsonObject) each, causes);
    }
    causes.sort(Comparator.comparing(cause -> cause.severity.equals("critical") ? 0 : 1));
    long serving =
        nodes.stream().filter(node -> node.alive() && node.phase().equals("serving")).count();
    String severity = causes.isEmpty() ? "ok" : causes.getFirst().severity;
    String text =
        serving
            + " of "
            + nodes.size()
            + (nodes.size() == 1 ? " node serving" : " nodes serving")
            + (causes.isEmpty() ? "" : " · " + causes.size() + " to look at");
    JsonArray shown = new JsonArray();
    causes.stream().limit(CAUSES_MAX).forEach(cause -> shown.add(cause.json()));
    return new JsonObject().put("severity", severity).put("text", text).put("causes", shown);
  }

  private static Cause silent(String node) {
    return new Cause(
        "warning",
        node + " does not answer within half a second",
        "#/nodes/" + node,
        "Its numbers are missing here: the sums are at least.");
  }

  private static void ofNode(String node, Map<Figure, Double> figures, List<Cause> causes) {
    double drops = figures.getOrDefault(Figure.KERNEL_DROPS, 0.0);
    if (drops > 0) {
      causes.add(
          new Cause(
              "warning",
              node + ": the kernel drops " + Math.round(drops) + " datagrams/s",
              "#/nodes/" + node,
              "Raise net.core.rmem_max and the socket buffer, or move load away."));
    }
    double lag = figures.getOrDefault(Figure.LOOP_LAG, 0.0);
    if (lag > 0.1) {
      causes.add(
          new Cause(
              "warning",
              node + ": an event loop was " + Math.round(1000 * lag) + " ms late",
              "#/nodes/" + node,
              "The machine is short of processor, or something blocks: look at its threads."));
    }
  }

  private static void ofResource(JsonObject row, List<Cause> causes) {
    double used = row.getDouble("fullestUsed", 0.0);
    if (used > row.getDouble("target", 1.0)) {
      String node = row.getString("fullestNode", "");
      causes.add(
          new Cause(
              used > 0.95 ? "critical" : "warning",
              node + ": " + row.getString("resource") + " " + Overview.percent(used),
              "#/capacity",
              "The planner says how many nodes are missing."));
    }
  }
}

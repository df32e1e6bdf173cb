package puente.admin;

import io.vertx.core.json.JsonObject;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import puente.admin.Cluster.Gathered;
import puente.admin.NodeView.NodeInfo;
import puente.series.Figure;

/**
 * What a drain would mean: how full the nodes that serve on become if they carry what this one
 * carries now.
 *
 * @param others how many nodes serve on
 * @param alone whether there is no other node at all
 * @param rest shares that they reach, by resource
 */
record DrainPreview(
    long allocations, long relaying, int others, boolean alone, Map<String, Double> rest) {

  /** Below this what keeps a processor busy is not the relay, and stays where it is. */
  private static final double PACKETS_OF_WORK = 1000;

  /**
   * @param found each node's part of the overview
   */
  static DrainPreview of(String id, List<NodeInfo> nodes, Gathered found) {
    Map<String, Map<Figure, Double>> others = new TreeMap<>();
    Map<String, Double> limits = new TreeMap<>();
    boolean alone = true;
    for (NodeInfo node : nodes) {
      boolean isOther = node.alive() && !node.id().equals(id);
      alone &= !isOther;
      JsonObject part = found.byNode().get(node.id());
      if (isOther && part != null && node.phase().equals("serving")) {
        others.put(node.id(), Overview.figures(part));
        limits.put(node.id(), part.getDouble("egressLimit", 0.0));
      }
    }
    Map<Figure, Double> leaving =
        Overview.figures(found.byNode().getOrDefault(id, new JsonObject()));
    return new DrainPreview(
        Math.round(of(leaving, Figure.ALLOC_TOTAL)),
        Math.round(of(leaving, Figure.ALLOC_ACTIVE)),
        others.size(),
        alone,
        others.isEmpty() ? Map.of() : rest(leaving, others, limits));
  }

  /**
   * Shares by resource.
   *
   * @param leaving what the others take over
   * @param limits egress in bytes per second by node; 0 if there is no limit
   */
  static Map<String, Double> rest(
      Map<Figure, Double> leaving,
      Map<String, Map<Figure, Double>> others,
      Map<String, Double> limits) {
    Map<String, Double> rest = new TreeMap<>();
    rest.put(
        "ports",
        (Overview.sum(others, Figure.PORTS_USED) + of(leaving, Figure.PORTS_USED))
            / Math.max(1, Overview.sum(others, Figure.PORTS_LIMIT)));
    double packets = of(leaving, Figure.RELAY_UP_PACKETS) + of(leaving, Figure.RELAY_DOWN_PACKETS);
    double work = packets < PACKETS_OF_WORK ? 0 : of(leaving, Figure.PROCESSOR);
    rest.put("processor", Overview.sum(others, Figure.PROCESSOR) + work / others.size());
    if (limits.values().stream().allMatch(limit -> limit > 0)) {
      double all = limits.values().stream().mapToDouble(Double::doubleValue).sum();
      double egress =
          Overview.sum(others, Figure.RELAY_UP)
              + Overview.sum(others, Figure.RELAY_DOWN)
              + of(leaving, Figure.RELAY_UP)
              + of(leaving, Figure.RELAY_DOWN);
      rest.put("egress", egress / all);
    }
    return rest;
  }

  private static double of(Map<Figure, Double> figures, Figure figure) {
    return figures.getOrDefault(figure, 0.0);
  }

  /** Whether it may be done without more words; a node that is alone has no choice. */
  boolean fits() {
    return alone || others > 0 && rest.values().stream().allMatch(share -> share <= 1);
  }

  JsonObject json() {
    JsonObject shares = new JsonObject();
    rest.forEach(shares::put);
    return new JsonObject()
        .put("allocations", allocations)
        .put("relaying", relaying)
        .put("rest", shares)
        .put("fits", fits())
        .put("text", text());
  }

  private String text() {
    if (alone) {
      return "There is no other node: new clients get nothing while it drains.";
    }
    if (others == 0) {
      return "None of the other nodes serves and answers: new clients would get nothing.";
    }
    List<String> reached = new ArrayList<>();
    rest.forEach(
        (resource, share) -> reached.add(Overview.percent(share) + " of their " + words(resource)));
    return allocations
        + " allocations go on here until they end; "
        + (others == 1 ? "the other node would reach " : "the " + others + " others would reach ")
        + String.join(", ", reached)
        + ".";
  }

  private static String words(String resource) {
    return resource.equals("processor") ? "processors" : resource;
  }

  /** RFC 9457: refused, with the numbers. */
  Answer refusal() {
    return Answer.problem(
        409, text() + " Add a node first, or drain all the same with \"force\": true.", json());
  }
}

package puente.admin;

import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import puente.admin.Cluster.Gathered;
import puente.series.Figure;

/** If a zone fails now: how full the nodes of the others get. */
final class ZoneLoss {
  private ZoneLoss() {}

  /**
   * @param found each node's part of the overview
   * @return as live.yaml has it; empty where all nodes are in one zone, or do not say in which
   */
  static JsonArray of(Gathered found) {
    Map<String, String> zoneByNode = new TreeMap<>();
    found.byNode().forEach((node, part) -> zoneByNode.put(node, part.getString("zone", "")));
    TreeSet<String> zones = new TreeSet<>(zoneByNode.values());
    zones.remove("");
    JsonArray losses = new JsonArray();
    if (zones.size() > 1) {
      zones.forEach(zone -> losses.add(loss(zone, zoneByNode, found)));
    }
    return losses;
  }

  private static JsonObject loss(String zone, Map<String, String> zoneByNode, Gathered found) {
    Map<Figure, Double> leaving = new EnumMap<>(Figure.class);
    Map<String, Map<Figure, Double>> others = new TreeMap<>();
    Map<String, Double> limits = new HashMap<>();
    found
        .byNode()
        .forEach(
            (node, part) -> {
              Map<Figure, Double> figures = Overview.figures(part);
              if (zone.equals(zoneByNode.get(node))) {
                figures.forEach((figure, value) -> leaving.merge(figure, value, Double::sum));
              } else {
                others.put(node, figures);
                limits.put(node, part.getDouble("egressLimit", 0.0));
              }
            });
    Map<String, Double> rest = DrainPreview.rest(leaving, others, limits);
    JsonObject used = new JsonObject();
    rest.forEach(used::put);
    List<String> over =
        rest.entrySet().stream()
            .filter(entry -> entry.getValue() > 1)
            .map(Map.Entry::getKey)
            .toList();
    return new JsonObject()
        .put("zone", zone)
        .put("used", used)
        .put("ok", over.isEmpty())
        .put(
            "text",
            over.isEmpty()
                ? "The nodes of the other zones can carry it."
                : "The other zones are short of " + String.join(" and ", over) + ".");
  }
}

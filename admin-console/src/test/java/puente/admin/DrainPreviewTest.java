package puente.admin;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.vertx.core.json.JsonObject;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import puente.admin.NodeView.NodeInfo;
import puente.series.Figure;

/** Whether the others could carry what a node carries that is to be drained. */
class DrainPreviewTest {

  private final List<NodeInfo> nodes = new ArrayList<>();
  private final Map<String, JsonObject> parts = new TreeMap<>();

  private void node(String id, String phase, Map<Figure, Double> figures, double egressMax) {
    nodes.add(new NodeInfo(id, false, true, phase, 0, 0, 0, 0, Optional.empty()));
    JsonObject json = new JsonObject();
    figures.forEach((figure, value) -> json.put(figure.key(), value));
    parts.put(id, new JsonObject().put("figures", json).put("egressLimit", egressMax));
  }

  private DrainPreview draining(String id) {
    return DrainPreview.of(id, nodes, new Cluster.Gathered(parts, List.of()));
  }

  private JsonObject part(String id) {
    return parts.getOrDefault(id, new JsonObject());
  }

  private double reached(String resource) {
    return draining("a").rest().getOrDefault(resource, Double.NaN);
  }

  private static Map<Figure, Double> ports(double used) {
    return Map.of(Figure.PORTS_USED, used, Figure.PORTS_LIMIT, 100.0, Figure.ALLOC_TOTAL, used);
  }

  @Test
  void fitsAsLongAsTheRestHasPorts() {
    node("a", "serving", ports(60), 0);
    node("b", "serving", ports(70), 0);
    node("c", "serving", ports(70), 0);
    assertTrue(draining("a").fits());
    assertEquals(1.0, reached("ports"), 1e-9);
    part("b").getJsonObject("figures").put(Figure.PORTS_USED.key(), 74.0);
    assertFalse(draining("a").fits());
    assertTrue(draining("a").json().getString("text").contains("102 % of their ports"));
  }

  @Test
  void whoDrainsItselfCarriesNothingMore() {
    node("a", "serving", ports(10), 0);
    node("b", "draining", ports(0), 0);
    node("c", "serving", ports(95), 0);
    assertFalse(draining("a").fits());
    assertEquals(1, draining("a").others());
    nodes.removeLast();
    assertFalse(draining("a").fits(), "nobody is left that serves");
    nodes.removeLast();
    assertTrue(draining("a").fits(), "alone there is no choice");
  }

  @Test
  void egressCountsWhereAllHaveALimit() {
    node("a", "serving", Map.of(Figure.RELAY_UP, 30.0, Figure.RELAY_DOWN, 30.0), 100);
    node("b", "serving", Map.of(Figure.RELAY_UP, 30.0, Figure.RELAY_DOWN, 30.0), 100);
    assertEquals(1.2, reached("egress"), 1e-9);
    assertFalse(draining("a").fits());
    part("b").put("egressLimit", 0.0);
    assertTrue(draining("a").fits());
  }

  /** A node that relays next to nothing takes no work along, however busy its machine is. */
  @Test
  void theProcessorCountsWhereItRelays() {
    node("a", "serving", Map.of(Figure.PROCESSOR, 0.9, Figure.RELAY_UP_PACKETS, 10.0), 0);
    node("b", "serving", Map.of(Figure.PROCESSOR, 0.9), 0);
    assertTrue(draining("a").fits());
    part("a").getJsonObject("figures").put(Figure.RELAY_UP_PACKETS.key(), 50_000.0);
    assertEquals(1.8, reached("processor"), 1e-9);
    assertFalse(draining("a").fits());
  }
}

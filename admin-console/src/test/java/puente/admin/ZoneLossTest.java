package puente.admin;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import puente.series.Figure;

/** How full the other zones get if one fails. */
class ZoneLossTest {

  private final Map<String, JsonObject> parts = new TreeMap<>();

  private void node(String id, String zone, double portsUsed) {
    JsonObject figures =
        new JsonObject()
            .put(Figure.PORTS_USED.key(), portsUsed)
            .put(Figure.PORTS_LIMIT.key(), 100.0);
    parts.put(id, new JsonObject().put("figures", figures).put("zone", zone));
  }

  private JsonArray losses() {
    return ZoneLoss.of(new Cluster.Gathered(parts, List.of()));
  }

  @Test
  void eachZoneWouldBeCarriedByTheOthers() {
    node("n1", "a", 60);
    node("n2", "a", 60);
    node("n3", "b", 30);
    node("n4", "c", 30);
    JsonObject a = losses().getJsonObject(0);
    assertEquals("a", a.getString("zone"));
    assertEquals(0.9, a.getJsonObject("used").getDouble("ports"), 1e-9);
    assertTrue(a.getBoolean("ok"));
    assertEquals(3, losses().size());
    node("n4", "c", 60);
    assertFalse(losses().getJsonObject(0).getBoolean("ok"));
    assertTrue(losses().getJsonObject(0).getString("text").contains("ports"));
  }

  @Test
  void whereThereIsOneZoneThereIsNothingToSay() {
    node("n1", "a", 60);
    node("n2", "", 60);
    assertEquals(0, losses().size());
  }
}

package puente.launcher;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.vertx.core.json.JsonObject;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.stream.IntStream;
import org.HdrHistogram.Histogram;
import org.junit.jupiter.api.Test;
import puente.load.Profile;
import puente.plan.CallClass;

/** What {@code puente load} says, whatever it measured. */
class LoadReportTest {
  @Test
  void textAndJsonHaveTheSameFigures() {
    Histogram times = new Histogram(60_000_000_000L, 3);
    IntStream.rangeClosed(1, 100).forEach(ms -> times.recordValue(ms * 1_000_000L));
    LoadReport report =
        new LoadReport("turn", List.of(LoadThreshold.parse("rtt_p99<20ms")))
            .put("lost", 0.5)
            .put("sent", 1250)
            .putPercentiles(times)
            .stage("401 round", times)
            .line("a note");
    JsonObject json = new JsonObject(report.json(""));
    assertEquals(1, json.getInteger("schemaVersion"));
    assertEquals(99, json.getJsonObject("measured").getDouble("p99"), 0.1);
    assertEquals(100, json.getJsonObject("steps").getJsonObject("401_round").getInteger("count"));
    assertFalse(json.getJsonObject("thresholds").getBoolean("rtt_p99<20ms"));
    assertFalse(report.isKept());
    assertTrue(report.text().contains("BROKEN  rtt_p99<20ms   (99."), report.text());
    assertTrue(report.text().contains("a note"));
    assertTrue(report.text().contains("lost                              0.500 %\n"));
    assertTrue(report.text().contains("sent                          1,250\n"));
  }

  /** USL with known parameters: the fit finds them, and the peak they mean. */
  @Test
  void aSeriesOfLoadsIsFitted() {
    double alpha = 0.05;
    double beta = 0.002;
    List<LoadCapacity.Step> steps =
        IntStream.of(1, 2, 4, 8, 16, 32)
            .mapToObj(
                n ->
                    new LoadCapacity.Step(
                        1000 * n,
                        1000 * n / (1 + alpha * (n - 1) + beta * n * (n - 1)),
                        0,
                        1,
                        n < 16))
            .toList();
    LoadReport report = new LoadReport("stun", List.of());
    LoadCapacity.of(steps).addTo(report);
    JsonObject capacity = new JsonObject(report.json("")).getJsonObject("capacity");
    assertEquals(alpha, capacity.getDouble("alpha"), 1e-3);
    assertEquals(beta, capacity.getDouble("beta"), 1e-4);
    assertEquals(6, capacity.getJsonArray("steps").size());
    double kept = steps.get(3).throughput();
    assertEquals(Math.min(kept, 0.8 * capacity.getDouble("peak")), capacity.getDouble("safe"), 1);
  }

  @Test
  void theProgressLineIsForTerminals() {
    ByteArrayOutputStream shown = new ByteArrayOutputStream();
    PrintStream err = new PrintStream(shown, true, StandardCharsets.UTF_8);
    LoadProgress silent = new LoadProgress(err, () -> false);
    silent.show("loading", 0.5, "rest");
    silent.clear();
    assertEquals("", shown.toString(StandardCharsets.UTF_8));
    new LoadProgress(err, () -> true).show("loading", 0.5, "rest");
    assertTrue(shown.toString(StandardCharsets.UTF_8).contains("█████░"));
  }

  @Test
  void profilesAreThoseOfThePlanner() {
    for (String name : new String[] {"voice", "av720p", "av1080p", "screen", "data", "camera"}) {
      CallClass call = CallClass.preset(name).orElseThrow();
      Profile profile = Profile.ofCall(name, call.kbps(), call.pps(), !name.equals("voice"));
      assertEquals(call.kbps(), profile.kbps(), call.kbps() * 0.05, name);
    }
    assertEquals(1, Profile.ofCall("voice", 54, 50, false).burst());
    assertEquals(6, Profile.ofCall("av720p", 1313, 186, true).burst());
  }

  @Test
  void serversOnPublicAddressesAreNotLoaded() {
    assertEquals("127.0.0.1:3478", LoadTarget.server("127.0.0.1", false).toString());
    assertEquals("[::1]:3500", LoadTarget.server("[::1]:3500", false).toString());
    assertEquals("192.0.2.1:3478", LoadTarget.server("192.0.2.1", true).toString());
    for (String bad : new String[] {"192.0.2.1", "[2001:db8::1]:3478", "", "a b", "127.0.0.1/x"}) {
      assertThrows(IllegalArgumentException.class, () -> LoadTarget.server(bad, false), bad);
    }
  }
}

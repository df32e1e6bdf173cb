package puente.load;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** A loss is explained by whoever counted it; a bottleneck of our own is owned up to. */
class LossCausesTest {
  private static final String BEFORE =
      """
      # HELP puente_turn_relay_dropped_total Packets not relayed
      # TYPE puente_turn_relay_dropped_total counter
      puente_turn_relay_dropped_total{node="a",reason="bandwidth_quota"} 10.0
      puente_turn_relay_dropped_total{node="a",reason="no_permission"} 7.0
      puente_udp_socket_drops_total{node="a"} 100.0
      puente_turn_allocations{node="a",state="idle"} 3.0
      """;

  private static final String AFTER =
      """
      puente_turn_relay_dropped_total{node="a",reason="bandwidth_quota"} 25.0
      puente_turn_relay_dropped_total{node="a",reason="no_permission"} 7.0
      puente_udp_socket_drops_total{node="a"} 1.5E3
      puente_turn_allocations{node="a",state="idle"} 9.0
      """;

  @Test
  void theServersCountersAreCompared() {
    Map<String, Double> more = ServerFigures.parse(AFTER).since(ServerFigures.parse(BEFORE));
    assertEquals(
        Map.of(
            "puente_turn_relay_dropped_total/bandwidth_quota",
            15.0,
            "puente_udp_socket_drops_total",
            1400.0),
        more);
    List<String> causes = LossCauses.of(result(2000, 585, 0, 0), more);
    assertEquals(2, causes.size());
    assertTrue(causes.get(0).startsWith("1,400 did not fit the server's receive buffers"));
    assertEquals("15 dropped by the server: bandwidth quota", causes.get(1));
  }

  @Test
  void whatNobodyCountedIsSaidToo() {
    assertEquals(List.of(), LossCauses.of(result(10, 10, 0, 0), Map.of()));
    assertTrue(LossCauses.of(result(10, 4, 0, 0), Map.of()).getFirst().startsWith("6 counted"));
    assertTrue(LossCauses.of(result(10, 4, 0, 6), Map.of()).getFirst().startsWith("6 did not fit"));
  }

  @Test
  void theGeneratorDoubtsItself() {
    assertEquals("", result(10, 10, 0, 0).doubt());
    assertTrue(result(10, 10, 0.95, 0).doubt().contains("busy 95 %"));
    assertTrue(result(10, 10, 0, 5).doubt().contains("5 did not fit its send buffers"));
    LoadResult late = result(10, 10, 0, 0);
    late.tally().lag(50_000_000);
    assertTrue(late.doubt().contains("10 ms late"));
    late.tally().unsent = 3;
    assertTrue(late.doubt().contains("3 were never sent"));
  }

  @Test
  void dropsOfOurSocketsAndOfOthersAreToldApart() {
    KernelDrops drops = KernelDrops.read(Set.of());
    assertFalse(drops.ours() > 0, "no socket is ours");
    assertEquals(new KernelDrops(1, 2), new KernelDrops(4, 5).since(new KernelDrops(3, 3)));
  }

  private static LoadResult result(long sent, long received, double busy, long sendDrops) {
    Tally tally = new Tally();
    tally.sent = sent;
    tally.received = received;
    return new LoadResult(tally, 1, busy, sendDrops, 0, 0, 0);
  }
}

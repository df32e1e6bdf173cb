package puente.launcher;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import puente.launcher.TicketRefusals.Cause;
import puente.turn.Counter;
import puente.turn.Counters;

class TicketRefusalsTest {

  private final Counters one = new Counters();
  private final Counters other = new Counters();
  private final List<Counters> shards = List.of(one, other);
  private final TicketRefusals refusals = new TicketRefusals();

  @Test
  void saysEachCauseOnceForAllShards() {
    assertEquals(List.of(), refusals.look(shards));
    one.count(Counter.MOBILITY_GRANTED);
    assertEquals(List.of(), refusals.look(shards));
    other.count(Counter.MOBILITY_BAD_TICKET);
    assertEquals(List.of(Cause.BAD_TICKET), refusals.look(shards));
    one.count(Counter.MOBILITY_BAD_TICKET);
    one.count(Counter.MOBILITY_OTHER_USER);
    assertEquals(List.of(Cause.OTHER_USER), refusals.look(shards));
    assertEquals(List.of(), refusals.look(shards));
  }

  /** What is counted of mobility is a success, or a refusal that has a line. */
  @Test
  void everyRefusalHasALine() {
    var successes =
        Set.of(
            Counter.MOBILITY_GRANTED,
            Counter.MOBILITY_REPEATED,
            Counter.MOBILITY_SWITCHED,
            Counter.MOBILITY_DETACHED);
    List<Counter> refused =
        Arrays.stream(Counter.values())
            .filter(counter -> counter.metric() == Counter.Metric.MOBILITY)
            .filter(counter -> !successes.contains(counter))
            .toList();
    refused.forEach(one::count);
    assertEquals(
        refused.stream()
            .map(counter -> counter.name().substring("MOBILITY_".length()))
            .collect(Collectors.toSet()),
        refusals.look(shards).stream().map(Cause::name).collect(Collectors.toSet()));
  }
}

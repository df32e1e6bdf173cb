package puente.launcher;

import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import puente.launcher.ClaimCounters.Fact;
import puente.metrics.Metric;
import puente.turn.relay.ForwardLink;

/**
 * What the nodes do for each other: who is there, what one has taken over from another, what is
 * forwarded between them, and what was lost on the way.
 */
final class NodeMetricsCluster {

  /** Answers no, each under the reason that its name says. */
  private static final Map<Fact, String> REFUSALS =
      Map.of(
          Fact.NO_RECORD, "no_record",
          Fact.OWNER_ALIVE, "owner_alive",
          Fact.NOT_HERE, "not_here",
          Fact.EXPIRED, "expired",
          Fact.TOO_LATE, "too_late",
          Fact.UNREACHABLE, "unreachable");

  private static final Map<ForwardLink.Fact, String> FORWARDED =
      Map.of(
          ForwardLink.Fact.OFFER, "offered",
          ForwardLink.Fact.HERE, "accepted",
          ForwardLink.Fact.UP, "forwarded",
          ForwardLink.Fact.DOWN, "returned",
          ForwardLink.Fact.SENT, "datagrams_sent",
          ForwardLink.Fact.RECEIVED, "datagrams_received");

  private static final Map<ForwardLink.Fact, String> DROPPED =
      Map.of(
          ForwardLink.Fact.NOBODY, "nobody",
          ForwardLink.Fact.HELD_FULL, "held_full",
          ForwardLink.Fact.OFFER_RATE, "offer_rate",
          ForwardLink.Fact.NO_DOOR, "no_door",
          ForwardLink.Fact.QUEUE_FULL, "queue_full",
          ForwardLink.Fact.REFUSED, "refused",
          ForwardLink.Fact.SEND_FAILED, "send_failed");

  private final Cluster cluster;
  private final @Nullable ForwardLink link;
  private final NodeJournal journal;

  NodeMetricsCluster(Cluster cluster, @Nullable ForwardLink link, NodeJournal journal) {
    this.cluster = cluster;
    this.link = link;
    this.journal = journal;
  }

  void bind(MeterRegistry registry) {
    NodeMeters.gauge(Metric.CLUSTER_MEMBERS, this, metrics -> metrics.members()).register(registry);
    NodeMeters.gauge(Metric.CLUSTER_SAFE, cluster, others -> others.isSafe() ? 1 : 0)
        .register(registry);
    counter(registry, Metric.JOURNAL_LOST, journal::lost);
    Timer writes =
        NodeMeters.timer(Metric.CLUSTER_WRITE)
            .serviceLevelObjectives(
                Duration.ofMillis(10),
                Duration.ofMillis(50),
                Duration.ofMillis(250),
                Duration.ofSeconds(1))
            .register(registry);
    cluster.onWritten(ageNanos -> writes.record(ageNanos, TimeUnit.NANOSECONDS));
    claim(registry, Fact.ASKED, "asked", "");
    claim(registry, Fact.WON, "won", "");
    claim(registry, Fact.INHERITED, "inherited", "");
    claim(registry, Fact.LOST, "lost", "");
    REFUSALS.forEach((fact, reason) -> claim(registry, fact, "refused", reason));
    ForwardLink forward = link;
    if (forward != null) {
      FORWARDED.forEach(
          (fact, event) ->
              counter(registry, Metric.CLUSTER_FORWARD, () -> forward.count(fact), "event", event));
      DROPPED.forEach(
          (fact, reason) ->
              counter(
                  registry,
                  Metric.CLUSTER_FORWARD_DROPPED,
                  () -> forward.count(fact),
                  "reason",
                  reason));
    }
  }

  private long members() {
    return cluster.nodes().stream().filter(NodeState::alive).count();
  }

  private void claim(MeterRegistry registry, Fact fact, String result, String reason) {
    counter(
        registry,
        Metric.CLUSTER_CLAIMS,
        () -> cluster.claims().value(fact),
        "result",
        result,
        "reason",
        reason);
  }

  private void counter(MeterRegistry registry, Metric metric, LongSupplier value, String... tags) {
    NodeMeters.counter(metric, this, metrics -> value.getAsLong()).tags(tags).register(registry);
  }
}

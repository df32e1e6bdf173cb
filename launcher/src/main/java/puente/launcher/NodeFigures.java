package puente.launcher;

import com.sun.management.OperatingSystemMXBean;
import java.lang.management.BufferPoolMXBean;
import java.lang.management.ManagementFactory;
import java.lang.management.MemoryUsage;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import java.util.function.ToLongFunction;
import org.jspecify.annotations.Nullable;
import puente.series.Figure;
import puente.signal.Rooms;
import puente.signal.SignalingServer;
import puente.stun.ErrorCode;
import puente.stun.Family;
import puente.stun.Method;
import puente.stun.Transport;
import puente.turn.Counter;
import puente.turn.Counters;
import puente.turn.Counters.Direction;
import puente.turn.Counters.Leg;
import puente.turn.Counters.PortState;

/**
 * Reads what the shards count, once a second, and makes the figures of it that are kept over time.
 * For the control loop.
 */
final class NodeFigures {

  private static final List<Counter> WRONG =
      List.of(Counter.REST_REFUSED, Counter.STATIC_REFUSED, Counter.DIRECTORY_REFUSED);
  private static final List<Counter> QUOTAS =
      List.of(Counter.QUOTA_USER, Counter.QUOTA_REALM, Counter.QUOTA_IP, Counter.QUOTA_GLOBAL);

  private static final int STEP_SECONDS = 10;
  private static final int HOUR_STEPS = 360;

  /** Answers to Allocate with a figure of their own. */
  private static final Map<ErrorCode, Figure> ANSWERS =
      Map.of(
          ErrorCode.TRY_ALTERNATE, Figure.ANSWERS_300,
          ErrorCode.UNAUTHORIZED, Figure.ANSWERS_401,
          ErrorCode.ALLOCATION_MISMATCH, Figure.ANSWERS_437,
          ErrorCode.STALE_NONCE, Figure.ANSWERS_438,
          ErrorCode.ALLOCATION_QUOTA_REACHED, Figure.ANSWERS_486,
          ErrorCode.INSUFFICIENT_CAPACITY, Figure.ANSWERS_508);

  /** Where the numbers are from. */
  record Sources(
      List<Counters> shards,
      Supplier<long[]> relayNanos,
      LongSupplier lagNanos,
      LongSupplier kernelDrops,
      Supplier<Optional<SignalingServer>> signaling,
      LongSupplier allocationsMax) {}

  private final Sources sources;
  private final OperatingSystemMXBean system =
      (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
  private final @Nullable BufferPoolMXBean direct =
      ManagementFactory.getPlatformMXBeans(BufferPoolMXBean.class).stream()
          .filter(pool -> pool.getName().equals("direct"))
          .findFirst()
          .orElse(null);
  private final long[] before = new long[Figure.values().length];
  private final RelayTimes relayTimes = new RelayTimes();
  private final Deque<Map<String, Long>> hour = new ArrayDeque<>();
  private long rememberedStep;
  private long beforeNanos;

  NodeFigures(Sources sources) {
    this.sources = sources;
  }

  /** The figures of the time since the last call. */
  float[] take() {
    float[] values = new float[Figure.values().length];
    Arrays.fill(values, Float.NaN);
    long now = System.nanoTime();
    double seconds = beforeNanos == 0 ? Double.NaN : (now - beforeNanos) / 1e9;
    beforeNanos = now;
    gauges(values);
    rates(values, seconds);
    return values;
  }

  private void gauges(float[] values) {
    long total = allocations(Counters::allocations, null, null);
    long active = Math.min(total, allocations(Counters::active, null, null));
    set(values, Figure.ALLOC_TOTAL, total);
    set(values, Figure.ALLOC_ACTIVE, active);
    set(values, Figure.ALLOC_IDLE, total - active);
    set(values, Figure.ALLOC_UDP, allocations(Counters::allocations, Transport.UDP, null));
    set(values, Figure.ALLOC_TCP, allocations(Counters::allocations, Transport.TCP, null));
    set(values, Figure.ALLOC_TLS, allocations(Counters::allocations, Transport.TLS, null));
    set(values, Figure.ALLOC_DTLS, allocations(Counters::allocations, Transport.DTLS, null));
    set(values, Figure.ALLOC_IPV6, allocations(Counters::allocations, null, Family.IPV6));
    set(values, Figure.ALLOC_LIMIT, sources.allocationsMax.getAsLong());
    set(values, Figure.PORTS_USED, ports(PortState.USED) + ports(PortState.RESERVED));
    set(values, Figure.PORTS_RESTING, ports(PortState.QUARANTINED));
    set(values, Figure.PORTS_LIMIT, ports(PortState.LIMIT));
    set(values, Figure.PROCESSOR, Math.max(0, system.getCpuLoad()));
    MemoryUsage heap = ManagementFactory.getMemoryMXBean().getHeapMemoryUsage();
    BufferPoolMXBean buffers = direct;
    set(
        values,
        Figure.MEMORY_USED,
        heap.getUsed() + (buffers == null ? 0 : buffers.getMemoryUsed()));
    set(values, Figure.MEMORY_LIMIT, heap.getMax());
    set(values, Figure.LOOP_LAG, sources.lagNanos.getAsLong() / 1e9);
    set(values, Figure.RELAY_P99, relayTimes.p99(sources.relayNanos.get()));
    sources
        .signaling
        .get()
        .ifPresent(
            signaling -> {
              set(values, Figure.SIGNAL_PEERS, signaling.peers());
              set(values, Figure.SIGNAL_ROOMS, signaling.rooms());
            });
  }

  private void rates(float[] values, double seconds) {
    rate(values, Figure.RELAY_UP, seconds, relayed(Leg.PEER, Direction.OUT, true));
    rate(values, Figure.RELAY_DOWN, seconds, relayed(Leg.CLIENT, Direction.OUT, true));
    rate(values, Figure.RELAY_UP_PACKETS, seconds, relayed(Leg.PEER, Direction.OUT, false));
    rate(values, Figure.RELAY_DOWN_PACKETS, seconds, relayed(Leg.CLIENT, Direction.OUT, false));
    rate(values, Figure.RELAY_DROPPED, seconds, facts(Counter.Metric.RELAY_DROPPED));
    rate(values, Figure.ANSWERS_SUCCESS, seconds, answers(null));
    long other = 0;
    for (ErrorCode code : ErrorCode.values()) {
      Figure figure = ANSWERS.get(code);
      long count = answers(code);
      if (figure == null) {
        other += count;
      } else {
        rate(values, figure, seconds, count);
      }
    }
    rate(values, Figure.ANSWERS_OTHER, seconds, other);
    rate(values, Figure.KERNEL_DROPS, seconds, sources.kernelDrops.getAsLong());
    rate(values, Figure.AUTH_WRONG, seconds, sum(WRONG));
    rate(values, Figure.PEERS_DENIED, seconds, denied());
    rate(values, Figure.RATE_LIMITED, seconds, sum(List.of(Counter.RATE_LIMITED)));
    rate(values, Figure.QUOTA_REFUSED, seconds, sum(QUOTAS));
    rate(values, Figure.BANNED, seconds, sum(List.of(Counter.BANNED)));
    long tls =
        sum(shard -> shard.relayBytes(Leg.CLIENT, Direction.IN, Transport.TLS))
            + sum(shard -> shard.relayBytes(Leg.CLIENT, Direction.OUT, Transport.TLS));
    rate(values, Figure.TLS_BYTES, seconds, tls);
    sources
        .signaling
        .get()
        .ifPresent(
            signaling -> {
              Map<Rooms.Event, Long> events = signaling.events();
              long messages =
                  events.getOrDefault(Rooms.Event.MESSAGE_DELIVERED, 0L)
                      + events.getOrDefault(Rooms.Event.MESSAGE_QUEUED, 0L);
              rate(values, Figure.SIGNAL_MESSAGES, seconds, messages);
            });
  }

  /** Sums since the start, as /metrics has them. */
  Map<String, Long> totals() {
    Map<String, Long> totals = new LinkedHashMap<>();
    totals.put("upBytes", relayed(Leg.PEER, Direction.OUT, true));
    totals.put("downBytes", relayed(Leg.CLIENT, Direction.OUT, true));
    totals.put("upPackets", relayed(Leg.PEER, Direction.OUT, false));
    totals.put("downPackets", relayed(Leg.CLIENT, Direction.OUT, false));
    totals.put("created", created());
    totals.putAll(answers());
    return totals;
  }

  private long created() {
    long sum = 0;
    for (Transport transport : Transport.values()) {
      sum += sum(shard -> shard.created(transport));
    }
    return sum;
  }

  /** How many answers to Allocate there were, by code, in the last hour. */
  Map<String, Long> lastHour() {
    Map<String, Long> counts = answers();
    Map<String, Long> then = hour.isEmpty() ? Map.of() : hour.getFirst();
    if (hour.size() > HOUR_STEPS) {
      counts.replaceAll((code, count) -> count - then.getOrDefault(code, 0L));
    }
    return counts;
  }

  /** Called once a second: keeps what {@link #lastHour} needs. */
  void remember(long second) {
    if (second / STEP_SECONDS != rememberedStep) {
      rememberedStep = second / STEP_SECONDS;
      hour.add(answers());
      if (hour.size() > HOUR_STEPS + 1) {
        hour.remove();
      }
    }
  }

  private Map<String, Long> answers() {
    Map<String, Long> answers = new LinkedHashMap<>();
    answers.put("answers.success", answers(null));
    for (ErrorCode code : ErrorCode.values()) {
      answers.put("answers." + code.code(), answers(code));
    }
    return answers;
  }

  private interface OfKind {
    long count(Counters shard, Transport transport, Family family);
  }

  private long allocations(OfKind kind, @Nullable Transport ofOne, @Nullable Family family) {
    long sum = 0;
    for (Counters shard : sources.shards) {
      for (Transport transport : Transport.values()) {
        for (Family each : Family.values()) {
          boolean counts =
              (ofOne == null || ofOne == transport) && (family == null || family == each);
          sum += counts ? kind.count(shard, transport, each) : 0;
        }
      }
    }
    return sum;
  }

  private long ports(PortState state) {
    return sum(shard -> shard.ports(state));
  }

  private long relayed(Leg leg, Direction direction, boolean bytes) {
    long sum = 0;
    for (Transport transport : Transport.values()) {
      sum +=
          bytes
              ? sum(shard -> shard.relayBytes(leg, direction, transport))
              : sum(shard -> shard.relayPackets(leg, direction, transport));
    }
    return sum;
  }

  private long answers(@Nullable ErrorCode code) {
    long sum = 0;
    for (Transport transport : Transport.values()) {
      sum += sum(shard -> shard.responses(Method.ALLOCATE, transport, code));
    }
    return sum;
  }

  private long facts(Counter.Metric metric) {
    long sum = 0;
    for (Counter counter : Counter.values()) {
      sum += counter.metric() == metric ? sum(List.of(counter)) : 0;
    }
    return sum;
  }

  private long denied() {
    return sum(shard -> shard.peersDenied().values().stream().mapToLong(Long::longValue).sum());
  }

  private long sum(List<Counter> facts) {
    long sum = 0;
    for (Counter fact : facts) {
      sum += sum(shard -> shard.total(fact));
    }
    return sum;
  }

  private long sum(ToLongFunction<Counters> count) {
    return sources.shards.stream().mapToLong(count).sum();
  }

  private static void set(float[] values, Figure figure, double value) {
    values[figure.ordinal()] = (float) value;
  }

  private void rate(float[] values, Figure figure, double seconds, long count) {
    int i = figure.ordinal();
    if (!Double.isNaN(seconds) && seconds > 0) {
      values[i] = (float) ((count - before[i]) / seconds);
    }
    before[i] = count;
  }
}

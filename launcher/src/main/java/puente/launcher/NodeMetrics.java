package puente.launcher;

import io.micrometer.core.instrument.Clock;
import io.micrometer.core.instrument.binder.MeterBinder;
import io.micrometer.core.instrument.binder.jvm.ClassLoaderMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmGcMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmInfoMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmMemoryMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmThreadMetrics;
import io.micrometer.core.instrument.binder.system.FileDescriptorMetrics;
import io.micrometer.core.instrument.binder.system.ProcessorMetrics;
import io.micrometer.core.instrument.binder.system.UptimeMetrics;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import io.vertx.core.json.JsonArray;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ScheduledExecutorService;
import java.util.function.IntPredicate;
import java.util.function.LongSupplier;
import java.util.function.ToLongFunction;
import org.jspecify.annotations.Nullable;
import puente.admin.NodeView.Exposition;
import puente.admin.NodeView.MetricNames;
import puente.metrics.Metric;
import puente.net.DatagramCounters;
import puente.stun.ErrorCode;
import puente.stun.Family;
import puente.stun.Method;
import puente.stun.Transport;
import puente.turn.CloseReason;
import puente.turn.Counter;
import puente.turn.Counters;
import puente.turn.Counters.Direction;
import puente.turn.Counters.Leg;
import puente.turn.Counters.PortState;
import puente.turn.relay.StreamCounters;

/**
 * All numbers of this node, for Prometheus. Nothing is added up between two scrapes: each of them
 * reads what the shards have counted by then. Labels have few values, known beforehand; never a
 * user, an address or a port. Keep it referenced as long as it shall answer.
 */
final class NodeMetrics implements AutoCloseable {

  /**
   * Where the numbers come from.
   *
   * @param node stable name of this node, on every series
   * @param realm the realm of all traffic, for coturn's names; null if there are several
   * @param shards what each shard counts
   * @param datagrams what each loop's UDP sockets count
   * @param streams what became of TCP and TLS connections
   * @param loops the event loops whose lag is measured
   * @param isOurUdpPort our listening and relay ports, whose drops the kernel counts
   * @param certificateExpiry when each listener's certificate ends, in epoch seconds
   */
  record Sources(
      String node,
      @Nullable String realm,
      List<Counters> shards,
      List<DatagramCounters> datagrams,
      ToLongFunction<StreamCounters.Fact> streams,
      List<? extends ScheduledExecutorService> loops,
      IntPredicate isOurUdpPort,
      Map<String, LongSupplier> certificateExpiry) {

    long sum(ToLongFunction<Counters> count) {
      return shards.stream().mapToLong(count).sum();
    }

    /** As {@link DatagramCounters#took} has it, of all loops. */
    long[] relayNanos() {
      return RelayTimes.sum(datagrams);
    }

    long sumDatagrams(DatagramCounters.Fact fact) {
      return DatagramCounters.sum(datagrams, fact);
    }
  }

  static final String TEXT = "text/plain; version=0.0.4; charset=utf-8";
  static final String OPEN_METRICS = "application/openmetrics-text; version=1.0.0; charset=utf-8";

  /** Methods with requests; Send and Data are indications. */
  private static final List<Method> METHODS =
      List.of(
          Method.BINDING,
          Method.ALLOCATE,
          Method.REFRESH,
          Method.CREATE_PERMISSION,
          Method.CHANNEL_BIND,
          Method.CONNECT,
          Method.CONNECTION_BIND);

  /** Facts of the sockets that are relayed packets lost, see {@link #relayDropped}. */
  private static final Set<Counter> ALSO_IN_SOCKETS = Set.of(Counter.SEND_BUFFER, Counter.MTU);

  private final Sources sources;
  private final PrometheusMeterRegistry registry;
  private final NodeMetricsLag lag;
  private final NodeMetricsCollectors collectors;
  private final NodeMetricsSockets sockets;
  private final JvmGcMetrics collections = new JvmGcMetrics();

  NodeMetrics(Sources sources) {
    this.sources = sources;
    PrometheusRegistry prometheus = new PrometheusRegistry();
    registry = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT, prometheus, Clock.SYSTEM);
    registry.config().commonTags("node", sources.node);
    lag = new NodeMetricsLag(sources.loops);
    sockets = NodeMetricsSockets.ofThisProcess(sources.isOurUdpPort);
    bindStun();
    bindAllocations();
    bindRelay();
    bindConnections();
    bindProcess();
    collectors = new NodeMetricsCollectors(sources, lag);
    collectors.register(prometheus);
  }

  /** What the gateway counts, from now on. */
  void bind(NodeSignaling signaling) {
    NodeMetricsSignal.bind(registry, signaling);
    NodeMetricsAcme.bind(registry, signaling);
  }

  /** What this node and the others do for each other, from now on. */
  void bind(NodeMetricsCluster cluster) {
    cluster.bind(registry);
  }

  /**
   * What this node may send, from now on.
   *
   * @param bytesPerSecond of both ways together; 0 if there is no limit
   */
  void bindEgressLimit(LongSupplier bytesPerSecond) {
    gauge(Metric.EGRESS_LIMIT, bytesPerSecond);
  }

  /** When resources run out, as last worked out. */
  void expect(JsonArray forecast) {
    collectors.expect(forecast);
  }

  /** How far the node is on its way out, from now on. */
  void bind(NodeDrain drain) {
    NodeMetricsDrain.bind(registry, drain);
    NodeMetricsAlternates.register(
        registry.getPrometheusRegistry(), sources.node, drain.alternates());
  }

  /** Who else knows users, from now on. */
  void bind(NodeUsers users) {
    NodeMetricsUsers.bind(registry, users);
  }

  /** What came of taking over addresses, from now on. */
  void bind(TakeoverHook hook) {
    NodeMetricsHook.bind(registry, hook);
  }

  /** Reads everything, in the words of {@code names}. */
  Exposition read(MetricNames names, boolean openMetrics) {
    return switch (names) {
      case COTURN -> new Exposition(TEXT, new NodeMetricsCoturn(sources).text());
      case PUENTE -> {
        String type = openMetrics ? OPEN_METRICS : TEXT;
        yield new Exposition(type, registry.scrape(type));
      }
    };
  }

  /** When each listener's certificate ends, in epoch seconds. */
  Map<String, LongSupplier> certificateExpiry() {
    return sources.certificateExpiry;
  }

  /** For how long one of the loops has not come round. */
  long longestSilenceMs() {
    return lag.longestSilenceMs();
  }

  /** The latest that a loop came round since the last call. */
  long takeWorstLagNanos() {
    return lag.takeWorstNanos();
  }

  /** Datagrams that the kernel had no room for; may take a while to find out. */
  long kernelDrops() {
    return sockets.drops();
  }

  @Override
  public void close() {
    lag.close();
    collections.close();
    registry.close();
  }

  private void bindStun() {
    for (Method method : METHODS) {
      for (Transport transport : Transport.values()) {
        String[] tags = {"method", text(method), "transport", text(transport)};
        for (Family family : Family.values()) {
          counter(
              Metric.STUN_REQUESTS,
              () -> sources.sum(shard -> shard.requests(method, transport, family)),
              and(tags, "family", text(family)));
        }
        bindResponses(method, transport, null, and(tags, "code", "success"));
        for (ErrorCode error : ErrorCode.values()) {
          String code = Integer.toString(error.code());
          bindResponses(method, transport, error, and(tags, "code", code));
        }
      }
    }
    for (Counter fact : Counter.values()) {
      bindFact(fact);
    }
  }

  private void bindResponses(
      Method method, Transport transport, @Nullable ErrorCode error, String[] tags) {
    counter(
        Metric.STUN_RESPONSES,
        () -> sources.sum(shard -> shard.responses(method, transport, error)),
        tags);
  }

  private void bindFact(Counter fact) {
    LongSupplier total = () -> sources.sum(shard -> shard.total(fact));
    String value = text(fact);
    int cut = value.indexOf('_');
    switch (fact.metric()) {
      case STUN_DROPPED -> counter(Metric.STUN_DROPPED, total, "reason", value);
      case RELAY_DROPPED -> {
        LongSupplier all = ALSO_IN_SOCKETS.contains(fact) ? () -> relayDropped(fact) : total;
        counter(Metric.RELAY_DROPPED, all, "reason", value);
      }
      case AUTH ->
          counter(
              Metric.AUTH,
              total,
              and(
                  new String[] {"mechanism", value.substring(0, cut)},
                  "result",
                  value.substring(cut + 1)));
      case QUOTA -> counter(Metric.QUOTA_REJECTIONS, total, "scope", value.substring(cut + 1));
      case STATE -> counter(Metric.STATE, total, "event", value);
      case SHARED -> counter(Metric.SHARED_PORTS, total, "event", value.substring(cut + 1));
      case TCP -> counter(Metric.TCP, total, "event", value.substring(cut + 1));
      case MOBILITY -> counter(Metric.MOBILITY, total, "event", value.substring(cut + 1));
    }
  }

  /** What the core dropped, and what the sockets could not send. */
  private long relayDropped(Counter fact) {
    long inCore = sources.sum(shard -> shard.total(fact));
    return fact == Counter.SEND_BUFFER
        ? inCore + sources.sumDatagrams(DatagramCounters.Fact.SEND_BUFFER_FULL)
        : inCore
            + sources.sumDatagrams(DatagramCounters.Fact.TOO_LARGE)
            + sources.sumDatagrams(DatagramCounters.Fact.TRUNCATED);
  }

  private void bindAllocations() {
    for (Transport transport : Transport.values()) {
      for (Family family : Family.values()) {
        allocations(transport, family, "active", shard -> shard.active(transport, family));
        allocations(
            transport,
            family,
            "idle",
            shard ->
                Math.max(
                    0, shard.allocations(transport, family) - shard.active(transport, family)));
      }
    }
    for (CloseReason reason : CloseReason.values()) {
      counter(
          Metric.ALLOCATIONS_CLOSED,
          () -> sources.sum(shard -> shard.closed(reason)),
          "reason",
          text(reason));
    }
    for (PortState state : PortState.values()) {
      LongSupplier ports = () -> sources.sum(shard -> shard.ports(state));
      if (state == PortState.LIMIT) {
        gauge(Metric.PORTS_LIMIT, ports);
      } else {
        gauge(Metric.PORTS, ports, "state", text(state));
      }
    }
    gauge(Metric.PERMISSIONS, () -> sources.sum(Counters::permissions));
    gauge(Metric.CHANNELS, () -> sources.sum(Counters::channels));
  }

  private void allocations(
      Transport transport, Family family, String state, ToLongFunction<Counters> count) {
    gauge(
        Metric.ALLOCATIONS,
        () -> sources.sum(count),
        "transport",
        text(transport),
        "family",
        text(family),
        "state",
        state);
  }

  private void bindRelay() {
    for (Leg leg : Leg.values()) {
      for (Direction direction : Direction.values()) {
        for (Transport transport : Transport.values()) {
          String[] tags = {
            "direction", text(direction), "leg", text(leg), "transport", text(transport)
          };
          counter(
              Metric.RELAY_BYTES,
              () -> sources.sum(shard -> shard.relayBytes(leg, direction, transport)),
              tags);
          counter(
              Metric.RELAY_PACKETS,
              () -> sources.sum(shard -> shard.relayPackets(leg, direction, transport)),
              tags);
        }
      }
    }
    counter(
        Metric.RELAY_DROPPED,
        () -> sources.sumDatagrams(DatagramCounters.Fact.UNREACHABLE),
        "reason",
        "unreachable");
    counter(Metric.DEFECTS, () -> sources.sumDatagrams(DatagramCounters.Fact.DEFECTS));
    if (sockets.isReadable()) {
      counter(Metric.SOCKET_DROPS, sockets::drops);
    }
  }

  private void bindConnections() {
    for (StreamCounters.Fact fact : StreamCounters.Fact.values()) {
      if (fact != StreamCounters.Fact.HANDSHAKE_FAILED) {
        counter(
            Metric.STREAM_CONNECTIONS,
            () -> sources.streams.applyAsLong(fact),
            "event",
            text(fact));
      }
    }
    counter(
        Metric.TLS_HANDSHAKES,
        () -> sources.streams.applyAsLong(StreamCounters.Fact.HANDSHAKE_FAILED),
        "listener",
        "tls",
        "result",
        "failed");
    sources.certificateExpiry.forEach(
        (listener, expiry) -> gauge(Metric.CERTIFICATE_EXPIRY, expiry, "listener", listener));
  }

  private void bindProcess() {
    NodeMeters.gauge(Metric.CLOCK, () -> System.currentTimeMillis() / 1000.0).register(registry);
    List<MeterBinder> binders =
        List.of(
            collections,
            new JvmMemoryMetrics(),
            new JvmThreadMetrics(),
            new JvmInfoMetrics(),
            new ClassLoaderMetrics(),
            new ProcessorMetrics(),
            new FileDescriptorMetrics(),
            new UptimeMetrics());
    binders.forEach(binder -> binder.bindTo(registry));
  }

  private void counter(Metric metric, LongSupplier value, String... tags) {
    NodeMeters.counter(metric, this, metrics -> value.getAsLong()).tags(tags).register(registry);
  }

  private void gauge(Metric metric, LongSupplier value, String... tags) {
    NodeMeters.gauge(metric, value::getAsLong).tags(tags).register(registry);
  }

  private static String[] and(String[] tags, String name, String value) {
    String[] more = Arrays.copyOf(tags, tags.length + 2);
    more[tags.length] = name;
    more[tags.length + 1] = value;
    return more;
  }

  static String text(Enum<?> constant) {
    return constant.name().toLowerCase(Locale.ROOT);
  }
}

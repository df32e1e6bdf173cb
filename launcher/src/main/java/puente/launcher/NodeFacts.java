package puente.launcher;

import com.sun.management.OperatingSystemMXBean;
import com.sun.management.UnixOperatingSystemMXBean;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.lang.management.BufferPoolMXBean;
import java.lang.management.GarbageCollectorMXBean;
import java.lang.management.ManagementFactory;
import java.lang.management.MemoryUsage;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.TreeSet;
import java.util.concurrent.CompletionStage;
import puente.series.Figure;
import puente.series.History;
import puente.series.Point;
import puente.series.Tier;
import puente.stun.Family;
import puente.stun.Transport;
import puente.turn.Counters;
import puente.turn.Counters.PortState;
import puente.turn.PortMap;
import puente.turn.relay.Endpoint;

/** What this node says of itself, as nodes.yaml describes it. For the control loop. */
final class NodeFacts {

  private static final int DAY = 86_400;

  private final Config config;
  private final NodeLive.Parts parts;
  private final History history;
  private final Instant started = Instant.now();
  private volatile long descriptors;

  NodeFacts(Config config, NodeLive.Parts parts, History history) {
    this.config = config;
    this.parts = parts;
    this.history = history;
    countDescriptors();
  }

  JsonObject facts() {
    long now = System.currentTimeMillis() / 1000;
    double egress = now(Figure.RELAY_UP) + now(Figure.RELAY_DOWN);
    TreeSet<String> addresses = new TreeSet<>();
    parts.drain().own().doors().forEach(door -> addresses.add(door.address().ip()));
    JsonObject facts =
        new JsonObject()
            .put("version", VersionCommand.version())
            .put("started", started.toString())
            .put("lastSeen", Instant.now().toString())
            .put("addresses", new JsonArray(List.copyOf(addresses)))
            .put("relaying", Math.round(now(Figure.ALLOC_ACTIVE)))
            .put("allocationsPeak", Math.round(peak(Figure.ALLOC_TOTAL, now)))
            .put("egressBytesPerSecond", egress)
            .put(
                "egressBytesPerSecondPeak",
                Math.max(egress, peak(Figure.RELAY_UP, now) + peak(Figure.RELAY_DOWN, now)))
            .put("packetsPerSecond", now(Figure.RELAY_UP_PACKETS) + now(Figure.RELAY_DOWN_PACKETS))
            .put("loopLagP99Seconds", now(Figure.LOOP_LAG))
            .put("kernelDropsPerSecond", now(Figure.KERNEL_DROPS));
    config.find(ClusterSettings.NODE_ZONE).ifPresent(zone -> facts.put("zone", zone));
    long most = config.value(Settings.BPS_CAPACITY);
    if (most > 0) {
      facts.put("egressBytesPerSecondMax", 2.0 * most);
    }
    return judged(facts);
  }

  /** Whether somebody should look, and at what. */
  private JsonObject judged(JsonObject facts) {
    double used = now(Figure.PORTS_USED) / Math.max(1, now(Figure.PORTS_LIMIT));
    if (now(Figure.KERNEL_DROPS) > 0) {
      return facts
          .put("severity", "warning")
          .put("cause", "The kernel drops datagrams: our sockets are full.")
          .put("advice", "Raise net.core.rmem_max and sock-buf-size, or move load away.");
    }
    if (used > 0.85) {
      return facts
          .put("severity", used > 0.95 ? "critical" : "warning")
          .put(
              "cause",
              String.format(Locale.ROOT, "%.0f %% of the relay ports are taken.", 100 * used))
          .put("advice", "Widen min-port to max-port, or add a node.");
    }
    return facts.put("severity", "ok");
  }

  private double now(Figure figure) {
    Point newest = history.newest(Tier.SECOND);
    float value = newest == null ? Float.NaN : newest.mean()[figure.ordinal()];
    return Float.isNaN(value) ? 0 : value;
  }

  private double peak(Figure figure, long now) {
    double most = now(figure);
    for (Point point : history.points(Tier.MINUTE, now - now % DAY, now + 1)) {
      float max = point.max()[figure.ordinal()];
      most = Float.isNaN(max) ? most : Math.max(most, max);
    }
    for (Point point : history.points(Tier.SECOND, now - 90, now + 1)) {
      float value = point.mean()[figure.ordinal()];
      most = Float.isNaN(value) ? most : Math.max(most, value);
    }
    return most;
  }

  // ---- detail

  JsonObject detail() {
    JsonArray listeners = new JsonArray();
    parts.turn().endpoints().forEach(endpoint -> listeners.add(listener(endpoint)));
    JsonArray alternates = new JsonArray();
    parts.drain().alternates().standings().forEach(one -> alternates.add(alternate(one)));
    return new JsonObject()
        .put("listeners", listeners)
        .put("alternates", alternates)
        .put("ports", portSums().put("min", portMin()).put("max", portMax()))
        .put("traffic", traffic())
        .put("jvm", jvm())
        .put("system", system())
        .put("loops", loops());
  }

  private JsonObject listener(Endpoint endpoint) {
    String kind = endpoint.transport().name().toLowerCase(Locale.ROOT);
    JsonObject json =
        new JsonObject().put("kind", kind).put("address", endpoint.local().toString());
    if (!endpoint.transport().isStream()) {
      json.put("kernelDropsPerSecond", now(Figure.KERNEL_DROPS));
    }
    return json;
  }

  private static JsonObject alternate(Alternates.Standing one) {
    String state = one.isBusy() ? "busy" : NodeMetrics.text(one.health());
    JsonObject json =
        new JsonObject()
            .put("kind", NodeMetrics.text(one.target().transport()))
            .put("address", one.target().address().toString())
            .put("state", state);
    return one.answered() == 0 ? json : json.put("roundTripSeconds", one.roundTripNanos() / 1e9);
  }

  private JsonObject portSums() {
    return new JsonObject()
        .put("used", ports(PortState.USED))
        .put("reserved", ports(PortState.RESERVED))
        .put("quarantined", ports(PortState.QUARANTINED));
  }

  private long ports(PortState state) {
    return parts.turn().counters().stream().mapToLong(shard -> shard.ports(state)).sum();
  }

  private int portMin() {
    return config.value(Settings.MIN_PORT);
  }

  private int portMax() {
    return config.value(Settings.MAX_PORT);
  }

  private JsonObject traffic() {
    return new JsonObject()
        .put("upBytesPerSecond", now(Figure.RELAY_UP))
        .put("downBytesPerSecond", now(Figure.RELAY_DOWN))
        .put("upPacketsPerSecond", now(Figure.RELAY_UP_PACKETS))
        .put("downPacketsPerSecond", now(Figure.RELAY_DOWN_PACKETS));
  }

  private static JsonObject jvm() {
    MemoryUsage heap = ManagementFactory.getMemoryMXBean().getHeapMemoryUsage();
    JsonObject jvm =
        new JsonObject()
            .put("heapBytes", heap.getUsed())
            .put("heapMaxBytes", Math.max(0, heap.getMax()))
            .put("version", Runtime.version().toString())
            .put(
                "collector",
                String.join(
                    ", ",
                    ManagementFactory.getGarbageCollectorMXBeans().stream()
                        .map(GarbageCollectorMXBean::getName)
                        .toList()));
    for (BufferPoolMXBean pool : ManagementFactory.getPlatformMXBeans(BufferPoolMXBean.class)) {
      if (pool.getName().equals("direct")) {
        jvm.put("directBytes", pool.getMemoryUsed());
      }
    }
    return jvm;
  }

  /** The JVM walks through all of them for it: not on a loop. */
  void countDescriptors() {
    if (ManagementFactory.getOperatingSystemMXBean() instanceof UnixOperatingSystemMXBean unix) {
      descriptors = unix.getOpenFileDescriptorCount();
    }
  }

  private JsonObject system() {
    OperatingSystemMXBean os = (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
    JsonObject system =
        new JsonObject()
            .put("processors", Runtime.getRuntime().availableProcessors())
            .put("memoryBytes", os.getTotalMemorySize())
            .put("kernel", os.getName() + " " + os.getVersion());
    if (os instanceof UnixOperatingSystemMXBean unix) {
      system
          .put("descriptors", descriptors)
          .put("descriptorsMax", unix.getMaxFileDescriptorCount());
    }
    return system;
  }

  private JsonArray loops() {
    JsonArray loops = new JsonArray();
    int number = 0;
    for (Counters shard : parts.turn().counters()) {
      long allocations = 0;
      for (Transport transport : Transport.values()) {
        for (Family family : Family.values()) {
          allocations += shard.allocations(transport, family);
        }
      }
      loops.add(new JsonObject().put("name", "shard-" + number++).put("allocations", allocations));
    }
    return loops;
  }

  // ---- ports

  CompletionStage<JsonObject> ports() {
    return parts.turn().sessions().ports().thenApply(this::ports);
  }

  private JsonObject ports(PortMap map) {
    JsonArray cells = new JsonArray();
    int[] used = map.used();
    int[] resting = map.resting();
    for (int i = 0; i < used.length; i++) {
      cells.add(new JsonObject().put("used", used[i]).put("quarantined", resting[i]));
    }
    return portSums()
        .put("min", map.min())
        .put("max", map.max())
        .put("cellPorts", map.cellPorts())
        .put("cells", cells);
  }
}

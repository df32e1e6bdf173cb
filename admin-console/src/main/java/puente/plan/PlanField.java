package puente.plan;

import java.util.Locale;
import java.util.Optional;

/** The numbers that a plan is made of: the one table behind the API, the command line and the page. */
public enum PlanField {
  BHCA("demand.bhca", "calls/h", Double.NaN, 0, 1e9, "calls that start in the busy hour"),
  CONCURRENT_CALLS(
      "demand.concurrentCalls",
      "calls",
      Double.NaN,
      0,
      1e8,
      "calls at once in the busy hour, instead of bhca and holdSeconds"),
  HOLD_SECONDS("demand.holdSeconds", "s", 300, 0, 1e7, "how long a call lasts, on average"),
  PARTICIPANTS("demand.participantsPerCall", "", 2, 1, 1000, "people in a call"),
  TURN_URLS("demand.turnUrls", "", 3, 1, 100, "TURN URLs that a client gets and allocates on"),
  INTERFACES("demand.interfaces", "", 1, 1, 100, "network interfaces that a client allocates from"),
  ALLOCATIONS(
      "demand.allocations",
      "erlangs",
      Double.NaN,
      0,
      1e9,
      "allocations at once, where measured; else calls x people x URLs x interfaces"),
  RELAY_RATIO("demand.relayRatio", "", 0.2, 0, 1, "share of calls whose media need the relay"),
  HAIRPIN_SHARE(
      "demand.hairpinShare", "", 0, 0, 1, "share of relayed calls that pass two of our relays"),
  BUSY_HOUR_SHARE(
      "demand.busyHourShare", "", 0.12, 1e-6, 1, "share of a day's bytes in its busy hour"),
  ACTIVE_DAYS("demand.activeDays", "days", 30, 0, 31, "busy days in a month"),
  PORTS("node.ports", "ports", 16384, 1, 65536, "relay ports per relay address"),
  RELAY_IPS("node.relayIps", "", 1, 1, 64, "relay addresses of a node"),
  EGRESS_CAP(
      "node.egressCapBps", "b/s", 1e9, 1, 1e14, "what a node may send: card, instance or contract"),
  PPS_CAPACITY(
      "node.ppsCapacity", "packets/s", 80_000, 1, 1e12, "what a node forwards at its best"),
  MEMORY("node.memoryBytes", "bytes", 4_294_967_296.0, 1, 1e15, "memory of a node"),
  MEMORY_BASE(
      "node.memoryBaseBytes", "bytes", 536_870_912, 0, 1e15, "memory taken before any call"),
  ALLOCATION_BYTES("node.bytesPerAllocation", "bytes", 16_384, 0, 1e9, "memory of an allocation"),
  JOIN_LOOPS("node.joinLoops", "", 2, 1, 1024, "event loops of a node that take in who comes"),
  JOIN_MS(
      "node.joinMillis",
      "ms",
      3,
      0.001,
      60_000,
      "time that a loop takes for one who comes: TLS handshake, signaling join, first Allocate"),
  BLOCKING("policy.blocking", "", 0.001, 1e-12, 0.5, "share of allocations that may find no port"),
  CPU_TARGET("policy.cpuTarget", "", 0.7, 0.01, 1, "how much of its packet rate a node may use"),
  BANDWIDTH_TARGET("policy.bwTarget", "", 0.8, 0.01, 1, "how much of its egress a node may use"),
  MEMORY_TARGET("policy.memTarget", "", 0.8, 0.01, 1, "how much of its memory a node may use"),
  SURVIVE_NODES("policy.survive.nodes", "nodes", 1, 0, 1000, "nodes that may be lost (N+k)"),
  SURVIVE_ZONES("policy.survive.zones", "zones", 0, 0, 10, "zones that may be lost"),
  ZONES("policy.zones", "zones", 1, 1, 100, "zones that nodes are spread over"),
  SKEW("policy.skew", "", 1.15, 1, 100, "load of the busiest node against the mean"),
  RECALL("policy.recall", "", 0, 0, ErlangB.RECALL_MAX, "share of the blocked that try again"),
  JOIN_WAIT_MS("policy.joinWaitMs", "ms", 250, 0, 3_600_000, "wait of who comes that is noticed"),
  RECONNECT_SECONDS(
      "policy.reconnectSeconds",
      "s",
      10,
      0.1,
      3600,
      "time within which the clients of a lost node come back"),
  NODES_RUNNING("policy.nodesRunning", "nodes", Double.NaN, 1, 1e6, "nodes that run today"),
  NODE_HOUR("price.nodeHour", "per hour", 0, 0, 1e6, "price of a node"),
  PUBLIC_IP_HOUR("price.publicIpHour", "per hour", Double.NaN, 0, 1e6, "price of a public address"),
  INTER_ZONE_GB(
      "price.interZonePerGB", "per GB", Double.NaN, 0, 1e6, "price between zones, each way"),
  HORIZON_DAYS("horizonDays", "days", 180, 1, Forecast.HORIZON_DAYS_MAX, "how far to look ahead");

  private final String path;
  private final String unit;
  private final double fallback;
  private final double min;
  private final double max;
  private final String meaning;

  PlanField(String path, String unit, double fallback, double min, double max, String meaning) {
    this.path = path;
    this.unit = unit;
    this.fallback = fallback;
    this.min = min;
    this.max = max;
    this.meaning = meaning;
  }

  public String path() {
    return path;
  }

  public String unit() {
    return unit;
  }

  /** What holds when nothing is given; NaN: nothing does. */
  public double fallback() {
    return fallback;
  }

  public double min() {
    return min;
  }

  public double max() {
    return max;
  }

  public String meaning() {
    return meaning;
  }

  /** Its name on a command line: {@code policy.survive.nodes} is {@code survive-nodes}. */
  public String option() {
    String name = path.startsWith("policy.survive") ? path.substring(7) : path;
    name = name.startsWith("survive") ? name : name.substring(name.lastIndexOf('.') + 1);
    return name.replace('.', '-').replaceAll("([a-z])([A-Z])", "$1-$2").toLowerCase(Locale.ROOT);
  }

  static Optional<PlanField> at(String path) {
    for (PlanField field : values()) {
      if (field.path.equals(path)) {
        return Optional.of(field);
      }
    }
    return Optional.empty();
  }
}

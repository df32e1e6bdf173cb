package puente.turn;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import puente.stun.ErrorCode;
import puente.stun.Family;
import puente.stun.Method;
import puente.stun.Transport;

/**
 * What one shard counts. Written by the shard's thread alone, read by any: every number is stored
 * and loaded opaque, so a reader sees each one whole and soon, though not all of one instant.
 */
public final class Counters {

  /** Which side of the relay a packet was on. */
  public enum Leg {
    CLIENT,
    PEER
  }

  /** As seen from the server. */
  public enum Direction {
    IN,
    OUT
  }

  /** What a relay's port is doing. */
  public enum PortState {
    USED,
    RESERVED,
    QUARANTINED,
    /** All that this shard owns: {@code puente_turn_ports_limit}. */
    LIMIT
  }

  /** Peer rules counted by name; what comes after goes into {@link #OTHER_RULES}. */
  static final int RULES_MAX = 256;

  /** Upper bounds of the histogram of durations, in seconds; a last bucket has the rest. */
  public static final long[] DURATION_SECONDS = {
    1, 10, 60, 300, 600, 1800, 3600, 7200, 14400, 86400
  };

  /** Upper bounds of the histogram of relayed bytes; a last bucket has the rest. */
  public static final long[] ALLOCATION_BYTES = {
    0, 1 << 10, 1 << 14, 1 << 17, 1 << 20, 1 << 23, 1 << 26, 1 << 29, 1L << 32, 1L << 35
  };

  static final String OTHER_RULES = "other";

  private static final VarHandle AT = MethodHandles.arrayElementVarHandle(long[].class);
  private static final int TRANSPORTS = Transport.values().length;
  private static final int FAMILIES = Family.values().length;
  private static final int CODES = ErrorCode.values().length + 1;

  private final long[] facts = new long[Counter.values().length];
  private final long[] requests = new long[Method.values().length * TRANSPORTS * FAMILIES];
  private final long[] responses = new long[Method.values().length * TRANSPORTS * CODES];
  private final long[] relayBytes = new long[4 * TRANSPORTS];
  private final long[] relayPackets = new long[4 * TRANSPORTS];
  private final long[] allocations = new long[TRANSPORTS * FAMILIES];
  private final long[] active = new long[TRANSPORTS * FAMILIES];
  private final long[] created = new long[TRANSPORTS];
  private final long[] closed = new long[CloseReason.values().length];
  private final long[] ports = new long[PortState.values().length];
  private final long[] gauges = new long[2];
  private final long[] durations = new long[DURATION_SECONDS.length + 2];
  private final long[] volumes = new long[ALLOCATION_BYTES.length + 2];
  private volatile Map<String, long[]> denied = Map.of();
  private volatile BanHits banHits = BanHits.NONE;

  public void count(Counter what) {
    add(facts, what.ordinal(), 1);
  }

  public void request(Method method, Transport transport, Family family) {
    add(
        requests,
        (method.ordinal() * TRANSPORTS + transport.ordinal()) * FAMILIES + family.ordinal(),
        1);
  }

  /**
   * @param error null for a success
   */
  public void response(Method method, Transport transport, @Nullable ErrorCode error) {
    add(responses, responseSlot(method, transport, error), 1);
  }

  public void relayed(Leg leg, Direction direction, Transport transport, int bytes) {
    int slot = relaySlot(leg, direction, transport);
    add(relayPackets, slot, 1);
    add(relayBytes, slot, bytes);
  }

  /** A relayed address of this family came to life ({@code +1}) or ended ({@code -1}). */
  public void allocation(Transport transport, Family family, int change) {
    add(allocations, transport.ordinal() * FAMILIES + family.ordinal(), change);
  }

  /** So many relayed addresses of this family carry traffic now. */
  public void active(Transport transport, Family family, long count) {
    AT.setOpaque(active, transport.ordinal() * FAMILIES + family.ordinal(), count);
  }

  public void allocationCreated(Transport transport) {
    add(created, transport.ordinal(), 1);
  }

  public void allocationClosed(CloseReason why, long durationMs, long bytes) {
    add(closed, why.ordinal(), 1);
    observe(durations, DURATION_SECONDS, durationMs / 1000);
    observe(volumes, ALLOCATION_BYTES, bytes);
  }

  public void permissions(int change) {
    add(gauges, 0, change);
  }

  public void channels(int change) {
    add(gauges, 1, change);
  }

  public void ports(PortState state, long count) {
    AT.setOpaque(ports, state.ordinal(), count);
  }

  /** A peer was refused or dropped by this rule of the peer policy. */
  public void peerDenied(String rule) {
    Map<String, long[]> known = denied;
    long[] cell = known.get(rule);
    if (cell == null) {
      String name = known.size() < RULES_MAX ? rule : OTHER_RULES;
      Map<String, long[]> more = new HashMap<>(known);
      cell = more.computeIfAbsent(name, unused -> new long[1]);
      denied = more;
    }
    add(cell, 0, 1);
  }

  /** From now on these are counted. */
  void bans(Bans bans) {
    banHits = banHits.next(bans);
  }

  /** A request was turned away by this ban. */
  void banned(int slot) {
    count(Counter.BANNED);
    banHits.count(slot);
  }

  /** How often each of the bans in force has turned somebody away. */
  public BanHits banHits() {
    return banHits;
  }

  public long total(Counter what) {
    return at(facts, what.ordinal());
  }

  /** {@code puente_stun_requests_total}. */
  public long requests(Method method, Transport transport, Family family) {
    return at(
        requests,
        (method.ordinal() * TRANSPORTS + transport.ordinal()) * FAMILIES + family.ordinal());
  }

  /** {@code puente_stun_responses_total}; null stands for {@code success}. */
  public long responses(Method method, Transport transport, @Nullable ErrorCode error) {
    return at(responses, responseSlot(method, transport, error));
  }

  /** {@code puente_turn_relay_bytes_total}. */
  public long relayBytes(Leg leg, Direction direction, Transport transport) {
    return at(relayBytes, relaySlot(leg, direction, transport));
  }

  /** {@code puente_turn_relay_packets_total}. */
  public long relayPackets(Leg leg, Direction direction, Transport transport) {
    return at(relayPackets, relaySlot(leg, direction, transport));
  }

  /** {@code puente_turn_allocations}: relayed addresses alive now. */
  public long allocations(Transport transport, Family family) {
    return at(allocations, transport.ordinal() * FAMILIES + family.ordinal());
  }

  /** Those of {@link #allocations} that carry traffic, as last looked at. */
  public long active(Transport transport, Family family) {
    return at(active, transport.ordinal() * FAMILIES + family.ordinal());
  }

  /** {@code puente_turn_allocations_created_total}. */
  public long created(Transport transport) {
    return at(created, transport.ordinal());
  }

  /** {@code puente_turn_allocations_closed_total}. */
  public long closed(CloseReason why) {
    return at(closed, why.ordinal());
  }

  /** {@code puente_turn_permissions}. */
  public long permissions() {
    return at(gauges, 0);
  }

  /** {@code puente_turn_channels}. */
  public long channels() {
    return at(gauges, 1);
  }

  /** {@code puente_turn_ports}. */
  public long ports(PortState state) {
    return at(ports, state.ordinal());
  }

  /** {@code puente_turn_peer_denied_total}: rule name to count. */
  public Map<String, Long> peersDenied() {
    Map<String, Long> counts = new HashMap<>();
    denied.forEach((rule, cell) -> counts.put(rule, at(cell, 0)));
    return counts;
  }

  /** Buckets by {@link #DURATION_SECONDS}, one for the rest, and the sum of seconds. */
  public long[] durations() {
    return copy(durations);
  }

  /** Buckets by {@link #ALLOCATION_BYTES}, one for the rest, and the sum of bytes. */
  public long[] volumes() {
    return copy(volumes);
  }

  private static void observe(long[] histogram, long[] bounds, long value) {
    int bucket = 0;
    while (bucket < bounds.length && value > bounds[bucket]) {
      bucket++;
    }
    add(histogram, bucket, 1);
    add(histogram, histogram.length - 1, value);
  }

  private static int responseSlot(Method method, Transport transport, @Nullable ErrorCode error) {
    int code = error == null ? 0 : error.ordinal() + 1;
    return (method.ordinal() * TRANSPORTS + transport.ordinal()) * CODES + code;
  }

  private static int relaySlot(Leg leg, Direction direction, Transport transport) {
    return (leg.ordinal() * 2 + direction.ordinal()) * TRANSPORTS + transport.ordinal();
  }

  private static long[] copy(long[] cells) {
    long[] copy = new long[cells.length];
    for (int i = 0; i < cells.length; i++) {
      copy[i] = at(cells, i);
    }
    return copy;
  }

  private static void add(long[] cells, int index, long change) {
    AT.setOpaque(cells, index, (long) AT.getOpaque(cells, index) + change);
  }

  private static long at(long[] cells, int index) {
    return (long) AT.getOpaque(cells, index);
  }
}

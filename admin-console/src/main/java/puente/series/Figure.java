package puente.series;

import java.util.Locale;
import java.util.Optional;

/** Every number that is kept over time, as one node measures it once a second. */
public enum Figure {
  ALLOC_TOTAL("allocations", "allocations alive", Sum.ADD),
  ALLOC_ACTIVE("allocations", "of these, with a relayed packet in the last 30 s", Sum.ADD),
  ALLOC_IDLE("allocations", "of these, without", Sum.ADD),
  ALLOC_UDP("allocations", "of clients by UDP", Sum.ADD),
  ALLOC_TCP("allocations", "of clients by TCP", Sum.ADD),
  ALLOC_TLS("allocations", "of clients by TLS", Sum.ADD),
  ALLOC_DTLS("allocations", "of clients by DTLS", Sum.ADD),
  ALLOC_IPV6("allocations", "with an IPv6 relayed address", Sum.ADD),
  ALLOC_LIMIT("allocations", "the most there can be", Sum.ADD),
  RELAY_UP("bytes/s", "relayed from clients to peers", Sum.ADD),
  RELAY_DOWN("bytes/s", "relayed from peers to clients", Sum.ADD),
  RELAY_UP_PACKETS("packets/s", "relayed from clients to peers", Sum.ADD),
  RELAY_DOWN_PACKETS("packets/s", "relayed from peers to clients", Sum.ADD),
  RELAY_DROPPED("packets/s", "not relayed, for any reason", Sum.ADD),
  ANSWERS_SUCCESS("answers/s", "Allocate granted", Sum.ADD),
  ANSWERS_300("answers/s", "Allocate sent to another node", Sum.ADD),
  ANSWERS_401("answers/s", "Allocate challenged or refused for its credential", Sum.ADD),
  ANSWERS_437("answers/s", "Allocate on a five-tuple that has one", Sum.ADD),
  ANSWERS_438("answers/s", "Allocate with an old nonce", Sum.ADD),
  ANSWERS_486("answers/s", "Allocate over a quota", Sum.ADD),
  ANSWERS_508("answers/s", "Allocate without a free port", Sum.ADD),
  ANSWERS_OTHER("answers/s", "Allocate refused otherwise", Sum.ADD),
  PORTS_USED("ports", "relay ports in use or reserved", Sum.ADD),
  PORTS_RESTING("ports", "relay ports in quarantine", Sum.ADD),
  PORTS_LIMIT("ports", "relay ports that there are", Sum.ADD),
  PROCESSOR("share", "of the machine's processors in use", Sum.MEAN),
  MEMORY_USED("bytes", "of heap and direct buffers", Sum.ADD),
  MEMORY_LIMIT("bytes", "of heap", Sum.ADD),
  LOOP_LAG("seconds", "the latest that an event loop came round", Sum.MAX),
  KERNEL_DROPS("packets/s", "datagrams that the kernel had no room for", Sum.ADD),
  AUTH_WRONG("requests/s", "with wrong credentials", Sum.ADD),
  PEERS_DENIED("requests/s", "for a peer that no rule allows", Sum.ADD),
  RATE_LIMITED("requests/s", "dropped because their source proves nothing", Sum.ADD),
  QUOTA_REFUSED("requests/s", "over a quota", Sum.ADD),
  BANNED("requests/s", "of the banned", Sum.ADD),
  TLS_BYTES("bytes/s", "relayed for clients by TLS, both ways", Sum.ADD),
  SIGNAL_PEERS("peers", "in signaling", Sum.ADD),
  SIGNAL_ROOMS("rooms", "in signaling, counted on each node that has members", Sum.ADD),
  SIGNAL_MESSAGES("messages/s", "from peer to peer", Sum.ADD),
  RELAY_P99("seconds", "in which 99 % of UDP datagrams were read and sent on", Sum.MAX);

  /** What the same figures of several nodes are together. */
  public enum Sum {
    ADD,
    MEAN,
    MAX
  }

  private final String key;
  private final String unit;
  private final String meaning;
  private final Sum sum;

  Figure(String unit, String meaning, Sum sum) {
    key = name().toLowerCase(Locale.ROOT).replaceFirst("_", ".").replace('_', '.');
    this.unit = unit;
    this.meaning = meaning;
    this.sum = sum;
  }

  /** As the API calls it: {@code alloc.active}. */
  public String key() {
    return key;
  }

  public String unit() {
    return unit;
  }

  public String meaning() {
    return meaning;
  }

  public Sum sum() {
    return sum;
  }

  public static Optional<Figure> of(String key) {
    for (Figure figure : values()) {
      if (figure.key.equals(key)) {
        return Optional.of(figure);
      }
    }
    return Optional.empty();
  }

  /**
   * The figure of several nodes.
   *
   * @param ofNodes NaN where one does not know
   * @return NaN if none knows
   */
  public double together(double... ofNodes) {
    double total = Double.NaN;
    int known = 0;
    for (double one : ofNodes) {
      if (!Double.isNaN(one)) {
        known++;
        total = Double.isNaN(total) ? one : sum == Sum.MAX ? Math.max(total, one) : total + one;
      }
    }
    return sum == Sum.MEAN && known > 1 ? total / known : total;
  }
}

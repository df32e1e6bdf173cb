package puente.turn.store;

import java.util.HashMap;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import puente.stun.Family;
import puente.stun.FiveTuple;
import puente.stun.TransportAddress;

/**
 * The store of a single node: exact quotas over all its shards. Every shard asks it, each on its
 * own thread, so that it is briefly synchronized; it is asked once per allocation and never per
 * packet.
 */
public final class LocalStore implements AllocationStore {

  /** A network of IPv6 hosts is one source: any host has 2^64 addresses to itself. */
  private static final long NO_HOST_BITS = 0;

  /** Credentials with a number of uses that are remembered at a time; no more are let in. */
  private static final int USED_MAX = 100_000;

  /**
   * How many allocations may be alive; 0 is no limit.
   *
   * @param perUser {@code user-quota}
   * @param perRealm {@code realm-quota}
   * @param perSource per client address, IPv6 per /64
   * @param total of the whole server
   */
  public record Quotas(int perUser, int perRealm, int perSource, int total) {

    public static final Quotas NONE = new Quotas(0, 0, 0, 0);

    public Quotas {
      if (perUser < 0 || perRealm < 0 || perSource < 0 || total < 0) {
        throw new IllegalArgumentException("a quota is 0 (none) or more");
      }
    }
  }

  private record User(String realm, String name) {}

  /** The allocations of one user, realm or source; there is none without. */
  private static final class Count<K> {
    private final K key;
    private int held;

    Count(K key) {
      this.key = key;
    }
  }

  /**
   * What one allocation counts for.
   *
   * @param quota of this user alone; 0 is the one that all have
   */
  private record Holding(
      Count<User> user, Count<String> realm, Count<TransportAddress> source, int quota) {}

  private final Map<FiveTuple, Holding> holdingByClient = new HashMap<>();
  private final Map<User, Count<User>> countByUser = new HashMap<>();
  private final Map<String, Count<String>> countByRealm = new HashMap<>();
  private final Map<TransportAddress, Count<TransportAddress>> countBySource = new HashMap<>();
  private final Map<String, Used> usedByName = new HashMap<>();
  private final Map<User, Bandwidth> bandwidthByUser = new HashMap<>();
  private long userBytesPerSecond;
  private int nodes = 1;
  private Quotas quotas;
  private Map<String, Quotas> quotasByRealm = Map.of();

  public LocalStore(Quotas quotas) {
    this.quotas = quotas;
  }

  /** From now on; allocations alive stay, even beyond. */
  public synchronized void quotas(Quotas newQuotas) {
    quotas = newQuotas;
    quotasByRealm = Map.of();
  }

  /** For some realms others hold; of these, those for sources and for the whole are not looked at. */
  public synchronized void quotas(Quotas newQuotas, Map<String, Quotas> byRealm) {
    quotas = newQuotas;
    quotasByRealm = Map.copyOf(byRealm);
  }

  /** What holds in this realm. */
  synchronized Quotas quotas(String realm) {
    Quotas own = quotasByRealm.get(realm);
    return own == null
        ? quotas
        : new Quotas(own.perUser, own.perRealm, quotas.perSource, quotas.total);
  }

  /** Allocations alive or being made. */
  public synchronized int size() {
    return holdingByClient.size();
  }

  public synchronized int countOf(String realm, String user) {
    Count<User> count = countByUser.get(new User(realm, user));
    return count == null ? 0 : count.held;
  }

  @Override
  public void ask(Question question, Consumer<Answer> answer) {
    answer.accept(
        switch (question) {
          case Reserve reserve -> reserve(reserve);
          case Readmit readmit -> readmit(readmit);
          // There is nobody else whose it could be.
          case Claim claim -> new Unclaimed(claim.client());
        });
  }

  private synchronized Answer reserve(Reserve question) {
    FiveTuple client = question.client();
    // A client has one allocation: a former grant that nobody gave back is replaced, not counted.
    release(client);
    Holding holding = holding(client, question.realm(), question.user(), question.quota());
    Scope full = fullScope(holding);
    if (full == null && !isUsable(question.uses())) {
      full = Scope.USER;
    }
    if (full == null) {
      return hold(client, holding);
    }
    change(holding, 0);
    return new Refused(client, full);
  }

  private synchronized Answer readmit(Readmit question) {
    FiveTuple client = question.client();
    release(client);
    return hold(client, holding(client, question.realm(), question.user(), question.quota()));
  }

  private Holding holding(FiveTuple client, String realm, String user, int quota) {
    return new Holding(
        countByUser.computeIfAbsent(new User(realm, user), Count::new),
        countByRealm.computeIfAbsent(realm, Count::new),
        countBySource.computeIfAbsent(sourceOf(client.client()), Count::new),
        quota);
  }

  /** Of one credential; the oldest are first. */
  private static final class Used {
    private final long untilMs;
    private int count;

    Used(long untilMs) {
      this.untilMs = untilMs;
    }
  }

  /** Whether this use is one of those that were given; it is counted then. */
  private boolean isUsable(@Nullable Uses uses) {
    if (uses == null) {
      return true;
    }
    if (usedByName.size() >= USED_MAX) {
      usedByName.values().removeIf(used -> uses.nowMs() >= used.untilMs);
    }
    Used used = usedByName.get(uses.name());
    if (used == null && usedByName.size() < USED_MAX) {
      used = new Used(uses.untilMs());
      usedByName.put(uses.name(), used);
    }
    if (used == null || used.count >= uses.max()) {
      return false;
    }
    used.count++;
    return true;
  }

  private Answer hold(FiveTuple client, Holding holding) {
    holdingByClient.put(client, holding);
    change(holding, 1);
    return new Granted(client, bandwidthOf(holding.user.key));
  }

  /** One for all allocations of a user on this node. */
  private @Nullable Bandwidth bandwidthOf(User user) {
    return userBytesPerSecond == 0 || user.name.isEmpty()
        ? null
        : bandwidthByUser.computeIfAbsent(
            user,
            unused -> Bandwidth.of(userBytesPerSecond, Math.max(1, userBytesPerSecond / nodes)));
  }

  /** {@code user-bps} from now on, each way; 0 is no limit, for those who allocate then. */
  public synchronized void userBandwidth(long bytesPerSecond) {
    userBytesPerSecond = bytesPerSecond;
    long limit = bytesPerSecond == 0 ? Long.MAX_VALUE / 4096 : bytesPerSecond;
    bandwidthByUser.values().forEach(bandwidth -> bandwidth.limit(limit));
  }

  /**
   * What to tell the other nodes, by direction and user.
   *
   * @param among so many nodes; whoever comes from now on begins with an even part
   */
  public synchronized Map<String, RateLeases.Claimant> bandwidths(int among) {
    nodes = Math.max(1, among);
    Map<String, RateLeases.Claimant> all = new HashMap<>();
    if (userBytesPerSecond > 0) {
      bandwidthByUser.forEach(
          (user, bandwidth) -> {
            all.put("up " + user.realm + ' ' + user.name, bandwidth.up());
            all.put("down " + user.realm + ' ' + user.name, bandwidth.down());
          });
    }
    return all;
  }

  private @Nullable Scope fullScope(Holding holding) {
    Quotas limits = quotas(holding.realm.key);
    boolean named = !holding.user.key.name.isEmpty();
    int perUser = holding.quota > 0 ? holding.quota : limits.perUser;
    if (named && isFull(holding.user.held, perUser)) {
      return Scope.USER;
    }
    if (isFull(holding.source.held, limits.perSource)) {
      return Scope.IP;
    }
    if (isFull(holding.realm.held, limits.perRealm)) {
      return Scope.REALM;
    }
    return isFull(holdingByClient.size(), limits.total) ? Scope.GLOBAL : null;
  }

  private static boolean isFull(int count, int quota) {
    return quota > 0 && count >= quota;
  }

  @Override
  public synchronized void move(FiveTuple from, FiveTuple to) {
    Holding holding = holdingByClient.remove(from);
    if (holding != null) {
      release(to);
      holdingByClient.put(to, holding);
    }
  }

  @Override
  public synchronized void release(FiveTuple client) {
    Holding holding = holdingByClient.remove(client);
    if (holding != null) {
      change(holding, -1);
      if (holding.user.held == 0) {
        bandwidthByUser.remove(holding.user.key);
      }
    }
  }

  private void change(Holding holding, int by) {
    change(countByUser, holding.user, by);
    change(countByRealm, holding.realm, by);
    change(countBySource, holding.source, by);
  }

  /** A count of 0 is no entry: names that come and go leave nothing behind. */
  private static <K> void change(Map<K, Count<K>> counts, Count<K> count, int by) {
    count.held += by;
    if (count.held == 0) {
      counts.remove(count.key);
    }
  }

  /** IPv6 per /64, without a port. */
  static TransportAddress sourceOf(TransportAddress client) {
    return client.family() == Family.IPV4
        ? client.withPort(0)
        : TransportAddress.ipv6(client.hi(), NO_HOST_BITS, 0);
  }
}

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

  /** The allocations of all users of a realm. */
  private static final class RealmCount {
    private int held;
  }

  /** The allocations of one user; there is none without. */
  private static final class UserCount {
    private final User user;
    private final RealmCount realm;
    private int held;

    UserCount(User user, RealmCount realm) {
      this.user = user;
      this.realm = realm;
    }
  }

  private final Map<FiveTuple, UserCount> holderByClient = new HashMap<>();
  private final Map<User, UserCount> countByUser = new HashMap<>();
  private final Map<String, RealmCount> countByRealm = new HashMap<>();

  /** Empty without a quota per source: with one address for each client it is large. */
  private final Map<TransportAddress, Integer> countBySource = new HashMap<>();

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
    quotas(newQuotas, Map.of());
  }

  /** For some realms others hold; of these, those for sources and for the whole are not looked at. */
  public synchronized void quotas(Quotas newQuotas, Map<String, Quotas> byRealm) {
    boolean wereCounted = quotas.perSource > 0;
    quotas = newQuotas;
    quotasByRealm = Map.copyOf(byRealm);
    if (wereCounted != quotas.perSource > 0) {
      countBySource.clear();
      holderByClient.keySet().forEach(client -> changeSource(client, 1));
    }
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
    return holderByClient.size();
  }

  public synchronized int countOf(String realm, String user) {
    UserCount count = countByUser.get(new User(realm, user));
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
    UserCount holder = holder(question.realm(), question.user());
    Scope full = fullScope(client, holder, question.quota());
    if (full == null && !isUsable(question.uses())) {
      full = Scope.USER;
    }
    if (full == null) {
      return hold(client, holder);
    }
    change(holder, 0);
    return new Refused(client, full);
  }

  private synchronized Answer readmit(Readmit question) {
    FiveTuple client = question.client();
    release(client);
    return hold(client, holder(question.realm(), question.user()));
  }

  private UserCount holder(String realm, String name) {
    return countByUser.computeIfAbsent(
        new User(realm, name),
        user ->
            new UserCount(user, countByRealm.computeIfAbsent(realm, unused -> new RealmCount())));
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

  private Answer hold(FiveTuple client, UserCount holder) {
    holderByClient.put(client, holder);
    change(holder, 1);
    changeSource(client, 1);
    return new Granted(client, bandwidthOf(holder.user));
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

  /**
   * Which quota is full.
   *
   * @param quota of this user alone; 0 is the one that all have
   */
  private @Nullable Scope fullScope(FiveTuple client, UserCount holder, int quota) {
    Quotas limits = quotas(holder.user.realm);
    boolean named = !holder.user.name.isEmpty();
    if (named && isFull(holder.held, quota > 0 ? quota : limits.perUser)) {
      return Scope.USER;
    }
    if (limits.perSource > 0
        && countBySource.getOrDefault(sourceOf(client.client()), 0) >= limits.perSource) {
      return Scope.IP;
    }
    if (isFull(holder.realm.held, limits.perRealm)) {
      return Scope.REALM;
    }
    return isFull(holderByClient.size(), limits.total) ? Scope.GLOBAL : null;
  }

  private static boolean isFull(int count, int quota) {
    return quota > 0 && count >= quota;
  }

  @Override
  public synchronized void move(FiveTuple from, FiveTuple to) {
    UserCount holder = holderByClient.remove(from);
    if (holder != null) {
      changeSource(from, -1);
      release(to);
      holderByClient.put(to, holder);
      changeSource(to, 1);
    }
  }

  @Override
  public synchronized void release(FiveTuple client) {
    UserCount holder = holderByClient.remove(client);
    if (holder != null) {
      change(holder, -1);
      changeSource(client, -1);
      if (holder.held == 0) {
        bandwidthByUser.remove(holder.user);
      }
    }
  }

  /** A count of 0 is no entry: names that come and go leave nothing behind. */
  private void change(UserCount holder, int by) {
    holder.held += by;
    holder.realm.held += by;
    if (holder.held == 0) {
      countByUser.remove(holder.user);
    }
    if (holder.realm.held == 0) {
      countByRealm.remove(holder.user.realm);
    }
  }

  private void changeSource(FiveTuple client, int by) {
    if (quotas.perSource > 0) {
      TransportAddress source = sourceOf(client.client());
      int held = countBySource.getOrDefault(source, 0) + by;
      if (held == 0) {
        countBySource.remove(source);
      } else {
        countBySource.put(source, held);
      }
    }
  }

  /** IPv6 per /64, without a port. */
  static TransportAddress sourceOf(TransportAddress client) {
    return client.family() == Family.IPV4
        ? client.withPort(0)
        : TransportAddress.ipv6(client.hi(), NO_HOST_BITS, 0);
  }
}

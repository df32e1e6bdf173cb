package puente.turn;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import puente.stun.Family;
import puente.stun.TransportAddress;
import puente.turn.store.Reservations;

/** The relay ports of one shard on all relay addresses, and those on loan (RFC 8656 §7.2). */
final class Ports {

  /** Reservations may hold one port of so many, lest they be used to hold them all. */
  private static final int RESERVED_SHARE = 8;

  /** Those of the configuration, and those that allocations of a former one may still be on. */
  private final List<RelayAddress> addresses = new ArrayList<>();

  private final List<PortPool> pools = new ArrayList<>();
  private final Reservations reservations;
  private final Counters counters;
  private final RandomGenerator random;
  private final SharedPorts shared;
  private final Sharing sharing;
  private final int shard;
  private final int shards;
  private TurnConfig config;
  private Set<TransportAddress> absent = Set.of();
  private int owned;
  private long quarantineMs;

  Ports(TurnConfig config, Counters counters, RandomGenerator random, int shard, int shards) {
    this.counters = counters;
    this.random = random;
    this.shard = shard;
    this.shards = shards;
    this.config = config;
    reservations = config.reservations();
    quarantineMs = config.lifetimes().quarantineMs();
    config.relayAddresses().forEach(this::open);
    shared = new SharedPorts(config, pools, counters, random);
    sharing = new Sharing(config, this);
    show();
  }

  void reconfigure(TurnConfig newConfig) {
    config = newConfig;
    quarantineMs = newConfig.lifetimes().quarantineMs();
    for (RelayAddress address : newConfig.relayAddresses()) {
      int known = find(address.local());
      if (known < 0) {
        open(address);
      } else {
        addresses.set(known, address);
      }
    }
    shared.reconfigure(newConfig);
    sharing.reconfigure(newConfig);
    show();
  }

  /** Its place is for life: an address that nobody relays on any more may come back. */
  private void open(RelayAddress address) {
    PortPool pool = new PortPool(config.portMin(), config.portMax(), shard, shards, random);
    addresses.add(address);
    pools.add(pool);
    owned += pool.owned();
  }

  /** Which way data goes from those that many allocations are on. */
  Sharing sharing() {
    return sharing;
  }

  /** These relay addresses are not here: what is on them stays, and nothing new is put there. */
  void absent(Set<TransportAddress> relayAddresses) {
    absent = Set.copyOf(relayAddresses);
  }

  private boolean serves(int address, Family family, String realm) {
    RelayAddress relay = addresses.get(address);
    return relay.family() == family
        && !absent.contains(relay.local())
        && config.relaySites().has(relay.local(), realm);
  }

  /** Whether ports for this are at hand, for users of this realm. */
  boolean has(Wanted wanted, String realm) {
    int most = Math.max(owned, RESERVED_SHARE) / RESERVED_SHARE;
    if (wanted.reserveNext() && reservations.countOf(shard) >= most) {
      return false;
    }
    Family additional = wanted.additional();
    boolean mayShare = shared.serves(wanted);
    return has(wanted.first(), realm, mayShare)
        || additional != null && has(additional, realm, mayShare);
  }

  private boolean has(Family family, String realm, boolean mayShare) {
    for (int i = 0; i < pools.size(); i++) {
      if (serves(i, family, realm) && (pools.get(i).hasAny() || mayShare && shared.has(i))) {
        return true;
      }
    }
    return false;
  }

  /** The family of the address held under this token for this realm, by any shard; or null. */
  @Nullable Family reservedFamily(long token, String realm, long now) {
    TransportAddress local = reservations.localOf(token, now);
    return local == null || !config.relaySites().has(local, realm) ? null : local.family();
  }

  /** An address of this family and realm with a port of the wanted kind, or null. */
  @Nullable Relay take(Family family, Wanted wanted, String realm, long now) {
    takeReturned(now);
    int start = addresses.isEmpty() ? 0 : random.nextInt(addresses.size());
    for (int n = 0; n < addresses.size(); n++) {
      int i = (start + n) % addresses.size();
      if (!serves(i, family, realm)) {
        continue;
      }
      Relay joined = shared.serves(wanted) ? shared.join(i, addresses.get(i), now) : null;
      if (joined != null) {
        show();
        return joined;
      }
      int port = take(pools.get(i), wanted, now);
      if (port != PortPool.NONE) {
        show();
        return relay(addresses.get(i), port, pools.get(i));
      }
    }
    return null;
  }

  /** A port for this allocation alone, on the address that it shares one of; null if none is left. */
  @Nullable SpareRelay takeBeside(SharedRelay relay, long now) {
    takeReturned(now);
    PortPool pool = pools.get(indexOf(relay.local()));
    int port = pool.take(now);
    if (port == PortPool.NONE) {
      return null;
    }
    show();
    SpareRelay spare =
        new SpareRelay(
            relay.local().withPort(port),
            relay.advertised().withPort(port),
            relay,
            random.nextLong());
    spare.pool = pool;
    counters.count(Counter.SHARED_PRIVATE_PORT);
    return spare;
  }

  boolean hasBeside(SharedRelay relay) {
    return pools.get(indexOf(relay.local())).hasAny();
  }

  private static int take(PortPool pool, Wanted wanted, long now) {
    if (wanted.reserveNext()) {
      return pool.takePair(now);
    }
    return wanted.evenPort() ? pool.takeEven(now) : pool.take(now);
  }

  /** The other half of a pair that was taken whole. */
  Relay siblingOf(Relay even) {
    Relay sibling =
        new Relay(
            even.local().withPort(even.local().port() + 1),
            even.advertised().withPort(even.local().port() + 1));
    sibling.pool = even.pool;
    sibling.reserved = true;
    return sibling;
  }

  /** Holds this relay's port for whoever shows the token. */
  long hold(Relay relay, long untilMs) {
    long token;
    do {
      token = random.nextLong();
    } while (!reservations.add(new Reservations.Held(token, relay.local(), shard, untilMs)));
    show();
    return token;
  }

  /** The relay held under this token by any shard, or null. */
  @Nullable Relay claim(long token, long now) {
    Reservations.Held held = reservations.claim(token, now);
    if (held == null) {
      return null;
    }
    RelayAddress at = addresses.get(indexOf(held.local()));
    Relay relay = relay(at, held.local().port(), null);
    relay.loan = held;
    show();
    return relay;
  }

  /** Takes the port that this relay had in a former life. */
  Restored retake(Relay relay, long now) {
    takeReturned(now);
    int at = find(relay.local());
    if (at < 0 || !pools.get(at).isOurs(relay.local().port())) {
      return Restored.NO_SUCH_ADDRESS;
    }
    if (!pools.get(at).takeExactly(relay.local().port())) {
      return Restored.PORT_TAKEN;
    }
    relay.pool = pools.get(at);
    show();
    return Restored.YES;
  }

  /** The same for one that was on a port with others: the first that comes back takes it. */
  @Nullable SharedRelay rejoin(TransportAddress local, long now) {
    takeReturned(now);
    int at = find(local);
    SharedRelay relay = at < 0 ? null : shared.rejoin(at, addresses.get(at), local.port());
    show();
    return relay;
  }

  /** The time of a hold is over. */
  void endHold(long token, long now) {
    Reservations.Held held = reservations.remove(token);
    if (held != null) {
      rest(held.local(), now);
    }
  }

  void giveBack(Relay relay, long now) {
    PortPool pool = relay.pool;
    Reservations.Held loan = relay.loan;
    if (relay instanceof SharedRelay one) {
      if (shared.leave(one)) {
        rest(relay.local(), now);
      }
    } else if (pool != null) {
      rest(relay.local(), now);
    } else if (loan != null) {
      reservations.giveBack(loan);
      takeReturned(now);
    }
    show();
  }

  void onTime(long now) {
    takeReturned(now);
    for (PortPool pool : pools) {
      pool.endRests(now);
    }
    shared.onTime(now);
    show();
  }

  /** When the next port has rested enough. */
  long nextRestedAtMs() {
    long next = shared.nextLookMs();
    for (int i = 0; i < pools.size(); i++) {
      next = Math.min(next, pools.get(i).nextRestedAtMs());
    }
    return next;
  }

  /** Ports of ours that another shard had on loan. */
  private void takeReturned(long now) {
    for (Reservations.Held held = reservations.nextReturned(shard);
        held != null;
        held = reservations.nextReturned(shard)) {
      rest(held.local(), now);
    }
  }

  void survey(PortMap map) {
    for (PortPool pool : pools) {
      pool.survey(map);
    }
  }

  /** Into quarantine until a whole second, so that many ports leave it in one go. */
  private void rest(TransportAddress local, long now) {
    long restedMs = now + quarantineMs + 999;
    pools.get(indexOf(local)).giveBack(local.port(), restedMs - restedMs % 1000);
  }

  private int indexOf(TransportAddress local) {
    int found = find(local);
    if (found < 0) {
      throw new IllegalStateException("not a relay address");
    }
    return found;
  }

  /** Where that is; negative if it is no relay address. */
  private int find(TransportAddress local) {
    TransportAddress wanted = local.withPort(0);
    for (int i = 0; i < addresses.size(); i++) {
      if (addresses.get(i).local().equals(wanted)) {
        return i;
      }
    }
    return -1;
  }

  private static Relay relay(RelayAddress at, int port, @Nullable PortPool pool) {
    TransportAddress local = at.local().withPort(port);
    boolean same = at.advertised().equals(at.local());
    Relay relay = new Relay(local, same ? local : at.advertised().withPort(port));
    relay.pool = pool;
    return relay;
  }

  private void show() {
    int held = 0;
    int resting = 0;
    for (PortPool pool : pools) {
      held += pool.held();
      resting += pool.quarantined();
    }
    int reserved = reservations.countOf(shard);
    counters.ports(Counters.PortState.USED, held - reserved);
    counters.ports(Counters.PortState.RESERVED, reserved);
    counters.ports(Counters.PortState.QUARANTINED, resting);
    counters.ports(Counters.PortState.LIMIT, owned);
  }
}

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

  private List<RelayAddress> addresses;
  private final List<PortPool> pools = new ArrayList<>();
  private final Reservations reservations;
  private final Counters counters;
  private final RandomGenerator random;
  private final SharedPorts shared;
  private final Sharing sharing;
  private final int shard;
  private Set<TransportAddress> absent = Set.of();
  private int owned;
  private long quarantineMs;

  Ports(TurnConfig config, Counters counters, RandomGenerator random, int shard, int shards) {
    this.counters = counters;
    this.random = random;
    this.shard = shard;
    addresses = config.relayAddresses();
    reservations = config.reservations();
    quarantineMs = config.lifetimes().quarantineMs();
    for (int i = 0; i < addresses.size(); i++) {
      PortPool pool = new PortPool(config.portMin(), config.portMax(), shard, shards, random);
      pools.add(pool);
      owned += pool.owned();
    }
    shared = new SharedPorts(config, pools, counters, random);
    sharing = new Sharing(config, this);
    show();
  }

  void reconfigure(TurnConfig config) {
    quarantineMs = config.lifetimes().quarantineMs();
    addresses = config.relayAddresses();
    shared.reconfigure(config);
    sharing.reconfigure(config);
  }

  /** Which way data goes from those that many allocations are on. */
  Sharing sharing() {
    return sharing;
  }

  /** These relay addresses are not here: what is on them stays, and nothing new is put there. */
  void absent(Set<TransportAddress> relayAddresses) {
    absent = Set.copyOf(relayAddresses);
  }

  private boolean serves(int address, Family family) {
    RelayAddress relay = addresses.get(address);
    return relay.family() == family && !absent.contains(relay.local());
  }

  /** Whether ports for this are at hand. */
  boolean has(Wanted wanted) {
    int most = Math.max(owned, RESERVED_SHARE) / RESERVED_SHARE;
    if (wanted.reserveNext() && reservations.countOf(shard) >= most) {
      return false;
    }
    Family additional = wanted.additional();
    boolean mayShare = shared.serves(wanted);
    return has(wanted.first(), mayShare) || additional != null && has(additional, mayShare);
  }

  private boolean has(Family family, boolean mayShare) {
    for (int i = 0; i < pools.size(); i++) {
      if (serves(i, family) && (pools.get(i).hasAny() || mayShare && shared.has(i))) {
        return true;
      }
    }
    return false;
  }

  /** The family of the address held under this token, by any shard, or null if there is none. */
  @Nullable Family reservedFamily(long token, long now) {
    return reservations.familyOf(token, now);
  }

  /** An address of this family with a port of the wanted kind, or null. */
  @Nullable Relay take(Family family, Wanted wanted, long now) {
    takeReturned(now);
    int start = addresses.isEmpty() ? 0 : random.nextInt(addresses.size());
    for (int n = 0; n < addresses.size(); n++) {
      int i = (start + n) % addresses.size();
      Relay joined =
          serves(i, family) && shared.serves(wanted) ? shared.join(i, addresses.get(i), now) : null;
      if (joined != null) {
        show();
        return joined;
      }
      int port = serves(i, family) ? take(pools.get(i), wanted, now) : PortPool.NONE;
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
    for (int i = 0; i < addresses.size(); i++) {
      if (addresses.get(i).local().equals(relay.local().withPort(0))
          && pools.get(i).isOurs(relay.local().port())) {
        if (!pools.get(i).takeExactly(relay.local().port())) {
          return Restored.PORT_TAKEN;
        }
        relay.pool = pools.get(i);
        show();
        return Restored.YES;
      }
    }
    return Restored.NO_SUCH_ADDRESS;
  }

  /** The same for one that was on a port with others: the first that comes back takes it. */
  @Nullable SharedRelay rejoin(TransportAddress local, long now) {
    takeReturned(now);
    for (int i = 0; i < addresses.size(); i++) {
      if (addresses.get(i).local().equals(local.withPort(0))) {
        SharedRelay relay = shared.rejoin(i, addresses.get(i), local.port());
        show();
        return relay;
      }
    }
    return null;
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
    for (PortPool pool : pools) {
      next = Math.min(next, pool.nextRestedAtMs());
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
    for (int i = 0; i < addresses.size(); i++) {
      if (addresses.get(i).local().equals(local.withPort(0))) {
        return i;
      }
    }
    throw new IllegalStateException("not a relay address");
  }

  private static Relay relay(RelayAddress at, int port, @Nullable PortPool pool) {
    Relay relay = new Relay(at.local().withPort(port), at.advertised().withPort(port));
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

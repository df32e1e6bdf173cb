package puente.turn;

import java.util.ArrayList;
import java.util.List;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import puente.stun.TransportAddress;

/**
 * The shared ports of one shard, some on each relay address. One is taken out of the shard's range
 * when it is wanted first, and kept: its socket stays open while the process lives.
 */
final class SharedPorts {

  private final List<List<SharedPort>> portsByAddress = new ArrayList<>();
  private final List<PortPool> pools;
  private final Counters counters;
  private final RandomGenerator random;
  private int portsMax;
  private long quarantineMs;

  SharedPorts(TurnConfig config, List<PortPool> pools, Counters counters, RandomGenerator random) {
    this.pools = pools;
    this.counters = counters;
    this.random = random;
    reconfigure(config);
  }

  void reconfigure(TurnConfig config) {
    portsMax = config.sharedPorts();
    quarantineMs = config.lifetimes().quarantineMs();
    while (portsByAddress.size() < pools.size()) {
      portsByAddress.add(new ArrayList<>());
    }
  }

  /** Whether an allocation may be on a shared port: one that asks for no port or transport. */
  boolean serves(Wanted wanted) {
    return portsMax > 0
        && !wanted.evenPort()
        && !wanted.reserveNext()
        && wanted.token() == null
        && !wanted.tcp();
  }

  /** Whether there is one on this relay address. */
  boolean has(int address) {
    return !portsByAddress.get(address).isEmpty();
  }

  /** Puts one more allocation on a port of this relay address; null if no port is left for that. */
  @Nullable SharedRelay join(int address, RelayAddress at, long now) {
    List<SharedPort> ports = portsByAddress.get(address);
    if (ports.size() < portsMax) {
      int port = pools.get(address).take(now);
      if (port != PortPool.NONE) {
        return add(address, at, port);
      }
    }
    SharedPort emptiest = null;
    for (SharedPort port : ports) {
      if (emptiest == null || port.users < emptiest.users) {
        emptiest = port;
      }
    }
    return emptiest == null ? null : join(emptiest);
  }

  /** Puts one on this very port, if that is shared or can be; else null. */
  @Nullable SharedRelay rejoin(int address, RelayAddress at, int number) {
    for (SharedPort port : portsByAddress.get(address)) {
      if (port.local().port() == number) {
        return join(port);
      }
    }
    return pools.get(address).takeExactly(number) ? add(address, at, number) : null;
  }

  private SharedRelay add(int address, RelayAddress at, int number) {
    TransportAddress local = at.local().withPort(number);
    SharedPort port =
        new SharedPort(local, at.advertised().withPort(number), counters, random.nextLong());
    port.pool = pools.get(address);
    portsByAddress.get(address).add(port);
    return join(port);
  }

  private SharedRelay join(SharedPort port) {
    counters.count(Counter.SHARED_ALLOCATED);
    port.users++;
    return new SharedRelay(port);
  }

  /**
   * One allocation less.
   *
   * @return whether the port is free now: it could not be bound
   */
  boolean leave(SharedRelay relay) {
    SharedPort port = relay.port();
    port.forgetNames(relay);
    port.users--;
    if (port.state == Relay.State.BINDING) {
      portsByAddress.forEach(ports -> ports.remove(port));
      return port.users == 0;
    }
    return false;
  }

  void onTime(long now) {
    for (List<SharedPort> ports : portsByAddress) {
      for (SharedPort port : ports) {
        port.endRests(now, quarantineMs);
      }
    }
  }

  long nextLookMs() {
    long next = Long.MAX_VALUE;
    // Asked after every packet: an iterator would be garbage each time.
    for (int i = 0; i < portsByAddress.size(); i++) {
      List<SharedPort> ports = portsByAddress.get(i);
      for (int j = 0; j < ports.size(); j++) {
        next = Math.min(next, ports.get(j).nextLookMs());
      }
    }
    return next;
  }
}

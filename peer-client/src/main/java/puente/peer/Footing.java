package puente.peer;

import java.net.InetSocketAddress;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import puente.stun.Family;

/**
 * What this host has to reach others with.
 *
 * @param udp families by which answers come back over UDP
 */
record Footing(IceServers servers, Set<Family> udp, PortMapper mapper, Trust trust) {
  private static final int STUN_MAX = 4;

  Footing {
    udp = Set.copyOf(udp);
  }

  boolean hasUdp() {
    return !udp.isEmpty();
  }

  /** Asked over UDP how this host is seen. */
  List<InetSocketAddress> stun() {
    return servers.stun().stream().filter(this::isHeard).limit(STUN_MAX).toList();
  }

  Optional<IceServers.Relay> relayByUdp() {
    List<IceServers.Relay> all = servers.relays(IceServers.Way.UDP);
    return all.stream().filter(one -> isHeard(one.address())).findFirst().or(() -> first(all));
  }

  private static Optional<IceServers.Relay> first(List<IceServers.Relay> all) {
    return all.stream().findFirst();
  }

  private boolean isHeard(InetSocketAddress server) {
    return udp.contains(Routes.family(server.getAddress()));
  }

  /**
   * Asked by TCP how this host is seen, one of each family. A server of STUN over UDP mostly answers
   * at the same port of TCP, too.
   */
  List<InetSocketAddress> overTcp() {
    return Routes.firsts(
        Stream.concat(
                servers.relays(IceServers.Way.TCP).stream().map(IceServers.Relay::address),
                servers.stun().stream())
            .toList());
  }
}

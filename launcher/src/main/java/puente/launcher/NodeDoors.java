package puente.launcher;

import java.net.InetAddress;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import puente.launcher.NodeState.Door;
import puente.net.Addresses;
import puente.stun.Family;
import puente.stun.Transport;
import puente.stun.TransportAddress;
import puente.turn.Redirection.Target;
import puente.turn.RelayAddress;
import puente.turn.relay.Endpoint;

/** Where clients can be sent to: the doors of this node, and the servers that were configured. */
final class NodeDoors {
  private NodeDoors() {}

  /**
   * One door of each transport and family, as clients see it: at the address that the world reaches
   * this machine by, not at one of a bridge or the loopback, unless there is no other.
   */
  static List<Door> of(Config config, List<Endpoint> endpoints) {
    List<RelayAddress> relays = NodeAddresses.relay(config);
    List<InetAddress> anycast = config.all(ProtocolSettings.ANYCAST_IP);
    List<Door> doors = new ArrayList<>();
    for (Transport transport : Transport.values()) {
      for (Family family : Family.values()) {
        endpoints.stream()
            .filter(endpoint -> endpoint.transport() == transport)
            .map(Endpoint::local)
            .filter(local -> local.family() == family)
            .filter(local -> !anycast.contains(Addresses.of(local).getAddress()))
            .reduce((one, other) -> rank(one, relays) >= rank(other, relays) ? one : other)
            .map(local -> new Door(transport, seen(local, config)))
            .ifPresent(doors::add);
      }
    }
    return doors;
  }

  private static int rank(TransportAddress local, List<RelayAddress> relays) {
    if (relays.stream().anyMatch(relay -> relay.local().sameIp(local.hi(), local.lo()))) {
      return 2;
    }
    return Addresses.of(local).getAddress().isLoopbackAddress() ? 0 : 1;
  }

  private static TransportAddress seen(TransportAddress local, Config config) {
    return NodeAddresses.advertised(Addresses.of(local).getAddress(), config)
        .advertised()
        .withPort(local.port());
  }

  /**
   * The servers of {@code alternate-server} and its kin, each once. Several nodes may have one
   * list: what this node listens on itself is left out, or its clients would go round in circles.
   */
  static List<Target> configured(Config config, List<Endpoint> endpoints) {
    Set<Door> ours = new HashSet<>();
    for (Endpoint endpoint : endpoints) {
      ours.add(new Door(endpoint.transport(), endpoint.local()));
      ours.add(new Door(endpoint.transport(), seen(endpoint.local(), config)));
    }
    return listed(config).stream()
        .filter(target -> !ours.contains(new Door(target.transport(), target.address())))
        .distinct()
        .toList();
  }

  private static List<Target> listed(Config config) {
    int port = config.value(Settings.LISTENING_PORT);
    int tlsPort = config.value(Settings.TLS_LISTENING_PORT);
    List<Target> all = new ArrayList<>();
    add(all, Transport.UDP, config.all(DrainSettings.ALTERNATE_SERVER), port);
    add(all, Transport.UDP, config.all(DrainSettings.UDP_ALTERNATE_SERVER), port);
    add(all, Transport.TCP, config.all(DrainSettings.ALTERNATE_SERVER), port);
    add(all, Transport.TCP, config.all(DrainSettings.TCP_ALTERNATE_SERVER), port);
    add(all, Transport.TLS, config.all(DrainSettings.TLS_ALTERNATE_SERVER), tlsPort);
    add(all, Transport.DTLS, config.all(DrainSettings.TLS_ALTERNATE_SERVER), tlsPort);
    return all;
  }

  private static void add(
      List<Target> all, Transport transport, List<AlternateServer> servers, int usualPort) {
    servers.forEach(server -> all.add(new Target(transport, server.address(usualPort), null)));
  }
}

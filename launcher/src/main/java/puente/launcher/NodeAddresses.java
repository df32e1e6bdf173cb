package puente.launcher;

import java.io.IOException;
import java.net.DatagramSocket;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.NetworkInterface;
import java.net.SocketException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import puente.net.Addresses;
import puente.net.BindFailure;
import puente.stun.Family;
import puente.stun.TransportAddress;
import puente.turn.RelayAddress;

/** Which of this machine's addresses are used for what. */
final class NodeAddresses {
  // Documentation addresses: only the routing table is asked, nothing is sent.
  private static final String SOMEWHERE_IPV4 = "192.0.2.1";
  private static final String SOMEWHERE_IPV6 = "2001:db8::1";

  private NodeAddresses() {}

  /** Where to listen: what is configured, else every address of this machine. */
  static List<InetAddress> listening(Config config) {
    List<InetAddress> configured = config.all(Settings.LISTENING_IP);
    if (!configured.isEmpty()) {
      return configured.stream()
          .flatMap(ip -> isWildcard(ip) ? ofKind(ip) : List.of(ip).stream())
          .distinct()
          .toList();
    }
    return machine();
  }

  /** Where to listen, but for what other servers have as well. */
  static List<InetAddress> unicast(Config config) {
    List<InetAddress> anycast = config.all(ProtocolSettings.ANYCAST_IP);
    return listening(config).stream().filter(ip -> !anycast.contains(ip)).toList();
  }

  /**
   * Where clients that come by an anycast address are sent (RFC 8155 §6), without ports: to the
   * address that this machine reaches the world from, if it listens there.
   */
  static Map<TransportAddress, TransportAddress> unicastByAnycast(Config config)
      throws StartFailure {
    Map<TransportAddress, TransportAddress> found = new HashMap<>();
    for (InetAddress anycast : config.all(ProtocolSettings.ANYCAST_IP)) {
      TransportAddress local = Addresses.of(anycast, 0);
      String name = "anycast-ip=" + Type.show(anycast);
      if (!listening(config).contains(anycast)) {
        throw StartFailure.configuration(name + ": the server does not listen there");
      }
      if (allRelays(config).stream().anyMatch(relay -> relay.local().equals(local))) {
        throw StartFailure.configuration(name + ": relays need an address that is ours alone");
      }
      found.put(local, alone(local.family(), config, name));
    }
    return found;
  }

  private static TransportAddress alone(Family family, Config config, String name)
      throws StartFailure {
    List<InetAddress> own = ofFamily(unicast(config), family);
    List<InetAddress> usual = usual();
    return Stream.of(
            own.stream().filter(usual::contains),
            own.stream().filter(ip -> !ip.isLoopbackAddress()),
            own.stream())
        .flatMap(each -> each)
        .findFirst()
        .map(ip -> advertised(ip, config).advertised())
        .orElseThrow(
            () ->
                StartFailure.configuration(
                    name + ": there is no other listening address of its family"));
  }

  private static Stream<InetAddress> ofKind(InetAddress wildcard) {
    boolean ipv4 = wildcard instanceof Inet4Address;
    return machine().stream().filter(ip -> ip instanceof Inet4Address == ipv4);
  }

  /**
   * Where relays are: what is configured; else the listening addresses, if those are; else the
   * addresses that this machine reaches the world from, one of each family.
   */
  static List<RelayAddress> relay(Config config) {
    List<InetAddress> chosen =
        config.all(Settings.RELAY_IP).stream().flatMap(NodeAddresses::relayable).toList();
    if (chosen.isEmpty() && config.isGiven(Settings.LISTENING_IP)) {
      chosen = unicast(config);
    }
    if (chosen.isEmpty()) {
      chosen = usual();
    }
    return chosen.stream().distinct().map(ip -> advertised(ip, config)).toList();
  }

  /** Where relays of users of such realms are that have addresses of their own. */
  static Map<String, List<RelayAddress>> relaysByRealm(Config config) {
    Map<String, List<RelayAddress>> all = new LinkedHashMap<>();
    for (RealmRule rule : config.all(UserSettings.RELAY_REALM)) {
      List<RelayAddress> ofRealm = all.computeIfAbsent(rule.realm(), realm -> new ArrayList<>());
      RelayAddress relay = advertised(rule.address(), config);
      if (!ofRealm.contains(relay)) {
        ofRealm.add(relay);
      }
    }
    return all;
  }

  /** Everybody's, and those of realms. */
  static List<RelayAddress> allRelays(Config config) {
    return Stream.concat(
            relay(config).stream(), relaysByRealm(config).values().stream().flatMap(List::stream))
        .distinct()
        .toList();
  }

  /** Nobody can send to a wildcard: it means what is usual. */
  private static Stream<InetAddress> relayable(InetAddress ip) {
    return isWildcard(ip)
        ? usual().stream().filter(usual -> usual.getClass() == ip.getClass())
        : Stream.of(ip);
  }

  /**
   * Sees that relays can be opened, so that no client has to find out.
   *
   * @throws BindFailure for the first address that this machine does not have
   */
  static void tryRelays(Config config) throws BindFailure {
    tryRelays(allRelays(config));
  }

  private static void tryRelays(List<RelayAddress> relays) throws BindFailure {
    for (RelayAddress relay : relays) {
      try {
        new DatagramSocket(Addresses.of(relay.local())).close();
      } catch (IOException refused) {
        throw BindFailure.of(relay.local(), refused);
      }
    }
  }

  /**
   * Sees that those of realms can be opened that a configuration adds to another.
   *
   * @throws StartFailure for the first address that this machine does not have
   */
  static void tryAdded(Config before, Config next) throws StartFailure {
    List<TransportAddress> known = allRelays(before).stream().map(RelayAddress::local).toList();
    try {
      tryRelays(
          relaysByRealm(next).values().stream()
              .flatMap(List::stream)
              .filter(relay -> !known.contains(relay.local()))
              .toList());
    } catch (BindFailure refused) {
      throw StartFailure.of(refused);
    }
  }

  /** What clients should be told to reach this machine by, of the addresses listened on. */
  static InetAddress reachable(Config config) {
    for (ExternalAddress external : config.all(Settings.EXTERNAL_IP)) {
      return external.publicAddress();
    }
    List<InetAddress> listening = unicast(config);
    for (InetAddress ip : usual()) {
      if (listening.contains(ip)) {
        return ip;
      }
    }
    return listening.isEmpty() ? InetAddress.getLoopbackAddress() : listening.getFirst();
  }

  /** The same, for clients of this family; empty if they cannot. */
  static Optional<InetAddress> reachable(Config config, Family family) {
    List<InetAddress> listening = ofFamily(unicast(config), family);
    return Stream.of(
            config.all(Settings.EXTERNAL_IP).stream().map(ExternalAddress::publicAddress),
            usual().stream().filter(listening::contains),
            listening.stream().filter(ip -> !ip.isLoopbackAddress()))
        .flatMap(each -> each)
        .filter(ip -> Addresses.of(ip, 0).family() == family)
        .findFirst();
  }

  /** An address of this machine, with what clients see of it. */
  static RelayAddress advertised(InetAddress local, Config config) {
    TransportAddress bound = Addresses.of(local, 0);
    for (ExternalAddress external : config.all(Settings.EXTERNAL_IP)) {
      TransportAddress seen = Addresses.of(external.publicAddress(), 0);
      Optional<InetAddress> only = external.privateAddress();
      if (seen.family() == bound.family() && (only.isEmpty() || only.get().equals(local))) {
        return new RelayAddress(bound, seen);
      }
    }
    return new RelayAddress(bound);
  }

  /** The addresses that packets to the world leave from. */
  static List<InetAddress> usual() {
    List<InetAddress> found = new ArrayList<>();
    towards(SOMEWHERE_IPV4).ifPresent(found::add);
    towards(SOMEWHERE_IPV6).ifPresent(found::add);
    if (found.isEmpty()) {
      machine().stream().filter(ip -> !ip.isLoopbackAddress()).findFirst().ifPresent(found::add);
    }
    if (found.isEmpty()) {
      found.add(InetAddress.getLoopbackAddress());
    }
    return found;
  }

  /** The address that the routing table would send from. */
  private static Optional<InetAddress> towards(String destination) {
    try (DatagramSocket socket = new DatagramSocket()) {
      socket.connect(new InetSocketAddress(InetAddress.getByName(destination), 9));
      InetAddress from = socket.getLocalAddress();
      return isUsable(from) && !from.isLoopbackAddress() ? Optional.of(from) : Optional.empty();
    } catch (IOException | java.io.UncheckedIOException noRoute) {
      return Optional.empty();
    }
  }

  /** Whether this machine has the address now; all of 127/8 is everybody's own. */
  static boolean isHere(InetAddress ip) {
    try {
      return ip.isLoopbackAddress() || NetworkInterface.getByInetAddress(ip) != null;
    } catch (SocketException unknown) {
      return false;
    }
  }

  static boolean isHere(TransportAddress address) {
    return isHere(Addresses.of(address).getAddress());
  }

  private static List<InetAddress> machine() {
    try {
      return NetworkInterface.networkInterfaces()
          .filter(NodeAddresses::isUp)
          .flatMap(NetworkInterface::inetAddresses)
          .filter(NodeAddresses::isUsable)
          .distinct()
          .toList();
    } catch (SocketException none) {
      return List.of(InetAddress.getLoopbackAddress());
    }
  }

  private static boolean isUp(NetworkInterface candidate) {
    try {
      return candidate.isUp();
    } catch (SocketException gone) {
      return false;
    }
  }

  private static boolean isUsable(InetAddress ip) {
    return !isWildcard(ip) && !ip.isLinkLocalAddress() && !ip.isMulticastAddress();
  }

  private static boolean isWildcard(InetAddress ip) {
    return ip.isAnyLocalAddress();
  }

  /** Of one family, in the order given. */
  static List<InetAddress> ofFamily(List<InetAddress> addresses, Family family) {
    return addresses.stream().filter(ip -> Addresses.of(ip, 0).family() == family).toList();
  }
}

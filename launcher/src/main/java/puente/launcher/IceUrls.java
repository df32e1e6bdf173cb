package puente.launcher;

import java.net.Inet6Address;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import puente.stun.Family;

/** The URLs under which clients reach this server (RFC 7064, RFC 7065). */
final class IceUrls {
  private final Config config;
  private final String host;
  private final List<String> otherHosts;
  private final List<Listening> listening;

  /**
   * @param host what clients are to use; without it, what this host thinks they reach it by
   * @param listening the sockets that are open, where that is known: a port may have been any
   */
  IceUrls(Config config, Optional<String> host, List<Listening> listening) {
    this(
        config,
        host.orElseGet(
            () -> IceUrls.host(NodeAddresses.reachable(ExternalDetection.known(config)))),
        List.of(),
        listening);
  }

  private IceUrls(Config config, String host, List<String> otherHosts, List<Listening> listening) {
    this.config = config;
    this.host = host;
    this.otherHosts = otherHosts;
    this.listening = listening;
  }

  /**
   * For clients that came by this family: they may have no other. Who has both learns by STUN how it
   * is seen by the other, too.
   */
  static IceUrls towards(Family family, Config config, List<Listening> listening) {
    Config known = ExternalDetection.known(config);
    InetAddress own =
        NodeAddresses.reachable(known, family).orElseGet(() -> NodeAddresses.reachable(known));
    List<String> others =
        Stream.of(Family.values())
            .flatMap(each -> NodeAddresses.reachable(known, each).stream())
            .filter(ip -> ip.getClass() != own.getClass() && !isUniqueLocal(ip))
            .map(IceUrls::host)
            .toList();
    return new IceUrls(config, host(own), others, listening);
  }

  /** RFC 4193 §3.1: of this network alone, so that strangers would ask in vain. */
  private static boolean isUniqueLocal(InetAddress ip) {
    return ip instanceof Inet6Address && (ip.getAddress()[0] & 0xFE) == 0xFC;
  }

  String host() {
    return host;
  }

  List<String> stun() {
    boolean served = !config.value(Settings.NO_STUN) && !config.value(Settings.NO_UDP);
    return served
        ? Stream.concat(Stream.of(host), otherHosts.stream())
            .map(each -> "stun:" + each + ":" + port("udp"))
            .toList()
        : List.of();
  }

  /** In the order in which a client should prefer them. */
  List<String> turn() {
    List<String> urls = new ArrayList<>();
    if (!config.value(Settings.NO_UDP)) {
      urls.add("turn:" + host + ":" + port("udp") + "?transport=udp");
    }
    if (!config.value(Settings.NO_TCP)) {
      urls.add("turn:" + host + ":" + port("tcp") + "?transport=tcp");
    }
    // Nobody trusts the self-signed certificate, so that its URL would only cost the client time.
    boolean isTrusted = config.isGiven(Settings.CERT) || NodeAcme.isWanted(config);
    if (!config.value(Settings.NO_TLS) && isTrusted) {
      // An ordered certificate is for the name, not for the address.
      String named = NodeAcme.isWanted(config) ? config.all(AcmeSettings.DOMAIN).getFirst() : host;
      urls.add("turns:" + named + ":" + port("tls") + "?transport=tcp");
    }
    return urls;
  }

  /** As it is written in a URL. */
  static String host(InetAddress address) {
    String text = Type.show(address).replaceFirst("%.*", "");
    return address instanceof Inet6Address ? "[" + text + "]" : text;
  }

  private int port(String transport) {
    boolean tls = transport.equals("tls");
    int configured = config.value(tls ? Settings.TLS_LISTENING_PORT : Settings.LISTENING_PORT);
    return listening.stream()
        .filter(one -> one.transport().equals(transport))
        .map(one -> one.address().getPort())
        .findFirst()
        .orElse(configured);
  }
}

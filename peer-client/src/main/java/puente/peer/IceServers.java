package puente.peer;

import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * STUN and TURN servers as the gateway names them (RFC 7064, RFC 7065).
 *
 * @param stun asked by UDP what the NAT makes of this host
 */
record IceServers(List<InetSocketAddress> stun, List<Relay> relays) {
  static final IceServers NONE = new IceServers(List.of(), List.of());
  private static final Pattern URL =
      Pattern.compile(
          "(stun|turn|turns):(\\[[0-9a-fA-F:.]+]|[^:?]+)(?::(\\d{1,5}))?(?:\\?transport=(\\w+))?");

  private static final int ADDRESSES_MAX = 8;

  /** How a relay is spoken to. */
  enum Way {
    UDP,
    TCP,
    TLS
  }

  record Relay(Way way, InetSocketAddress address, String host, String user, String password) {}

  /** What is not understood is left out: other clients may know more. */
  static IceServers of(JsonArray list) {
    List<InetSocketAddress> stun = new ArrayList<>();
    List<Relay> relays = new ArrayList<>();
    for (Object each : list) {
      if (!(each instanceof JsonObject entry)) {
        continue;
      }
      Object urls = entry.getValue("urls");
      JsonArray all = urls instanceof JsonArray many ? many : JsonArray.of(urls);
      for (Object url : all) {
        Matcher parts = URL.matcher(String.valueOf(url));
        if (parts.matches()) {
          add(parts, entry, stun, relays);
        }
      }
    }
    return new IceServers(List.copyOf(stun), List.copyOf(relays));
  }

  private static void add(
      Matcher parts, JsonObject entry, List<InetSocketAddress> stun, List<Relay> relays) {
    boolean secure = "turns".equals(parts.group(1));
    String host = parts.group(2).replaceAll("[\\[\\]]", "");
    int port = parts.group(3) == null ? (secure ? 5349 : 3478) : Integer.parseInt(parts.group(3));
    if (port > 0xFFFF) {
      return;
    }
    List<InetSocketAddress> addresses = addresses(host, port);
    boolean tcp = "tcp".equals(parts.group(4));
    if ("stun".equals(parts.group(1))) {
      stun.addAll(addresses);
    } else if (tcp || !secure) { // the rest is TURN over DTLS
      Way way = secure ? Way.TLS : tcp ? Way.TCP : Way.UDP;
      String user = entry.getString("username", "");
      String password = entry.getString("credential", "");
      addresses.forEach(each -> relays.add(new Relay(way, each, host, user, password)));
    }
  }

  /** A name may have several, of both families; an IPv6 address may stand in brackets. */
  static List<InetSocketAddress> addresses(String host, int port) {
    try {
      return Stream.of(InetAddress.getAllByName(host))
          .limit(ADDRESSES_MAX)
          .map(ip -> new InetSocketAddress(ip, port))
          .toList();
    } catch (UnknownHostException unknown) {
      return List.of();
    }
  }

  List<Relay> relays(Way way) {
    return relays.stream().filter(relay -> relay.way == way).toList();
  }
}

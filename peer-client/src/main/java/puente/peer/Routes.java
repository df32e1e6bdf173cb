package puente.peer;

import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.DatagramSocket;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.Collection;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import puente.stun.Family;

/** Which addresses this host reaches, and of which family they are. */
final class Routes {
  private Routes() {}

  static Family family(InetAddress address) {
    return address instanceof Inet6Address ? Family.IPV6 : Family.IPV4;
  }

  static Set<Family> families(Stream<InetAddress> addresses) {
    Set<Family> all = EnumSet.noneOf(Family.class);
    addresses.map(Routes::family).forEach(all::add);
    return all;
  }

  /** The local address towards this one; nothing is sent. */
  static InetAddress towards(InetSocketAddress server) throws IOException {
    try (DatagramSocket probe = new DatagramSocket()) {
      probe.connect(server);
      return probe.getLocalAddress();
    } catch (UncheckedIOException noRoute) {
      throw new IOException(noRoute.getMessage(), noRoute);
    }
  }

  /** Whether anything can be sent there, as far as this host knows. */
  static boolean leadTo(InetSocketAddress place) {
    try {
      InetAddress from = towards(place);
      boolean isOfHere = from.isLinkLocalAddress() && !place.getAddress().isLinkLocalAddress();
      return !from.isAnyLocalAddress() && !isOfHere;
    } catch (IOException noRoute) {
      return false;
    }
  }

  /** Of each family the first that can be reached; if none can, the first of all. */
  static List<InetSocketAddress> firsts(Collection<InetSocketAddress> places) {
    List<InetSocketAddress> reached =
        Stream.of(Family.values())
            .flatMap(
                family ->
                    places.stream()
                        .filter(each -> family(each.getAddress()) == family)
                        .filter(Routes::leadTo)
                        .limit(1))
            .toList();
    return reached.isEmpty() ? places.stream().limit(1).toList() : reached;
  }

  /** What another peer says of one of its addresses: never a name, nor of a link that is not ours. */
  static InetSocketAddress candidate(JsonObject one) throws IOException {
    String ip = one.getString("ip", "");
    try {
      if (!ip.contains("%")) {
        return new InetSocketAddress(InetAddress.ofLiteral(ip), one.getInteger("port"));
      }
    } catch (IllegalArgumentException strange) {
      throw new IOException("a candidate's address is no IP address", strange);
    }
    throw new IOException("a candidate's address is of a link");
  }

  /** Of which families another peer's addresses are. */
  static Set<Family> families(JsonObject description) {
    Set<Family> all = EnumSet.noneOf(Family.class);
    JsonArray candidates = description.getJsonArray("candidates", new JsonArray());
    for (int i = 0; i < candidates.size(); i++) {
      boolean isIpv6 = candidates.getJsonObject(i).getString("ip", "").contains(":");
      all.add(isIpv6 ? Family.IPV6 : Family.IPV4);
    }
    return all;
  }
}

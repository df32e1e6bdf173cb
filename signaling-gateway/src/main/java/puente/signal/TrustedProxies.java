package puente.signal;

import io.vertx.core.http.HttpServerRequest;
import java.net.InetAddress;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.regex.Pattern;
import puente.stun.AddressRange;
import puente.stun.TransportAddress;

/**
 * Reverse proxies that are believed when they say whom they ask for. Nobody else's X-Forwarded-For
 * is looked at: anybody can write one.
 *
 * @param ranges of their addresses
 */
public record TrustedProxies(List<AddressRange> ranges) {
  public static final TrustedProxies NONE = new TrustedProxies(List.of());

  private static final String FORWARDED_FOR = "X-Forwarded-For";

  private static final Pattern WITH_PORT =
      Pattern.compile("^(?:([0-9.]+)|\\[([0-9a-fA-F:.]+)])(?::[0-9]{1,5})?$");

  /** A chain of proxies is as long as this at most. */
  private static final int HOPS_MAX = 16;

  public TrustedProxies {
    ranges = List.copyOf(ranges);
  }

  boolean isTrusted(String address) {
    return !ranges.isEmpty() && ranges.stream().anyMatch(range -> contains(range, address));
  }

  private static boolean contains(AddressRange range, String address) {
    byte[] bytes = InetAddress.ofLiteral(address.replaceFirst("%.*", "")).getAddress();
    ByteBuffer in = ByteBuffer.wrap(bytes);
    TransportAddress whole =
        bytes.length == 4
            ? TransportAddress.ipv4(in.getInt(), 0)
            : TransportAddress.ipv6(in.getLong(), in.getLong(), 0);
    return range.contains(whole.hi(), whole.lo());
  }

  /** Whose request it is. */
  String client(HttpServerRequest http) {
    return client(http.remoteAddress().hostAddress(), http.headers().getAll(FORWARDED_FOR));
  }

  /**
   * The last address of the chain that is no proxy of ours. Each proxy appends whom it heard from,
   * so everything before that one is what a stranger says.
   *
   * @param peer whom the connection is from
   * @param forwarded the headers, in their order
   */
  String client(String peer, List<String> forwarded) {
    String client = peer;
    if (!isTrusted(client)) {
      return client;
    }
    String[] chain = String.join(",", forwarded).split(",");
    for (int i = chain.length - 1; i >= Math.max(0, chain.length - HOPS_MAX); i--) {
      String one = withoutPort(chain[i].strip());
      if (!isAddress(one)) {
        return client;
      }
      client = one;
      if (!isTrusted(one)) {
        return client;
      }
    }
    return client;
  }

  /** Some proxies name the port, too. */
  private static String withoutPort(String hop) {
    return WITH_PORT.matcher(hop).replaceFirst("$1$2");
  }

  private static boolean isAddress(String text) {
    try {
      return !text.contains("%") && InetAddress.ofLiteral(text) != null;
    } catch (IllegalArgumentException other) {
      return false;
    }
  }
}

package puente.launcher;

import java.net.InetAddress;
import java.util.Optional;
import java.util.Set;

/**
 * The address that clients and peers see: {@code public}, or {@code public/private} where a 1:1 NAT
 * maps one local address.
 */
record ExternalAddress(InetAddress publicAddress, Optional<InetAddress> privateAddress) {
  /** To be found out at the start, by {@link ExternalDetection}. */
  static final ExternalAddress AUTO =
      new ExternalAddress(InetAddress.ofLiteral("0.0.0.0"), Optional.empty());

  /** The second is what users of coturn's image pass, whose shell replaces it. */
  private static final Set<String> AUTO_WORDS = Set.of("auto", "$(detect-external-ip)");

  boolean isAuto() {
    return publicAddress.isAnyLocalAddress();
  }

  static ExternalAddress parse(String text) {
    if (AUTO_WORDS.contains(text)) {
      return AUTO;
    }
    int slash = text.indexOf('/');
    if (slash < 0) {
      return new ExternalAddress(outside(text), Optional.empty());
    }
    InetAddress outside = outside(text.substring(0, slash).strip());
    InetAddress inside = Type.address(text.substring(slash + 1).strip());
    if (outside.getClass() != inside.getClass()) {
      throw new IllegalArgumentException("the two addresses are of different families");
    }
    return new ExternalAddress(outside, Optional.of(inside));
  }

  private static InetAddress outside(String text) {
    InetAddress address = Type.address(text);
    if (address.isAnyLocalAddress()) {
      throw new IllegalArgumentException("nobody can send to a wildcard; auto finds the address");
    }
    return address;
  }

  @Override
  public String toString() {
    return isAuto()
        ? "auto"
        : Type.show(publicAddress)
            + privateAddress.map(inside -> "/" + Type.show(inside)).orElse("");
  }
}

package puente.launcher;

import java.net.InetAddress;
import java.util.Optional;

/**
 * The address that clients and peers see: {@code public}, or {@code public/private} where a 1:1 NAT
 * maps one local address.
 */
record ExternalAddress(InetAddress publicAddress, Optional<InetAddress> privateAddress) {
  static ExternalAddress parse(String text) {
    int slash = text.indexOf('/');
    if (slash < 0) {
      return new ExternalAddress(Type.address(text), Optional.empty());
    }
    InetAddress outside = Type.address(text.substring(0, slash).strip());
    InetAddress inside = Type.address(text.substring(slash + 1).strip());
    if (outside.getClass() != inside.getClass()) {
      throw new IllegalArgumentException("the two addresses are of different families");
    }
    return new ExternalAddress(outside, Optional.of(inside));
  }

  @Override
  public String toString() {
    return Type.show(publicAddress)
        + privateAddress.map(inside -> "/" + Type.show(inside)).orElse("");
  }
}

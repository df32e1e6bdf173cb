package puente.turn.relay;

import java.util.List;
import puente.stun.AddressRange;
import puente.stun.TransportAddress;

/**
 * What a TCP or TLS client may take before it has proved who it is.
 *
 * @param unauthenticatedMax connections without an allocation, on the whole node
 * @param perSourceMax connections from one address, on the whole node
 * @param firstMessageMs time to send a first whole message
 * @param authenticationMs time without an allocation before a connection is closed
 * @param idleMs time without a word before a connection without an allocation is closed
 * @param messageMax bytes of one message on a stream, padding included
 * @param proxies who may say, by the PROXY protocol, for whom they speak
 */
public record StreamLimits(
    int unauthenticatedMax,
    int perSourceMax,
    long firstMessageMs,
    long authenticationMs,
    long idleMs,
    int messageMax,
    List<AddressRange> proxies) {

  /** What is in force if nothing else is said. */
  public static final StreamLimits DEFAULT =
      new StreamLimits(16_384, 4096, 15_000, 30_000, 60_000, 4 + 0x1_0000 + 20, List.of());

  public StreamLimits {
    proxies = List.copyOf(proxies);
    if (unauthenticatedMax < 1
        || perSourceMax < 1
        || firstMessageMs < 1
        || authenticationMs < 1
        || idleMs < 1
        || messageMax < 576) {
      throw new IllegalArgumentException("a limit on streams is too small");
    }
  }

  boolean trusts(TransportAddress proxy) {
    return proxies.stream().anyMatch(range -> range.contains(proxy.hi(), proxy.lo()));
  }
}

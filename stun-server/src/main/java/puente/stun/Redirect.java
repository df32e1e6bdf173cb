package puente.stun;

import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * Another server that clients are sent to (RFC 8489 §10).
 *
 * @param ipv4 its address for clients that came over IPv4
 * @param ipv6 its address for clients that came over IPv6
 * @param domain the name in its certificate, if that is another certificate than ours
 */
public record Redirect(
    @Nullable TransportAddress ipv4, @Nullable TransportAddress ipv6, @Nullable String domain) {

  /** Whether there is an address of the client's family, without which 300 may not be sent. */
  public boolean suits(FiveTuple client) {
    return of(client.client().family()) != null;
  }

  /**
   * Writes the answer 300 up to its seal. The caller has checked that the request was sealed and
   * that {@link #suits}; it must seal the answer too (RFC 8489 §14.8).
   */
  public void write(Message request, FiveTuple client, MessageBuilder out) {
    Family family = client.client().family();
    out.answer(MessageClass.ERROR, request).errorCode(ErrorCode.TRY_ALTERNATE);
    alternate(out, of(family));
    alternate(out, of(family == Family.IPV4 ? Family.IPV6 : Family.IPV4));
    boolean secured = client.transport() == Transport.TLS || client.transport() == Transport.DTLS;
    if (domain != null && secured && request.has(AttributeType.MESSAGE_INTEGRITY_SHA256)) {
      out.bytes(AttributeType.ALTERNATE_DOMAIN, domain.getBytes(StandardCharsets.UTF_8));
    }
  }

  private @Nullable TransportAddress of(Family family) {
    return switch (family) {
      case IPV4 -> ipv4;
      case IPV6 -> ipv6;
    };
  }

  private static void alternate(MessageBuilder out, @Nullable TransportAddress address) {
    if (address != null) {
      out.address(AttributeType.ALTERNATE_SERVER, address);
    }
  }
}

package puente.turn;

import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;
import puente.stun.AttributeType;
import puente.stun.ErrorCode;
import puente.stun.Family;
import puente.stun.FiveTuple;
import puente.stun.Message;

/**
 * The checks of RFC 8656 §7.2, steps 3 to 9, in their order and with their numbers. Steps 1
 * (authentication) and 2 (the five-tuple) are behind the request when it comes here; 10 (quotas) is
 * the store's, 11 (redirection) that of {@link Redirects}.
 */
final class AllocateRules {

  /** What came of the checks. */
  sealed interface Outcome permits Wanted, Refused {}

  /**
   * @param refuse what the client is answered
   */
  record Refused(Refuse refuse) implements Outcome {}

  /** The Protocol field's value for UDP (RFC 8656 §18.8). */
  private static final int UDP = 17;

  /** The same for TCP (RFC 6062 §5.1). */
  private static final int TCP = 6;

  private static final int R_BIT = 0x80;

  /** Nothing is wrong with the request: another server could grant it. */
  static final Outcome FULL = refused(ErrorCode.INSUFFICIENT_CAPACITY, "no relay port is free");

  private AllocateRules() {}

  static Outcome judge(Message request, Request by, TurnConfig config, Ports ports, long now) {
    FiveTuple client = by.client();
    String tenant = by.login().tenant();
    // 3. REQUESTED-TRANSPORT
    int transport = request.find(AttributeType.REQUESTED_TRANSPORT);
    if (transport < 0 || request.lengthAt(transport) != 4) {
      return badRequest("REQUESTED-TRANSPORT is missing or malformed");
    }
    boolean tcp = request.u8At(transport) == TCP;
    if (tcp ? !config.tcpRelay() : request.u8At(transport) != UDP || config.noUdpRelay()) {
      return refused(ErrorCode.UNSUPPORTED_TRANSPORT_PROTOCOL, "transport");
    }
    // 4. DONT-FRAGMENT: supported.
    int even = request.find(AttributeType.EVEN_PORT);
    int requested = request.find(AttributeType.REQUESTED_ADDRESS_FAMILY);
    int additional = request.find(AttributeType.ADDITIONAL_ADDRESS_FAMILY);
    int lifetime = request.find(AttributeType.LIFETIME);
    if (even >= 0 && request.lengthAt(even) != 1
        || requested >= 0 && request.lengthAt(requested) != 4
        || additional >= 0 && request.lengthAt(additional) != 4
        || lifetime >= 0 && request.lengthAt(lifetime) != 4) {
      return badRequest("an attribute of the wrong length");
    }
    int proposed = lifetime < 0 ? 0 : request.i32At(lifetime);
    int seconds = config.lifetimes().granted(proposed);
    // 5. RESERVATION-TOKEN
    int token = request.find(AttributeType.RESERVATION_TOKEN);
    if (tcp
        && (!client.transport().isStream()
            || token >= 0
            || even >= 0
            || request.has(AttributeType.DONT_FRAGMENT))) {
      return badRequest("a TCP allocation over datagrams, or with what is for those alone");
    }
    if (token >= 0) {
      return even >= 0 || requested >= 0 || additional >= 0 || request.lengthAt(token) != 8
          ? badRequest("RESERVATION-TOKEN beside what it decides, or malformed")
          : byToken(
              ports.reservedFamily(tokenAt(request, token), tenant, now),
              tokenAt(request, token),
              seconds);
    }
    // 6. REQUESTED-ADDRESS-FAMILY beside ADDITIONAL-ADDRESS-FAMILY
    if (requested >= 0 && additional >= 0) {
      return badRequest("both kinds of address family");
    }
    // 7. The family
    Family family = familyOf(request, requested, client.client().family(), config);
    if (additional < 0 && (family == null || !config.relaySites().has(family, tenant))) {
      return refused(ErrorCode.ADDRESS_FAMILY_NOT_SUPPORTED, "family");
    }
    // 8. EVEN-PORT
    boolean reserveNext = even >= 0 && (request.u8At(even) & R_BIT) != 0;
    if (reserveNext && additional >= 0) {
      return badRequest("EVEN-PORT with R beside ADDITIONAL-ADDRESS-FAMILY");
    }
    // 9. ADDITIONAL-ADDRESS-FAMILY
    if (additional >= 0 && request.u8At(additional) != Family.IPV6.code()) {
      return badRequest("ADDITIONAL-ADDRESS-FAMILY is not IPv6");
    }
    Outcome wanted =
        additional >= 0 || family == null
            ? dual(config, tenant, even >= 0, seconds)
            : new Wanted(family, null, null, null, even >= 0, reserveNext, null, seconds);
    if (wanted instanceof Wanted some && !ports.has(some, tenant)) {
      return FULL;
    }
    // 10. The quota is asked of the store when all else is well.
    return tcp && wanted instanceof Wanted some ? some.overTcp() : wanted;
  }

  private static Outcome byToken(@Nullable Family family, long token, int seconds) {
    if (family == null) {
      return refused(ErrorCode.INSUFFICIENT_CAPACITY, "no such reservation");
    }
    return new Wanted(family, null, null, null, false, false, token, seconds);
  }

  private static long tokenAt(Message request, int index) {
    return ByteBuffer.wrap(request.bytes()).getLong(request.valueAt(index));
  }

  private static @Nullable Family familyOf(
      Message request, int requested, Family clientFamily, TurnConfig config) {
    if (requested < 0) {
      Family family = config.defaultFamily();
      return family != null ? family : clientFamily;
    }
    return switch (request.u8At(requested)) {
      case 0x01 -> Family.IPV4;
      case 0x02 -> Family.IPV6;
      default -> null;
    };
  }

  /** Both families, or the one there is and why not the other. */
  private static Outcome dual(TurnConfig config, String tenant, boolean evenPort, int seconds) {
    boolean ipv4 = config.relaySites().has(Family.IPV4, tenant);
    boolean ipv6 = config.relaySites().has(Family.IPV6, tenant);
    if (!ipv4 && !ipv6) {
      return refused(ErrorCode.ADDRESS_FAMILY_NOT_SUPPORTED, "family");
    }
    if (ipv4 && ipv6) {
      return new Wanted(Family.IPV4, Family.IPV6, null, null, evenPort, false, null, seconds);
    }
    return new Wanted(
        ipv4 ? Family.IPV4 : Family.IPV6,
        null,
        ipv4 ? Family.IPV6 : Family.IPV4,
        ErrorCode.ADDRESS_FAMILY_NOT_SUPPORTED,
        evenPort,
        false,
        null,
        seconds);
  }

  private static Outcome badRequest(String why) {
    return refused(ErrorCode.BAD_REQUEST, why);
  }

  private static Outcome refused(ErrorCode error, String why) {
    return new Refused(new Refuse(error, why));
  }
}

package puente.turn;

import org.jspecify.annotations.Nullable;
import puente.stun.ErrorCode;
import puente.stun.Family;

/**
 * What an Allocate request asks for, after the rules of RFC 8656 §7.2.
 *
 * @param first the family of the (first) relayed address
 * @param additional that of the second one of a dual allocation, or null
 * @param missing why a dual allocation will have one address only: what its ADDRESS-ERROR-CODE says
 *     of {@code missingFamily}
 * @param evenPort EVEN-PORT
 * @param reserveNext EVEN-PORT with R: hold the next-higher port
 * @param token RESERVATION-TOKEN, or null
 * @param tcp REQUESTED-TRANSPORT is TCP (RFC 6062)
 */
record Wanted(
    Family first,
    @Nullable Family additional,
    @Nullable Family missingFamily,
    @Nullable ErrorCode missing,
    boolean evenPort,
    boolean reserveNext,
    @Nullable Long token,
    int lifetimeSeconds,
    boolean tcp)
    implements AllocateRules.Outcome {

  Wanted(
      Family first,
      @Nullable Family additional,
      @Nullable Family missingFamily,
      @Nullable ErrorCode missing,
      boolean evenPort,
      boolean reserveNext,
      @Nullable Long token,
      int lifetimeSeconds) {
    this(
        first,
        additional,
        missingFamily,
        missing,
        evenPort,
        reserveNext,
        token,
        lifetimeSeconds,
        false);
  }

  Wanted overTcp() {
    return new Wanted(
        first,
        additional,
        missingFamily,
        missing,
        evenPort,
        reserveNext,
        token,
        lifetimeSeconds,
        true);
  }

  int relays() {
    return additional == null ? 1 : 2;
  }
}

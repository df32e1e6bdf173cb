package puente.turn;

import org.jspecify.annotations.Nullable;
import puente.stun.ErrorCode;
import puente.stun.Family;

/**
 * What an Allocate request asks for, after the rules of RFC 8656 §7.2.
 *
 * @param first the family of the (first) relayed address
 * @param additional that of the second one of a dual allocation, or null
 * @param missing why a dual allocation will have one address only: what its ADDRESS-ERROR-CODE
 *     says of {@code missingFamily}
 * @param evenPort EVEN-PORT
 * @param reserveNext EVEN-PORT with R: hold the next-higher port
 * @param token RESERVATION-TOKEN, or null
 */
record Wanted(
    Family first,
    @Nullable Family additional,
    @Nullable Family missingFamily,
    @Nullable ErrorCode missing,
    boolean evenPort,
    boolean reserveNext,
    @Nullable Long token,
    int lifetimeSeconds)
    implements AllocateRules.Outcome {

  int relays() {
    return additional == null ? 1 : 2;
  }
}

package puente.turn;

import java.util.Arrays;
import java.util.EnumSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import puente.stun.AttributeType;
import puente.stun.ErrorCode;
import puente.stun.FiveTuple;
import puente.stun.Message;
import puente.stun.Method;

/** What an answer needs to know of its request; kept while an allocation is being made. */
record Request(Method method, byte[] transactionId, FiveTuple client, Login login) {

  /** What a TURN request or indication may carry that must be understood. */
  static final Set<AttributeType> UNDERSTOOD =
      EnumSet.of(
          AttributeType.MAPPED_ADDRESS,
          AttributeType.USERNAME,
          AttributeType.MESSAGE_INTEGRITY,
          AttributeType.ERROR_CODE,
          AttributeType.UNKNOWN_ATTRIBUTES,
          AttributeType.CHANNEL_NUMBER,
          AttributeType.LIFETIME,
          AttributeType.XOR_PEER_ADDRESS,
          AttributeType.DATA,
          AttributeType.REALM,
          AttributeType.NONCE,
          AttributeType.XOR_RELAYED_ADDRESS,
          AttributeType.REQUESTED_ADDRESS_FAMILY,
          AttributeType.EVEN_PORT,
          AttributeType.REQUESTED_TRANSPORT,
          AttributeType.DONT_FRAGMENT,
          AttributeType.MESSAGE_INTEGRITY_SHA256,
          AttributeType.PASSWORD_ALGORITHM,
          AttributeType.USERHASH,
          AttributeType.XOR_MAPPED_ADDRESS,
          AttributeType.RESERVATION_TOKEN,
          AttributeType.CONNECTION_ID,
          AttributeType.ACCESS_TOKEN);

  /** More unknown attributes than this are not told: an error stays smaller than its request. */
  static final int UNKNOWN_MAX = 16;

  /**
   * RFC 8489 §6.3.1. Null is none.
   *
   * @param room for {@link #UNKNOWN_MAX}
   */
  static @Nullable Refuse unknownIn(Message message, int[] room) {
    int count = message.unknownRequired(UNDERSTOOD, room);
    return count == 0
        ? null
        : new Refuse(ErrorCode.UNKNOWN_ATTRIBUTE, "unknown attributes", Arrays.copyOf(room, count));
  }
}

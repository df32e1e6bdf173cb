package puente.stun;

import java.util.HexFormat;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * A message in one line for people: class, method, transaction, attributes. Text off the wire is
 * escaped and cut; of integrity, nonces, tokens and data only the length is shown, so that nobody
 * can use what stands in a log.
 */
public final class MessageText {

  private static final int TEXT_LENGTH_MAX = 64;

  private MessageText() {}

  /** For messages that were {@link Message.Shape#WELL_FORMED}. */
  public static String of(Message message) {
    StringBuilder line = new StringBuilder(120);
    Method method = message.method();
    line.append(
        method == null
            ? "method 0x%03x".formatted(MessageClass.methodOfType(message.type()))
            : method.registeredName());
    line.append(' ').append(message.messageClass().name().toLowerCase(Locale.ROOT)).append(' ');
    line.append(HexFormat.of().formatHex(message.transactionId()));
    if (!message.hasMagicCookie()) {
      line.append(" without magic cookie");
    }
    for (int i = 0; i < message.count(); i++) {
      AttributeType type = AttributeType.of(message.typeAt(i));
      if (type == null) {
        line.append(" 0x%04x(%d)".formatted(message.typeAt(i), message.lengthAt(i)));
      } else {
        attribute(line.append(' '), message, i, type);
      }
    }
    return line.toString();
  }

  private static void attribute(
      StringBuilder line, Message message, int index, AttributeType type) {
    line.append(type.registeredName());
    int length = message.lengthAt(index);
    String value =
        switch (type) {
          case MAPPED_ADDRESS,
              RESPONSE_ADDRESS,
              SOURCE_ADDRESS,
              CHANGED_ADDRESS,
              ALTERNATE_SERVER,
              RESPONSE_ORIGIN,
              OTHER_ADDRESS ->
              address(message.addressAt(index));
          case XOR_MAPPED_ADDRESS, XOR_PEER_ADDRESS, XOR_RELAYED_ADDRESS ->
              address(message.xorAddressAt(index));
          case USERNAME, REALM, SOFTWARE, ALTERNATE_DOMAIN, THIRD_PARTY_AUTHORIZATION, ORIGIN ->
              quoted(message.textAt(index));
          case ERROR_CODE -> length < 4 ? null : error(message, index);
          case LIFETIME -> length == 4 ? Integer.toUnsignedString(message.i32At(index)) : null;
          case CHANNEL_NUMBER -> length == 4 ? "0x%04x".formatted(message.u16At(index)) : null;
          case CHANGE_REQUEST -> length == 4 ? "0x%x".formatted(message.i32At(index)) : null;
          case RESPONSE_PORT -> length < 2 ? null : Integer.toString(message.u16At(index));
          case REQUESTED_TRANSPORT,
              REQUESTED_ADDRESS_FAMILY,
              ADDITIONAL_ADDRESS_FAMILY,
              EVEN_PORT ->
              length < 1 ? null : Integer.toString(message.u8At(index));
          case UNKNOWN_ATTRIBUTES ->
              length > TEXT_LENGTH_MAX ? null : HexFormat.of().formatHex(message.valueBytes(index));
          case DONT_FRAGMENT, USE_CANDIDATE -> "";
          case MESSAGE_INTEGRITY,
              MESSAGE_INTEGRITY_SHA256,
              USERHASH,
              NONCE,
              DATA,
              PASSWORD_ALGORITHM,
              PASSWORD_ALGORITHMS,
              RESERVATION_TOKEN,
              CONNECTION_ID,
              ACCESS_TOKEN,
              MOBILITY_TICKET,
              PRIORITY,
              PADDING,
              ADDRESS_ERROR_CODE,
              ICMP,
              FINGERPRINT,
              ICE_CONTROLLED,
              ICE_CONTROLLING ->
              null;
        };
    if (value == null) {
      line.append('(').append(length).append(')');
    } else if (!value.isEmpty()) {
      line.append('=').append(value);
    }
  }

  private static @Nullable String address(@Nullable TransportAddress address) {
    return address == null ? null : address.toString();
  }

  private static String error(Message message, int index) {
    int word = message.i32At(index);
    return Integer.toString((word >> 8 & 7) * 100 + (word & 0xff));
  }

  /** In quotes; whatever could end the line or the quotes is written as its number. */
  private static String quoted(String text) {
    StringBuilder safe = new StringBuilder("\"");
    int end = Math.min(text.length(), TEXT_LENGTH_MAX);
    for (int i = 0; i < end; i++) {
      char c = text.charAt(i);
      if (c == '"' || c == '\\' || c < ' ' || c > '~') {
        safe.append("\\u%04x".formatted((int) c));
      } else {
        safe.append(c);
      }
    }
    return safe.append(end < text.length() ? "...\"" : "\"").toString();
  }
}

package puente.stun;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A view of one STUN message (RFC 8489 §5):
 *
 * <pre>
 *   0                   1                   2                   3
 *   0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 *  |0 0|     STUN Message Type     |         Message Length        |
 *  |                         Magic Cookie                          |
 *  |                     Transaction ID (96 bits)                  |
 *  |  attributes: type (16) | length (16) | value, padded to 32 bits
 * </pre>
 *
 * <p>It looks into an array that its owner fills, and is used again for the next message. Attributes
 * are found by their index in the message. What stands behind MESSAGE-INTEGRITY does not exist,
 * except MESSAGE-INTEGRITY-SHA256 and FINGERPRINT (RFC 8489 §14.5).
 */
public final class Message {

  public static final int HEADER_LENGTH = 20;
  public static final int MAGIC_COOKIE = 0x2112_a442;
  public static final int TRANSACTION_ID_LENGTH = 12;

  /** More attributes than this no honest message has; it bounds the work on a hostile one. */
  public static final int ATTRIBUTES_MAX = 64;

  static final VarHandle U16 =
      MethodHandles.byteArrayViewVarHandle(short[].class, ByteOrder.BIG_ENDIAN);
  static final VarHandle U32 =
      MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.BIG_ENDIAN);
  static final VarHandle U64 =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.BIG_ENDIAN);

  private static final int TYPE = 0x00;
  private static final int LENGTH = 0x02;
  private static final int COOKIE = 0x04;
  private static final int TRANSACTION_ID = 0x08;
  private static final int ATTRIBUTE_HEADER = 4;

  /** What {@link #parse} found. */
  public enum Shape {
    /** A message; every attribute lies inside it. */
    WELL_FORMED,
    /** Not a STUN message: no answer is owed (RFC 8489 §6.3). */
    NOT_STUN,
    /** A STUN header, but an attribute overruns, or there are too many. */
    BROKEN
  }

  private byte[] bytes = new byte[HEADER_LENGTH];
  private int length;
  private int count;
  private final int[] types = new int[ATTRIBUTES_MAX];
  private final int[] starts = new int[ATTRIBUTES_MAX];
  private final int[] lengths = new int[ATTRIBUTES_MAX];

  /** Looks at the first {@code size} bytes, which must be exactly one message. */
  public Shape parse(byte[] source, int size) {
    bytes = source;
    length = size;
    count = 0;
    if (size < HEADER_LENGTH
        || (source[TYPE] & 0xc0) != 0
        || u16(LENGTH) != size - HEADER_LENGTH
        || (size & 3) != 0) {
      return Shape.NOT_STUN;
    }
    return indexAttributes() ? Shape.WELL_FORMED : Shape.BROKEN;
  }

  private boolean indexAttributes() {
    boolean sealed = false;
    boolean sealedBySha256 = false;
    int at = HEADER_LENGTH;
    while (at < length) {
      if (length - at < ATTRIBUTE_HEADER) {
        return false;
      }
      int type = u16(at);
      int valueLength = u16(at + 2);
      int end = at + ATTRIBUTE_HEADER + (valueLength + 3 & ~3);
      if (end > length) {
        return false;
      }
      boolean isFingerprint = type == AttributeType.FINGERPRINT.code();
      boolean isSha256 = type == AttributeType.MESSAGE_INTEGRITY_SHA256.code();
      if (!sealed || isFingerprint || isSha256 && !sealedBySha256) {
        if (count == ATTRIBUTES_MAX) {
          return false;
        }
        types[count] = type;
        starts[count] = at + ATTRIBUTE_HEADER;
        lengths[count++] = valueLength;
      }
      sealedBySha256 |= isSha256;
      sealed |= isSha256 || type == AttributeType.MESSAGE_INTEGRITY.code();
      at = end;
      if (isFingerprint) {
        return at == length || sealed;
      }
    }
    return true;
  }

  /** The array under this view. */
  public byte[] bytes() {
    return bytes;
  }

  /** Bytes of the whole message. */
  public int length() {
    return length;
  }

  public int type() {
    return u16(TYPE);
  }

  public MessageClass messageClass() {
    return MessageClass.ofType(type());
  }

  /** The method, or null for one that we do not know. */
  public @Nullable Method method() {
    return Method.of(MessageClass.methodOfType(type()));
  }

  /** False for a message of RFC 3489, whose transaction ID is 128 bits long. */
  public boolean hasMagicCookie() {
    return i32(COOKIE) == MAGIC_COOKIE;
  }

  public byte[] transactionId() {
    return Arrays.copyOfRange(bytes, TRANSACTION_ID, HEADER_LENGTH);
  }

  public boolean hasTransactionId(byte[] other) {
    return Arrays.equals(bytes, TRANSACTION_ID, HEADER_LENGTH, other, 0, TRANSACTION_ID_LENGTH);
  }

  /** How many attributes there are, those that do not exist left out. */
  public int count() {
    return count;
  }

  /** The code point of attribute {@code index}. */
  public int typeAt(int index) {
    return types[index];
  }

  /** Where the value of attribute {@code index} starts in {@link #bytes}. */
  public int valueAt(int index) {
    return starts[index];
  }

  /** Bytes of the value of attribute {@code index}, without padding. */
  public int lengthAt(int index) {
    return lengths[index];
  }

  /** The index of the first attribute of this type, or -1. */
  public int find(AttributeType type) {
    return find(type, 0);
  }

  /** The index of the first attribute of this type from index {@code from} on, or -1. */
  public int find(AttributeType type, int from) {
    for (int i = from; i < count; i++) {
      if (types[i] == type.code()) {
        return i;
      }
    }
    return -1;
  }

  public boolean has(AttributeType type) {
    return find(type, 0) >= 0;
  }

  /** The value as four bytes; the caller has checked {@link #lengthAt}. */
  public int i32At(int index) {
    return i32(starts[index]);
  }

  public int u16At(int index) {
    return u16(starts[index]);
  }

  public int u8At(int index) {
    return bytes[starts[index]] & 0xff;
  }

  public byte[] valueBytes(int index) {
    return Arrays.copyOfRange(bytes, starts[index], starts[index] + lengths[index]);
  }

  public String textAt(int index) {
    return new String(bytes, starts[index], lengths[index], StandardCharsets.UTF_8);
  }

  /** An XOR-...-ADDRESS (RFC 8489 §14.2), or null if its family or length is wrong. */
  public @Nullable TransportAddress xorAddressAt(int index) {
    int at = starts[index];
    if (lengths[index] == 8 && bytes[at + 1] == Family.IPV4.code()) {
      int port = u16(at + 2) ^ MAGIC_COOKIE >>> 16;
      return TransportAddress.ipv4(i32(at + 4) ^ MAGIC_COOKIE, port);
    }
    if (lengths[index] == 20 && bytes[at + 1] == Family.IPV6.code()) {
      int port = u16(at + 2) ^ MAGIC_COOKIE >>> 16;
      return TransportAddress.ipv6(i64(at + 4) ^ i64(COOKIE), i64(at + 12) ^ i64(12), port);
    }
    return null;
  }

  /** An address that is not xored, such as ALTERNATE-SERVER; null if malformed. */
  public @Nullable TransportAddress addressAt(int index) {
    int at = starts[index];
    if (lengths[index] == 8 && bytes[at + 1] == Family.IPV4.code()) {
      return TransportAddress.ipv4(i32(at + 4), u16(at + 2));
    }
    if (lengths[index] == 20 && bytes[at + 1] == Family.IPV6.code()) {
      return TransportAddress.ipv6(i64(at + 4), i64(at + 12), u16(at + 2));
    }
    return null;
  }

  /**
   * Writes the code points of comprehension-required attributes that are not in {@code understood}
   * into {@code into}, each once, and returns how many (RFC 8489 §6.3.1); what does not fit is left
   * out, as the list only helps the client.
   */
  public int unknownRequired(Set<AttributeType> understood, int[] into) {
    int found = 0;
    for (int i = 0; i < count && found < into.length; i++) {
      int code = types[i];
      if (code >= AttributeType.FIRST_COMPREHENSION_OPTIONAL) {
        continue;
      }
      AttributeType type = AttributeType.of(code);
      if (type != null && understood.contains(type)) {
        continue;
      }
      boolean seen = false;
      for (int j = 0; j < found; j++) {
        seen |= into[j] == code;
      }
      if (!seen) {
        into[found++] = code;
      }
    }
    return found;
  }

  int u16(int at) {
    return (short) U16.get(bytes, at) & 0xffff;
  }

  int i32(int at) {
    return (int) U32.get(bytes, at);
  }

  private long i64(int at) {
    return (long) U64.get(bytes, at);
  }
}

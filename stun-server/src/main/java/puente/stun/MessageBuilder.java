package puente.stun;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.zip.CRC32;
import javax.crypto.Mac;
import org.jspecify.annotations.Nullable;

/**
 * Writes one STUN message after the other into the same array. Padding is always zero: nothing of a
 * former message leaks (RFC 8489 §14). The length in the header is right after every call.
 */
public final class MessageBuilder {

  /** Room for a Data indication that carries the largest datagram. */
  private static final int CAPACITY = 0x1_0000 + 128;

  /** What the header's length can say (RFC 8489 §5). */
  private static final int ATTRIBUTES_LENGTH_MAX = 0xffff;

  /** Values up to here are cleared whole: they may have reserved bytes that nobody writes. */
  private static final int SHORT_VALUE = 128;

  private final byte[] bytes;
  private final CRC32 crc = new CRC32();
  private int length;

  public MessageBuilder() {
    this(CAPACITY);
  }

  public MessageBuilder(int capacity) {
    bytes = new byte[capacity];
  }

  /** The array under this builder; the message is its first {@link #length} bytes. */
  public byte[] bytes() {
    return bytes;
  }

  public int length() {
    return length;
  }

  /** Starts an answer: the method and transaction of the request, in another class. */
  public MessageBuilder answer(MessageClass messageClass, Message request) {
    start(messageClass.typeOf(MessageClass.methodOfType(request.type())));
    // The cookie's bytes too: a request of RFC 3489 has 16 bytes of transaction ID.
    System.arraycopy(request.bytes(), 4, bytes, 4, 16);
    return this;
  }

  /** Starts a message of our own with a transaction ID of {@link Message#TRANSACTION_ID_LENGTH}. */
  public MessageBuilder message(MessageClass messageClass, Method method, byte[] transactionId) {
    start(messageClass.typeOf(method.code()));
    Message.U32.set(bytes, 4, Message.MAGIC_COOKIE);
    System.arraycopy(transactionId, 0, bytes, 8, Message.TRANSACTION_ID_LENGTH);
    return this;
  }

  private void start(int type) {
    Message.U16.set(bytes, 0, (short) type);
    length = Message.HEADER_LENGTH;
    writeLength();
  }

  public MessageBuilder bytes(AttributeType type, byte[] value) {
    return bytes(type, value, 0, value.length);
  }

  public MessageBuilder bytes(AttributeType type, byte[] value, int from, int count) {
    int at = attribute(type, count);
    System.arraycopy(value, from, bytes, at, count);
    return this;
  }

  /** An attribute whose value is {@code count} bytes of a packet. */
  public MessageBuilder bytes(AttributeType type, ByteBuffer source, int from, int count) {
    int at = attribute(type, count);
    source.get(from, bytes, at, count);
    return this;
  }

  /** An attribute of {@code count} zero bytes. */
  public MessageBuilder zeros(AttributeType type, int count) {
    int at = attribute(type, count);
    Arrays.fill(bytes, at, at + count, (byte) 0);
    return this;
  }

  public MessageBuilder flag(AttributeType type) {
    attribute(type, 0);
    return this;
  }

  public MessageBuilder i32(AttributeType type, int value) {
    int at = attribute(type, 4);
    Message.U32.set(bytes, at, value);
    return this;
  }

  public MessageBuilder i64(AttributeType type, long value) {
    int at = attribute(type, 8);
    Message.U64.set(bytes, at, value);
    return this;
  }

  /** RFC 8489 §14.2; also XOR-PEER-ADDRESS and XOR-RELAYED-ADDRESS of RFC 8656 §18. */
  public MessageBuilder xorAddress(AttributeType type, TransportAddress address) {
    int at = attribute(type, 4 + address.family().addressLength());
    bytes[at + 1] = (byte) address.family().code();
    Message.U16.set(bytes, at + 2, (short) (address.port() ^ Message.MAGIC_COOKIE >>> 16));
    if (address.family() == Family.IPV4) {
      Message.U32.set(bytes, at + 4, address.ipv4Address() ^ Message.MAGIC_COOKIE);
    } else {
      Message.U64.set(bytes, at + 4, address.hi() ^ (long) Message.U64.get(bytes, 4));
      Message.U64.set(bytes, at + 12, address.lo() ^ (long) Message.U64.get(bytes, 12));
    }
    return this;
  }

  /** RFC 8489 §14.1: MAPPED-ADDRESS and the attributes of its form. */
  public MessageBuilder address(AttributeType type, TransportAddress address) {
    int at = attribute(type, 4 + address.family().addressLength());
    bytes[at + 1] = (byte) address.family().code();
    Message.U16.set(bytes, at + 2, (short) address.port());
    if (address.family() == Family.IPV4) {
      Message.U32.set(bytes, at + 4, address.ipv4Address());
    } else {
      Message.U64.set(bytes, at + 4, address.hi());
      Message.U64.set(bytes, at + 12, address.lo());
    }
    return this;
  }

  /** RFC 8489 §14.8. */
  public MessageBuilder errorCode(ErrorCode error) {
    byte[] reason = error.reasonBytes();
    int at = attribute(AttributeType.ERROR_CODE, 4 + reason.length);
    bytes[at + 2] = (byte) (error.code() / 100);
    bytes[at + 3] = (byte) (error.code() % 100);
    System.arraycopy(reason, 0, bytes, at + 4, reason.length);
    return this;
  }

  /** RFC 8656 §18.12. */
  public MessageBuilder addressErrorCode(Family family, ErrorCode error) {
    byte[] reason = error.reasonBytes();
    int at = attribute(AttributeType.ADDRESS_ERROR_CODE, 4 + reason.length);
    bytes[at] = (byte) family.code();
    bytes[at + 2] = (byte) (error.code() / 100);
    bytes[at + 3] = (byte) (error.code() % 100);
    System.arraycopy(reason, 0, bytes, at + 4, reason.length);
    return this;
  }

  /** RFC 8489 §14.9. */
  public MessageBuilder unknownAttributes(int[] codes, int count) {
    int at = attribute(AttributeType.UNKNOWN_ATTRIBUTES, 2 * count);
    for (int i = 0; i < count; i++) {
      Message.U16.set(bytes, at + 2 * i, (short) codes[i]);
    }
    return this;
  }

  /** Seals what stands so far with MESSAGE-INTEGRITY (RFC 8489 §14.5); a null Mac does nothing. */
  public MessageBuilder integrity(@Nullable Mac hmacSha1) {
    return seal(AttributeType.MESSAGE_INTEGRITY, Integrity.SHA1_LENGTH, hmacSha1);
  }

  /** Seals with MESSAGE-INTEGRITY-SHA256, not truncated (RFC 8489 §14.6). */
  public MessageBuilder integritySha256(@Nullable Mac hmacSha256) {
    return seal(AttributeType.MESSAGE_INTEGRITY_SHA256, Integrity.SHA256_LENGTH, hmacSha256);
  }

  private MessageBuilder seal(AttributeType type, int macLength, @Nullable Mac mac) {
    if (mac == null) {
      return this;
    }
    int covered = length;
    int at = attribute(type, macLength);
    mac.update(bytes, 0, covered);
    Integrity.finish(mac, bytes, at);
    return this;
  }

  /** RFC 8489 §14.7; the last attribute. */
  public MessageBuilder fingerprint() {
    int covered = length;
    int at = attribute(AttributeType.FINGERPRINT, 4);
    crc.reset();
    crc.update(bytes, 0, covered);
    Message.U32.set(bytes, at, (int) crc.getValue() ^ Integrity.FINGERPRINT_XOR);
    return this;
  }

  /** Writes the header of an attribute, clears its value and padding, returns the value's place. */
  private int attribute(AttributeType type, int valueLength) {
    int at = length + 4;
    int end = at + (valueLength + 3 & ~3);
    if (end - Message.HEADER_LENGTH > ATTRIBUTES_LENGTH_MAX) {
      throw new IllegalStateException("more attributes than a message can hold");
    }
    Message.U16.set(bytes, length, (short) type.code());
    Message.U16.set(bytes, length + 2, (short) valueLength);
    if (valueLength <= SHORT_VALUE) {
      Arrays.fill(bytes, at, end, (byte) 0);
    } else {
      // The value itself is copied over all of this; only the padding would stay.
      Arrays.fill(bytes, end - 4, end, (byte) 0);
    }
    length = end;
    writeLength();
    return at;
  }

  private void writeLength() {
    Message.U16.set(bytes, 2, (short) (length - Message.HEADER_LENGTH));
  }
}

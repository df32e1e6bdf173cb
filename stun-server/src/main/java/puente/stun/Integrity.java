package puente.stun;

import java.security.InvalidKeyException;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.zip.CRC32;
import javax.crypto.Mac;
import javax.crypto.ShortBufferException;
import org.jspecify.annotations.Nullable;

/**
 * Checks and makes MESSAGE-INTEGRITY, MESSAGE-INTEGRITY-SHA256 and FINGERPRINT (RFC 8489 §14.5 to
 * §14.7). It keeps one HMAC of each kind, keyed with the last key, so that a message costs neither
 * a look-up of providers nor, when the key is still the same, a set-up. For one thread.
 */
public final class Integrity {

  static final int FINGERPRINT_XOR = 0x5354_554e;
  static final int SHA1_LENGTH = 20;
  static final int SHA256_LENGTH = 32;

  /** RFC 8489 §14.6: a usage that allows truncation may not go below. */
  public static final int SHA256_LENGTH_MIN = 16;

  private final Keyed sha1 = new Keyed("HmacSHA1");
  private final Keyed sha256 = new Keyed("HmacSHA256");
  private final byte[] computed = new byte[SHA256_LENGTH];
  private final byte[] presented = new byte[SHA256_LENGTH];
  private final CRC32 crc = new CRC32();

  /** Whether the message carries one of the two attributes, right or wrong. */
  public static boolean isSealed(Message message) {
    return message.has(AttributeType.MESSAGE_INTEGRITY_SHA256)
        || message.has(AttributeType.MESSAGE_INTEGRITY);
  }

  /**
   * RFC 8489 §9.2.4: MESSAGE-INTEGRITY-SHA256 decides where it is present, else MESSAGE-INTEGRITY;
   * false without either. No truncation, as TURN does not allow any (RFC 8489 §14.6).
   */
  public boolean verify(Message message, IntegrityKey key) {
    return verify(message, key, SHA256_LENGTH);
  }

  /** The same for a usage that allows SHA-256 values of {@code sha256LengthMin} bytes and more. */
  public boolean verify(Message message, IntegrityKey key, int sha256LengthMin) {
    int bySha256 = message.find(AttributeType.MESSAGE_INTEGRITY_SHA256);
    if (bySha256 >= 0) {
      int length = message.lengthAt(bySha256);
      return length >= Math.max(sha256LengthMin, SHA256_LENGTH_MIN)
          && length <= SHA256_LENGTH
          && (length & 3) == 0
          && matches(message, bySha256, sha256.with(key));
    }
    int bySha1 = message.find(AttributeType.MESSAGE_INTEGRITY);
    return bySha1 >= 0
        && message.lengthAt(bySha1) == SHA1_LENGTH
        && matches(message, bySha1, sha1.with(key));
  }

  /** The HMAC over all before the attribute, with the header's length ending at the attribute. */
  private boolean matches(Message message, int index, Mac mac) {
    byte[] bytes = message.bytes();
    int value = message.valueAt(index);
    int length = message.lengthAt(index);
    int adjusted = value + length - Message.HEADER_LENGTH;
    mac.update(bytes, 0, 2);
    mac.update((byte) (adjusted >>> 8));
    mac.update((byte) adjusted);
    mac.update(bytes, 4, value - 4 - 4);
    finish(mac, computed, 0);
    Arrays.fill(computed, length, SHA256_LENGTH, (byte) 0);
    Arrays.fill(presented, length, SHA256_LENGTH, (byte) 0);
    System.arraycopy(bytes, value, presented, 0, length);
    return MessageDigest.isEqual(computed, presented);
  }

  /** HMAC-SHA1 with this key, for {@link MessageBuilder#integrity}; use it before the next call. */
  public Mac hmacSha1(IntegrityKey key) {
    return sha1.with(key);
  }

  /** HMAC-SHA256 with this key, for {@link MessageBuilder#integritySha256}. */
  public Mac hmacSha256(IntegrityKey key) {
    return sha256.with(key);
  }

  /**
   * Whether a FINGERPRINT is there and wrong: then this is no STUN message and is dropped (RFC 8489
   * §6.3, §14.7). One that is not the last attribute is wrong.
   */
  public boolean hasWrongFingerprint(Message message) {
    int index = message.find(AttributeType.FINGERPRINT);
    if (index < 0) {
      return false;
    }
    int value = message.valueAt(index);
    if (message.lengthAt(index) != 4 || value + 4 != message.length()) {
      return true;
    }
    crc.reset();
    crc.update(message.bytes(), 0, value - 4);
    return message.i32At(index) != ((int) crc.getValue() ^ FINGERPRINT_XOR);
  }

  static void finish(Mac mac, byte[] target, int at) {
    try {
      mac.doFinal(target, at);
    } catch (ShortBufferException tooSmall) {
      throw new IllegalStateException("a MAC longer than its place", tooSmall);
    }
  }

  /** An HMAC that remembers its key: setting one up costs as much as hashing a short message. */
  private static final class Keyed {

    private final Mac mac;
    private @Nullable IntegrityKey last;

    Keyed(String algorithm) {
      try {
        mac = Mac.getInstance(algorithm);
      } catch (NoSuchAlgorithmException missing) {
        throw new IllegalStateException("this Java has no " + algorithm, missing);
      }
    }

    Mac with(IntegrityKey key) {
      if (last != key) {
        try {
          mac.init(key.secret());
        } catch (InvalidKeyException refused) {
          throw new IllegalStateException("an HMAC takes every key", refused);
        }
        last = key;
      }
      return mac;
    }
  }
}

package puente.signal;

import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.Base64;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.jspecify.annotations.Nullable;

/**
 * What lets one peer into one meeting for a while: whoever knows the secret has said so.
 *
 * <pre>
 *  0        1              5      6           6+m     7+m          7+m+p
 * +--------+--------------+------+-----------+-------+------------+----------+
 * |   1    | expiry (s)   |  m   | meeting   |   p   | peer       | MAC (16) |
 * +--------+--------------+------+-----------+-------+------------+----------+
 * </pre>
 *
 * The MAC is the beginning of HMAC-SHA-256 over all before it.
 */
public record RendezvousToken(long expirySeconds, String meeting, String peer) {
  public static final int NAME_MAX = 64;
  static final int BYTES_MAX = 7 + 2 * NAME_MAX + 16;

  private static final byte VERSION = 1;
  private static final int MAC_BYTES = 16;

  public byte[] encode(byte[] secret) {
    byte[] where = name(meeting);
    byte[] who = name(peer);
    ByteBuffer bytes = ByteBuffer.allocate(7 + where.length + who.length + MAC_BYTES);
    bytes.put(VERSION).putInt((int) expirySeconds);
    bytes.put((byte) where.length).put(where).put((byte) who.length).put(who);
    bytes.put(mac(secret, bytes.array(), bytes.position()));
    return bytes.array();
  }

  /** As it is given out: base64url. */
  public String text(byte[] secret) {
    return Base64.getUrlEncoder().withoutPadding().encodeToString(encode(secret));
  }

  private static byte[] name(String text) {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    if (bytes.length > NAME_MAX) {
      throw new IllegalArgumentException("at most " + NAME_MAX + " bytes");
    }
    return bytes;
  }

  /** Null if nobody who knows the secret has made it. */
  static @Nullable RendezvousToken decode(byte[] token, byte[] secret) {
    int length = token.length - MAC_BYTES;
    if (length < 7 || token.length > BYTES_MAX) {
      return null;
    }
    byte[] shown = Arrays.copyOfRange(token, length, token.length);
    if (!MessageDigest.isEqual(mac(secret, token, length), shown)) {
      return null;
    }
    ByteBuffer in = ByteBuffer.wrap(token, 0, length);
    try {
      if (in.get() != VERSION) {
        return null;
      }
      long expiry = in.getInt() & 0xFFFFFFFFL;
      return new RendezvousToken(expiry, text(in), text(in));
    } catch (BufferUnderflowException cut) {
      return null;
    }
  }

  private static String text(ByteBuffer in) {
    byte[] bytes = new byte[in.get() & 0xFF];
    in.get(bytes);
    return new String(bytes, StandardCharsets.UTF_8);
  }

  static byte[] mac(byte[] secret, byte[] bytes, int length) {
    try {
      Mac mac = Mac.getInstance("HmacSHA256");
      mac.init(new SecretKeySpec(secret, "HmacSHA256"));
      mac.update(bytes, 0, length);
      return Arrays.copyOf(mac.doFinal(), MAC_BYTES);
    } catch (GeneralSecurityException missing) {
      throw new IllegalStateException("every Java platform has HmacSHA256", missing);
    }
  }
}

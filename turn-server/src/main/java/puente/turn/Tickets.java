package puente.turn;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.Base64;
import javax.crypto.Cipher;
import javax.crypto.Mac;
import javax.crypto.spec.IvParameterSpec;
import javax.crypto.spec.SecretKeySpec;
import org.jspecify.annotations.Nullable;
import puente.stun.IntegrityKey;
import puente.stun.Nonce;

/**
 * Seals and opens the values of MOBILITY-TICKET (RFC 8016 §3.3). Opaque to clients; whoever has the
 * key opens it, on any node and after any restart.
 *
 * <pre>
 *    0  synthetic IV, 12: HMAC-SHA256 of the ID and the number
 *   12  the ID, 8, and the number, 4, in AES-256-CTR from that IV on
 * </pre>
 *
 * <p>The keys of both are HMACs of the secret. That is authenticated encryption which needs no nonce
 * (in the manner of RFC 5297), so that the same ticket is the same bytes, as a retransmitted answer
 * has to be. Told in base64url: coturn's client takes a ticket for text of at most 32 characters.
 */
final class Tickets {

  /**
   * @param id of the allocation: 64 random bits
   * @param number grows with each move of it
   */
  record Ticket(long id, int number) {}

  static final int LENGTH = 32;

  private static final int IV_BYTES = 12;
  private static final int PLAIN_BYTES = 12;

  /** AES-CTR counts in the bytes after the IV. */
  private static final int BLOCK_BYTES = 16;

  /** What one secret is used for. */
  private record Keys(byte[] mac, byte[] cipher) {
    static @Nullable Keys of(@Nullable IntegrityKey secret) {
      return secret == null
          ? null
          : new Keys(
              hmac(secret.bytes(), ascii("puente ticket mac 1")),
              hmac(secret.bytes(), ascii("puente ticket cipher 1")));
    }
  }

  private final Keys current;
  private final @Nullable Keys previous;

  Tickets(Nonce.Keys secrets) {
    Keys keys = Keys.of(secrets.current());
    if (keys == null) {
      throw new IllegalArgumentException("no key");
    }
    current = keys;
    previous = Keys.of(secrets.previous());
  }

  byte[] seal(long id, int number) {
    byte[] plain = ByteBuffer.allocate(PLAIN_BYTES).putLong(id).putInt(number).array();
    byte[] sealed = Arrays.copyOf(hmac(current.mac, plain), IV_BYTES + PLAIN_BYTES);
    System.arraycopy(crypt(current, sealed, plain), 0, sealed, IV_BYTES, PLAIN_BYTES);
    return Base64.getUrlEncoder().encode(sealed);
  }

  /** Null if it is forged, or of a key that counts no more. */
  @Nullable Ticket open(byte[] ticket) {
    if (ticket.length != LENGTH) {
      return null;
    }
    byte[] sealed;
    try {
      sealed = Base64.getUrlDecoder().decode(ticket);
    } catch (IllegalArgumentException notBase64) {
      return null;
    }
    if (sealed.length != IV_BYTES + PLAIN_BYTES) {
      return null;
    }
    Ticket open = open(sealed, current);
    return open != null || previous == null ? open : open(sealed, previous);
  }

  private static @Nullable Ticket open(byte[] sealed, Keys keys) {
    byte[] plain = crypt(keys, sealed, Arrays.copyOfRange(sealed, IV_BYTES, sealed.length));
    byte[] expected = Arrays.copyOf(hmac(keys.mac, plain), IV_BYTES);
    if (!MessageDigest.isEqual(expected, Arrays.copyOf(sealed, IV_BYTES))) {
      return null;
    }
    ByteBuffer fields = ByteBuffer.wrap(plain);
    return new Ticket(fields.getLong(), fields.getInt());
  }

  /** Both ways. */
  private static byte[] crypt(Keys keys, byte[] sealed, byte[] text) {
    byte[] iv = Arrays.copyOf(Arrays.copyOf(sealed, IV_BYTES), BLOCK_BYTES);
    try {
      Cipher cipher = Cipher.getInstance("AES/CTR/NoPadding");
      cipher.init(
          Cipher.ENCRYPT_MODE, new SecretKeySpec(keys.cipher, "AES"), new IvParameterSpec(iv));
      return cipher.doFinal(text);
    } catch (GeneralSecurityException impossible) {
      throw new IllegalStateException(impossible);
    }
  }

  private static byte[] hmac(byte[] key, byte[] text) {
    try {
      Mac mac = Mac.getInstance("HmacSHA256");
      mac.init(new SecretKeySpec(key, "HmacSHA256"));
      return mac.doFinal(text);
    } catch (GeneralSecurityException impossible) {
      throw new IllegalStateException(impossible);
    }
  }

  private static byte[] ascii(String text) {
    return text.getBytes(StandardCharsets.US_ASCII);
  }
}

package puente.turn;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.util.Arrays;
import javax.crypto.Cipher;
import javax.crypto.Mac;
import javax.crypto.spec.GCMParameterSpec;
import javax.crypto.spec.SecretKeySpec;
import org.jspecify.annotations.Nullable;
import puente.stun.IntegrityKey;
import puente.stun.Nonce;

/**
 * Seals and opens the values of MOBILITY-TICKET (RFC 8016 §3.3). Opaque to clients; whoever has the
 * key opens it, on any node and after any restart.
 *
 * <pre>
 *    0  version, 1
 *    1  salt, 16: HMAC-SHA256(secret, "puente ticket salt 1", ID, number)
 *   17  AES-256-GCM of the ID, 8, and the number, 4; key: HMAC-SHA256(secret, "puente ticket key 1",
 *       salt), nonce: 0; the bytes before it are authenticated with it
 *   29  tag, 16
 * </pre>
 *
 * <p>A key seals one plaintext only, so that its nonce need not change; the same ticket is the same
 * bytes, as a retransmitted answer has to be. For one thread.
 */
final class Tickets {

  /**
   * @param id of the allocation: 64 random bits
   * @param number grows with each move of it
   */
  record Ticket(long id, int number) {}

  static final int LENGTH = 1 + 16 + 12 + 16;

  private static final byte VERSION = 1;
  private static final int SALT_BYTES = 16;
  private static final int HEADER = 1 + SALT_BYTES;
  private static final int TAG_BITS = 128;
  private static final byte[] NONCE = new byte[12];
  private static final byte[] SALT_LABEL = ascii("puente ticket salt 1");
  private static final byte[] KEY_LABEL = ascii("puente ticket key 1");

  private final Nonce.Keys secrets;

  Tickets(Nonce.Keys secrets) {
    this.secrets = secrets;
  }

  byte[] seal(long id, int number) {
    byte[] plain = ByteBuffer.allocate(12).putLong(id).putInt(number).array();
    IntegrityKey secret = secrets.current();
    byte[] ticket = new byte[LENGTH];
    ticket[0] = VERSION;
    System.arraycopy(hmac(secret, SALT_LABEL, plain), 0, ticket, 1, SALT_BYTES);
    try {
      cipher(Cipher.ENCRYPT_MODE, secret, ticket).doFinal(plain, 0, plain.length, ticket, HEADER);
      return ticket;
    } catch (GeneralSecurityException impossible) {
      throw new IllegalStateException(impossible);
    }
  }

  /** Null if it is forged, or of a key that counts no more. */
  @Nullable Ticket open(byte[] ticket) {
    if (ticket.length != LENGTH || ticket[0] != VERSION) {
      return null;
    }
    Ticket open = open(ticket, secrets.current());
    IntegrityKey previous = secrets.previous();
    return open != null || previous == null ? open : open(ticket, previous);
  }

  private static @Nullable Ticket open(byte[] ticket, IntegrityKey secret) {
    try {
      byte[] plain =
          cipher(Cipher.DECRYPT_MODE, secret, ticket).doFinal(ticket, HEADER, LENGTH - HEADER);
      ByteBuffer fields = ByteBuffer.wrap(plain);
      return new Ticket(fields.getLong(), fields.getInt());
    } catch (GeneralSecurityException forged) {
      return null;
    }
  }

  private static Cipher cipher(int mode, IntegrityKey secret, byte[] ticket)
      throws GeneralSecurityException {
    byte[] salt = Arrays.copyOfRange(ticket, 1, HEADER);
    SecretKeySpec key = new SecretKeySpec(hmac(secret, KEY_LABEL, salt), "AES");
    Cipher cipher = Cipher.getInstance("AES/GCM/NoPadding");
    cipher.init(mode, key, new GCMParameterSpec(TAG_BITS, NONCE));
    cipher.updateAAD(ticket, 0, HEADER);
    return cipher;
  }

  private static byte[] hmac(IntegrityKey secret, byte[] label, byte[] text) {
    try {
      Mac mac = Mac.getInstance("HmacSHA256");
      mac.init(new SecretKeySpec(secret.bytes(), "HmacSHA256"));
      mac.update(label);
      return mac.doFinal(text);
    } catch (GeneralSecurityException impossible) {
      throw new IllegalStateException(impossible);
    }
  }

  private static byte[] ascii(String text) {
    return text.getBytes(StandardCharsets.US_ASCII);
  }
}

package puente.turn.relay;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.random.RandomGenerator;
import javax.crypto.Cipher;
import javax.crypto.Mac;
import javax.crypto.spec.GCMParameterSpec;
import javax.crypto.spec.SecretKeySpec;

/**
 * Seals datagrams between nodes that share a secret.
 *
 * <pre>
 *    0  version, 1
 *    1  session of the sender, 16 random bytes, new with each process
 *   17  number of the datagram in this session, 8
 *   25  time of the sender, epoch milliseconds, 8
 *   33  AES-256-GCM of the records; key: HMAC-SHA256(secret, "puente forward 1" and the session), nonce:
 *       the number; the bytes before it are authenticated with it
 * </pre>
 *
 * <p>A datagram counts once: of a session that is known by its number, of an unknown one by its
 * time, so that what was recorded before a restart is not taken after it. The clocks of the nodes
 * must agree within {@link #SKEW_MS}. One thread seals, one opens.
 */
final class ForwardSeal {

  static final int OVERHEAD = 33 + 16;

  /** More than clocks that are kept by NTP differ; less than a recording would be kept. */
  static final long SKEW_MS = 30_000;

  private static final int HEADER = 33;
  private static final byte VERSION = 2;
  private static final int SESSION_BYTES = 16;
  private static final int TAG_BITS = 128;
  private static final int SESSIONS_MAX = 256;

  /** Datagrams that may overtake each other. */
  private static final int WINDOW = 64;

  private final SecretKeySpec secret;
  private final byte[] session = new byte[SESSION_BYTES];
  private final SecretKeySpec sealing;
  private long number;

  private final Map<ByteBuffer, Sender> senders =
      new LinkedHashMap<>(16, 0.75f, true) {
        private static final long serialVersionUID = 1;

        @Override
        protected boolean removeEldestEntry(Map.Entry<ByteBuffer, Sender> eldest) {
          return size() > SESSIONS_MAX;
        }
      };

  /** What is known of another's session: its key, and which of its datagrams came. */
  private static final class Sender {
    private final SecretKeySpec key;
    private long highest = -1;
    private long seen;

    Sender(SecretKeySpec key) {
      this.key = key;
    }

    boolean isNew(long number) {
      long behind = highest - number;
      return behind < 0 || behind < WINDOW && (seen >>> behind & 1) == 0;
    }

    void take(long number) {
      if (number > highest) {
        long ahead = number - highest;
        seen = ahead < WINDOW ? seen << ahead | 1 : 1;
        highest = number;
      } else {
        seen |= 1L << highest - number;
      }
    }
  }

  ForwardSeal(String secret, RandomGenerator random) {
    this.secret = new SecretKeySpec(secret.getBytes(StandardCharsets.UTF_8), "HmacSHA256");
    random.nextBytes(session);
    sealing = key(session);
  }

  byte[] seal(byte[] records, int length, long nowMs) {
    ByteBuffer out = ByteBuffer.allocate(length + OVERHEAD);
    out.put(VERSION).put(session).putLong(number).putLong(nowMs);
    try {
      Cipher cipher = cipher(Cipher.ENCRYPT_MODE, sealing, number++);
      cipher.updateAAD(out.array(), 0, HEADER);
      cipher.doFinal(records, 0, length, out.array(), HEADER);
      return out.array();
    } catch (GeneralSecurityException impossible) {
      throw new IllegalStateException(impossible);
    }
  }

  /** The records in a datagram; empty if it is forged, a copy, or too old. */
  Optional<ByteBuffer> open(ByteBuffer datagram, long nowMs) {
    if (datagram.remaining() < OVERHEAD || datagram.get(datagram.position()) != VERSION) {
      return Optional.empty();
    }
    byte[] header = new byte[HEADER];
    datagram.get(header);
    ByteBuffer fields = ByteBuffer.wrap(header, 1 + SESSION_BYTES, 16);
    long theirNumber = fields.getLong();
    long timeMs = fields.getLong();
    ByteBuffer name = ByteBuffer.wrap(header, 1, SESSION_BYTES).slice();
    Sender known = senders.get(name);
    if (Math.abs(nowMs - timeMs) > SKEW_MS || known != null && !known.isNew(theirNumber)) {
      return Optional.empty();
    }
    byte[] theirs = new byte[SESSION_BYTES];
    System.arraycopy(header, 1, theirs, 0, SESSION_BYTES);
    Sender sender = known == null ? new Sender(key(theirs)) : known;
    try {
      Cipher cipher = cipher(Cipher.DECRYPT_MODE, sender.key, theirNumber);
      cipher.updateAAD(header);
      ByteBuffer records = ByteBuffer.allocate(datagram.remaining());
      cipher.doFinal(datagram, records);
      // Only who knows the secret takes a place in the table.
      senders.put(ByteBuffer.wrap(theirs), sender);
      sender.take(theirNumber);
      return Optional.of(records.flip());
    } catch (GeneralSecurityException forged) {
      return Optional.empty();
    }
  }

  private static Cipher cipher(int mode, SecretKeySpec key, long number)
      throws GeneralSecurityException {
    byte[] nonce = ByteBuffer.allocate(12).putLong(4, number).array();
    Cipher cipher = Cipher.getInstance("AES/GCM/NoPadding");
    cipher.init(mode, key, new GCMParameterSpec(TAG_BITS, nonce));
    return cipher;
  }

  private SecretKeySpec key(byte[] ofSession) {
    try {
      Mac mac = Mac.getInstance("HmacSHA256");
      mac.init(secret);
      mac.update("puente forward 1".getBytes(StandardCharsets.US_ASCII));
      return new SecretKeySpec(mac.doFinal(ofSession), "AES");
    } catch (GeneralSecurityException impossible) {
      throw new IllegalStateException(impossible);
    }
  }
}

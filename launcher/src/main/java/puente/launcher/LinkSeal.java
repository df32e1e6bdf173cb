package puente.launcher;

import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.PublicKey;
import java.security.interfaces.XECPublicKey;
import java.security.spec.NamedParameterSpec;
import java.security.spec.XECPublicKeySpec;
import java.util.Arrays;
import javax.crypto.Cipher;
import javax.crypto.KDF;
import javax.crypto.KeyAgreement;
import javax.crypto.SecretKey;
import javax.crypto.spec.GCMParameterSpec;
import javax.crypto.spec.HKDFParameterSpec;
import javax.crypto.spec.SecretKeySpec;
import org.jspecify.annotations.Nullable;

/**
 * One end of a link between two nodes, encrypted and authenticated by a secret that both know.
 *
 * <pre>
 *   hello    "PNT1", 32 bytes X25519 public key, new for each link
 *   record   4 bytes length n, n bytes AES-256-GCM: text and tag; the number of the record is its nonce
 *   keys     HKDF-SHA256(salt: the secret, input: the X25519 agreement, info: both hellos and the end)
 * </pre>
 *
 * <p>Who does not know the secret can make no record that opens, nor read one; what was recorded
 * stays closed to who learns the secret later, and nothing of one link is good for another, not
 * even for its other direction. Sealing and opening may be done by two threads.
 */
final class LinkSeal {
  static final int HELLO_BYTES = 36;
  static final int RECORD_TEXT_MAX = 1 << 14;
  static final int RECORD_OVERHEAD = 4 + 16;

  private static final byte[] MAGIC = "PNT1".getBytes(StandardCharsets.US_ASCII);
  private static final int TAG_BITS = 128;

  /** Well below what one key of AES-GCM is good for (RFC 8446 §5.5). */
  private static final long RECORDS_PER_KEY = 1 << 20;

  /** Which end of the link: its hello counts first, and its direction has keys of its own. */
  enum End {
    CALLER,
    CALLED
  }

  private final SecretKey secret;
  private final End end;
  private final KeyPair ephemeral;
  private final byte[] hello;
  private volatile @Nullable Direction sending;
  private volatile @Nullable Direction receiving;

  LinkSeal(String secret, End end) throws GeneralSecurityException {
    this.secret = new SecretKeySpec(secret.getBytes(StandardCharsets.UTF_8), "HKDF");
    this.end = end;
    ephemeral = KeyPairGenerator.getInstance("X25519").generateKeyPair();
    hello = ByteBuffer.allocate(HELLO_BYTES).put(MAGIC).put(raw(ephemeral.getPublic())).array();
  }

  /** What this end sends first. */
  byte[] hello() {
    return hello.clone();
  }

  boolean isReady() {
    return sending != null;
  }

  /** Takes the other end's hello; from now on records can be sealed and opened. */
  void accept(byte[] peerHello) throws GeneralSecurityException {
    if (!Arrays.equals(peerHello, 0, MAGIC.length, MAGIC, 0, MAGIC.length)) {
      throw new GeneralSecurityException("no hello of a node");
    }
    if (Arrays.equals(peerHello, hello)) {
      throw new GeneralSecurityException("an echo");
    }
    KeyAgreement agreement = KeyAgreement.getInstance("X25519");
    agreement.init(ephemeral.getPrivate());
    agreement.doPhase(publicKey(peerHello), true);
    byte[] agreed = agreement.generateSecret();
    byte[] first = end == End.CALLER ? hello : peerHello;
    byte[] second = end == End.CALLER ? peerHello : hello;
    Direction fromCaller = new Direction(key(agreed, first, second, End.CALLER));
    Direction fromCalled = new Direction(key(agreed, first, second, End.CALLED));
    receiving = end == End.CALLER ? fromCalled : fromCaller;
    sending = end == End.CALLER ? fromCaller : fromCalled;
  }

  private byte[] key(byte[] agreed, byte[] first, byte[] second, End from)
      throws GeneralSecurityException {
    byte[] info =
        ByteBuffer.allocate(2 * HELLO_BYTES + 1)
            .put(first)
            .put(second)
            .put((byte) from.ordinal())
            .array();
    HKDFParameterSpec.ExtractThenExpand derivation =
        HKDFParameterSpec.ofExtract()
            .addSalt(secret)
            .addIKM(new SecretKeySpec(agreed, "X25519"))
            .thenExpand(info, Direction.KEY_BYTES);
    return KDF.getInstance("HKDF-SHA256").deriveData(derivation);
  }

  /** Seals records into {@code out}, as much of {@code text} as there is room for. */
  void seal(ByteBuffer text, ByteBuffer out) throws GeneralSecurityException {
    Direction direction = ready(sending);
    while (text.hasRemaining() && out.remaining() > RECORD_OVERHEAD) {
      int room = Math.min(RECORD_TEXT_MAX, out.remaining() - RECORD_OVERHEAD);
      ByteBuffer part = text.slice(text.position(), Math.min(room, text.remaining()));
      text.position(text.position() + part.remaining());
      out.putInt(part.remaining() + TAG_BITS / 8);
      direction.cipher(Cipher.ENCRYPT_MODE).doFinal(part, out);
    }
  }

  /**
   * Opens one record.
   *
   * @return false if {@code in} does not hold all of it yet; nothing is taken from it then
   * @throws GeneralSecurityException if it was not sealed by the other end of this link
   */
  boolean open(ByteBuffer in, ByteBuffer text) throws GeneralSecurityException {
    if (in.remaining() < 4) {
      return false;
    }
    int length = in.getInt(in.position());
    if (length < TAG_BITS / 8 || length > RECORD_TEXT_MAX + TAG_BITS / 8) {
      throw new GeneralSecurityException("a record of " + length + " bytes");
    }
    if (in.remaining() < 4 + length) {
      return false;
    }
    ByteBuffer record = in.slice(in.position() + 4, length);
    in.position(in.position() + 4 + length);
    ready(receiving).cipher(Cipher.DECRYPT_MODE).doFinal(record, text);
    return true;
  }

  private static Direction ready(@Nullable Direction direction) {
    if (direction == null) {
      throw new IllegalStateException("before the other end's hello");
    }
    return direction;
  }

  /** RFC 7748 §5: the u-coordinate, little-endian. */
  private static byte[] raw(PublicKey key) {
    byte[] little = new byte[32];
    byte[] big = ((XECPublicKey) key).getU().toByteArray();
    for (int i = 0; i < Math.min(32, big.length); i++) {
      little[i] = big[big.length - 1 - i];
    }
    return little;
  }

  private static PublicKey publicKey(byte[] hello) throws GeneralSecurityException {
    byte[] big = new byte[32];
    for (int i = 0; i < big.length; i++) {
      big[i] = hello[HELLO_BYTES - 1 - i];
    }
    big[0] &= 0x7f;
    return KeyFactory.getInstance("X25519")
        .generatePublic(new XECPublicKeySpec(NamedParameterSpec.X25519, new BigInteger(1, big)));
  }

  /** One way: a key, replaced by its successor from time to time, and the records so far. */
  private static final class Direction {
    static final int KEY_BYTES = 32;

    private final Cipher cipher = Cipher.getInstance("AES/GCM/NoPadding");
    private byte[] key;
    private long records;

    Direction(byte[] key) throws GeneralSecurityException {
      this.key = key;
    }

    Cipher cipher(int mode) throws GeneralSecurityException {
      if (records > 0 && records % RECORDS_PER_KEY == 0) {
        HKDFParameterSpec.Expand next =
            HKDFParameterSpec.expandOnly(
                new SecretKeySpec(key, "HKDF"), new byte[] {'n', 'e', 'x', 't'}, KEY_BYTES);
        key = KDF.getInstance("HKDF-SHA256").deriveData(next);
      }
      byte[] nonce = ByteBuffer.allocate(12).putInt(0).putLong(records++).array();
      cipher.init(mode, new SecretKeySpec(key, "AES"), new GCMParameterSpec(TAG_BITS, nonce));
      return cipher;
    }
  }
}

package puente.turn;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import javax.crypto.Cipher;
import javax.crypto.spec.GCMParameterSpec;
import javax.crypto.spec.SecretKeySpec;
import org.jspecify.annotations.Nullable;
import puente.stun.IntegrityKey;

/**
 * Third-party authorization (RFC 7635): an authorization server that shares a key with us gives
 * clients tokens; whoever shows one is let in for as long as it is good. Immutable.
 *
 * <p>A token, as ACCESS-TOKEN carries it (RFC 7635 §6.2), sealed with AES-GCM over the server's
 * name as additional data:
 *
 * <pre>
 *  nonce length (16 bits) | nonce | sealed: key length (16) | key | timestamp (64) | lifetime (32)
 * </pre>
 *
 * <p>The timestamp is in seconds since 1970 (48 bits) and 1/64000 of one (16 bits).
 */
public final class Tokens {

  /** Nobody is let in by a token. */
  public static final Tokens NONE = new Tokens("", Map.of());

  /** RFC 7635 §6.2: clocks may differ by so much. */
  private static final long CLOCKS_MS = 5000;

  private static final int TAG_BYTES = 16;

  /** RFC 5116 §5.1 and §5.2: the nonces of AES-GCM. */
  private static final int NONCE_BYTES = 12;

  /** A key for HMAC-SHA1 has 20 bytes, one for HMAC-SHA512 has 64. */
  private static final int KEY_BYTES_MIN = 16;

  private static final int KEY_BYTES_MAX = 64;

  /** coturn and its clients make HMAC-SHA1 with the first 16 bytes of a longer key. */
  private static final int COTURN_KEY_BYTES = 16;

  /**
   * What an authorization server shares with us: a row of coturn's {@code oauth_key}.
   *
   * @param secret 32 bytes for A256GCM, 16 for A128GCM
   * @param sinceSeconds from when it is good, since 1970; 0 is always
   * @param lifetimeSeconds for how long; 0 is for ever
   */
  public record Key(byte[] secret, long sinceSeconds, long lifetimeSeconds) {

    public Key {
      if (secret.length != 16 && secret.length != 32) {
        throw new IllegalArgumentException("a key has 16 or 32 bytes");
      }
      secret = secret.clone();
    }

    private boolean isGood(long now) {
      long sinceMs = 1000 * sinceSeconds;
      return now >= sinceMs - CLOCKS_MS
          && (lifetimeSeconds == 0 || now <= sinceMs + 1000 * lifetimeSeconds + CLOCKS_MS);
    }

    /** Never the key. */
    @Override
    public String toString() {
      return "Key";
    }
  }

  private final byte[] serverName;
  private final Map<String, Key> keyById;

  private Tokens(String serverName, Map<String, Key> keyById) {
    this.serverName = serverName.getBytes(StandardCharsets.UTF_8);
    this.keyById = new HashMap<>(keyById);
  }

  /**
   * @param serverName what tokens are bound to, and what THIRD-PARTY-AUTHORIZATION says
   * @param keyById by key ID: what clients say as USERNAME
   */
  public static Tokens of(String serverName, Map<String, Key> keyById) {
    return new Tokens(serverName, keyById);
  }

  boolean areServed() {
    return !keyById.isEmpty();
  }

  boolean knows(String keyId) {
    return keyById.containsKey(keyId);
  }

  /** The value of THIRD-PARTY-AUTHORIZATION. */
  byte[] serverName() {
    return serverName;
  }

  /** What this token proves now; null if it proves nothing. */
  Credentials.@Nullable Candidates candidates(String keyId, byte[] token, long now) {
    Key key = keyById.get(keyId);
    byte[] open = key == null || !key.isGood(now) ? null : open(token, key);
    return open == null ? null : read(keyId, ByteBuffer.wrap(open), now);
  }

  private byte @Nullable [] open(byte[] token, Key key) {
    int sealed = 2 + NONCE_BYTES;
    if (token.length < sealed + TAG_BYTES || token[0] != 0 || token[1] != NONCE_BYTES) {
      return null;
    }
    try {
      Cipher cipher = Cipher.getInstance("AES/GCM/NoPadding");
      cipher.init(
          Cipher.DECRYPT_MODE,
          new SecretKeySpec(key.secret, "AES"),
          new GCMParameterSpec(8 * TAG_BYTES, token, 2, NONCE_BYTES));
      cipher.updateAAD(serverName);
      return cipher.doFinal(token, sealed, token.length - sealed);
    } catch (GeneralSecurityException forged) {
      return null;
    }
  }

  private static Credentials.@Nullable Candidates read(String keyId, ByteBuffer open, long now) {
    int length = open.remaining() < 2 ? 0 : open.getShort() & 0xffff;
    if (length < KEY_BYTES_MIN || length > KEY_BYTES_MAX || open.remaining() != length + 8 + 4) {
      return null;
    }
    byte[] macKey = new byte[length];
    open.get(macKey);
    long sinceMs = 1000 * (open.getLong() >>> 16);
    long untilMs = sinceMs + 1000 * (open.getInt() & 0xffff_ffffL);
    if (now < sinceMs - CLOCKS_MS || now >= untilMs + CLOCKS_MS) {
      return null;
    }
    IntegrityKey whole = IntegrityKey.of(macKey);
    List<IntegrityKey> keys =
        length == COTURN_KEY_BYTES
            ? List.of(whole)
            : List.of(whole, IntegrityKey.of(Arrays.copyOf(macKey, COTURN_KEY_BYTES)));
    return new Credentials.Candidates(keyId, keyId, Mechanism.OAUTH, keys, untilMs + CLOCKS_MS);
  }

  /** Never a key. */
  @Override
  public String toString() {
    return "Tokens[" + keyById.size() + " keys]";
  }
}

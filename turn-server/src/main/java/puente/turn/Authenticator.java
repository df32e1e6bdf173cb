package puente.turn;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import puente.stun.AttributeType;
import puente.stun.ErrorCode;
import puente.stun.FiveTuple;
import puente.stun.Integrity;
import puente.stun.IntegrityKey;
import puente.stun.Message;
import puente.stun.MessageBuilder;
import puente.stun.Nonce;
import puente.stun.PasswordAlgorithm;

/** The long-term credential mechanism of RFC 8489 §9.2, the server's side. For one thread. */
final class Authenticator {

  /** A login, or why there is none. */
  sealed interface Outcome permits Login, Refuse {}

  /** RFC 8489 §14.3 and §14.9: longest values, in bytes. */
  private static final int USERNAME_MAX = 508;

  private static final int REALM_MAX = 763;
  private static final int USERHASH_LENGTH = 32;

  private static final Refuse NO_INTEGRITY = unauthorized("no MESSAGE-INTEGRITY");
  private static final Refuse UNKNOWN_USER = unauthorized("no such user");
  private static final Refuse WRONG_REALM = unauthorized("another realm");
  private static final Refuse WRONG_PASSWORD = unauthorized("wrong password");
  private static final Refuse BAD_TOKEN =
      unauthorized("the token is forged, expired or of no key of ours");
  private static final Refuse EXPIRED = unauthorized("the credential has expired");
  private static final Refuse INCOMPLETE =
      new Refuse(ErrorCode.BAD_REQUEST, "MESSAGE-INTEGRITY without USERNAME, REALM or NONCE");
  private static final Refuse BID_DOWN =
      new Refuse(ErrorCode.BAD_REQUEST, "PASSWORD-ALGORITHMS is not what was offered");
  private static final Refuse BAD_NONCE = new Refuse(ErrorCode.STALE_NONCE, "stale nonce");

  /**
   * The client was given this nonce at its address, and has the right password: nobody else's
   * address stands in such a request, however late it comes.
   */
  static final Refuse OLD_NONCE = new Refuse(ErrorCode.STALE_NONCE, "a nonce that is too old");

  private final Integrity integrity;
  private final Counters counters;

  /** Checked in place of the key of a user that does not exist: the work is the same. */
  private final IntegrityKey nobodysKey;

  private Credentials credentials;
  private Nonce.Keys nonceKeys;
  private Nonce nonces;
  private Tokens tokens;
  private byte[] realm;
  private byte[] offered;

  Authenticator(TurnConfig config, Integrity integrity, Counters counters, RandomGenerator random) {
    this.integrity = integrity;
    this.counters = counters;
    byte[] key = new byte[16];
    random.nextBytes(key);
    nobodysKey = IntegrityKey.of(key);
    credentials = config.credentials();
    tokens = config.tokens();
    nonceKeys = config.nonceKeys();
    nonces = nonces(config);
    realm = realm(config);
    offered = offer(config);
  }

  void reconfigure(TurnConfig config) {
    tokens = config.tokens();
    credentials = config.credentials();
    nonceKeys = config.nonceKeys();
    nonces = nonces(config);
    realm = realm(config);
    offered = offer(config);
  }

  /**
   * Judges a request in the order of RFC 8489 §9.2.4.
   *
   * @param known who made the allocation of this client, if there is one
   */
  Outcome authenticate(Message request, FiveTuple client, @Nullable Login known, long now) {
    // 1. No integrity at all: the challenge.
    if (!Integrity.isSealed(request)) {
      return NO_INTEGRITY;
    }
    // 2. Integrity, but not what it is made with.
    int username = request.find(AttributeType.USERNAME);
    int userhash = request.find(AttributeType.USERHASH);
    int realmAt = request.find(AttributeType.REALM);
    int nonce = request.find(AttributeType.NONCE);
    if (username < 0 && userhash < 0 || realmAt < 0 || nonce < 0) {
      return INCOMPLETE;
    }
    // 3. The offered password algorithms came through unchanged (§9.2.1).
    int algorithms = request.find(AttributeType.PASSWORD_ALGORITHMS);
    int chosen = request.find(AttributeType.PASSWORD_ALGORITHM);
    PasswordAlgorithm algorithm = PasswordAlgorithm.MD5;
    if (offersAlgorithms(request, nonce) && (algorithms >= 0 || chosen >= 0)) {
      PasswordAlgorithm named = chosenAlgorithm(request, algorithms, chosen);
      if (named == null) {
        return BID_DOWN;
      }
      algorithm = named;
    }
    boolean algorithmGiven = chosen >= 0;
    // 4. The user.
    if (!isOurRealm(request, realmAt)) {
      return refuse(Mechanism.STATIC, WRONG_REALM);
    }
    // 5. The integrity itself, under any of the keys that would do.
    int token = tokens.areServed() ? request.find(AttributeType.ACCESS_TOKEN) : -1;
    Login login = token >= 0 ? null : sameAgain(request, username, known, algorithmGiven);
    if (login == null) {
      Credentials.Candidates candidates =
          token >= 0
              ? byToken(request, username, token, now)
              : candidates(request, username, userhash, algorithm);
      if (candidates == null) {
        integrity.verify(request, nobodysKey);
        return token >= 0
            ? refuse(Mechanism.OAUTH, BAD_TOKEN)
            : refuse(Mechanism.STATIC, UNKNOWN_USER);
      }
      login = verified(request, candidates, algorithmGiven);
      if (login == null) {
        return refuse(candidates.mechanism(), WRONG_PASSWORD);
      }
    }
    // An allocation may be kept alive with the credential that made it, unless strict-expiry.
    if (now >= login.expiresMs()
        && (known == null
            || !known.user().equals(login.user())
            || login.mechanism() == Mechanism.OAUTH)) {
      return refuse(login.mechanism(), EXPIRED);
    }
    // 6. The nonce.
    Nonce.Verdict verdict = nonces.check(request, nonce, client, nonceKeys, now);
    if (verdict != Nonce.Verdict.VALID) {
      return verdict == Nonce.Verdict.STALE ? OLD_NONCE : BAD_NONCE;
    }
    counters.count(
        switch (login.mechanism()) {
          case REST -> Counter.REST_ACCEPTED;
          case OAUTH -> Counter.OAUTH_ACCEPTED;
          case STATIC, NONE -> Counter.STATIC_ACCEPTED;
        });
    return login;
  }

  /** REALM, NONCE and PASSWORD-ALGORITHMS, as 401 and 438 carry them (RFC 8489 §9.2.4). */
  void challenge(MessageBuilder answer, FiveTuple client, long now) {
    answer
        .bytes(AttributeType.REALM, realm)
        .bytes(AttributeType.NONCE, nonces.issue(client, nonceKeys, now))
        .bytes(AttributeType.PASSWORD_ALGORITHMS, offered);
    if (tokens.areServed()) {
      // RFC 7635 §6.1.
      answer.bytes(AttributeType.THIRD_PARTY_AUTHORIZATION, tokens.serverName());
    }
  }

  private Refuse refuse(Mechanism mechanism, Refuse refusal) {
    counters.count(
        switch (mechanism) {
          case REST -> Counter.REST_REFUSED;
          case OAUTH -> Counter.OAUTH_REFUSED;
          case STATIC, NONE -> Counter.STATIC_REFUSED;
        });
    return refusal;
  }

  /** The same user again on its own allocation: the key is at hand (RFC 8656 §6). */
  private @Nullable Login sameAgain(
      Message request, int username, @Nullable Login known, boolean algorithmGiven) {
    if (known == null || username < 0 || known.algorithmGiven() != algorithmGiven) {
      return null;
    }
    IntegrityKey key = known.key();
    boolean same =
        request.lengthAt(username) <= USERNAME_MAX && request.textAt(username).equals(known.user());
    return same && key != null && integrity.verify(request, key) ? known : null;
  }

  /** RFC 7635 §6.2: USERNAME says which key the token is sealed with. */
  private Credentials.@Nullable Candidates byToken(
      Message request, int username, int token, long now) {
    return username < 0 || request.lengthAt(username) > USERNAME_MAX
        ? null
        : tokens.candidates(request.textAt(username), request.valueBytes(token), now);
  }

  private Credentials.@Nullable Candidates candidates(
      Message request, int username, int userhash, PasswordAlgorithm algorithm) {
    if (username >= 0) {
      int length = request.lengthAt(username);
      return length == 0 || length > USERNAME_MAX
          ? null
          : credentials.candidates(request.textAt(username), algorithm);
    }
    return request.lengthAt(userhash) != USERHASH_LENGTH
        ? null
        : credentials.candidates(request.valueBytes(userhash), algorithm);
  }

  private @Nullable Login verified(
      Message request, Credentials.Candidates candidates, boolean algorithmGiven) {
    List<IntegrityKey> keys = candidates.keys();
    for (int i = 0; i < keys.size(); i++) {
      if (integrity.verify(request, keys.get(i))) {
        boolean sha256 =
            algorithmGiven
                || request.has(AttributeType.MESSAGE_INTEGRITY_SHA256)
                    && !request.has(AttributeType.MESSAGE_INTEGRITY);
        return new Login(
            candidates.user(),
            candidates.quotaUser(),
            candidates.mechanism(),
            keys.get(i),
            algorithmGiven,
            sha256,
            candidates.expiresMs());
      }
    }
    return null;
  }

  private static boolean offersAlgorithms(Message request, int nonce) {
    int features = Nonce.features(request.bytes(), request.valueAt(nonce), request.lengthAt(nonce));
    return features >= 0 && (features & Nonce.PASSWORD_ALGORITHMS) != 0;
  }

  private @Nullable PasswordAlgorithm chosenAlgorithm(Message request, int algorithms, int chosen) {
    if (algorithms < 0
        || chosen < 0
        || request.lengthAt(chosen) != 4
        || !Arrays.equals(request.valueBytes(algorithms), offered)
        || (request.i32At(chosen) & 0xffff) != 0) {
      return null;
    }
    PasswordAlgorithm named = PasswordAlgorithm.of(request.u16At(chosen));
    return named != null && credentials.algorithms().contains(named) ? named : null;
  }

  private boolean isOurRealm(Message request, int index) {
    int from = request.valueAt(index);
    int length = request.lengthAt(index);
    return length <= REALM_MAX
        && Arrays.equals(request.bytes(), from, from + length, realm, 0, realm.length);
  }

  private static Nonce nonces(TurnConfig config) {
    int features =
        Nonce.PASSWORD_ALGORITHMS
            | (config.credentials().canUnhash() ? Nonce.USERNAME_ANONYMITY : 0);
    return new Nonce(features, 1000L * config.lifetimes().nonceSeconds());
  }

  private static byte[] realm(TurnConfig config) {
    return config.realm().getBytes(StandardCharsets.UTF_8);
  }

  /** RFC 8489 §14.11: each algorithm, and the length of its parameters, which is 0. */
  private static byte[] offer(TurnConfig config) {
    List<PasswordAlgorithm> algorithms = config.credentials().algorithms();
    byte[] value = new byte[4 * algorithms.size()];
    for (int i = 0; i < algorithms.size(); i++) {
      value[4 * i] = (byte) (algorithms.get(i).code() >>> 8);
      value[4 * i + 1] = (byte) algorithms.get(i).code();
    }
    return value;
  }

  private static Refuse unauthorized(String why) {
    return new Refuse(ErrorCode.UNAUTHORIZED, why);
  }
}

package puente.turn;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
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
import puente.turn.store.Accounts;

/** The long-term credential mechanism of RFC 8489 §9.2, the server's side. For one thread. */
final class Authenticator {

  /** A login, or why there is none. */
  sealed interface Outcome permits Login, Refuse, Unsure {}

  /** Somebody else has to say who this is. */
  record Unsure(String realm, String name) implements Outcome {}

  /** The users of one realm, and what clients are told of it. */
  private static final class Realm {
    final Credentials credentials;
    final byte[] name;
    final List<PasswordAlgorithm> algorithms;
    final byte[] offered;

    Realm(Credentials credentials, TurnConfig config) {
      this.credentials = credentials;
      name = credentials.realm().getBytes(StandardCharsets.UTF_8);
      boolean onlyMd5 = config.asksElsewhere() && !config.elsewhereBySha256();
      algorithms = onlyMd5 ? List.of(PasswordAlgorithm.MD5) : credentials.algorithms();
      offered = offer(algorithms);
    }

    /** RFC 8489 §14.11: each algorithm, and the length of its parameters, which is 0. */
    private static byte[] offer(List<PasswordAlgorithm> algorithms) {
      byte[] value = new byte[4 * algorithms.size()];
      for (int i = 0; i < algorithms.size(); i++) {
        value[4 * i] = (byte) (algorithms.get(i).code() >>> 8);
        value[4 * i + 1] = (byte) algorithms.get(i).code();
      }
      return value;
    }
  }

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
  private static final Refuse OTHER_PLACE = unauthorized("the credential is for another address");
  private static final Refuse INCOMPLETE =
      new Refuse(ErrorCode.BAD_REQUEST, "MESSAGE-INTEGRITY without USERNAME, REALM or NONCE");
  private static final Refuse BID_DOWN =
      new Refuse(ErrorCode.BAD_REQUEST, "PASSWORD-ALGORITHMS is not what was offered");
  private static final Refuse NOBODY_KNOWS =
      new Refuse(ErrorCode.SERVER_ERROR, "who knows the users does not answer");

  /** Never sent: the request is dropped. */
  static final Refuse BUSY = new Refuse(ErrorCode.SERVER_ERROR, "too many users are asked for");

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

  private TurnConfig config;
  private Nonce nonces;
  private Tokens tokens;
  private Realm main;
  private Map<String, Realm> realmByName;

  /** What names of the main realm that end in another's are proved with. */
  private Map<String, Credentials> secretsBySuffix;

  Authenticator(TurnConfig config, Integrity integrity, Counters counters, RandomGenerator random) {
    this.integrity = integrity;
    this.counters = counters;
    byte[] key = new byte[16];
    random.nextBytes(key);
    nobodysKey = IntegrityKey.of(key);
    this.config = config;
    tokens = config.tokens();
    nonces = nonces(config);
    main = new Realm(config.credentials(), config);
    realmByName = realms(config);
    secretsBySuffix = secretsBySuffix(config);
  }

  void reconfigure(TurnConfig newConfig) {
    config = newConfig;
    tokens = newConfig.tokens();
    nonces = nonces(newConfig);
    main = new Realm(newConfig.credentials(), newConfig);
    realmByName = realms(newConfig);
    secretsBySuffix = secretsBySuffix(newConfig);
  }

  private static Map<String, Credentials> secretsBySuffix(TurnConfig config) {
    Map<String, Credentials> secrets = new HashMap<>();
    if (config.realmRules().bySuffix()) {
      config
          .tenantByRealm()
          .forEach(
              (name, tenant) ->
                  secrets.put(name, tenant.credentials().secretsUnder(config.realm())));
    }
    return secrets;
  }

  private static Map<String, Realm> realms(TurnConfig config) {
    Map<String, Realm> realms = new HashMap<>();
    config
        .tenantByRealm()
        .forEach((name, tenant) -> realms.put(name, new Realm(tenant.credentials(), config)));
    return realms;
  }

  /**
   * The realm that whoever cannot prove anything is asked for.
   *
   * @param known who made the allocation of this client, if there is one
   */
  String realmFor(Message request, FiveTuple client, @Nullable Login known, Effects out) {
    RealmRules rules = config.realmRules();
    if (realmByName.isEmpty() || known != null) {
      return known == null ? "" : known.realm();
    }
    int said = request.find(AttributeType.REALM);
    Realm own = said < 0 ? null : realmOf(request, said);
    if (own != null || rules.isEmpty()) {
      return own == null ? "" : own.credentials.realm();
    }
    int origin = request.find(AttributeType.ORIGIN);
    boolean isOrigin = origin >= 0 && request.lengthAt(origin) <= RealmRules.ORIGIN_MAX;
    String realm =
        rules.realmOf(
            out.serverNameOf(client), isOrigin ? request.textAt(origin) : null, client.server());
    return realm == null || !realmByName.containsKey(realm) ? "" : realm;
  }

  /**
   * Judges a request in the order of RFC 8489 §9.2.4.
   *
   * @param known who made the allocation of this client, if there is one
   * @param told what others have said of the user; null if nobody was asked
   */
  Outcome authenticate(
      Message request,
      FiveTuple client,
      @Nullable Login known,
      Accounts.@Nullable Answer told,
      long now) {
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
    Realm realm = realmOf(request, realmAt);
    // 3. The offered password algorithms came through unchanged (§9.2.1).
    PasswordAlgorithm algorithm = algorithm(request, nonce, realm == null ? main : realm);
    if (algorithm == null) {
      return BID_DOWN;
    }
    // 4. The user.
    if (realm == null) {
      return refuse(Mechanism.STATIC, WRONG_REALM);
    }
    Nonce.Verdict verdict = nonces.check(request, nonce, client, config.nonceKeys(), now);
    if (config.asksElsewhere() && verdict == Nonce.Verdict.FORGED) {
      // To ask others is work, done only for whom a nonce of ours has reached.
      return BAD_NONCE;
    }
    // 5. The integrity itself, under any of the keys that would do.
    Outcome outcome = proven(new Claimed(request, client, realm, algorithm, known, told), now);
    if (!(outcome instanceof Login login)) {
      return outcome;
    }
    // An allocation may be kept alive with the credential that made it, unless strict-expiry.
    if (now >= login.expiresMs()
        && (known == null
            || !known.user().equals(login.user())
            || login.mechanism() == Mechanism.OAUTH)) {
      return refuse(login.mechanism(), EXPIRED);
    }
    // 6. The nonce.
    if (verdict != Nonce.Verdict.VALID) {
      return verdict == Nonce.Verdict.STALE ? OLD_NONCE : BAD_NONCE;
    }
    counters.count(
        switch (login.mechanism()) {
          case REST -> Counter.REST_ACCEPTED;
          case OAUTH -> Counter.OAUTH_ACCEPTED;
          case DIRECTORY -> Counter.DIRECTORY_ACCEPTED;
          case STATIC, NONE -> Counter.STATIC_ACCEPTED;
        });
    return login;
  }

  /** A request that says who sent it. */
  private record Claimed(
      Message request,
      FiveTuple client,
      Realm realm,
      PasswordAlgorithm algorithm,
      @Nullable Login known,
      Accounts.@Nullable Answer told) {

    boolean algorithmGiven() {
      return request.has(AttributeType.PASSWORD_ALGORITHM);
    }

    /** Null if there is none that could be anybody's. */
    @Nullable String username() {
      int at = request.find(AttributeType.USERNAME);
      int length = at < 0 ? 0 : request.lengthAt(at);
      return length == 0 || length > USERNAME_MAX ? null : request.textAt(at);
    }
  }

  private Outcome proven(Claimed claimed, long now) {
    int token = tokens.areServed() ? claimed.request.find(AttributeType.ACCESS_TOKEN) : -1;
    String name = claimed.username();
    if (token < 0) {
      Login again = sameAgain(claimed, name, now);
      if (again != null) {
        return again;
      }
    }
    Credentials.Candidates candidates =
        token < 0 ? candidates(claimed, name) : byToken(claimed.request, name, token, now);
    Login login = candidates == null ? null : verified(claimed, candidates);
    if (login != null && candidates != null) {
      return candidates.conditions().allows(claimed.client.client())
          ? login
          : refuse(login.mechanism(), OTHER_PLACE);
    }
    if (token < 0
        && name != null
        && config.asksElsewhere()
        && !claimed.realm.credentials.decides(name)) {
      return elsewhere(claimed, name, now);
    }
    if (candidates != null) {
      return refuse(candidates.mechanism(), WRONG_PASSWORD);
    }
    integrity.verify(claimed.request, nobodysKey);
    return token >= 0 ? refuse(Mechanism.OAUTH, BAD_TOKEN) : refuse(Mechanism.STATIC, UNKNOWN_USER);
  }

  /** What others say of a user that this configuration does not know. */
  private Outcome elsewhere(Claimed claimed, String name, long now) {
    switch (claimed.told) {
      case null -> {
        return new Unsure(claimed.realm.credentials.realm(), name);
      }
      case Accounts.Known account -> {
        IntegrityKey key =
            claimed.algorithm == PasswordAlgorithm.MD5 ? account.md5() : account.sha256();
        boolean proves = integrity.verify(claimed.request, key == null ? nobodysKey : key);
        return key != null && proves
            ? login(claimed, candidates(name, key), key, account.terms(), now)
            : refuse(Mechanism.DIRECTORY, WRONG_PASSWORD);
      }
      case Accounts.Failed failed -> {
        if (failed == Accounts.Failed.UNKNOWN) {
          integrity.verify(claimed.request, nobodysKey);
          return refuse(Mechanism.DIRECTORY, UNKNOWN_USER);
        }
        // What there is goes on: with the key that it was made with.
        Login known = claimed.known;
        boolean goesOn = known != null && isSame(claimed, name, known);
        if (known != null && goesOn) {
          return known;
        }
        return failed == Accounts.Failed.BUSY ? BUSY : NOBODY_KNOWS;
      }
    }
  }

  private static Credentials.Candidates candidates(String name, IntegrityKey key) {
    return new Credentials.Candidates(
        name, name, Mechanism.DIRECTORY, List.of(key), Long.MAX_VALUE);
  }

  /** REALM, NONCE and PASSWORD-ALGORITHMS, as 401 and 438 carry them (RFC 8489 §9.2.4). */
  void challenge(MessageBuilder answer, String realm, FiveTuple client, long now) {
    Realm asked = realmByName.getOrDefault(realm, main);
    answer
        .bytes(AttributeType.REALM, asked.name)
        .bytes(AttributeType.NONCE, nonces.issue(client, config.nonceKeys(), now))
        .bytes(AttributeType.PASSWORD_ALGORITHMS, asked.offered);
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
          case DIRECTORY -> Counter.DIRECTORY_REFUSED;
          case STATIC, NONE -> Counter.STATIC_REFUSED;
        });
    return refusal;
  }

  /** The same user again on its own allocation: the key is at hand (RFC 8656 §6). */
  private @Nullable Login sameAgain(Claimed claimed, @Nullable String name, long now) {
    Login known = claimed.known;
    return known != null
            && (known.mechanism() != Mechanism.DIRECTORY
                || now - known.askedMs() < config.askAgainMs())
            && isSame(claimed, name, known)
        ? known
        : null;
  }

  private boolean isSame(Claimed claimed, @Nullable String name, Login known) {
    IntegrityKey key = known.key();
    return key != null
        && known.user().equals(name)
        && known.realm().equals(claimed.realm.credentials.realm())
        && known.algorithmGiven() == claimed.algorithmGiven()
        && integrity.verify(claimed.request, key);
  }

  /** RFC 7635 §6.2: USERNAME says which key the token is sealed with. */
  private Credentials.@Nullable Candidates byToken(
      Message request, @Nullable String name, int token, long now) {
    return name == null ? null : tokens.candidates(name, request.valueBytes(token), now);
  }

  private Credentials.@Nullable Candidates candidates(Claimed claimed, @Nullable String name) {
    Message request = claimed.request;
    Credentials credentials = claimed.realm.credentials;
    int userhash = request.find(AttributeType.USERHASH);
    if (name != null || request.has(AttributeType.USERNAME)) {
      Credentials.Candidates suffixed =
          name == null || claimed.realm != main ? null : bySuffix(name, claimed.algorithm);
      return name == null || suffixed != null
          ? suffixed
          : credentials.candidates(name, claimed.algorithm);
    }
    return request.lengthAt(userhash) != USERHASH_LENGTH
        ? null
        : credentials.candidates(request.valueBytes(userhash), claimed.algorithm);
  }

  /** A realm with secrets of its own has its names proved with them and with no others. */
  private Credentials.@Nullable Candidates bySuffix(String name, PasswordAlgorithm algorithm) {
    if (secretsBySuffix.isEmpty() || main.credentials.decides(name)) {
      return null;
    }
    Conditions.Named named = Conditions.read(name);
    String suffix = named == null ? null : RealmRules.suffix(named.name());
    Credentials secrets = suffix == null ? null : secretsBySuffix.get(suffix);
    return secrets == null ? null : secrets.candidates(name, algorithm);
  }

  private @Nullable Login verified(Claimed claimed, Credentials.Candidates candidates) {
    List<IntegrityKey> keys = candidates.keys();
    for (int i = 0; i < keys.size(); i++) {
      if (integrity.verify(claimed.request, keys.get(i))) {
        int uses = candidates.conditions().uses();
        Accounts.Terms terms = uses == 0 ? Accounts.Terms.NONE : Accounts.Terms.NONE.withUses(uses);
        return login(claimed, candidates, keys.get(i), terms, 0);
      }
    }
    return null;
  }

  private Login login(
      Claimed claimed,
      Credentials.Candidates candidates,
      IntegrityKey key,
      Accounts.Terms terms,
      long askedMs) {
    Message request = claimed.request;
    boolean sha256 =
        claimed.algorithmGiven()
            || request.has(AttributeType.MESSAGE_INTEGRITY_SHA256)
                && !request.has(AttributeType.MESSAGE_INTEGRITY);
    String realm = claimed.realm.credentials.realm();
    return new Login(
        candidates.user(),
        candidates.quotaUser(),
        realm,
        config.tenantOf(realm, candidates.quotaUser()),
        candidates.mechanism(),
        key,
        claimed.algorithmGiven(),
        sha256,
        candidates.expiresMs(),
        terms,
        askedMs);
  }

  private static boolean offersAlgorithms(Message request, int nonce) {
    int features = Nonce.features(request.bytes(), request.valueAt(nonce), request.lengthAt(nonce));
    return features >= 0 && (features & Nonce.PASSWORD_ALGORITHMS) != 0;
  }

  /** What the request's key is made with; null if it says so in a way that was not offered. */
  private static @Nullable PasswordAlgorithm algorithm(Message request, int nonce, Realm realm) {
    int algorithms = request.find(AttributeType.PASSWORD_ALGORITHMS);
    int chosen = request.find(AttributeType.PASSWORD_ALGORITHM);
    if (!offersAlgorithms(request, nonce) || algorithms < 0 && chosen < 0) {
      return PasswordAlgorithm.MD5;
    }
    if (algorithms < 0
        || chosen < 0
        || request.lengthAt(chosen) != 4
        || !Arrays.equals(request.valueBytes(algorithms), realm.offered)
        || (request.i32At(chosen) & 0xffff) != 0) {
      return null;
    }
    PasswordAlgorithm named = PasswordAlgorithm.of(request.u16At(chosen));
    return named != null && realm.algorithms.contains(named) ? named : null;
  }

  private @Nullable Realm realmOf(Message request, int index) {
    int from = request.valueAt(index);
    int length = request.lengthAt(index);
    if (length > REALM_MAX) {
      return null;
    }
    byte[] own = main.name;
    if (Arrays.equals(request.bytes(), from, from + length, own, 0, own.length)) {
      return main;
    }
    return realmByName.isEmpty() ? null : realmByName.get(request.textAt(index));
  }

  private static Nonce nonces(TurnConfig config) {
    boolean canUnhash =
        !config.asksElsewhere()
            && config.credentials().canUnhash()
            && config.tenantByRealm().values().stream()
                .allMatch(tenant -> tenant.credentials().canUnhash());
    int features = Nonce.PASSWORD_ALGORITHMS | (canUnhash ? Nonce.USERNAME_ANONYMITY : 0);
    return new Nonce(features, 1000L * config.lifetimes().nonceSeconds());
  }

  private static Refuse unauthorized(String why) {
    return new Refuse(ErrorCode.UNAUTHORIZED, why);
  }
}

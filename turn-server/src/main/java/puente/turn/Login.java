package puente.turn;

import java.security.MessageDigest;
import org.jspecify.annotations.Nullable;
import puente.stun.IntegrityKey;
import puente.stun.TransportAddress;
import puente.turn.store.Accounts;
import puente.turn.store.AllocationStore;

/**
 * Who made a request, and how its answer is sealed.
 *
 * @param user the username as it stood in the request; empty for nobody
 * @param quotaUser whom quotas count: an ephemeral username without its expiry
 * @param realm of the credential; for nobody the one to ask for, empty for the main one
 * @param tenant the realm whose rules hold: mostly the same
 * @param key null for nobody
 * @param algorithmGiven whether the request named the password algorithm
 * @param sha256 whether answers carry MESSAGE-INTEGRITY-SHA256 (RFC 8489 §9.2.4)
 * @param expiresMs when the credential ends; {@link Long#MAX_VALUE} if never
 * @param terms what holds for this user alone
 * @param askedMs when somebody else has last said so; 0 if nobody has to
 */
record Login(
    String user,
    String quotaUser,
    String realm,
    String tenant,
    Mechanism mechanism,
    @Nullable IntegrityKey key,
    boolean algorithmGiven,
    boolean sha256,
    long expiresMs,
    Accounts.Terms terms,
    long askedMs)
    implements Authenticator.Outcome {

  static final Login NOBODY = nobody("");

  /** Who is to be asked for a credential of this realm. */
  static Login nobody(String realm) {
    return new Login(
        "",
        "",
        realm,
        realm,
        Mechanism.NONE,
        null,
        false,
        false,
        Long.MAX_VALUE,
        Accounts.Terms.NONE,
        0);
  }

  /**
   * Whether what this made is the other's as well (RFC 8656 §5). Tokens have no user: whoever shows
   * another one from the same address may have it under a newer key (RFC 7635 §6.2).
   */
  boolean isOf(Login other) {
    return realm.equals(other.realm)
        && (user.equals(other.user)
            || mechanism == Mechanism.OAUTH && other.mechanism == Mechanism.OAUTH);
  }

  /**
   * Whether what this made may go over to another address by the other (RFC 8016 §3.2.2): the very
   * user, one that may come from there; of tokens, which name no user, the very token.
   */
  boolean maySendTo(TransportAddress client, Login other) {
    if (!realm.equals(other.realm) || !user.equals(other.user)) {
      return false;
    }
    return switch (mechanism) {
      case OAUTH ->
          key != null && other.key != null && MessageDigest.isEqual(key.bytes(), other.key.bytes());
      case REST -> {
        Conditions.Named named = Conditions.read(user);
        yield named != null && named.conditions().allows(client);
      }
      case STATIC, DIRECTORY -> true;
      case NONE -> false;
    };
  }

  /** When an allocation of this lifetime ends; with its credential if {@code strict-expiry}. */
  long expiry(int lifetimeSeconds, TurnConfig config, long now) {
    int longest = terms.lifetimeSeconds();
    int seconds = longest > 0 ? Math.min(lifetimeSeconds, longest) : lifetimeSeconds;
    long allocationMs = now + 1000L * seconds;
    // RFC 7635 §6.2: no allocation outlives the token.
    boolean strict = config.strictExpiry() || mechanism == Mechanism.OAUTH;
    return strict ? Math.min(allocationMs, expiresMs) : allocationMs;
  }

  /** What an allocation of this may carry each way; 0 is no limit. */
  long bytesPerSecond(TurnConfig config) {
    if (terms.bytesPerSecond() > 0) {
      return terms.bytesPerSecond();
    }
    Tenant own = config.tenantByRealm().get(tenant);
    return own == null ? config.limits().bytesPerSecond() : own.bytesPerSecond();
  }

  /** The realm of the credential; of nobody, the main one. */
  String realmIn(TurnConfig config) {
    return realm.isEmpty() ? config.realm() : realm;
  }

  /** The realm that quotas count an allocation of this in. */
  String quotaRealmIn(TurnConfig config) {
    return tenant.isEmpty() ? config.realm() : tenant;
  }

  /** What is to be counted of a credential that may be used so often; null for all others. */
  AllocationStore.@Nullable Uses uses(long now) {
    int max = terms.uses();
    return max == 0 ? null : new AllocationStore.Uses(user, max, expiresMs, now);
  }

  /** The same; others have just said so again. */
  Login askedAt(long now) {
    return new Login(
        user,
        quotaUser,
        realm,
        tenant,
        mechanism,
        key,
        algorithmGiven,
        sha256,
        expiresMs,
        terms,
        now);
  }

  /** Whether this was a user of the configuration, and is none any more. */
  boolean isGoneUnder(TurnConfig next) {
    Tenant tenant = next.tenantByRealm().get(realm);
    Credentials credentials = tenant == null ? next.credentials() : tenant.credentials();
    return mechanism == Mechanism.STATIC && !credentials.hasUser(user);
  }

  /**
   * The same, to be proved anew, unless a token has proved it that the new rules know. Whoever is
   * known elsewhere keeps the key for as long as those do not answer.
   */
  Login underNext(TurnConfig next) {
    if (mechanism == Mechanism.OAUTH && next.tokens().knows(user)) {
      return this;
    }
    boolean elsewhere = mechanism == Mechanism.DIRECTORY && next.asksElsewhere();
    return new Login(
        user,
        quotaUser,
        realm,
        next.tenantOf(realm, quotaUser),
        mechanism,
        elsewhere ? key : null,
        algorithmGiven,
        sha256,
        expiresMs,
        terms,
        0);
  }
}

package puente.turn;

import org.jspecify.annotations.Nullable;
import puente.stun.IntegrityKey;

/**
 * Who made a request, and how its answer is sealed.
 *
 * @param user the username as it stood in the request; empty for nobody
 * @param quotaUser whom quotas count: an ephemeral username without its expiry
 * @param key null for nobody
 * @param algorithmGiven whether the request named the password algorithm
 * @param sha256 whether answers carry MESSAGE-INTEGRITY-SHA256 (RFC 8489 §9.2.4)
 * @param expiresMs when the credential ends; {@link Long#MAX_VALUE} if never
 */
record Login(
    String user,
    String quotaUser,
    Mechanism mechanism,
    @Nullable IntegrityKey key,
    boolean algorithmGiven,
    boolean sha256,
    long expiresMs)
    implements Authenticator.Outcome {

  static final Login NOBODY = new Login("", "", Mechanism.NONE, null, false, false, Long.MAX_VALUE);

  /**
   * Whether what this made is the other's as well (RFC 8656 §5). Tokens have no user: whoever shows
   * another one from the same address may have it under a newer key (RFC 7635 §6.2).
   */
  boolean isOf(Login other) {
    return user.equals(other.user)
        || mechanism == Mechanism.OAUTH && other.mechanism == Mechanism.OAUTH;
  }

  /** The same, to be proved anew, unless a token has proved it that the new rules know. */
  Login underNext(TurnConfig next) {
    if (mechanism == Mechanism.OAUTH && next.tokens().knows(user)) {
      return this;
    }
    return new Login(user, quotaUser, mechanism, null, algorithmGiven, sha256, expiresMs);
  }
}

package puente.signal;

import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Says who asks for credentials, and whether too often. Used on one loop only. */
final class CredentialGate {
  /** What an asker is. */
  sealed interface Judgement {}

  /**
   * @param mayName whether he may say for whom it is: backends do, pages do not
   */
  record Known(String name, boolean mayName) implements Judgement {}

  record Unknown() implements Judgement {}

  record TooFast(long waitMs) implements Judgement {
    /** Of Retry-After. */
    String seconds() {
      return Long.toString(1 + waitMs / 1000);
    }
  }

  private static final int KEYS_MAX = 10_000;

  /** A backend asks once for each user that begins a call. */
  private final RateLimit backends = new RateLimit(50, 500, KEYS_MAX);

  /** A page asks once, and again when it expires. */
  private final RateLimit pages = new RateLimit(1, 30, KEYS_MAX);

  /** Wrong keys from one source: somebody guesses. */
  private final RateLimit guesses = new RateLimit(0.2, 20, KEYS_MAX);

  private final Supplier<Keys> keys;

  CredentialGate(Supplier<Keys> keys) {
    this.keys = keys;
  }

  static @Nullable String bearer(Request request) {
    String header = request.header("Authorization");
    return header != null && header.regionMatches(true, 0, "Bearer ", 0, 7)
        ? header.substring(7).strip()
        : null;
  }

  boolean isKey(@Nullable String secret) {
    return keys.get().nameOf(secret) != null;
  }

  /** What one who is known is answered; others are told why not, and when to come again. */
  static Reply answer(Judgement judgement, Function<Known, Reply> answer) {
    return switch (judgement) {
      case Unknown unknown ->
          Reply.problem(401, "Needs a key or a token: Authorization: Bearer <key>.")
              .with("WWW-Authenticate", "Bearer realm=\"puente\"");
      case TooFast tooFast ->
          Reply.problem(429, "Too many requests with this key.")
              .with("Retry-After", tooFast.seconds());
      case Known known -> answer.apply(known);
    };
  }

  /**
   * @param secret of an API key
   * @param published a public key
   */
  Judgement judge(@Nullable String secret, @Nullable String published, Request request) {
    String name = keys.get().nameOf(secret);
    if (name != null) {
      return counted(backends, name, new Known(name, true), request);
    }
    if (published != null && keys.get().isPublished(published, request)) {
      String whose = published + " " + request.source();
      return counted(pages, whose, new Known(published, false), request);
    }
    return wrong(request);
  }

  /** By a token; null is one that is no good. */
  Judgement judge(Tokens.@Nullable Valid token, Request request) {
    if (token == null) {
      return wrong(request);
    }
    String subject = token.grant().subject();
    String name = subject == null ? "token" : IceServers.userOf(subject);
    return counted(pages, name + " " + request.source(), new Known(name, false), request);
  }

  private Judgement wrong(Request request) {
    boolean few = guesses.take(request.source(), request.nowMs());
    return few ? new Unknown() : new TooFast(guesses.waitMs(request.source(), request.nowMs()));
  }

  private static Judgement counted(RateLimit limit, String key, Known known, Request request) {
    return limit.take(key, request.nowMs())
        ? known
        : new TooFast(limit.waitMs(key, request.nowMs()));
  }
}

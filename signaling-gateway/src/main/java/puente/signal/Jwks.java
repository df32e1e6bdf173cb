package puente.signal;

import com.nimbusds.jose.jwk.JWK;
import com.nimbusds.jose.jwk.JWKSet;
import com.nimbusds.jose.jwk.KeyType;
import io.vertx.core.Context;
import io.vertx.core.Future;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.text.ParseException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The keys of an identity provider, fetched from its URL and kept. While a newer set is on its way
 * the old one serves, and goes on serving when none comes. Nothing here waits on a loop.
 */
public final class Jwks implements Tokens.Keyring {
  private static final Logger LOG = LoggerFactory.getLogger("puente.signal");

  static final long FRESH_MS = 5 * 60_000;

  /** Whoever shows a token with an unknown key makes us ask no oftener than this. */
  static final long RETRY_MS = 10_000;

  private static final Duration PATIENCE = Duration.ofSeconds(5);

  /** Providers publish a handful of keys. */
  private static final long BYTES_MAX = 0x4_0000;

  private final Context context;
  private final URI from;
  private final JWKSet more;
  private final LongSupplier clock;
  private @Nullable Future<JWKSet> current;
  private @Nullable Future<JWKSet> coming;
  private boolean hasAsked;
  private long askedMs;
  private long dueMs;
  private boolean isFailing;

  /**
   * @param context on whose loop everything here runs
   * @param more keys beside those
   */
  public Jwks(Context context, URI from, JWKSet more) {
    this(context, from, more, GatewayServer::now);
  }

  /**
   * @param clock monotonic milliseconds
   */
  Jwks(Context context, URI from, JWKSet more, LongSupplier clock) {
    this.context = context;
    this.from = from;
    this.more = more;
    this.clock = clock;
  }

  @Override
  public Future<JWKSet> get() {
    long nowMs = clock.getAsLong();
    if (!hasAsked || nowMs >= dueMs) {
      ask(nowMs);
    }
    Future<JWKSet> known = current;
    return known == null ? next() : known;
  }

  /** The provider may have begun to sign with a key that it did not have when it was asked last. */
  @Override
  public Future<JWKSet> newer() {
    long nowMs = clock.getAsLong();
    if (!hasAsked || nowMs - askedMs >= RETRY_MS) {
      ask(nowMs);
    }
    return next();
  }

  /** What is on its way; else what is known. */
  private Future<JWKSet> next() {
    Future<JWKSet> known = current;
    JWKSet otherwise = known == null ? more : known.result();
    Future<JWKSet> next = coming;
    return next == null ? Future.succeededFuture(otherwise) : next.otherwise(otherwise);
  }

  private void ask(long nowMs) {
    if (coming != null) {
      return;
    }
    hasAsked = true;
    askedMs = nowMs;
    dueMs = nowMs + FRESH_MS;
    Future<JWKSet> fetched = fetch();
    coming = fetched;
    fetched.onComplete(done -> onFetched(fetched));
  }

  private void onFetched(Future<JWKSet> fetched) {
    coming = null;
    if (fetched.succeeded()) {
      current = fetched;
      if (isFailing) {
        LOG.info("event=jwks-reachable setting=jwt-jwks");
      }
      isFailing = false;
      return;
    }
    dueMs = clock.getAsLong() + RETRY_MS;
    if (!isFailing) {
      LOG.warn(
          "event=jwks-unreachable setting=jwt-jwks reason=\"{}\"",
          fetched.cause().getClass().getSimpleName());
    }
    isFailing = true;
  }

  /** Ends within {@link #PATIENCE}, however slowly its bytes drip in. Redirects are not followed. */
  private Future<JWKSet> fetch() {
    HttpClient client = HttpClient.newBuilder().connectTimeout(PATIENCE).build();
    var answer =
        client
            .sendAsync(
                HttpRequest.newBuilder(from).timeout(PATIENCE).build(),
                BodyHandlers.limiting(BodyHandlers.ofByteArray(), BYTES_MAX))
            .orTimeout(PATIENCE.toMillis(), TimeUnit.MILLISECONDS)
            .whenComplete((done, failed) -> client.shutdownNow());
    return Future.fromCompletionStage(answer, context).map(this::read);
  }

  private JWKSet read(HttpResponse<byte[]> answer) {
    try {
      if (answer.statusCode() != 200) {
        throw new IOException("status " + answer.statusCode());
      }
      JWKSet published = JWKSet.parse(new String(answer.body(), StandardCharsets.UTF_8));
      return joined(new JWKSet(asymmetric(published)), more);
    } catch (IOException | ParseException unusable) {
      throw new IllegalArgumentException(unusable);
    }
  }

  /** A shared secret that is published is none. */
  private static List<JWK> asymmetric(JWKSet published) {
    return published.getKeys().stream()
        .filter(key -> !KeyType.OCT.equals(key.getKeyType()))
        .toList();
  }

  /** All keys of both. */
  public static JWKSet joined(JWKSet one, JWKSet other) {
    List<JWK> all = new ArrayList<>(one.getKeys());
    all.addAll(other.getKeys());
    return new JWKSet(all);
  }
}

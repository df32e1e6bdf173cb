package puente.signal;

import com.nimbusds.jose.jwk.JWKSet;
import io.vertx.core.Context;
import io.vertx.core.Future;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.text.ParseException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The keys of an identity provider, fetched from its URL and kept. While a newer set is on its way
 * the old one serves, and goes on serving when none comes.
 */
public final class Jwks implements Supplier<Future<JWKSet>> {
  private static final Logger LOG = LoggerFactory.getLogger("puente.signal");

  private static final long FRESH_MS = 5 * 60_000;
  private static final long RETRY_MS = 10_000;
  private static final Duration PATIENCE = Duration.ofSeconds(5);

  /** Providers publish a handful of keys. */
  private static final int BYTES_MAX = 0x4_0000;

  private final Context context;
  private final URI from;
  private final JWKSet more;
  private @Nullable Future<JWKSet> current;
  private @Nullable Future<JWKSet> coming;
  private long askAgainMs;

  /**
   * @param context whose worker threads fetch, and on whose loop everything else here runs
   * @param more keys beside those
   */
  public Jwks(Context context, URI from, JWKSet more) {
    this.context = context;
    this.from = from;
    this.more = more;
  }

  @Override
  public Future<JWKSet> get() {
    long nowMs = GatewayServer.now();
    if (coming == null && (askAgainMs == 0 || nowMs >= askAgainMs)) {
      askAgainMs = nowMs + FRESH_MS;
      Future<JWKSet> fetched = context.executeBlocking(this::fetch, false);
      coming = fetched;
      fetched.onComplete(done -> onFetched(fetched));
    }
    Future<JWKSet> known = current;
    Future<JWKSet> next = coming;
    if (known != null) {
      return known;
    }
    return next == null ? Future.succeededFuture(more) : next.otherwise(more);
  }

  private void onFetched(Future<JWKSet> fetched) {
    coming = null;
    if (fetched.succeeded()) {
      current = fetched;
    } else {
      askAgainMs = GatewayServer.now() + RETRY_MS;
      LOG.warn(
          "event=jwks-unreachable setting=jwt-jwks reason=\"{}\"",
          fetched.cause().getClass().getSimpleName());
    }
  }

  private JWKSet fetch() throws IOException, InterruptedException, ParseException {
    try (HttpClient client = HttpClient.newBuilder().connectTimeout(PATIENCE).build()) {
      HttpResponse<InputStream> answer =
          client.send(
              HttpRequest.newBuilder(from).timeout(PATIENCE).build(),
              HttpResponse.BodyHandlers.ofInputStream());
      try (InputStream body = answer.body()) {
        byte[] bytes = body.readNBytes(BYTES_MAX);
        if (answer.statusCode() != 200) {
          throw new IOException("status " + answer.statusCode());
        }
        return joined(JWKSet.parse(new String(bytes, StandardCharsets.UTF_8)), more);
      }
    }
  }

  /** All keys of both. */
  public static JWKSet joined(JWKSet one, JWKSet other) {
    List<com.nimbusds.jose.jwk.JWK> all = new ArrayList<>(one.getKeys());
    all.addAll(other.getKeys());
    return new JWKSet(all);
  }
}

package puente.users;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.vertx.core.json.DecodeException;
import io.vertx.core.json.JsonObject;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.InstantSource;
import java.util.HexFormat;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.jspecify.annotations.Nullable;
import puente.stun.FiveTuple;
import puente.stun.IntegrityKey;
import puente.stun.OpaqueString;
import puente.stun.PasswordAlgorithm;
import puente.stun.TransportAddress;
import puente.turn.store.Accounts;

/**
 * Asks a web service for a user. Question and answer are signed with a shared secret, and the
 * answer is bound to its question: nobody between the two can let anybody in. docs/USERS.md says
 * what both look like.
 */
public final class Webhook implements Lookup, AutoCloseable {

  /** The signature of question and answer. */
  static final String SIGNATURE = "Puente-Signature";

  private static final int AT_ONCE_MAX = 64;
  private static final int BODY_MAX = 16 << 10;
  private static final int ID_BYTES = 16;

  /** Clocks may differ by so much. */
  private static final long CLOCKS_SECONDS = 300;

  /** As long as what a database has said may hold at most. */
  private static final int AGE_SECONDS_MAX = 3600;

  private final URI uri;
  private final byte[] secret;
  private final Duration timeout;
  private final InstantSource clock;
  private final SecureRandom random = new SecureRandom();
  private final Semaphore room = new Semaphore(AT_ONCE_MAX);
  private final HttpClient client;

  /**
   * @param timeout from the connection to the last byte of the answer
   */
  public Webhook(URI uri, String secret, Duration timeout, InstantSource clock) {
    this.uri = uri;
    this.secret = secret.getBytes(UTF_8);
    this.timeout = timeout;
    this.clock = clock;
    client =
        HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .followRedirects(HttpClient.Redirect.NEVER)
            .connectTimeout(timeout)
            .build();
  }

  @Override
  public String place() {
    return uri.getScheme() + "://" + uri.getRawAuthority() + uri.getRawPath();
  }

  @Override
  public Found find(Accounts.Question question) throws DatabaseFailure {
    byte[] bytes = new byte[ID_BYTES];
    random.nextBytes(bytes);
    String id = HexFormat.of().formatHex(bytes);
    String body = body(question, id).encode();
    try {
      if (!room.tryAcquire(timeout.toMillis(), TimeUnit.MILLISECONDS)) {
        throw failure("too many questions wait");
      }
      try {
        return answer(question, id, exchange(body));
      } finally {
        room.release();
      }
    } catch (InterruptedException ending) {
      Thread.currentThread().interrupt();
      throw failure("interrupted");
    }
  }

  private static JsonObject body(Accounts.Question question, String id) {
    FiveTuple client = question.client();
    return new JsonObject()
        .put("id", id)
        .put("realm", question.realm())
        .put("username", question.name())
        .put("client", text(client.client()))
        .put("server", text(client.server()))
        .put("transport", client.transport().name().toLowerCase(java.util.Locale.ROOT));
  }

  private static String text(TransportAddress address) {
    return address.toString();
  }

  private HttpResponse<byte[]> exchange(String body) throws DatabaseFailure, InterruptedException {
    long seconds = clock.instant().getEpochSecond();
    HttpRequest request =
        HttpRequest.newBuilder(uri)
            .timeout(timeout)
            .header("Content-Type", "application/json")
            .header(SIGNATURE, signature(secret, seconds, body))
            .POST(HttpRequest.BodyPublishers.ofString(body))
            .build();
    CompletableFuture<HttpResponse<byte[]>> answer =
        client.sendAsync(request, BodyHandlers.limiting(BodyHandlers.ofByteArray(), BODY_MAX));
    try {
      // The request's own time-out ends with the head of the answer.
      return answer.get(timeout.toMillis(), TimeUnit.MILLISECONDS);
    } catch (TimeoutException silent) {
      answer.cancel(true);
      throw failure("no answer within " + timeout.toMillis() + " ms");
    } catch (ExecutionException refused) {
      Throwable cause = refused.getCause() == null ? refused : refused.getCause();
      throw failure(cause.getClass().getSimpleName());
    }
  }

  private Found answer(Accounts.Question question, String id, HttpResponse<byte[]> response)
      throws DatabaseFailure {
    if (response.statusCode() != 200) {
      throw failure("status " + response.statusCode());
    }
    String body = new String(response.body(), UTF_8);
    String signed = response.headers().firstValue(SIGNATURE).orElse("");
    if (!isSigned(signed, id + "." + body)) {
      throw failure("the answer is not signed with auth-webhook-secret, or long ago");
    }
    try {
      JsonObject json = new JsonObject(body);
      int age = bounded(json, "cache", -1, AGE_SECONDS_MAX);
      Accounts.Answer answer =
          json.getBoolean("allow", false) ? known(question, json) : Accounts.Failed.UNKNOWN;
      return new Found(answer, age < 0 ? -1 : 1000L * age);
    } catch (DecodeException | IllegalArgumentException | ClassCastException wrong) {
      throw failure("the answer is not what docs/USERS.md says");
    }
  }

  private static Accounts.Known known(Accounts.Question question, JsonObject json) {
    Accounts.Terms terms =
        new Accounts.Terms(
            bounded(json, "quota", 0, 1_000_000),
            bounded(json, "bytesPerSecond", 0, Integer.MAX_VALUE),
            bounded(json, "lifetime", 0, 7 * 24 * 3600));
    String password = text(json, "password");
    if (password == null) {
      IntegrityKey md5 = key(text(json, "md5"), 16);
      IntegrityKey sha256 = key(text(json, "sha256"), 32);
      if (md5 == null && sha256 == null) {
        throw new IllegalArgumentException("neither a password nor a key");
      }
      return new Accounts.Known(md5, sha256, terms);
    }
    String secret = OpaqueString.enforce(password);
    return new Accounts.Known(
        longTerm(PasswordAlgorithm.MD5, question, secret),
        longTerm(PasswordAlgorithm.SHA_256, question, secret),
        terms);
  }

  /** A text and nothing that could be made one; null if it is not there. */
  private static @Nullable String text(JsonObject json, String name) {
    return (String) json.getValue(name);
  }

  private static IntegrityKey longTerm(
      PasswordAlgorithm algorithm, Accounts.Question question, String password) {
    return IntegrityKey.longTerm(algorithm, question.name(), question.realm(), password);
  }

  private static @Nullable IntegrityKey key(@Nullable String digits, int bytes) {
    if (digits == null) {
      return null;
    }
    if (digits.length() != 2 * bytes) {
      throw new IllegalArgumentException("a key of another length");
    }
    return IntegrityKey.of(HexFormat.of().parseHex(digits));
  }

  private static int bounded(JsonObject json, String name, int fallback, int max) {
    Number number = json.getNumber(name);
    if (number == null) {
      return fallback;
    }
    if (number.doubleValue() < 0 || number.doubleValue() > max) {
      throw new IllegalArgumentException(name + " is out of its range");
    }
    return number.intValue();
  }

  private boolean isSigned(String header, String text) {
    String[] parts = header.split(",", -1);
    if (parts.length != 2 || !parts[0].matches("t=[0-9]{1,12}")) {
      return false;
    }
    long seconds = Long.parseLong(parts[0].substring(2));
    boolean isFresh = Math.abs(clock.instant().getEpochSecond() - seconds) <= CLOCKS_SECONDS;
    return isFresh
        && MessageDigest.isEqual(
            signature(secret, seconds, text).getBytes(UTF_8), header.getBytes(UTF_8));
  }

  /** {@code t=SECONDS,v1=HEX}: HMAC-SHA256 of the seconds, a point and the text. */
  static String signature(byte[] secret, long seconds, String text) {
    try {
      Mac mac = Mac.getInstance("HmacSHA256");
      mac.init(new SecretKeySpec(secret, "HmacSHA256"));
      byte[] digest = mac.doFinal((seconds + "." + text).getBytes(UTF_8));
      return "t=" + seconds + ",v1=" + HexFormat.of().formatHex(digest);
    } catch (GeneralSecurityException missing) {
      throw new IllegalStateException("this Java has no HmacSHA256", missing);
    }
  }

  private DatabaseFailure failure(String why) {
    return new DatabaseFailure(place() + ": " + why);
  }

  @Override
  public void close() {
    client.shutdownNow();
  }
}

package puente.admin.access;

import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import puente.admin.access.AccessProblem.Kind;

/**
 * Tokens of machines. Only a digest is kept: a token is 256 random bits, so a fast one will do.
 * Changes belong on a worker.
 */
public final class ApiTokens {

  static final int TOKENS_MAX = 1000;

  /** So that a token that leaked is found by those who look for secrets. */
  private static final String PREFIX = "puente_";

  private static final int SECRET_BYTES = 32;
  private static final int ID_BYTES = 6;

  /**
   * A token, without its text.
   *
   * @param expires null: never
   */
  public record ApiToken(
      String id,
      String name,
      Role role,
      String digest,
      Instant created,
      String createdBy,
      @Nullable Instant expires) {

    private static ApiToken read(JsonObject json) {
      String expires = json.getString("expires");
      return new ApiToken(
          json.getString("id"),
          json.getString("name"),
          Role.ofWord(json.getString("role")).orElseThrow(),
          json.getString("digest"),
          Instant.parse(json.getString("created")),
          json.getString("createdBy"),
          expires == null ? null : Instant.parse(expires));
    }

    private JsonObject write() {
      JsonObject json =
          new JsonObject()
              .put("id", id)
              .put("name", name)
              .put("role", role.word())
              .put("digest", digest)
              .put("created", created.toString())
              .put("createdBy", createdBy);
      return expires == null ? json : json.put("expires", expires.toString());
    }
  }

  /** A new token, with its text this once. */
  public record Made(ApiToken token, String text) {}

  private final StateFile file;
  private final SecureRandom random;
  private final Supplier<Instant> clock;
  private final Map<String, Instant> lastUsedById = new ConcurrentHashMap<>();
  private volatile Map<String, ApiToken> tokenByDigest;

  private ApiTokens(
      StateFile file,
      SecureRandom random,
      Supplier<Instant> clock,
      Map<String, ApiToken> tokenByDigest) {
    this.file = file;
    this.random = random;
    this.clock = clock;
    this.tokenByDigest = tokenByDigest;
  }

  /**
   * Reads them.
   *
   * @throws IOException in one line for the operator
   */
  public static ApiTokens open(StateFile file, SecureRandom random, Supplier<Instant> clock)
      throws IOException {
    Map<String, ApiToken> tokens = new LinkedHashMap<>();
    try {
      JsonArray list = file.read().getJsonArray("tokens", new JsonArray());
      for (int i = 0; i < list.size(); i++) {
        ApiToken token = ApiToken.read(list.getJsonObject(i));
        tokens.put(token.digest, token);
      }
    } catch (RuntimeException broken) {
      throw new IOException("the API's tokens cannot be read: " + broken.getMessage(), broken);
    }
    return new ApiTokens(file, random, clock, tokens);
  }

  /** The oldest first. */
  public List<ApiToken> all() {
    return List.copyOf(tokenByDigest.values());
  }

  /** Since this start. */
  public Optional<Instant> lastUsed(String id) {
    return Optional.ofNullable(lastUsedById.get(id));
  }

  /** Whose token it is. The digest is looked up: its comparison tells nothing of the text. */
  public Optional<ApiToken> use(String text) {
    ApiToken token = text.startsWith(PREFIX) ? tokenByDigest.get(digest(text)) : null;
    Instant now = clock.get();
    if (token == null || token.expires != null && !now.isBefore(token.expires)) {
      return Optional.empty();
    }
    lastUsedById.put(token.id, now);
    return Optional.of(token);
  }

  /**
   * Makes one.
   *
   * @param life null: for ever
   */
  public synchronized Made add(String name, Role role, @Nullable Duration life, String createdBy) {
    if (tokenByDigest.values().stream().anyMatch(token -> token.name.equals(name))) {
      throw new AccessProblem(Kind.CONFLICT, "There is a token of that name.");
    }
    if (tokenByDigest.size() >= TOKENS_MAX) {
      throw new AccessProblem(Kind.CONFLICT, "There are " + TOKENS_MAX + " tokens; revoke one.");
    }
    byte[] secret = new byte[SECRET_BYTES];
    random.nextBytes(secret);
    byte[] id = new byte[ID_BYTES];
    random.nextBytes(id);
    String text = PREFIX + Base64.getUrlEncoder().withoutPadding().encodeToString(secret);
    Instant now = clock.get();
    ApiToken token =
        new ApiToken(
            HexFormat.of().formatHex(id),
            name,
            role,
            digest(text),
            now,
            createdBy,
            life == null ? null : now.plus(life));
    Map<String, ApiToken> more = new LinkedHashMap<>(tokenByDigest);
    more.put(token.digest, token);
    write(more);
    return new Made(token, text);
  }

  /**
   * From now on it opens nothing.
   *
   * @return what it was
   */
  public synchronized ApiToken revoke(String id) {
    ApiToken token =
        tokenByDigest.values().stream()
            .filter(known -> known.id.equals(id))
            .findFirst()
            .orElseThrow(() -> new AccessProblem(Kind.UNKNOWN, "There is no token of that id."));
    Map<String, ApiToken> rest = new LinkedHashMap<>(tokenByDigest);
    rest.remove(token.digest);
    write(rest);
    lastUsedById.remove(id);
    return token;
  }

  private void write(Map<String, ApiToken> tokens) {
    JsonArray list = new JsonArray();
    tokens.values().forEach(token -> list.add(token.write()));
    file.writeOrFail(new JsonObject().put("tokens", list));
    tokenByDigest = tokens;
  }

  private static String digest(String text) {
    try {
      byte[] digest =
          MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8));
      return HexFormat.of().formatHex(digest);
    } catch (NoSuchAlgorithmException missing) {
      throw new IllegalStateException(missing);
    }
  }
}

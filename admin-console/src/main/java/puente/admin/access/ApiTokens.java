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
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import puente.admin.access.AccessProblem.Kind;

/**
 * Tokens of machines. Only a digest is kept: a token is 256 random bits, so a fast one will do.
 * Changes belong on a worker. Every node has them all: each tells the others what it changes, and
 * what is revoked comes back on no node.
 */
public final class ApiTokens {

  static final int TOKENS_MAX = 1000;

  /** The oldest are forgotten beyond that: a node that was away since brings them back. */
  private static final int REVOKED_MAX = 1000;

  private static final String TOKENS = "tokens";
  private static final String REVOKED = "revoked";

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
  private final Set<String> revokedIds = new LinkedHashSet<>();
  private volatile Map<String, ApiToken> tokenByDigest = Map.of();
  private volatile Consumer<JsonObject> others = news -> {};

  private ApiTokens(StateFile file, SecureRandom random, Supplier<Instant> clock) {
    this.file = file;
    this.random = random;
    this.clock = clock;
  }

  /**
   * Reads them.
   *
   * @throws IOException in one line for the operator
   */
  public static ApiTokens open(StateFile file, SecureRandom random, Supplier<Instant> clock)
      throws IOException {
    ApiTokens tokens = new ApiTokens(file, random, clock);
    try {
      JsonObject kept = file.read();
      tokens.tokenByDigest = read(kept);
      tokens.revokedIds.addAll(readRevoked(kept));
    } catch (RuntimeException broken) {
      throw new IOException("the API's tokens cannot be read: " + broken.getMessage(), broken);
    }
    return tokens;
  }

  private static Map<String, ApiToken> read(JsonObject json) {
    Map<String, ApiToken> tokens = new LinkedHashMap<>();
    for (Object one : json.getJsonArray(TOKENS, new JsonArray())) {
      ApiToken token = ApiToken.read((JsonObject) one);
      tokens.put(token.digest, token);
    }
    return tokens;
  }

  private static List<String> readRevoked(JsonObject json) {
    return json.getJsonArray(REVOKED, new JsonArray()).stream().map(String::valueOf).toList();
  }

  /** Who tells the other nodes what is changed here. */
  public void onChange(Consumer<JsonObject> teller) {
    others = teller;
  }

  /** All that another node must know. */
  public synchronized JsonObject told() {
    return written(tokenByDigest);
  }

  /**
   * Takes over what another node says.
   *
   * @throws RuntimeException if that is no such message
   */
  public synchronized void merge(JsonObject told) {
    Map<String, ApiToken> merged = new LinkedHashMap<>(tokenByDigest);
    boolean isNews = false;
    for (String id : readRevoked(told)) {
      isNews |= revoked(id);
      merged.values().removeIf(token -> token.id.equals(id));
    }
    for (ApiToken token : read(told).values()) {
      if (!merged.containsKey(token.digest)
          && !revokedIds.contains(token.id)
          && merged.size() < TOKENS_MAX) {
        merged.put(token.digest, token);
        isNews = true;
      }
    }
    if (isNews) {
      write(merged);
    }
  }

  private boolean revoked(String id) {
    boolean isNews = revokedIds.add(id);
    while (revokedIds.size() > REVOKED_MAX) {
      revokedIds.remove(revokedIds.iterator().next());
    }
    return isNews;
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
    others.accept(new JsonObject().put(TOKENS, new JsonArray().add(token.write())));
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
    revoked(id);
    write(rest);
    others.accept(new JsonObject().put(REVOKED, new JsonArray().add(id)));
    lastUsedById.remove(id);
    return token;
  }

  private void write(Map<String, ApiToken> tokens) {
    file.writeOrFail(written(tokens));
    tokenByDigest = tokens;
  }

  private JsonObject written(Map<String, ApiToken> tokens) {
    JsonArray list = new JsonArray();
    tokens.values().forEach(token -> list.add(token.write()));
    return new JsonObject().put(TOKENS, list).put(REVOKED, new JsonArray(List.copyOf(revokedIds)));
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

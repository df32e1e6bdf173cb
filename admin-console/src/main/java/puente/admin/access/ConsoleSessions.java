package puente.admin.access;

import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.SecureRandom;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Who is signed in to the console. Kept in memory only. What a cookie says is known by its digest, so
 * that neither a dump nor a comparison gives it away. Every node knows them all: each tells the others
 * whom it let in, and what has ended comes back on no node.
 */
public final class ConsoleSessions {

  /** A session ends after so long without a request. */
  public static final long IDLE_MS = 30L * 60 * 1000;

  /** And in any case after so long. */
  public static final long LIFE_MS = 12L * 60 * 60 * 1000;

  /** Of all accounts together; about a megabyte. */
  static final int SESSIONS_MAX = 1000;

  /** The oldest ends for a new one beyond that. */
  static final int SESSIONS_PER_ACCOUNT_MAX = 20;

  /** What has ended is remembered until it would have ended anyway; beyond that the oldest is not. */
  static final int ENDED_MAX = 4 * SESSIONS_MAX;

  private static final int SECRET_BYTES = 32;
  private static final int DIGEST_LENGTH = 44;
  private static final int ACCOUNT_MAX = 400;

  private static final String SESSIONS = "sessions";
  private static final String ENDED = "ended";
  private static final String OVER = "over";

  /**
   * A new session.
   *
   * @param cookie what the browser shows from now on
   */
  public record Opened(String cookie, Session session) {

    /** What a change must show, which no other site can know. */
    public String csrfToken() {
      return csrfTokenOf(cookie);
    }
  }

  /** A session of an account. */
  public static final class Session {
    private final String account;
    private final @Nullable Caller guest;
    private final long sinceMs;
    private long usedMs;

    private Session(String account, @Nullable Caller guest, long nowMs) {
      this.account = account;
      this.guest = guest;
      sinceMs = nowMs;
      usedMs = nowMs;
    }

    public String account() {
      return account;
    }

    /** Who has no account here, and what may be done for as long as the session lasts. */
    public Optional<Caller> guest() {
      return Optional.ofNullable(guest);
    }

    /** When it ends in any case. */
    public long endsMs() {
      return sinceMs + LIFE_MS;
    }

    private boolean isOver(long nowMs) {
      return nowMs - usedMs >= IDLE_MS || nowMs >= endsMs();
    }

    private JsonObject write(String digest) {
      JsonObject json =
          new JsonObject()
              .put("digest", digest)
              .put("account", account)
              .put("since", sinceMs)
              .put("used", usedMs);
      return guest == null
          ? json
          : json.put("guest", guest.name()).put("role", guest.role().word());
    }

    private static Session read(JsonObject json, long nowMs) {
      String guest = json.getString("guest");
      Role role = Role.ofWord(json.getString("role", "")).orElse(Role.VIEWER);
      Caller caller = guest == null ? null : new Caller(Caller.Kind.SINGLE_SIGN_ON, guest, role);
      // The clock of the node that let them in may be ahead of ours.
      long since = Math.min(nowMs, json.getLong("since"));
      Session session = new Session(json.getString("account"), caller, since);
      session.usedMs = Math.min(nowMs, json.getLong("used"));
      return session;
    }
  }

  private final SecureRandom random;

  /** The oldest first. */
  private final Map<String, Session> sessionByDigest = new LinkedHashMap<>();

  /** Those that were ended before their time, and when that would have been. */
  private final Map<String, Long> endsByEndedDigest = new LinkedHashMap<>();

  /** Accounts all of whose sessions were ended, and when. */
  private final Map<String, Long> overByAccount = new LinkedHashMap<>();

  private Consumer<JsonObject> others = news -> {};

  public ConsoleSessions(SecureRandom random) {
    this.random = random;
  }

  // ---- of one

  /** A session that nobody could know before, so that none can be foisted on anybody. */
  public Opened open(String account, long nowMs) {
    return open(account, null, nowMs);
  }

  /** For somebody whom another server knows. */
  public Opened open(Caller guest, long nowMs) {
    return open(guest.who(), guest, nowMs);
  }

  private synchronized Opened open(String account, @Nullable Caller guest, long nowMs) {
    sessionByDigest.values().removeIf(session -> session.isOver(nowMs));
    makeRoom(account);
    String cookie = secret();
    Session session = new Session(account, guest, nowMs);
    sessionByDigest.put(digest(cookie), session);
    others.accept(told(Map.of(digest(cookie), session), Map.of(), Map.of()));
    return new Opened(cookie, session);
  }

  private void makeRoom(String account) {
    if (count(account) >= SESSIONS_PER_ACCOUNT_MAX) {
      sessionByDigest.entrySet().stream()
          .filter(entry -> entry.getValue().account.equals(account))
          .map(Map.Entry::getKey)
          .findFirst()
          .ifPresent(this::end);
    }
    if (sessionByDigest.size() >= SESSIONS_MAX) {
      end(sessionByDigest.keySet().iterator().next());
    }
  }

  private void end(String digest) {
    Session session = sessionByDigest.remove(digest);
    if (session != null) {
      ended(digest, session.endsMs());
      others.accept(told(Map.of(), Map.of(digest, session.endsMs()), Map.of()));
    }
  }

  private void ended(String digest, long endsMs) {
    endsByEndedDigest.put(digest, endsMs);
    trim(endsByEndedDigest, ENDED_MAX);
  }

  private static void trim(Map<String, Long> map, int max) {
    while (map.size() > max) {
      map.remove(map.keySet().iterator().next());
    }
  }

  /** Whose cookie it is; being asked for is what keeps a session alive. */
  public synchronized Optional<Session> use(String cookie, long nowMs) {
    String digest = digest(cookie);
    Session session = sessionByDigest.get(digest);
    if (session == null) {
      return Optional.empty();
    }
    if (session.isOver(nowMs)) {
      sessionByDigest.remove(digest);
      return Optional.empty();
    }
    session.usedMs = nowMs;
    return Optional.of(session);
  }

  /** Whether it is open, without keeping it so. */
  public synchronized boolean isOpen(String cookie, long nowMs) {
    Session session = sessionByDigest.get(digest(cookie));
    return session != null && !session.isOver(nowMs);
  }

  public synchronized void close(String cookie) {
    end(digest(cookie));
  }

  /** Ends all of an account, on all nodes. */
  public synchronized void closeAll(String account, long nowMs) {
    Map<String, Long> ended = new LinkedHashMap<>();
    sessionByDigest.forEach(
        (digest, session) -> {
          if (session.account.equals(account)) {
            ended.put(digest, session.endsMs());
          }
        });
    ended.forEach(this::ended);
    sessionByDigest.keySet().removeAll(ended.keySet());
    over(account, nowMs);
    others.accept(told(Map.of(), ended, Map.of(account, nowMs)));
  }

  /** Ends those of an account that were opened before; on this node, since others hear it as well. */
  public synchronized void over(String account, long atMs) {
    overByAccount.merge(account, atMs, Math::max);
    trim(overByAccount, SESSIONS_MAX);
    sessionByDigest.values().removeIf(this::wasOver);
  }

  private boolean wasOver(Session session) {
    return session.sinceMs < overByAccount.getOrDefault(session.account, Long.MIN_VALUE);
  }

  /** How many an account has. */
  public synchronized int count(String account) {
    int count = 0;
    for (Session session : sessionByDigest.values()) {
      count += session.account.equals(account) ? 1 : 0;
    }
    return count;
  }

  synchronized int size() {
    return sessionByDigest.size();
  }

  // ---- of all nodes

  /** Who tells the other nodes what is changed here. */
  public synchronized void onChange(Consumer<JsonObject> teller) {
    others = teller;
  }

  /** All that another node must know: how long each was not used goes with it. */
  public synchronized JsonObject told() {
    return told(sessionByDigest, endsByEndedDigest, overByAccount);
  }

  private static JsonObject told(
      Map<String, Session> sessions, Map<String, Long> ended, Map<String, Long> over) {
    JsonArray list = new JsonArray();
    sessions.forEach((digest, session) -> list.add(session.write(digest)));
    return new JsonObject()
        .put(SESSIONS, list)
        .put(ENDED, new JsonObject(new LinkedHashMap<>(ended)))
        .put(OVER, new JsonObject(new LinkedHashMap<>(over)));
  }

  /**
   * Takes over what another node says.
   *
   * @throws RuntimeException if that is no such message
   */
  public synchronized void merge(JsonObject told, long nowMs) {
    endsByEndedDigest.values().removeIf(endsMs -> nowMs >= endsMs);
    overByAccount.values().removeIf(atMs -> nowMs - atMs >= LIFE_MS);
    for (Map.Entry<String, Object> one : told.getJsonObject(ENDED, new JsonObject())) {
      sessionByDigest.remove(one.getKey());
      ended(one.getKey(), Math.min(nowMs + LIFE_MS, ((Number) one.getValue()).longValue()));
    }
    for (Map.Entry<String, Object> one : told.getJsonObject(OVER, new JsonObject())) {
      over(one.getKey(), Math.min(nowMs, ((Number) one.getValue()).longValue()));
    }
    for (Object one : told.getJsonArray(SESSIONS, new JsonArray())) {
      JsonObject json = (JsonObject) one;
      merge(json.getString("digest"), Session.read(json, nowMs), nowMs);
    }
  }

  private void merge(String digest, Session heard, long nowMs) {
    Session known = sessionByDigest.get(digest);
    if (known != null) {
      known.usedMs = Math.max(known.usedMs, heard.usedMs);
    } else if (digest.length() == DIGEST_LENGTH
        && heard.account.length() <= ACCOUNT_MAX
        && !heard.isOver(nowMs)
        && !wasOver(heard)
        && !endsByEndedDigest.containsKey(digest)
        && sessionByDigest.size() < SESSIONS_MAX) {
      sessionByDigest.put(digest, heard);
    }
  }

  // ---- secrets

  /** Follows from the cookie, which no script can read: no node needs to tell it to another. */
  public static String csrfTokenOf(String cookie) {
    return digest("csrf " + cookie);
  }

  private String secret() {
    byte[] bytes = new byte[SECRET_BYTES];
    random.nextBytes(bytes);
    return Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
  }

  private static String digest(String cookie) {
    try {
      byte[] bytes = cookie.getBytes(StandardCharsets.UTF_8);
      byte[] digest = MessageDigest.getInstance("SHA-256").digest(bytes);
      return Base64.getEncoder().encodeToString(digest);
    } catch (NoSuchAlgorithmException missing) {
      throw new IllegalStateException(missing);
    }
  }
}

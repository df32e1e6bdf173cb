package puente.admin.access;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.SecureRandom;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Who is signed in to the console. Kept in memory only: a restart ends them all. What a cookie says is
 * known by its digest, so that neither a dump nor a comparison gives it away. Used on one loop only.
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

  private static final int SECRET_BYTES = 32;

  /**
   * A new session.
   *
   * @param cookie what the browser shows from now on
   */
  public record Opened(String cookie, Session session) {}

  /** A session of an account. */
  public static final class Session {
    private final String account;
    private final @Nullable Caller guest;
    private final String csrfToken;
    private final long sinceMs;
    private long usedMs;

    private Session(String account, @Nullable Caller guest, String csrfToken, long nowMs) {
      this.account = account;
      this.guest = guest;
      this.csrfToken = csrfToken;
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

    /** What a change must show, which no other site can know. */
    public String csrfToken() {
      return csrfToken;
    }

    /** When it ends in any case. */
    public long endsMs() {
      return sinceMs + LIFE_MS;
    }

    private boolean isOver(long nowMs) {
      return nowMs - usedMs >= IDLE_MS || nowMs >= endsMs();
    }
  }

  private final SecureRandom random;

  /** The oldest first. */
  private final Map<String, Session> sessionByDigest = new LinkedHashMap<>();

  public ConsoleSessions(SecureRandom random) {
    this.random = random;
  }

  /** A session that nobody could know before, so that none can be foisted on anybody. */
  public Opened open(String account, long nowMs) {
    return open(account, null, nowMs);
  }

  /** For somebody whom another server knows. */
  public Opened open(Caller guest, long nowMs) {
    return open(guest.who(), guest, nowMs);
  }

  private Opened open(String account, @Nullable Caller guest, long nowMs) {
    sessionByDigest.values().removeIf(session -> session.isOver(nowMs));
    makeRoom(account);
    String cookie = secret();
    Session session = new Session(account, guest, secret(), nowMs);
    sessionByDigest.put(digest(cookie), session);
    return new Opened(cookie, session);
  }

  private void makeRoom(String account) {
    if (count(account) >= SESSIONS_PER_ACCOUNT_MAX) {
      sessionByDigest.values().stream()
          .filter(session -> session.account.equals(account))
          .findFirst()
          .ifPresent(oldest -> sessionByDigest.values().remove(oldest));
    }
    if (sessionByDigest.size() >= SESSIONS_MAX) {
      sessionByDigest.remove(sessionByDigest.keySet().iterator().next());
    }
  }

  /** Whose cookie it is; being asked for is what keeps a session alive. */
  public Optional<Session> use(String cookie, long nowMs) {
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
  public boolean isOpen(String cookie, long nowMs) {
    Session session = sessionByDigest.get(digest(cookie));
    return session != null && !session.isOver(nowMs);
  }

  public void close(String cookie) {
    sessionByDigest.remove(digest(cookie));
  }

  /** Ends all of an account. */
  public void closeAll(String account) {
    sessionByDigest.values().removeIf(session -> session.account.equals(account));
  }

  /** How many an account has. */
  public int count(String account) {
    int count = 0;
    for (Session session : sessionByDigest.values()) {
      count += session.account.equals(account) ? 1 : 0;
    }
    return count;
  }

  int size() {
    return sessionByDigest.size();
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

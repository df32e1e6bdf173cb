package puente.admin.access;

/**
 * Who asks, once the gate knows.
 *
 * @param name of the account or token; empty for the others
 */
public record Caller(Kind kind, String name, Role role) {

  /** How it is known who asks. */
  public enum Kind {
    /** The configured {@code admin-token}. */
    ADMIN_TOKEN,
    /** A token made with the API. */
    API_TOKEN,
    /** An account, by the cookie of a console session. */
    ACCOUNT,
    /** Somebody whom another server knows, by the cookie of a console session. */
    SINGLE_SIGN_ON,
    /** Somebody on this machine, when nobody else can reach us. */
    LOOPBACK,
    /** Not known. */
    STRANGER
  }

  /** No account's name has a colon. */
  private static final String SINGLE_SIGN_ON_PREFIX = "oidc:";

  public static final Caller WITH_ADMIN_TOKEN = new Caller(Kind.ADMIN_TOKEN, "", Role.ADMIN);

  public static final Caller STRANGER = new Caller(Kind.STRANGER, "", Role.VIEWER);

  /** Whether somebody may do what needs a role. */
  public boolean may(Role needed) {
    return kind != Kind.STRANGER && role.covers(needed);
  }

  public static Caller onLoopback(Role role) {
    return new Caller(Kind.LOOPBACK, "", role);
  }

  /** Whether there is a console session. */
  public boolean isPerson() {
    return kind == Kind.ACCOUNT || kind == Kind.SINGLE_SIGN_ON;
  }

  /** For the audit log. */
  public String who() {
    return switch (kind) {
      case ADMIN_TOKEN -> "admin-token";
      case API_TOKEN -> "token:" + name;
      case ACCOUNT -> "account:" + name;
      case SINGLE_SIGN_ON -> SINGLE_SIGN_ON_PREFIX + name;
      case LOOPBACK -> "loopback";
      case STRANGER -> "nobody";
    };
  }
}

package puente.admin.oidc;

import java.util.Locale;

/** Why somebody is not let in; the message is for the log, and may quote what a provider said. */
public final class OidcProblem extends Exception {

  private static final long serialVersionUID = 1;

  /** What the browser hears, in a word. */
  public enum Kind {
    /** The provider does not answer, or not as one. */
    UNAVAILABLE,
    /** Not an answer to what this browser asked. */
    STATE,
    /** The provider says no, or the person did. */
    REFUSED,
    /** Not a token of that provider, for us, and for this time. */
    TOKEN,
    /** Known, but with none of the roles. */
    ROLE;

    public String word() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  private final Kind kind;

  OidcProblem(Kind kind, String message, Throwable cause) {
    super(message, cause);
    this.kind = kind;
  }

  OidcProblem(Kind kind, String message) {
    super(message);
    this.kind = kind;
  }

  public Kind kind() {
    return kind;
  }
}

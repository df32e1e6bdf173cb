package puente.admin.access;

import java.io.Serial;

/** What was asked for cannot be; the message is a sentence for who asked. */
public final class AccessProblem extends RuntimeException {

  @Serial private static final long serialVersionUID = 1;

  /** What kind of answer it makes. */
  public enum Kind {
    UNKNOWN,
    CONFLICT,
    WRONG
  }

  private final Kind kind;

  public AccessProblem(Kind kind, String sentence) {
    super(sentence, null, false, false);
    this.kind = kind;
  }

  public Kind kind() {
    return kind;
  }
}

package puente.users;

import java.io.Serial;

/** A database does not do what it was asked; the message is for people and names no secret. */
public final class DatabaseFailure extends Exception {
  @Serial private static final long serialVersionUID = 1;

  DatabaseFailure(String line) {
    super(line);
  }

  DatabaseFailure(String line, Throwable cause) {
    super(line, cause);
  }

  /** The one line; never null, unlike {@link #getMessage}. */
  public String line() {
    return String.valueOf(getMessage());
  }
}

package puente.launcher;

import java.io.Serial;
import puente.net.BindFailure;

/** Why the server cannot start: one clear line for a person, and the exit code for a script. */
final class StartFailure extends Exception {
  @Serial private static final long serialVersionUID = 1;

  /** What is in the way; the exit codes are part of the outer face. */
  enum Kind {
    CONFIGURATION(2),
    PORT(3),
    PERMISSION(3),
    OTHER(1);

    private final int exitCode;

    Kind(int exitCode) {
      this.exitCode = exitCode;
    }

    int exitCode() {
      return exitCode;
    }
  }

  private final Kind kind;

  StartFailure(Kind kind, String line) {
    super(SafeText.escape(line));
    this.kind = kind;
  }

  StartFailure(Kind kind, String line, Throwable cause) {
    super(SafeText.escape(line), cause);
    this.kind = kind;
  }

  static StartFailure configuration(String line) {
    return new StartFailure(Kind.CONFIGURATION, line);
  }

  /** An address that cannot be opened. */
  static StartFailure of(BindFailure refused) {
    Kind kind =
        switch (refused.reason()) {
          case DENIED -> Kind.PERMISSION;
          case IN_USE, NO_SUCH_ADDRESS -> Kind.PORT;
          case NO_DESCRIPTORS, OTHER -> Kind.OTHER;
        };
    return new StartFailure(kind, String.valueOf(refused.getMessage()), refused);
  }

  Kind kind() {
    return kind;
  }

  /** The one line; never null, unlike {@link #getMessage}. */
  String line() {
    return String.valueOf(getMessage());
  }
}

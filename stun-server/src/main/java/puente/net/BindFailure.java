package puente.net;

import java.io.IOException;
import puente.stun.TransportAddress;

/** A socket could not be opened on an address, and why. */
public final class BindFailure extends IOException {

  private static final long serialVersionUID = 1;

  /** What an operator can do something about. */
  public enum Cause {
    IN_USE("the port is in use"),
    DENIED("no permission for this port"),
    NO_SUCH_ADDRESS("this machine does not have the address"),
    NO_DESCRIPTORS("no file descriptors left; raise the limit (ulimit -n)"),
    OTHER("the system refused");

    private final String text;

    Cause(String text) {
      this.text = text;
    }
  }

  private final Cause reason;

  public BindFailure(TransportAddress address, Cause reason, String detail) {
    super("cannot open " + address + ": " + reason.text + detail);
    this.reason = reason;
  }

  static BindFailure ofErrno(TransportAddress address, int errno) {
    return switch (errno) {
      case Libc.EADDRINUSE -> new BindFailure(address, Cause.IN_USE, "");
      case Libc.EACCES, Libc.EPERM -> new BindFailure(address, Cause.DENIED, "");
      case Libc.EADDRNOTAVAIL, Libc.EAFNOSUPPORT ->
          new BindFailure(address, Cause.NO_SUCH_ADDRESS, "");
      case Libc.EMFILE, Libc.ENFILE -> new BindFailure(address, Cause.NO_DESCRIPTORS, "");
      default -> new BindFailure(address, Cause.OTHER, " (errno " + errno + ")");
    };
  }

  /** From what the JDK says, which is only words. */
  public static BindFailure of(TransportAddress address, IOException refused) {
    String text = String.valueOf(refused.getMessage());
    if (text.contains("in use")) {
      return new BindFailure(address, Cause.IN_USE, "");
    }
    if (text.contains("ermission")) {
      return new BindFailure(address, Cause.DENIED, "");
    }
    boolean unknownAddress = text.contains("assign requested") || text.contains("not available");
    return new BindFailure(
        address, unknownAddress ? Cause.NO_SUCH_ADDRESS : Cause.OTHER, " (" + text + ")");
  }

  public Cause reason() {
    return reason;
  }
}

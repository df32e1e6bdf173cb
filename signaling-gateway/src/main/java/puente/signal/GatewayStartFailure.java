package puente.signal;

import java.io.IOException;
import java.io.Serial;
import java.net.InetSocketAddress;

/** The gateway could not start; the message is one line for the operator. */
public final class GatewayStartFailure extends IOException {
  @Serial private static final long serialVersionUID = 1;

  /** What an operator can do something about. */
  public enum Reason {
    IN_USE,
    DENIED,
    NO_SUCH_ADDRESS,
    OTHER
  }

  private final Reason reason;

  private GatewayStartFailure(Reason reason, String line, Throwable cause) {
    super(line, cause);
    this.reason = reason;
  }

  /** From what the system said, which comes as words only. */
  static GatewayStartFailure ofListen(InetSocketAddress address, String setting, Throwable cause) {
    String text = String.valueOf(cause.getMessage());
    String line = "cannot open HTTP on " + GatewayServer.text(address) + ": ";
    if (text.contains("in use")) {
      String advice = "the port is in use (" + setting + "; no-http switches it off)";
      return new GatewayStartFailure(Reason.IN_USE, line + advice, cause);
    }
    if (text.contains("ermission")) {
      String advice = "no permission for this port (" + setting + ")";
      return new GatewayStartFailure(Reason.DENIED, line + advice, cause);
    }
    if (text.contains("assign requested") || text.contains("not available")) {
      String advice = "this machine does not have the address (http-ip)";
      return new GatewayStartFailure(Reason.NO_SUCH_ADDRESS, line + advice, cause);
    }
    String first = text.lines().findFirst().orElse("refused");
    return new GatewayStartFailure(Reason.OTHER, line + first, cause);
  }

  public Reason reason() {
    return reason;
  }
}

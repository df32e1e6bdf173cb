package puente.admin;

import java.io.IOException;
import java.io.Serial;
import java.net.InetAddress;
import java.net.InetSocketAddress;

/** The admin server could not start; the message is one line for the operator. */
public final class AdminStartFailure extends IOException {

  @Serial private static final long serialVersionUID = 1;

  /** What an operator can do something about. */
  public enum Reason {
    NO_TOKEN,
    IN_USE,
    DENIED,
    NO_SUCH_ADDRESS,
    OTHER
  }

  private final Reason reason;

  private AdminStartFailure(Reason reason, String line) {
    super(line);
    this.reason = reason;
  }

  static AdminStartFailure noToken(InetAddress address) {
    return new AdminStartFailure(
        Reason.NO_TOKEN,
        "admin-ip="
            + address.getHostAddress()
            + " can be reached from other machines: set admin-token, or leave admin-ip at 127.0.0.1");
  }

  /** What is kept cannot be read or written; the message says which file. */
  static AdminStartFailure ofState(IOException unreadable) {
    return new AdminStartFailure(
        Reason.OTHER, String.valueOf(unreadable.getMessage()).lines().findFirst().orElse("state"));
  }

  /** From what the system said, which comes as words only. */
  static AdminStartFailure ofListen(InetSocketAddress address, Throwable refused) {
    String text = String.valueOf(refused.getMessage());
    String line = "cannot open the admin server on " + text(address) + ": ";
    if (text.contains("in use")) {
      return new AdminStartFailure(Reason.IN_USE, line + "the port is in use (admin-port)");
    }
    if (text.contains("ermission")) {
      return new AdminStartFailure(
          Reason.DENIED, line + "no permission for this port (admin-port)");
    }
    if (text.contains("assign requested") || text.contains("not available")) {
      return new AdminStartFailure(
          Reason.NO_SUCH_ADDRESS, line + "this machine does not have the address (admin-ip)");
    }
    return new AdminStartFailure(Reason.OTHER, line + text.lines().findFirst().orElse("refused"));
  }

  public Reason reason() {
    return reason;
  }

  static String text(InetSocketAddress address) {
    String host = address.getAddress().getHostAddress();
    return (host.contains(":") ? "[" + host + "]" : host) + ":" + address.getPort();
  }
}

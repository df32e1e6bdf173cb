package puente.launcher.e2e;

import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.locks.LockSupport;

/** Whether a server lets somebody in by now. */
final class Admission {

  /** Only bounds failure. */
  private static final Duration LIMIT = Duration.ofSeconds(60);

  /** What is waited for. */
  interface Condition {
    boolean holds() throws Exception;
  }

  private Admission() {}

  /**
   * 0 if an allocation was made, and is gone again; else the code of the error, be it that the user
   * went between the two.
   */
  static int codeFor(ServerProcess server, String user, String password) throws IOException {
    try (TurnClient client = TurnClient.udp(server, user, password)) {
      int code = code(allocate(client));
      return code == 0 ? code(free(client)) : code;
    }
  }

  private static byte[] free(TurnClient client) {
    return client.signed(Stun.REFRESH, message -> message.with(Stun.LIFETIME, new byte[4]));
  }

  /** What the server says to it. */
  static byte[] allocate(TurnClient client) {
    return client.signed(
        Stun.ALLOCATE, message -> message.with(Stun.REQUESTED_TRANSPORT, new byte[] {17, 0, 0, 0}));
  }

  /** 0 for a success. */
  static int code(byte[] answer) {
    return (Stun.type(answer) & Stun.ERROR) == Stun.SUCCESS ? 0 : Stun.errorCode(answer);
  }

  static void awaits(String what, Condition condition) throws Exception {
    long deadline = System.nanoTime() + LIMIT.toNanos();
    while (!condition.holds()) {
      if (System.nanoTime() > deadline) {
        throw new AssertionError("never: " + what);
      }
      LockSupport.parkNanos(50_000_000);
    }
  }
}

package puente.doctor;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.util.OptionalLong;
import java.util.concurrent.TimeUnit;
import puente.doctor.StunClient.Answer;
import puente.stun.Transport;

/** Asks whether a server answers, the way that clients come to it. */
public final class Ping {

  /** RFC 8489 §14.8: from here on, the fault is the server's. */
  private static final int SERVER_FAULT = 500;

  private Ping() {}

  /**
   * How long the answer to a Binding request took; empty if none came, or one that says that the
   * server cannot. Whoever asks for a credential first answers, too. The certificate is not judged:
   * clients know the name that it has to have.
   *
   * @param patienceMs for connecting, shaking hands and the answer together
   */
  public static OptionalLong nanos(Transport transport, InetSocketAddress server, int patienceMs) {
    Deadline deadline = new Deadline(patienceMs);
    try (StunClient client = client(transport, server, deadline)) {
      Answer answer = client.binding();
      return answer == null || answer.error() >= SERVER_FAULT
          ? OptionalLong.empty()
          : OptionalLong.of(answer.nanos());
    } catch (IOException closed) {
      return OptionalLong.empty();
    }
  }

  private static final class Deadline {
    private final long end;

    Deadline(int patienceMs) {
      end = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(patienceMs);
    }

    int leftMs() {
      return (int) Math.max(1, TimeUnit.NANOSECONDS.toMillis(end - System.nanoTime()));
    }
  }

  private static StunClient client(Transport transport, InetSocketAddress server, Deadline deadline)
      throws IOException {
    Wire wire =
        switch (transport) {
          case UDP -> new Wire.Datagrams(server);
          case TCP -> new Wire.Stream(Connecting.connect(server, deadline.leftMs()));
          case TLS -> {
            Socket plain = Connecting.connect(server, deadline.leftMs());
            String host = server.getHostString();
            yield new Wire.Stream(Connecting.secure(plain, host, deadline.leftMs()));
          }
          case DTLS -> new DtlsWire(server, deadline.leftMs());
        };
    return new StunClient(wire, deadline.leftMs());
  }
}

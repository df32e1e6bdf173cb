package puente.turn.relay;

import java.io.IOException;
import java.net.DatagramSocket;
import java.net.ServerSocket;
import java.util.List;
import puente.net.Addresses;
import puente.net.BindFailure;
import puente.stun.TransportAddress;

/** Sockets that share a port do not notice another process there: asks once without sharing. */
final class PortProbe {

  private PortProbe() {}

  /** The address, with a port that the system chose for it alone if none was asked for. */
  static TransportAddress datagrams(TransportAddress wanted, List<Endpoint> others)
      throws BindFailure {
    while (true) {
      TransportAddress found = datagrams(wanted);
      if (wanted.port() != 0 || others.stream().noneMatch(other -> other.local().equals(found))) {
        return found;
      }
    }
  }

  private static TransportAddress datagrams(TransportAddress wanted) throws BindFailure {
    try (DatagramSocket probe = new DatagramSocket(null)) {
      probe.setReuseAddress(false);
      probe.bind(Addresses.of(wanted));
      return wanted.withPort(probe.getLocalPort());
    } catch (IOException refused) {
      throw BindFailure.of(wanted, refused);
    }
  }

  /** The same of a TCP port. */
  static TransportAddress stream(TransportAddress wanted) throws BindFailure {
    try (ServerSocket probe = new ServerSocket()) {
      probe.setReuseAddress(true);
      probe.bind(Addresses.of(wanted));
      return wanted.withPort(probe.getLocalPort());
    } catch (IOException refused) {
      throw BindFailure.of(wanted, refused);
    }
  }
}

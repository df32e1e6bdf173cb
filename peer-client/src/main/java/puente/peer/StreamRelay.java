package puente.peer;

import java.io.DataInputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketAddress;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.SSLSocketFactory;

/**
 * A TURN server's TCP or TLS port as a UDP port of this host, where UDP does not come through: for
 * each local socket that speaks to it one connection. ice4j speaks TURN over UDP alone. Framing: RFC
 * 8489 §6.2.2, RFC 8656 §12.5.
 */
final class StreamRelay implements AutoCloseable {
  private static final int CONNECT_MS = 5_000;
  private static final int DATAGRAM_MAX = 2048;
  private static final int SOURCES_MAX = 64;
  private static final int SERVERS_MAX = 8;

  private final IceServers.Relay server;
  private final Trust trust;
  private final DatagramSocket front;
  private final Map<SocketAddress, Socket> connections = new ConcurrentHashMap<>();

  private StreamRelay(IceServers.Relay server, Trust trust, DatagramSocket front) {
    this.server = server;
    this.trust = trust;
    this.front = front;
  }

  /**
   * At that of these servers to which a connection comes about first: many networks let TLS to port
   * 443 out alone. On the address from which this host reaches it: its sockets are bound there, too.
   */
  static StreamRelay open(List<IceServers.Relay> servers, Trust trust) throws IOException {
    IceServers.Relay server =
        reached(servers.subList(0, Math.min(SERVERS_MAX, servers.size())), trust);
    DatagramSocket front = new DatagramSocket(0, Routes.towards(server.address()));
    StreamRelay relay = new StreamRelay(server, trust, front);
    Thread.ofPlatform().daemon().name("stream relay").start(relay::serve);
    return relay;
  }

  private static IceServers.Relay reached(List<IceServers.Relay> servers, Trust trust)
      throws IOException {
    CompletableFuture<IceServers.Relay> first = new CompletableFuture<>();
    List<CompletableFuture<Void>> attempts = new ArrayList<>();
    Set<String> reasons = ConcurrentHashMap.newKeySet();
    for (IceServers.Relay server : servers) {
      attempts.add(
          CompletableFuture.runAsync(
              () -> {
                try {
                  connect(server, trust).close();
                  first.complete(server);
                } catch (IOException unreachable) {
                  reasons.add(server.way() + ": " + Trust.why(unreachable));
                }
              },
              work -> Thread.ofPlatform().daemon().name("to a relay").start(work)));
    }
    CompletableFuture.allOf(attempts.toArray(CompletableFuture<?>[]::new))
        .thenRun(() -> first.cancel(false));
    try {
      return first.join();
    } catch (CancellationException none) {
      throw new IOException("no relay is reached (" + String.join("; ", reasons) + ")", none);
    }
  }

  IceServers.Relay server() {
    return server;
  }

  InetSocketAddress address() {
    return (InetSocketAddress) front.getLocalSocketAddress();
  }

  private void serve() {
    DatagramPacket packet = new DatagramPacket(new byte[DATAGRAM_MAX], DATAGRAM_MAX);
    while (!front.isClosed()) {
      try {
        packet.setLength(DATAGRAM_MAX);
        front.receive(packet);
      } catch (IOException closed) {
        return;
      }
      forward(packet);
    }
  }

  private void forward(DatagramPacket packet) {
    SocketAddress from = packet.getSocketAddress();
    try {
      Socket connection = connections.get(from);
      if (connection == null || connection.isClosed()) {
        if (connections.size() >= SOURCES_MAX) {
          return;
        }
        connection = connect(server, trust);
        connections.put(from, connection);
        Socket opened = connection;
        Thread.ofPlatform().daemon().name("stream relay").start(() -> back(opened, from));
      }
      int padded = packet.getLength() + 3 & ~3; // a STUN message has whole words anyway
      OutputStream out = connection.getOutputStream();
      out.write(Arrays.copyOf(Arrays.copyOf(packet.getData(), packet.getLength()), padded));
      out.flush();
    } catch (IOException lost) {
      drop(from); // to ice4j a lost datagram: it asks again
    }
  }

  private static Socket connect(IceServers.Relay server, Trust trust) throws IOException {
    Socket socket = new Socket();
    try {
      socket.setTcpNoDelay(true);
      socket.connect(server.address(), CONNECT_MS);
      return server.way() == IceServers.Way.TLS ? secured(socket, server, trust) : socket;
    } catch (IOException failed) {
      socket.close();
      throw failed;
    }
  }

  private static Socket secured(Socket socket, IceServers.Relay server, Trust trust)
      throws IOException {
    SSLSocketFactory factory = trust.context().getSocketFactory();
    SSLSocket secure =
        (SSLSocket) factory.createSocket(socket, server.host(), server.address().getPort(), true);
    SSLParameters parameters = secure.getSSLParameters();
    parameters.setEndpointIdentificationAlgorithm("HTTPS");
    secure.setSSLParameters(parameters);
    secure.setSoTimeout(CONNECT_MS);
    secure.startHandshake();
    secure.setSoTimeout(0);
    return secure;
  }

  private void back(Socket connection, SocketAddress to) {
    try (DataInputStream in = new DataInputStream(connection.getInputStream())) {
      byte[] frame = new byte[DATAGRAM_MAX];
      while (true) {
        in.readFully(frame, 0, 4);
        int length = (frame[2] & 0xFF) << 8 | frame[3] & 0xFF;
        boolean isStun = (frame[0] & 0xC0) == 0;
        int rest = isStun ? 16 + length : length + 3 & ~3;
        if (4 + rest > frame.length) {
          throw new IOException("a frame too long");
        }
        in.readFully(frame, 4, rest);
        front.send(new DatagramPacket(frame, isStun ? 20 + length : 4 + length, to));
      }
    } catch (IOException closed) {
      drop(to);
    }
  }

  private void drop(SocketAddress source) {
    Socket connection = connections.remove(source);
    if (connection != null) {
      try {
        connection.close();
      } catch (IOException alreadyGone) {
        return;
      }
    }
  }

  @Override
  public void close() {
    front.close();
    connections.keySet().forEach(this::drop);
  }
}

package puente.launcher.e2e;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.util.ArrayList;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Clients that hold what they do not use: others do not notice. */
@Tag("e2e")
class SlowClientsTest {

  private static final int IDLE = 1_500;
  private static final int SOURCES = 150;
  private static final int FLOOD = 60_000;
  private static final long GROWTH_LIMIT_KB = 48_000;

  /** Connections that never say a word cost a call nothing and keep no new client out. */
  @Test
  void idleConnections() throws IOException {
    var idle = new ArrayList<Socket>();
    try (var server = ServerProcess.start("idle");
        var call = new Call(server)) {
      call.carries(200);
      long before = server.residentKb();
      for (int i = 0; i < IDLE; i++) {
        var source = InetAddress.getByAddress(new byte[] {127, 0, 1, (byte) (1 + i % SOURCES)});
        idle.add(new Socket(server.address().getAddress(), server.port, source, 0));
      }
      call.carries(500);
      try (var tcp = TurnClient.tcp(server);
          var tls = TurnClient.tls(server)) {
        tcp.allocate();
        tls.allocate();
        call.carries(200);
      }
      call.assertNothingLost();
      long after = server.residentKb();
      System.out.println(IDLE + " idle connections: " + before + " kB, then " + after + " kB");
      assertTrue(after - before < GROWTH_LIMIT_KB, "memory: " + before + " kB, " + after + " kB");
    } finally {
      for (var socket : idle) {
        socket.close();
      }
    }
  }

  /** A TCP client whose peer sends and who never reads: bounded memory, and nobody else waits. */
  @Test
  void neverReadingClient() throws IOException {
    try (var server = ServerProcess.start("never-reading");
        var peer = new DatagramSocket(0, InetAddress.getLoopbackAddress());
        var call = new Call(server);
        var deaf = deaf(server)) {
      var relay = deaf.allocate();
      deaf.permit(new InetSocketAddress(peer.getLocalAddress(), peer.getLocalPort()));
      call.carries(200);
      ((Deaf) deaf.wire()).reading = false;
      long before = server.residentKb();
      var payload = new byte[1_000];
      for (int i = 0; i < FLOOD; i++) {
        peer.send(new DatagramPacket(payload, payload.length, relay));
        if (i % (FLOOD / 10) == 0) {
          call.carries(50);
        }
      }
      call.carries(200);
      call.assertNothingLost();
      long after = server.residentKb();
      System.out.println(
          FLOOD + " kB for a client that does not read: " + before + " kB, then " + after + " kB");
      assertTrue(after - before < GROWTH_LIMIT_KB, "memory: " + before + " kB, " + after + " kB");
    }
  }

  private static TurnClient deaf(ServerProcess server) throws IOException {
    var socket = new Socket();
    socket.setReceiveBufferSize(4_096);
    socket.connect(server.address());
    return new TurnClient(
        new Deaf(new TurnClient.Stream(socket)), ServerProcess.USER, ServerProcess.PASSWORD);
  }

  /** Stops reading when told, and keeps the connection. */
  private static final class Deaf implements TurnClient.Wire {
    private final TurnClient.Stream stream;
    volatile boolean reading = true;

    Deaf(TurnClient.Stream stream) {
      this.stream = stream;
    }

    @Override
    public void send(byte[] message) throws IOException {
      stream.send(message);
    }

    @Override
    public byte @Nullable [] receive() throws IOException {
      if (reading) {
        return stream.receive();
      }
      LockSupport.parkNanos(10_000_000);
      return null;
    }

    @Override
    public void close() throws IOException {
      stream.close();
    }
  }
}

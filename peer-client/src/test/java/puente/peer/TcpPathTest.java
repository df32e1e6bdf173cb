package puente.peer;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.Arrays;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import puente.stun.AttributeType;
import puente.stun.Family;
import puente.stun.Message;
import puente.stun.MessageBuilder;
import puente.stun.MessageClass;
import puente.stun.TransportAddress;

/** RFC 6544 §4.1: both sides open at once; NATs are in the laboratory. */
@Timeout(60)
class TcpPathTest {
  private static final long PATIENCE_MS = 30_000;

  /** Nobody lends ports here. */
  private static final PortMapper MAPPER = new PortMapper(line -> {});

  @Test
  void bothOpenAndHaveOneConnection() throws Exception {
    try (Server server = new Server();
        TcpPath offerer = new TcpPath(true, server.footing());
        TcpPath other = new TcpPath(false, server.footing())) {
      CompletableFuture<Void> theirs = connect(other, offerer.description());
      connect(offerer, other.description()).get();
      theirs.get();
      byte[] large = new byte[1400];
      Arrays.fill(large, (byte) 7);
      offerer.send(new byte[] {1, 2, 3}, 1, 2);
      offerer.send(large, 0, large.length);
      other.send(new byte[] {9}, 0, 1);
      assertArrayEquals(new byte[] {2, 3}, other.receive((int) PATIENCE_MS));
      assertArrayEquals(large, other.receive((int) PATIENCE_MS));
      assertArrayEquals(new byte[] {9}, offerer.receive((int) PATIENCE_MS));
      assertEquals("direct TCP", offerer.kind());
    }
  }

  @Test
  void theEndIsHeard() throws Exception {
    try (Server server = new Server();
        TcpPath other = new TcpPath(false, server.footing())) {
      try (TcpPath offerer = new TcpPath(true, server.footing())) {
        CompletableFuture<Void> theirs = connect(other, offerer.description());
        connect(offerer, other.description()).get();
        theirs.get();
      }
      assertThrows(IOException.class, () -> untilItEnds(other));
    }
  }

  /** Who only knows the address gets no connection: the check has a password (RFC 8445 §7.3). */
  @Test
  void wrongPasswordsOpenNothing() throws Exception {
    try (Server server = new Server();
        TcpPath offerer = new TcpPath(true, server.footing());
        TcpPath other = new TcpPath(false, server.footing())) {
      JsonObject forged = other.description().put("pwd", "00000000000000000000000000000000");
      CompletableFuture<Void> theirs = connect(other, offerer.description(), 2_000);
      assertThrows(Exception.class, connect(offerer, forged, 2_000)::get);
      assertThrows(Exception.class, theirs::get);
    }
  }

  /** Whoever is connected leaves the selector while what is ready there is gone through. */
  @Test
  void twoThatComeAboutAtOnceStopNothing() throws Exception {
    InetAddress own = InetAddress.getLoopbackAddress();
    try (Server server = new Server();
        ServerSocket one = new ServerSocket(0, 1, own);
        ServerSocket another = new ServerSocket(0, 1, own);
        TcpPath offerer = new TcpPath(true, server.footing());
        TcpPath other = new TcpPath(false, server.footing())) {
      JsonArray silent = new JsonArray().add(candidate(one)).add(candidate(another));
      CompletableFuture<Void> theirs =
          connect(other, offerer.description().put("candidates", silent));
      try (Socket first = one.accept();
          Socket second = another.accept()) {
        assertEquals(first.getPort(), second.getPort());
        connect(offerer, other.description()).get();
        theirs.get();
      }
    }
  }

  private static JsonObject candidate(ServerSocket at) {
    return new JsonObject()
        .put("ip", at.getInetAddress().getHostAddress())
        .put("port", at.getLocalPort());
  }

  @Test
  void nothingButAddressesIsDialled() throws Exception {
    try (Server server = new Server();
        TcpPath path = new TcpPath(true, server.footing())) {
      JsonObject named = path.description();
      named.getJsonArray("candidates").getJsonObject(0).put("ip", "somewhere.invalid");
      assertThrows(IOException.class, () -> path.connect(named, PATIENCE_MS));
    }
  }

  private static void untilItEnds(TcpPath path) throws IOException {
    while (true) {
      path.receive(1_000);
    }
  }

  private static CompletableFuture<Void> connect(TcpPath path, JsonObject remote) {
    return connect(path, remote, PATIENCE_MS);
  }

  private static CompletableFuture<Void> connect(TcpPath path, JsonObject remote, long patienceMs) {
    return CompletableFuture.runAsync(
        () -> {
          try {
            path.connect(remote, patienceMs);
          } catch (IOException | InterruptedException failed) {
            throw new IllegalStateException(failed);
          }
        },
        work -> Thread.ofPlatform().daemon().start(work));
  }

  /** Tells whoever connects by TCP where he comes from. */
  private static final class Server implements AutoCloseable {
    private final ServerSocket listening =
        new ServerSocket(0, 50, InetAddress.getLoopbackAddress());

    Server() throws IOException {
      Thread.ofPlatform().daemon().start(this::serve);
    }

    Footing footing() {
      String url = "turn:127.0.0.1:" + listening.getLocalPort() + "?transport=tcp";
      IceServers servers = IceServers.of(JsonArray.of(new JsonObject().put("urls", url)));
      return new Footing(servers, Set.of(Family.IPV4), MAPPER, Trust.usual());
    }

    private void serve() {
      try {
        while (true) {
          Socket client = listening.accept();
          Thread.ofPlatform().daemon().start(() -> answer(client));
        }
      } catch (IOException closed) {
        return;
      }
    }

    private static void answer(Socket client) {
      try (client;
          InputStream in = client.getInputStream()) {
        byte[] bytes = in.readNBytes(Message.HEADER_LENGTH);
        Message request = new Message();
        assertEquals(Message.Shape.WELL_FORMED, request.parse(bytes, bytes.length));
        InetSocketAddress from = (InetSocketAddress) client.getRemoteSocketAddress();
        TransportAddress seen = TransportAddress.ipv4(0x7F000001, from.getPort());
        MessageBuilder answer =
            new MessageBuilder()
                .answer(MessageClass.SUCCESS, request)
                .xorAddress(AttributeType.XOR_MAPPED_ADDRESS, seen);
        client.getOutputStream().write(answer.bytes(), 0, answer.length());
        in.transferTo(java.io.OutputStream.nullOutputStream());
      } catch (IOException gone) {
        return;
      }
    }

    @Override
    public void close() throws IOException {
      listening.close();
    }
  }
}

package puente.net;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.Callable;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import puente.net.EventLoops.UdpIo;
import puente.stun.Packet;
import puente.stun.TransportAddress;

/** A client that speaks HTTP at TURN's port is somebody else's from its first line on. */
@Timeout(120)
class HandoverTest {
  private static final TransportAddress LOOPBACK = TransportAddress.ipv4(0x7f000001, 0);
  private static final int PATIENCE_S = 60;
  private static final int BODY = 3_000_000;

  private final EventLoops loops = EventLoops.open(1, UdpIo.AUTO, true);
  private final BlockingQueue<StreamConnection> opened = new LinkedBlockingQueue<>();
  private final BlockingQueue<StreamConnection> closed = new LinkedBlockingQueue<>();

  @SuppressWarnings("NullAway.Init")
  private Path directory;

  @SuppressWarnings("NullAway.Init")
  private Path door;

  /** Not below the build's own directory: the path of a Unix socket is short. */
  @BeforeEach
  void makeDirectory() throws IOException {
    assumeTrue(loops.isNative(), "TURN and HTTP share ports on Linux only");
    directory = Files.createTempDirectory("door");
    door = directory.resolve("http.sock");
  }

  @AfterEach
  void close() throws IOException {
    loops.close().toCompletableFuture().join();
    if (directory != null) {
      Files.deleteIfExists(door);
      Files.delete(directory);
    }
  }

  /** The first attempt meets nobody. What is longer than all buffers comes through both ways. */
  @Test
  void isHandedOverWithItsAddressOnceTheServerIsThere() throws Exception {
    try (Socket client = connect()) {
      client.getOutputStream().write(ascii("POST /a HTTP/1.1\r\n"));
      StreamConnection connection = opened.poll(PATIENCE_S, TimeUnit.SECONDS);
      while (!onLoop(() -> connection.isJoined())) {
        Thread.onSpinWait();
      }
      assertTrue(onLoop(() -> connection.isJoined()), "the first attempt has been made");
      try (ServerSocketChannel server = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
        server.bind(UnixDomainSocketAddress.of(door));
        try (SocketChannel inner = server.accept()) {
          String port = HexFormat.of().toHexDigits((short) client.getLocalPort());
          String own = HexFormat.of().toHexDigits((short) client.getPort());
          assertEquals(
              "0d0a0d0a000d0a515549540a2111000c7f0000017f000001" + port + own,
              HexFormat.of().formatHex(read(inner, 28)));
          assertArrayEquals(ascii("POST /a HTTP/1.1\r\n"), read(inner, 18));

          byte[] body = new byte[BODY];
          Arrays.fill(body, (byte) 'x');
          Thread sender = Thread.startVirtualThread(() -> write(client, body));
          assertArrayEquals(body, read(inner, BODY));
          sender.join();
          Thread answerer = Thread.startVirtualThread(() -> write(inner, body));
          assertArrayEquals(body, client.getInputStream().readNBytes(BODY));
          answerer.join();
        }
        assertEquals(-1, client.getInputStream().read(), "its end is the client's");
      }
      assertEquals(connection, closed.poll(PATIENCE_S, TimeUnit.SECONDS));
    }
  }

  @Test
  void aClientThatLeavesIsGoneThereToo() throws Exception {
    try (ServerSocketChannel server = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
      server.bind(UnixDomainSocketAddress.of(door));
      Socket client = connect();
      client.getOutputStream().write(ascii("GET / HTTP/1.1\r\n"));
      try (SocketChannel inner = server.accept()) {
        read(inner, 28 + 16);
        client.close();
        assertEquals(-1, inner.read(ByteBuffer.allocate(1)));
      }
    }
  }

  private static void write(Socket to, byte[] bytes) {
    try {
      to.getOutputStream().write(bytes);
    } catch (IOException broken) {
      throw new UncheckedIOException(broken);
    }
  }

  private static void write(SocketChannel to, byte[] bytes) {
    try {
      ByteBuffer rest = ByteBuffer.wrap(bytes);
      while (rest.hasRemaining()) {
        to.write(rest);
      }
    } catch (IOException broken) {
      throw new UncheckedIOException(broken);
    }
  }

  private static byte[] read(SocketChannel from, int length) throws IOException {
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    while (all.size() < length) {
      ByteBuffer some = ByteBuffer.allocate(Math.min(65_536, length - all.size()));
      if (from.read(some) < 0) {
        break;
      }
      all.write(some.array(), 0, some.position());
    }
    return all.toByteArray();
  }

  private static byte[] ascii(String text) {
    return text.getBytes(StandardCharsets.US_ASCII);
  }

  private <T> T onLoop(Callable<T> question) throws Exception {
    return loops.shards().get(0).eventLoop().submit(question).get(PATIENCE_S, TimeUnit.SECONDS);
  }

  private Socket connect() throws IOException, BindFailure {
    StreamListener listener =
        StreamListener.open(
            loops.shards().get(0),
            new StreamListener.Options(
                LOOPBACK,
                3,
                70_000,
                loops.isNative(),
                true,
                null,
                Runnable::run,
                new SharedHttp(door, null)),
            new Desk());
    Socket client = new Socket(InetAddress.getLoopbackAddress(), listener.local().port());
    client.setSoTimeout(PATIENCE_S * 1000);
    return client;
  }

  private final class Desk implements ClientConnection.Receiver {
    @Override
    public long now() {
      return 0;
    }

    @Override
    public boolean onOpen(ClientConnection connection) {
      return opened.add((StreamConnection) connection);
    }

    @Override
    public void onFrame(ClientConnection connection, Packet packet) {
      throw new AssertionError("this is no TURN");
    }

    @Override
    public void onReadEnd() {}

    @Override
    public void onGarbage(ClientConnection connection) {}

    @Override
    public void onFailure(ClientConnection connection, Throwable cause) {}

    @Override
    public void onClosed(ClientConnection connection) {
      closed.add((StreamConnection) connection);
    }
  }
}

package puente.net;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.DataInputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import puente.net.EventLoops.UdpIo;
import puente.stun.Packet;
import puente.stun.TransportAddress;

/** Streams of STUN messages and ChannelData: RFC 8489 §6.2.2 and RFC 8656 §12.5. */
class StreamListenerTest {

  private static final TransportAddress LOOPBACK = TransportAddress.ipv4(0x7f000001, 0);
  private static final int PATIENCE_S = 10;

  private EventLoops loops = EventLoops.open(1, UdpIo.AUTO, true);
  private final Echo echo = new Echo();

  @AfterEach
  void close() {
    loops.close().toCompletableFuture().join();
  }

  @ParameterizedTest
  @EnumSource(UdpIo.class)
  void framesComeWholeHoweverTheStreamIsCut(UdpIo io) throws Exception {
    try (Socket client = connect(io)) {
      OutputStream out = client.getOutputStream();
      byte[] stream = concat(stun(8), channelData(0x4001, 5), stun(0), channelData(0x4fff, 0));
      for (byte b : stream) {
        out.write(b);
        out.flush();
      }
      out.write(concat(stream, stream));
      for (int i = 0; i < 3; i++) {
        assertArrayEquals(stun(8), read(client, 28));
        assertArrayEquals(channelData(0x4001, 5), read(client, 12));
        assertArrayEquals(stun(0), read(client, 20));
        assertArrayEquals(channelData(0x4fff, 0), read(client, 4));
      }
    }
    assertTrue(echo.closed.await(PATIENCE_S, TimeUnit.SECONDS));
  }

  /** What a row of frames holds back is let go even where one of them finds a defect. */
  @ParameterizedTest
  @EnumSource(UdpIo.class)
  void aRowThatBreaksOffIsEnded(UdpIo io) throws Exception {
    try (Socket client = connect(io)) {
      echo.breaks.set(true);
      client.getOutputStream().write(stun(8));
      assertEquals(-1, client.getInputStream().read());
    }
    assertTrue(echo.closed.await(PATIENCE_S, TimeUnit.SECONDS));
    assertEquals(1, echo.frames.get());
    assertFalse(echo.isReading);
  }

  /** research: 200 requests pipelined in one segment get 200 answers. */
  @ParameterizedTest
  @EnumSource(UdpIo.class)
  void pipelinedRequestsAreAllAnswered(UdpIo io) throws Exception {
    try (Socket client = connect(io)) {
      List<byte[]> all = new ArrayList<>();
      for (int i = 0; i < 200; i++) {
        all.add(stun(16));
      }
      byte[] stream = concat(all.toArray(byte[][]::new));
      client.getOutputStream().write(stream);
      assertArrayEquals(stream, read(client, stream.length));
    }
  }

  @ParameterizedTest
  @EnumSource(UdpIo.class)
  void garbageClosesTheConnection(UdpIo io) throws Exception {
    try (Socket client = connect(io)) {
      // A TLS ClientHello on the plain port.
      client.getOutputStream().write(new byte[] {0x16, 0x03, 0x01, 0x02, 0x00, 0x01});
      assertEquals(-1, client.getInputStream().read());
    }
    assertTrue(echo.garbage.get());
  }

  /** No channel is bound before a first request (RFC 8656 §12): so HTTP is told from ours. */
  @ParameterizedTest
  @EnumSource(UdpIo.class)
  void anotherProtocolIsClosedAtItsFirstLine(UdpIo io) throws Exception {
    for (String line : List.of("GET / HTTP/1.1\r\n\r\n", "SSH-2.0-OpenSSH\r\n", "EHLO a\r\n")) {
      try (Socket client = connect(io)) {
        client.getOutputStream().write(line.getBytes(StandardCharsets.US_ASCII));
        assertEquals(-1, client.getInputStream().read(), line);
      }
      assertTrue(echo.garbage.getAndSet(false), line);
    }
    assertEquals(0, echo.frames.get());
  }

  /** RFC 8489 §5 and §11: without the magic cookie there is no STUN on a stream. */
  @ParameterizedTest
  @EnumSource(UdpIo.class)
  void aMessageWithoutTheMagicCookieClosesTheConnection(UdpIo io) throws Exception {
    try (Socket client = connect(io)) {
      byte[] wrong = stun(400);
      wrong[7]++;
      client.getOutputStream().write(wrong, 0, 8);
      assertEquals(-1, client.getInputStream().read());
    }
    assertTrue(echo.garbage.get());
  }

  /** What has been read is let go, also when there is always a part of the next message. */
  @ParameterizedTest
  @EnumSource(UdpIo.class)
  void aStreamThatNeverPausesBetweenMessagesIsNotKept(UdpIo io) throws Exception {
    try (Socket client = connect(io)) {
      byte[] message = stun(20_000);
      OutputStream out = client.getOutputStream();
      out.write(message, 0, 10);
      byte[] rest = concat(Arrays.copyOfRange(message, 10, 20_020), Arrays.copyOf(message, 10));
      for (int i = 0; i < 200; i++) {
        out.write(rest);
        assertArrayEquals(message, read(client, 20_020));
      }
      int held = onLoop(() -> echo.last.heldBytes());
      assertTrue(held < 300_000, held + " bytes are held for 10");
    }
  }

  /** A client that never reads costs a bounded amount: data for it is dropped. */
  @ParameterizedTest
  @EnumSource(UdpIo.class)
  void whoDoesNotReadLosesDataAndNotOurMemory(UdpIo io) throws Exception {
    try (Socket client = connect(io)) {
      client.getOutputStream().write(stun(80));
      assertTrue(echo.opened.await(PATIENCE_S, TimeUnit.SECONDS));
      read(client, 100);
      Packet packet = new Packet();
      packet.buffer = ByteBuffer.allocateDirect(60_000);
      int sent = 0;
      while (write(packet)) {
        assertTrue(++sent < 10_000, "no bound on what is kept for a client that does not read");
      }
      assertFalse(write(packet));
    }
  }

  @ParameterizedTest
  @EnumSource(UdpIo.class)
  void aRefusedConnectionIsClosed(UdpIo io) throws Exception {
    echo.refuse.set(true);
    try (Socket client = connect(io)) {
      assertEquals(-1, client.getInputStream().read());
    }
    assertEquals(0, echo.frames.get());
  }

  private boolean write(Packet packet) throws Exception {
    return onLoop(() -> echo.last.writeChannelData(0x4000, packet, 0, 60_000));
  }

  private <T> T onLoop(Callable<T> question) throws Exception {
    return loops.shards().get(0).eventLoop().submit(question).get(PATIENCE_S, TimeUnit.SECONDS);
  }

  private Socket connect(UdpIo io) throws IOException {
    close();
    loops = EventLoops.open(1, io, true);
    StreamListener listener =
        StreamListener.open(
            loops.shards().get(0),
            new StreamListener.Options(
                LOOPBACK, 3, 70_000, loops.isNative(), true, null, Runnable::run, SharedHttp.NONE),
            echo);
    Socket client = new Socket();
    client.setSoTimeout(PATIENCE_S * 1000);
    client.setTcpNoDelay(true);
    client.connect(Addresses.of(listener.local()));
    return client;
  }

  private static byte[] read(Socket client, int length) throws IOException {
    byte[] bytes = new byte[length];
    new DataInputStream(client.getInputStream()).readFully(bytes);
    return bytes;
  }

  private static byte[] stun(int bodyLength) {
    return ByteBuffer.allocate(20 + bodyLength)
        .putInt(0x0001_0000 | bodyLength)
        .putInt(0x2112_a442)
        .array();
  }

  private static byte[] channelData(int number, int length) {
    ByteBuffer data = ByteBuffer.allocate(4 + (length + 3 & ~3)).putInt(number << 16 | length);
    for (int i = 0; i < length; i++) {
      data.put((byte) (i + 1));
    }
    return data.array();
  }

  private static byte[] concat(byte[]... parts) {
    int length = 0;
    for (byte[] part : parts) {
      length += part.length;
    }
    ByteBuffer all = ByteBuffer.allocate(length);
    for (byte[] part : parts) {
      all.put(part);
    }
    return all.array();
  }

  /** Sends back each frame by the way of its kind. */
  private static final class Echo implements ClientConnection.Receiver {
    private final CountDownLatch opened = new CountDownLatch(1);
    private final CountDownLatch closed = new CountDownLatch(1);
    private final AtomicBoolean garbage = new AtomicBoolean();
    private final AtomicBoolean refuse = new AtomicBoolean();
    private final AtomicBoolean breaks = new AtomicBoolean();
    private final AtomicInteger frames = new AtomicInteger();
    private final byte[] scratch = new byte[70_000];

    @SuppressWarnings("NullAway.Init")
    private volatile StreamConnection last;

    private volatile boolean isReading;

    @Override
    public long now() {
      return 0;
    }

    @Override
    public boolean onOpen(ClientConnection connection) {
      last = (StreamConnection) connection;
      opened.countDown();
      return !refuse.get();
    }

    @Override
    public void onFrame(ClientConnection connection, Packet packet) {
      frames.incrementAndGet();
      if (breaks.get()) {
        throw new IllegalStateException("a defect");
      }
      int first = packet.i32(0);
      if (first >>> 30 == 1) {
        int length = first & 0xffff;
        connection.writeChannelData(first >>> 16, packet, 4, length);
      } else {
        packet.copyTo(scratch, packet.length);
        connection.write(scratch, packet.length);
      }
    }

    @Override
    public void onReadBegin() {
      isReading = true;
    }

    @Override
    public void onReadEnd() {
      isReading = false;
    }

    @Override
    public void onGarbage(ClientConnection connection) {
      garbage.set(true);
    }

    @Override
    public void onFailure(ClientConnection connection, Throwable cause) {}

    @Override
    public void onClosed(ClientConnection connection) {
      closed.countDown();
    }
  }
}

package puente.net;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import puente.net.EventLoops.UdpIo;
import puente.stun.Packet;
import puente.stun.TransportAddress;

/** The PROXY protocol, versions 1 and 2, in front of a stream of STUN messages. */
class ProxyHeaderTest {
  private static final TransportAddress LOOPBACK = TransportAddress.ipv4(0x7f000001, 0);
  private static final int PATIENCE_S = 60;
  private static final String V2 = "0d0a0d0a000d0a515549540a";
  private static final String IPV4 = "cb007109" + "c0000201" + "1f40" + "0d96";
  private static final String IPV6 =
      "20010db8000000000000000000000001" + "20010db8000000000000000000000002" + "1f40" + "0d96";

  private final EventLoops loops = EventLoops.open(1, UdpIo.AUTO, true);
  private final Desk desk = new Desk();

  @AfterEach
  void close() {
    loops.close().toCompletableFuture().join();
  }

  static Stream<Arguments> headers() {
    return Stream.of(
        Arguments.of(text("PROXY TCP4 203.0.113.9 192.0.2.1 8000 3478\r\n"), "203.0.113.9:8000"),
        Arguments.of(
            text("PROXY TCP6 2001:db8::1 2001:db8::2 8000 3478\r\n"), "[2001:db8::1]:8000"),
        Arguments.of(text("PROXY UNKNOWN\r\n"), "itself"),
        Arguments.of(hex(V2 + "2111" + "000c" + IPV4), "203.0.113.9:8000"),
        Arguments.of(hex(V2 + "2121" + "0024" + IPV6), "[2001:db8::1]:8000"),
        // With an extension, PP2_TYPE_NOOP of four bytes.
        Arguments.of(hex(V2 + "2111" + "0013" + IPV4 + "04000400000000"), "203.0.113.9:8000"),
        // LOCAL: a health check of the proxy's own.
        Arguments.of(hex(V2 + "2000" + "0000"), "itself"),
        // A proxy that sends no header speaks for itself.
        Arguments.of(new byte[0], "itself"));
  }

  @ParameterizedTest
  @MethodSource("headers")
  void saysForWhomAProxySpeaks(byte[] header, String client) throws Exception {
    for (boolean whole : new boolean[] {true, false}) {
      try (Socket proxy = connect(true)) {
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        all.write(header);
        all.write(stun());
        if (whole) {
          proxy.getOutputStream().write(all.toByteArray());
        } else {
          for (byte b : all.toByteArray()) {
            proxy.getOutputStream().write(b);
            proxy.getOutputStream().flush();
          }
        }
        byte[] answer = new byte[20];
        new DataInputStream(proxy.getInputStream()).readFully(answer);
        assertArrayEquals(stun(), answer);
        String itself = "127.0.0.1:" + proxy.getLocalPort();
        assertEquals(client.equals("itself") ? itself : client, desk.next());
      }
      assertEquals("closed", desk.next());
    }
  }

  /** Nobody hears of it; only that it has failed. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "PROXY TCP4 203.0.113.9 192.0.2.1 8000\r\n",
        "PROXY TCP4 nobody 192.0.2.1 8000 3478\r\n",
        "PROXY TCP4 203.0.113.9 192.0.2.1 70000 3478\r\n",
        "PROXY QUIC 203.0.113.9 192.0.2.1 8000 3478\r\n"
      })
  void aBrokenHeaderClosesTheConnection(String header) throws Exception {
    try (Socket proxy = connect(true)) {
      proxy.getOutputStream().write(text(header));
      assertEquals(-1, proxy.getInputStream().read());
    }
    assertEquals("failed", desk.next());
    assertNull(desk.told.poll());
  }

  @ParameterizedTest
  @MethodSource("headers")
  void whoIsNotTrustedIsRefused(byte[] header, String client) throws Exception {
    try (Socket anybody = connect(false)) {
      anybody.getOutputStream().write(header.length == 0 ? text("GET / HTTP/1.1\r\n") : header);
      assertEquals(-1, anybody.getInputStream().read());
      assertEquals("127.0.0.1:" + anybody.getLocalPort(), desk.next());
    }
    assertEquals(header.length == 0 ? "garbage" : "untrusted", desk.next());
    assertEquals("closed", desk.next());
  }

  /** Of a proxy that says nothing nobody knows yet for whom it would speak. */
  @Test
  void aConnectionWithoutAByteIsNobodys() throws Exception {
    try (Socket proxy = connect(true)) {
      proxy.getOutputStream().write(text("PROXY TCP4 203"));
      proxy.shutdownOutput();
      assertEquals(-1, proxy.getInputStream().read());
    }
    assertNull(desk.told.poll());
  }

  private Socket connect(boolean trusted) throws IOException, BindFailure {
    desk.trusts = trusted;
    StreamListener listener =
        StreamListener.open(
            loops.shards().get(0),
            new StreamListener.Options(
                LOOPBACK, 3, 70_000, loops.isNative(), true, null, Runnable::run, SharedHttp.NONE),
            desk);
    Socket client = new Socket(InetAddress.getLoopbackAddress(), listener.local().port());
    client.setSoTimeout(PATIENCE_S * 1000);
    client.setTcpNoDelay(true);
    return client;
  }

  private static byte[] text(String text) {
    return text.getBytes(StandardCharsets.US_ASCII);
  }

  private static byte[] hex(String digits) {
    return HexFormat.of().parseHex(digits);
  }

  private static byte[] stun() {
    return ByteBuffer.allocate(20).putInt(0x0001_0000).putInt(0x2112_a442).array();
  }

  /** Notes who comes, and sends back what they say. */
  private static final class Desk implements ClientConnection.Receiver {
    private final BlockingQueue<String> told = new LinkedBlockingQueue<>();
    private final byte[] scratch = new byte[100];
    private volatile boolean trusts;

    @Nullable String next() throws InterruptedException {
      return told.poll(PATIENCE_S, TimeUnit.SECONDS);
    }

    @Override
    public long now() {
      return 0;
    }

    @Override
    public boolean trusts(TransportAddress proxy) {
      return trusts;
    }

    @Override
    public boolean onOpen(ClientConnection connection) {
      var tuple = connection.tuple();
      return told.add(tuple == null ? "nobody" : tuple.client().toString());
    }

    @Override
    public void onFrame(ClientConnection connection, Packet packet) {
      packet.copyTo(scratch, packet.length);
      connection.write(scratch, packet.length);
    }

    @Override
    public void onReadEnd() {}

    @Override
    public void onUntrustedProxy(ClientConnection connection) {
      told.add("untrusted");
    }

    @Override
    public void onGarbage(ClientConnection connection) {
      told.add("garbage");
    }

    @Override
    public void onFailure(ClientConnection connection, Throwable cause) {
      told.add("failed");
    }

    @Override
    public void onClosed(ClientConnection connection) {
      told.add("closed");
    }
  }
}

package puente.launcher.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.concurrent.locks.LockSupport;
import javax.net.ssl.SSLSocket;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Who comes in by a TCP port: with and without TLS, by name, and behind a proxy. */
@Tag("e2e")
class DoorsTest {
  private static final long PATIENCE_MS = 60_000;

  /** The proxies' own address; the others on this machine are not believed. */
  private static final String PROXY = "127.0.0.2";

  private static final String DENIED = "127.0.0.4";

  /** As if other servers had it, too. */
  private static final String ANYCAST = "127.0.0.3";

  @SuppressWarnings("NullAway.Init")
  private static ServerProcess server;

  @BeforeAll
  static void start() {
    server =
        ServerProcess.start(
            "doors",
            "proxy-protocol-from=" + PROXY,
            "listening-ip=" + ANYCAST,
            "anycast-ip=" + ANYCAST,
            "denied-client-ip=" + DENIED,
            "rfc5766-channel-numbers");
  }

  @AfterAll
  static void stop() {
    server.close();
  }

  @Test
  void everyPortServesClientsWithAndWithoutTls() throws Exception {
    for (int port : new int[] {server.port, server.tlsPort}) {
      try (var plain = client(new Socket(server.address().getAddress(), port));
          var secure = client(TlsTunnel.over(server, new Socket(loopback(), port)))) {
        plain.allocate();
        secure.allocate();
        secure.ping();
      }
    }
  }

  /** RFC 7443 §4; who knows other names only, or none, is let in as well. */
  @ParameterizedTest
  @CsvSource({
    "stun.turn, stun.turn",
    "stun.nat-discovery, stun.nat-discovery",
    "h2 stun.turn, stun.turn",
    "h2, ''",
    "'', ''"
  })
  void theNameOfTheProtocolIsAgreedOn(String offered, String chosen) throws IOException {
    String[] names = offered.isEmpty() ? new String[0] : offered.split(" ");
    SSLSocket socket = TlsTunnel.over(server, new Socket(loopback(), server.tlsPort), names);
    assertEquals(chosen, socket.getApplicationProtocol());
    try (var client = client(socket)) {
      client.allocate();
    }
  }

  /** As behind a balancer that leaves TLS to us: the header comes first. */
  @Test
  void aProxySaysForWhomItSpeaksBeforeTls() throws IOException {
    Socket socket = new Socket(loopback(), server.tlsPort, InetAddress.getByName(PROXY), 0);
    socket
        .getOutputStream()
        .write("PROXY TCP4 203.0.113.9 192.0.2.1 8000 443\r\n".getBytes(StandardCharsets.US_ASCII));
    try (var client = client(TlsTunnel.over(server, socket))) {
      assertEquals(new InetSocketAddress("203.0.113.9", 8000), client.mapped());
      client.allocate();
    }
  }

  /** The header stands before every datagram. */
  @Test
  void aProxySaysForWhomItsDatagramsAre() throws IOException {
    try (var client = new TurnClient(new Proxied(), ServerProcess.USER, ServerProcess.PASSWORD)) {
      assertEquals(new InetSocketAddress("203.0.113.9", 8000), client.mapped());
      client.allocate();
      client.ping();
    }
  }

  /** UDP and DTLS of a real client, by both kinds of proxies. */
  @ParameterizedTest
  @CsvSource({"'', true", "'', false", "-S, true", "-S, false"})
  void clientsOfAUdpProxyAreRelayed(String secure, boolean onEach) throws Exception {
    int port = secure.isEmpty() ? server.port : server.tlsPort;
    var behind = new InetSocketAddress(loopback(), port);
    try (var proxy = new UdpProxy(PROXY, behind, onEach)) {
      assertRelays((secure + " -p " + proxy.port()).strip(), "127.0.0.1");
    }
  }

  private static void assertRelays(String way, String host) throws Exception {
    Program.require("turnutils_uclient");
    try (var echo = new UdpEcho("127.0.0.1")) {
      var command =
          "turnutils_uclient -u user -w pass -n 20 -c %s -e 127.0.0.1 -r %d %s"
              .formatted(way, echo.port(), host)
              .split(" ");
      var result =
          Program.start(server.folder.resolve("uclient.out"), command)
              .finish(Duration.ofMillis(PATIENCE_MS));
      assertEquals(0, result.exit(), result.output());
      assertTrue(result.output().contains("tot_recv_msgs=20"), result.output());
    }
  }

  /** RFC 8155 §6, with coturn's client: it follows, and finds the relay at the other address. */
  @Test
  void whoCameByAnAnycastAddressFollowsToOurOwn() throws Exception {
    assertRelays("-p " + server.port, ANYCAST);
    assertTrue(server.metric("puente_stun_responses_total", "code=\"300\"") > 0);
  }

  @Test
  void aRealProxyIsUnderstood() throws IOException {
    Program.require("haproxy");
    int port = Ports.free(1);
    Path folder = Files.createDirectories(Path.of("target", "e2e", "haproxy").toAbsolutePath());
    Path config = folder.resolve("haproxy.cfg");
    Files.writeString(
        config,
        """
        defaults
          mode tcp
          timeout connect 10s
          timeout client 60s
          timeout server 60s
        listen turn
          bind 127.0.0.1:%d
          server puente 127.0.0.1:%d source %s send-proxy-v2
        """
            .formatted(port, server.port, PROXY));
    Program proxy =
        Program.start(folder.resolve("haproxy.log"), "haproxy", "-db", "-f", config.toString());
    try (Socket socket = whenOpen(port);
        var client = client(socket)) {
      assertEquals(
          new InetSocketAddress(loopback(), socket.getLocalPort()), client.mapped(), "not its own");
      client.allocate();
    } finally {
      proxy.close();
    }
  }

  @Test
  void whoIsNotAProxyCannotSpeakForOthers() throws Exception {
    double before = refused();
    try (Socket socket = new Socket(loopback(), server.port)) {
      socket.setSoTimeout((int) PATIENCE_MS);
      socket
          .getOutputStream()
          .write(
              "PROXY TCP4 203.0.113.9 192.0.2.1 8000 443\r\n".getBytes(StandardCharsets.US_ASCII));
      assertEquals(-1, socket.getInputStream().read());
    }
    assertEquals(before + 1, refused());
    assertTrue(server.log().contains("proxy-protocol-from"), "the log does not say what to do");
  }

  @Test
  void whoComesFromWhereNobodyMayHasNoAnswer() throws Exception {
    try (DatagramSocket client = new DatagramSocket(0, InetAddress.getByName(DENIED))) {
      byte[] binding = Stun.request(Stun.BINDING).bytes();
      client.send(new DatagramPacket(binding, binding.length, server.address()));
      Admission.awaits(
          "it is dropped",
          () -> server.metric("puente_stun_dropped_total", "reason=\"client_denied\"") == 1);
    }
  }

  private static double refused() throws Exception {
    return server.metric("puente_stream_connections", "event=\"proxy_header\"");
  }

  private static Socket whenOpen(int port) {
    long end = System.nanoTime() + PATIENCE_MS * 1_000_000;
    while (true) {
      try {
        return new Socket(loopback(), port);
      } catch (IOException notYet) {
        if (System.nanoTime() > end) {
          throw new UncheckedIOException(notYet);
        }
        LockSupport.parkNanos(20_000_000);
      }
    }
  }

  private static InetAddress loopback() {
    return server.address().getAddress();
  }

  private static TurnClient client(Socket socket) throws IOException {
    return new TurnClient(
        new TurnClient.Stream(socket), ServerProcess.USER, ServerProcess.PASSWORD);
  }

  /** Datagrams that a proxy passes on, version 2 of the protocol. */
  private static final class Proxied implements TurnClient.Wire {
    private static final byte[] HEADER =
        HexFormat.of().parseHex("0d0a0d0a000d0a515549540a2112000ccb007109c00002011f400d96");

    private final DatagramSocket socket = new DatagramSocket(0, InetAddress.getByName(PROXY));

    Proxied() throws IOException {
      socket.setSoTimeout(100);
    }

    @Override
    public void send(byte[] message) throws IOException {
      byte[] all = Arrays.copyOf(HEADER, HEADER.length + message.length);
      System.arraycopy(message, 0, all, HEADER.length, message.length);
      socket.send(new DatagramPacket(all, all.length, server.address()));
    }

    @Override
    public byte @Nullable [] receive() throws IOException {
      DatagramPacket packet = new DatagramPacket(new byte[2048], 2048);
      try {
        socket.receive(packet);
        return Arrays.copyOf(packet.getData(), packet.getLength());
      } catch (SocketTimeoutException nothing) {
        return null;
      }
    }

    @Override
    public void close() {
      socket.close();
    }
  }
}

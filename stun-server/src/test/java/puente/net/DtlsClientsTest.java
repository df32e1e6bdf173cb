package puente.net;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.Callable;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.bouncycastle.tls.DTLSTransport;
import org.bouncycastle.tls.ProtocolName;
import org.jspecify.annotations.NullUnmarked;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import puente.stun.Packet;
import puente.stun.Transport;
import puente.stun.TransportAddress;

/** DTLS clients, by the client of another implementation's API over real sockets. */
@NullUnmarked
class DtlsClientsTest {

  private static final int PATIENCE_S = 60;
  private static final TransportAddress LOOPBACK = TransportAddress.ipv4(0x7f00_0001, 0);
  private static DtlsIdentity byEc;
  private static DtlsIdentity byRsa;

  private final BlockingQueue<DtlsClients.Fact> facts = new LinkedBlockingQueue<>();
  private final Echo echo = new Echo();
  private EventLoops loops;
  private EventLoops.Loop loop;
  private volatile DtlsIdentity identity = byEc;
  private DtlsHandshakes handshakes;
  private DtlsClients clients;
  private InetSocketAddress server;

  @BeforeAll
  static void makeCertificates(@TempDir Path folder) throws Exception {
    byEc = DtlsCaller.certificate(folder.resolve("ec.p12"), "EC");
    byRsa = DtlsCaller.certificate(folder.resolve("rsa.p12"), "RSA");
  }

  @BeforeEach
  void open() throws Exception {
    open(64, Duration.ofSeconds(PATIENCE_S));
  }

  private void open(int halfOpenMax, Duration timeMax) throws Exception {
    close();
    loops = EventLoops.open(1, EventLoops.UdpIo.AUTO, true);
    loop = loops.shards().get(0);
    handshakes = new DtlsHandshakes(() -> identity, halfOpenMax, timeMax);
    UdpSocket[] socket = {null};
    onLoop(
        () -> {
          clients = new DtlsClients(loop, echo, handshakes, facts::add);
          socket[0] =
              loop.datagrams()
                  .open(
                      LOOPBACK,
                      Datagrams.Role.LISTENER,
                      3,
                      packet -> clients.onDatagram(packet, socket[0], true));
          return true;
        });
    server = new InetSocketAddress(InetAddress.getLoopbackAddress(), socket[0].local().port());
  }

  @AfterEach
  void close() throws Exception {
    if (loops != null) {
      onLoop(
          () -> {
            clients.closeAll();
            return true;
          });
      loops.close().toCompletableFuture().join();
      loops = null;
    }
  }

  /** RFC 7350 §4.1, RFC 6347 §4.2.4: a handshake, then each datagram is a message of its own. */
  @Test
  void messagesComeAndGo() throws Exception {
    for (DtlsIdentity each : List.of(byEc, byRsa)) {
      identity = each;
      try (DtlsCaller line = caller()) {
        DTLSTransport dtls = line.connect();
        for (int length : new int[] {1, 20, 1200, 16_000}) {
          byte[] message = message(length);
          dtls.send(message, 0, length);
          assertArrayEquals(message, receive(dtls));
        }
        assertEquals(Transport.DTLS, echo.last.tuple().transport());
        assertEquals(3 | DtlsClients.NUMBER, echo.last.tuple().listener());
      }
    }
  }

  /** RFC 8656 §12.4: ChannelData in a datagram has no padding; more than a record is refused. */
  @Test
  void channelDataFitsARecordOrIsRefused() throws Exception {
    try (DtlsCaller line = caller()) {
      DTLSTransport dtls = line.connect();
      dtls.send(message(5), 0, 5);
      receive(dtls);
      Packet packet = new Packet();
      packet.buffer = java.nio.ByteBuffer.wrap(message(20_000));
      packet.length = 20_000;
      onLoop(() -> echo.last.writeChannelData(0x4001, packet, 0, 7));
      onLoop(
          () -> {
            loop.datagrams().flush();
            return true;
          });
      byte[] whole = receive(dtls);
      assertEquals(11, whole.length);
      assertArrayEquals(new byte[] {0x40, 0x01, 0, 7}, Arrays.copyOf(whole, 4));
      assertEquals(false, onLoop(() -> echo.last.writeChannelData(0x4001, packet, 0, 16_384)));
      assertEquals(false, onLoop(() -> echo.last.write(message(17_000), 17_000)));
      dtls.send(message(5), 0, 5);
      assertEquals(5, receive(dtls).length);
    }
  }

  /** RFC 6066 §3: known from the first message on, and that it was heard is said. */
  @Test
  void theNameThatWasCalledIsKnown() throws Exception {
    try (DtlsCaller line = caller()) {
      line.serverName = "turn.tenant.example";
      DTLSTransport dtls = line.connect();
      dtls.send(message(9), 0, 9);
      receive(dtls);
      assertEquals("turn.tenant.example", onLoop(() -> echo.last.serverName()));
      assertTrue(line.nameHeard);
    }
    try (DtlsCaller line = caller()) {
      DTLSTransport dtls = line.connect();
      dtls.send(message(9), 0, 9);
      receive(dtls);
      assertNull(onLoop(() -> echo.last.serverName()));
    }
  }

  /** RFC 7443 §3. */
  @Test
  void theProtocolIsNegotiated() throws Exception {
    try (DtlsCaller line = caller()) {
      line.protocols.add(ProtocolName.asUtf8Encoding("stun.turn"));
      line.connect();
    }
    try (DtlsCaller line = caller()) {
      line.protocols.add(ProtocolName.asUtf8Encoding("h3"));
      org.junit.jupiter.api.Assertions.assertThrows(IOException.class, line::connect);
    }
  }

  /**
   * RFC 6347 §4.2.1: a ClientHello without a cookie gets a HelloVerifyRequest that is no longer
   * than itself, and nothing is kept of it.
   */
  @Test
  void nothingIsKeptBeforeTheCookie() throws Exception {
    byte[] hello = hello();
    try (DatagramSocket client = socket()) {
      for (int i = 0; i < 300; i++) {
        client.send(new DatagramPacket(hello, hello.length, server));
        byte[] answer = receive(client);
        assertEquals(3, answer[13], "HelloVerifyRequest");
        assertTrue(answer.length <= hello.length, answer.length + " > " + hello.length);
      }
      assertEquals(0, onLoop(clients::size));
      assertEquals(0, handshakes.halfOpen());
      assertEquals(0, echo.opened);
    }
  }

  /** RFC 6347 §4.2.1: the cookie of another client, or a wrong one, is as good as none. */
  @Test
  void aWrongCookieIsAskedForAgain() throws Exception {
    Deque<byte[]> sent;
    try (DtlsCaller line = caller()) {
      line.connect();
      sent = line.sent;
    }
    byte[] withCookie = sent.stream().skip(1).findFirst().orElseThrow();
    onLoop(
        () -> {
          clients.closeAll();
          return true;
        });
    int opened = echo.opened;
    try (DatagramSocket other = socket()) {
      other.send(new DatagramPacket(withCookie, withCookie.length, server));
      assertEquals(3, receive(other)[13], "HelloVerifyRequest");
    }
    assertEquals(0, onLoop(clients::size));
    assertEquals(opened, echo.opened);
  }

  /** RFC 6347 §4.2.4: of handshakes that are not gone on with, few are at a time. */
  @Test
  void halfHandshakesAreBounded() throws Exception {
    open(1, Duration.ofSeconds(PATIENCE_S));
    try (DtlsCaller first = caller();
        DtlsCaller second = caller()) {
      first.stopAfter = 2;
      Thread half = Thread.startVirtualThread(() -> ignore(first::connect));
      await(() -> handshakes.halfOpen() == 1);
      second.stopAfter = 2;
      Thread more = Thread.startVirtualThread(() -> ignore(second::connect));
      await(() -> facts.contains(DtlsClients.Fact.HALF_OPEN_FULL));
      assertEquals(1, onLoop(clients::size));
      half.interrupt();
      more.interrupt();
    }
    // Whoever stops does not wait for them.
    onLoop(
        () -> {
          clients.closeAll();
          return true;
        });
    await(() -> handshakes.halfOpen() == 0 && size() == 0 && echo.closed == echo.opened);
    try (DtlsCaller third = caller()) {
      third.connect();
    }
  }

  /** RFC 6347 §4.2.4: one that is not gone on with is given up. */
  @Test
  void halfHandshakesEnd() throws Exception {
    open(1, Duration.ofMillis(300));
    try (DtlsCaller line = caller()) {
      line.stopAfter = 2;
      Thread half = Thread.startVirtualThread(() -> ignore(line::connect));
      await(() -> echo.closed == 1);
      await(() -> handshakes.halfOpen() == 0 && size() == 0);
      half.interrupt();
    }
  }

  /** RFC 6347 §4.1.2.7 and §4.1.2.6: invalid and repeated records are dropped in silence. */
  @Test
  void tamperedRecordsAreDropped() throws Exception {
    try (DtlsCaller line = caller()) {
      DTLSTransport dtls = line.connect();
      dtls.send(message(40), 0, 40);
      assertEquals(40, receive(dtls).length);
      byte[] record = line.sent.getLast();
      for (int i = 0; i < record.length; i++) {
        byte[] bad = record.clone();
        bad[i] ^= 1;
        line.socket.send(new DatagramPacket(bad, bad.length, server));
      }
      line.socket.send(new DatagramPacket(record, record.length, server));
      dtls.send(message(41), 0, 41);
      assertEquals(41, receive(dtls).length, "the next answer is to the next message");
      assertEquals(1, onLoop(clients::size));
    }
  }

  /** RFC 6347 §4.2.8: a client that starts anew takes the place of its former association. */
  @Test
  void aNewHandshakeOfTheSameClientReplacesTheOld() throws Exception {
    try (DtlsCaller line = caller()) {
      line.connect();
      await(() -> echo.opened == 1);
      // Without the cookie, the old one stays.
      byte[] hello = hello();
      long before = greeted();
      line.socket.send(new DatagramPacket(hello, hello.length, server));
      await(() -> greeted() > before);
      assertEquals(0, echo.closed);
      receive(line.socket);
      DTLSTransport again = line.connect();
      again.send(message(9), 0, 9);
      assertEquals(9, receive(again).length);
      assertEquals(1, echo.closed);
      assertEquals(1, onLoop(clients::size));
    }
  }

  /**
   * RFC 6347 §4.1: who closes is gone, and a certificate that was replaced is shown to the next.
   */
  @Test
  void closingAndAnotherCertificate() throws Exception {
    try (DtlsCaller line = caller()) {
      DTLSTransport dtls = line.connect();
      await(() -> size() == 1);
      dtls.close();
      await(() -> size() == 0 && echo.closed == 1);
      byte[] first = line.certificate;
      identity = byRsa;
      line.connect();
      assertNotEquals(Arrays.hashCode(first), Arrays.hashCode(line.certificate));
      assertArrayEquals(byRsa.chain().get(0).getEncoded(), line.certificate);
    }
  }

  /** Records of nobody: alerts, application data, noise of every length. */
  @Test
  void strangersAreIgnored() throws Exception {
    try (DatagramSocket client = socket()) {
      byte[] hello = hello();
      int sent = 0;
      for (int i = 0; i < hello.length; i++) {
        byte[] cut = Arrays.copyOf(hello, i + 1);
        client.send(new DatagramPacket(cut, i, server));
        sent++;
      }
      byte[] noise = new byte[5000];
      noise[0] = 22;
      client.send(new DatagramPacket(noise, noise.length, server));
      int all = sent;
      await(() -> facts.size() > all);
      assertEquals(0, onLoop(clients::size));
      assertEquals(0, echo.opened);
      assertNull(echo.last);
    }
  }

  private DtlsCaller caller() throws IOException {
    return new DtlsCaller(server, PATIENCE_S * 1000);
  }

  private long greeted() {
    return facts.stream().filter(DtlsClients.Fact.GREETED::equals).count();
  }

  private int size() {
    try {
      return onLoop(clients::size);
    } catch (Exception broken) {
      throw new AssertionError(broken);
    }
  }

  /** The first datagram of a client. */
  private byte[] hello() throws Exception {
    try (DatagramSocket sink = socket();
        DtlsCaller line = caller()) {
      line.to = new InetSocketAddress(InetAddress.getLoopbackAddress(), sink.getLocalPort());
      Thread caller = Thread.startVirtualThread(() -> ignore(line::connect));
      byte[] hello = receive(sink);
      caller.interrupt();
      return hello;
    }
  }

  private <T> T onLoop(Callable<T> task) throws Exception {
    return loop.eventLoop().submit(task).get(PATIENCE_S, TimeUnit.SECONDS);
  }

  private static void ignore(Callable<?> call) {
    try {
      call.call();
    } catch (Exception expected) {
      // It is to fail, or nobody cares.
    }
  }

  private static void await(BooleanSupplier condition) throws InterruptedException {
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_S);
    while (!condition.getAsBoolean()) {
      assertTrue(System.nanoTime() < end, "not in time");
      LockSupport.parkNanos(5_000_000);
    }
  }

  private static byte[] message(int length) {
    byte[] bytes = new byte[length];
    for (int i = 0; i < length; i++) {
      bytes[i] = (byte) (i + length);
    }
    return bytes;
  }

  private static byte[] receive(DTLSTransport from) throws IOException {
    byte[] buffer = new byte[20_000];
    int length = from.receive(buffer, 0, buffer.length, PATIENCE_S * 1000);
    return Arrays.copyOf(buffer, length);
  }

  private static byte[] receive(DatagramSocket socket) throws IOException {
    DatagramPacket packet = new DatagramPacket(new byte[20_000], 20_000);
    socket.receive(packet);
    return Arrays.copyOf(packet.getData(), packet.getLength());
  }

  private static DatagramSocket socket() throws IOException {
    DatagramSocket socket = new DatagramSocket(0, InetAddress.getLoopbackAddress());
    socket.setSoTimeout(PATIENCE_S * 1000);
    return socket;
  }

  /** Sends everything back. */
  private static final class Echo implements ClientConnection.Receiver {
    private volatile ClientConnection last;
    private volatile int opened;
    private volatile int closed;

    @Override
    public long now() {
      return 0;
    }

    @Override
    public boolean onOpen(ClientConnection connection) {
      opened++;
      return true;
    }

    @Override
    public void onFrame(ClientConnection connection, Packet packet) {
      last = connection;
      byte[] bytes = new byte[packet.length];
      packet.copyTo(bytes, bytes.length);
      connection.write(bytes, bytes.length);
    }

    @Override
    public void onReadEnd() {}

    @Override
    public void onGarbage(ClientConnection connection) {}

    @Override
    public void onFailure(ClientConnection connection, Throwable cause) {}

    @Override
    public void onClosed(ClientConnection connection) {
      closed++;
    }
  }
}

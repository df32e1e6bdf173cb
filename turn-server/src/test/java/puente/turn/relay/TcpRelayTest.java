package puente.turn.relay;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.NullUnmarked;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import puente.net.Addresses;
import puente.net.EventLoops;
import puente.net.EventLoops.UdpIo;
import puente.stun.AttributeType;
import puente.stun.BindingConfig;
import puente.stun.Message;
import puente.stun.MessageBuilder;
import puente.stun.MessageClass;
import puente.stun.Method;
import puente.stun.Transport;
import puente.stun.TransportAddress;
import puente.turn.Counter;
import puente.turn.PeerPolicy;
import puente.turn.RelayAddress;
import puente.turn.TurnConfig;
import puente.turn.store.LocalStore;

/** TCP with peers over real sockets: RFC 6062 on several loops. */
@NullUnmarked
class TcpRelayTest {

  private static final TransportAddress LOOPBACK = TransportAddress.ipv4(0x7f00_0001, 0);
  private static final int PATIENCE_MS = 60_000;
  private static final Random RANDOM = new Random(5);

  private final List<Socket> clients = new ArrayList<>();
  private EventLoops loops;
  private TurnNode node;

  private void start(UdpIo io) throws Exception {
    loops = EventLoops.open(io == UdpIo.NIO ? 1 : 3, io, true);
    TurnConfig turn =
        TurnConfig.builder()
            .noAuth()
            .relayAddresses(new RelayAddress(LOOPBACK))
            .peers(PeerPolicy.SAFE.withLoopback(true))
            .tcpRelay(true, 64)
            .build();
    List<TurnNode.Listen> listen = List.of(new TurnNode.Listen(Transport.TCP, LOOPBACK));
    node =
        TurnNode.start(
            loops,
            new TurnNode.Options(listen, turn, BindingConfig.PLAIN, StreamLimits.DEFAULT),
            new LocalStore(LocalStore.Quotas.NONE));
  }

  @AfterEach
  void stop() throws Exception {
    for (Socket client : clients) {
      client.close();
    }
    node.stop().toCompletableFuture().join();
    loops.close().toCompletableFuture().join();
  }

  /** RFC 6062 §5.2, §5.4: so often that client and relay are on one loop and on two. */
  @ParameterizedTest
  @EnumSource(
      value = UdpIo.class,
      names = {"AUTO", "NIO"})
  void connectAndExchange(UdpIo io) throws Exception {
    start(io);
    Socket control = connectToServer();
    TransportAddress relayed = allocate(control);
    for (int i = 0; i < 12; i++) {
      try (ServerSocket listening = new ServerSocket(0, 8, InetAddress.getLoopbackAddress())) {
        int id = connectionId(exchange(control, connect(listening)));
        try (Socket peer = listening.accept()) {
          peer.setSoTimeout(PATIENCE_MS);
          assertEquals(Addresses.of(relayed), peer.getRemoteSocketAddress());
          // RFC 6062 §5.2: what the peer sends before is kept.
          peer.getOutputStream().write("early".getBytes());
          Socket data = connectToServer();
          assertEquals(MessageClass.SUCCESS, exchange(data, bind(id)).messageClass());
          assertEquals("early", new String(data.getInputStream().readNBytes(5)));
          byte[] up = bytes(300_000);
          byte[] down = bytes(200_000);
          CompletableFuture<Void> sent = writes(data, up);
          CompletableFuture<Void> back = writes(peer, down);
          CompletableFuture<byte[]> atPeer = reads(peer, up.length);
          assertArrayEquals(down, data.getInputStream().readNBytes(down.length));
          assertArrayEquals(up, atPeer.get());
          sent.get();
          back.get();
        }
      }
    }
    assertEquals(12, total(Counter.TCP_BOUND));
    await(() -> bytesUp() == 12 * 300_000L);
  }

  /** RFC 6062 §5.3: the peer calls, the client is told. */
  @ParameterizedTest
  @EnumSource(
      value = UdpIo.class,
      names = {"AUTO", "NIO"})
  void aPeerCalls(UdpIo io) throws Exception {
    start(io);
    Socket control = connectToServer();
    TransportAddress relayed = allocate(control);
    try (Socket refused = new Socket()) {
      refused.setSoTimeout(PATIENCE_MS);
      refused.connect(Addresses.of(relayed));
      assertEquals(-1, readOrReset(refused), "no permission");
    }
    MessageBuilder permission =
        request(Method.CREATE_PERMISSION).xorAddress(AttributeType.XOR_PEER_ADDRESS, LOOPBACK);
    assertEquals(MessageClass.SUCCESS, exchange(control, permission).messageClass());
    Socket data = connectToServer();
    try (Socket peer = new Socket()) {
      peer.setSoTimeout(PATIENCE_MS);
      peer.connect(Addresses.of(relayed));
      Message attempt = read(control);
      assertEquals(Method.CONNECTION_ATTEMPT, attempt.method());
      exchange(data, bind(connectionId(attempt)));
      data.getOutputStream().write("hello".getBytes());
      assertEquals("hello", new String(peer.getInputStream().readNBytes(5)));
      peer.setSoLinger(true, 0);
    }
    // RFC 6062 §5.5: the peer has gone, and so has the client's data connection.
    assertEquals(-1, readOrReset(data));
  }

  /** Each way ends by itself: what the other still has to say arrives. */
  @ParameterizedTest
  @EnumSource(
      value = UdpIo.class,
      names = {"AUTO", "NIO"})
  void halfClose(UdpIo io) throws Exception {
    start(io);
    Socket control = connectToServer();
    allocate(control);
    for (boolean clientFirst : new boolean[] {true, false, true, false}) {
      Socket data = connectToServer();
      try (Socket peer = connected(control, data)) {
        Socket first = clientFirst ? data : peer;
        Socket second = clientFirst ? peer : data;
        byte[] said = bytes(500_000);
        CompletableFuture<Void> sent = writes(first, said);
        ByteArrayOutputStream heard = new ByteArrayOutputStream();
        CompletableFuture<Void> ended = sent.thenRun(() -> shutdown(first));
        second.getInputStream().transferTo(heard);
        ended.get();
        assertArrayEquals(said, heard.toByteArray());
        byte[] answer = bytes(100_000);
        writes(second, answer).thenRun(() -> shutdown(second)).get();
        assertArrayEquals(answer, first.getInputStream().readAllBytes());
      }
    }
  }

  /** Whoever does not read makes the other wait, and costs a bounded amount of memory. */
  @ParameterizedTest
  @EnumSource(
      value = UdpIo.class,
      names = {"AUTO", "NIO"})
  void whoDoesNotReadMakesTheOtherWait(UdpIo io) throws Exception {
    start(io);
    Socket control = connectToServer();
    allocate(control);
    for (boolean up : new boolean[] {true, false}) {
      Socket data = connectToServer();
      try (Socket peer = connected(control, data)) {
        byte[] much = bytes(64 << 20);
        long before = bytesUp() + bytesDown();
        CompletableFuture<Void> sent = writes(up ? data : peer, much);
        // It stops: what has passed no longer grows, far below the whole.
        long[] passed = {-1};
        await(
            () -> {
              long now = bytesUp() + bytesDown() - before;
              boolean still = now > 0 && now == passed[0];
              passed[0] = now;
              LockSupport.parkNanos(200_000_000);
              return still;
            });
        assertTrue(passed[0] < much.length / 2, passed[0] + " bytes are under way");
        assertEquals(false, sent.isDone());
        assertArrayEquals(much, reads(up ? peer : data, much.length).get());
        sent.get();
      }
    }
  }

  /** RFC 6062 §5.2: nobody listens there. RFC 6062 §5.5: the control connection ends all. */
  @ParameterizedTest
  @EnumSource(
      value = UdpIo.class,
      names = {"AUTO", "NIO"})
  void failuresAndEnds(UdpIo io) throws Exception {
    start(io);
    Socket control = connectToServer();
    TransportAddress relayed = allocate(control);
    int nobody;
    try (ServerSocket gone = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      nobody = gone.getLocalPort();
    }
    assertEquals(447, code(exchange(control, connect(LOOPBACK.withPort(nobody)))));
    Socket stranger = connectToServer();
    assertEquals(400, code(exchange(stranger, bind(7))));
    // A refused ConnectionBind leaves the connection as it was.
    assertEquals(437, code(exchange(stranger, request(Method.REFRESH))));
    Socket data = connectToServer();
    try (Socket peer = connected(control, data)) {
      control.close();
      assertEquals(-1, readOrReset(peer));
      assertEquals(-1, readOrReset(data));
    }
    await(() -> isFree(relayed));
  }

  private static boolean isFree(TransportAddress address) {
    try (ServerSocket probe = new ServerSocket()) {
      probe.setReuseAddress(true);
      probe.bind(Addresses.of(address));
      return true;
    } catch (IOException taken) {
      return false;
    }
  }

  private long total(Counter fact) {
    return node.counters().stream().mapToLong(each -> each.total(fact)).sum();
  }

  private long bytesUp() {
    return relayed(puente.turn.Counters.Leg.CLIENT);
  }

  private long bytesDown() {
    return relayed(puente.turn.Counters.Leg.PEER);
  }

  private long relayed(puente.turn.Counters.Leg leg) {
    return node.counters().stream()
        .mapToLong(each -> each.relayBytes(leg, puente.turn.Counters.Direction.IN, Transport.TCP))
        .sum();
  }

  private Socket connectToServer() throws IOException {
    Socket client = new Socket();
    client.setSoTimeout(PATIENCE_MS);
    client.connect(Addresses.of(node.endpoints().get(0).local()));
    clients.add(client);
    return client;
  }

  /** A peer that the client has called, and whose connection is bound to {@code data}. */
  private static Socket connected(Socket control, Socket data) throws IOException {
    try (ServerSocket listening = new ServerSocket(0, 8, InetAddress.getLoopbackAddress())) {
      int id = connectionId(exchange(control, connect(listening)));
      Socket peer = listening.accept();
      peer.setSoTimeout(PATIENCE_MS);
      exchange(data, bind(id));
      return peer;
    }
  }

  private static TransportAddress allocate(Socket control) throws IOException {
    Message answer =
        exchange(control, request(Method.ALLOCATE).i32(AttributeType.REQUESTED_TRANSPORT, 6 << 24));
    assertEquals(MessageClass.SUCCESS, answer.messageClass());
    return answer.xorAddressAt(answer.find(AttributeType.XOR_RELAYED_ADDRESS));
  }

  private static MessageBuilder connect(ServerSocket peer) {
    return connect(Addresses.of((InetSocketAddress) peer.getLocalSocketAddress()));
  }

  private static MessageBuilder connect(TransportAddress peer) {
    return request(Method.CONNECT).xorAddress(AttributeType.XOR_PEER_ADDRESS, peer);
  }

  private static MessageBuilder bind(int id) {
    return request(Method.CONNECTION_BIND).i32(AttributeType.CONNECTION_ID, id);
  }

  private static int connectionId(Message message) {
    assertEquals(0, code(message));
    return message.i32At(message.find(AttributeType.CONNECTION_ID));
  }

  private static int code(Message message) {
    int at = message.find(AttributeType.ERROR_CODE);
    return at < 0
        ? 0
        : 100 * message.bytes()[message.valueAt(at) + 2] + message.bytes()[message.valueAt(at) + 3];
  }

  private static MessageBuilder request(Method method) {
    byte[] transactionId = new byte[12];
    RANDOM.nextBytes(transactionId);
    return new MessageBuilder(500).message(MessageClass.REQUEST, method, transactionId);
  }

  private static Message exchange(Socket with, MessageBuilder request) throws IOException {
    with.getOutputStream().write(Arrays.copyOf(request.bytes(), request.length()));
    return read(with);
  }

  private static Message read(Socket from) throws IOException {
    DataInputStream in = new DataInputStream(from.getInputStream());
    byte[] header = new byte[20];
    in.readFully(header);
    byte[] all = Arrays.copyOf(header, 20 + ByteBuffer.wrap(header).getShort(2));
    in.readFully(all, 20, all.length - 20);
    Message message = new Message();
    assertEquals(Message.Shape.WELL_FORMED, message.parse(all, all.length));
    return message;
  }

  private static int readOrReset(Socket from) {
    try {
      return from.getInputStream().read();
    } catch (java.net.SocketTimeoutException late) {
      throw new AssertionError(late);
    } catch (IOException reset) {
      return -1;
    }
  }

  private static byte[] bytes(int length) {
    byte[] bytes = new byte[length];
    RANDOM.nextBytes(bytes);
    return bytes;
  }

  private static CompletableFuture<Void> writes(Socket to, byte[] bytes) {
    CompletableFuture<Void> done = new CompletableFuture<>();
    Thread.startVirtualThread(
        () -> {
          try {
            to.getOutputStream().write(bytes);
            done.complete(null);
          } catch (IOException broken) {
            done.completeExceptionally(broken);
          }
        });
    return done.orTimeout(PATIENCE_MS, TimeUnit.MILLISECONDS);
  }

  private static CompletableFuture<byte[]> reads(Socket from, int length) {
    CompletableFuture<byte[]> done = new CompletableFuture<>();
    Thread.startVirtualThread(
        () -> {
          try {
            done.complete(from.getInputStream().readNBytes(length));
          } catch (IOException broken) {
            done.completeExceptionally(broken);
          }
        });
    return done.orTimeout(PATIENCE_MS, TimeUnit.MILLISECONDS);
  }

  private static void shutdown(Socket socket) {
    try {
      socket.shutdownOutput();
    } catch (IOException gone) {
      throw new AssertionError(gone);
    }
  }

  private static void await(BooleanSupplier condition) {
    long end = System.nanoTime() + PATIENCE_MS * 1_000_000L;
    while (!condition.getAsBoolean()) {
      assertTrue(System.nanoTime() < end, "not in time");
      LockSupport.parkNanos(5_000_000);
    }
  }
}

package puente.turn.relay;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import puente.net.Addresses;
import puente.net.BindFailure;
import puente.net.EventLoops;
import puente.net.EventLoops.UdpIo;
import puente.stun.AddressRange;
import puente.stun.AttributeType;
import puente.stun.BindingConfig;
import puente.stun.MessageBuilder;
import puente.stun.MessageClass;
import puente.stun.Method;
import puente.stun.Transport;
import puente.stun.TransportAddress;
import puente.turn.CloseReason;
import puente.turn.Redirection;
import puente.turn.RelayAddress;
import puente.turn.TurnConfig;
import puente.turn.store.LocalStore;

/** Lists of sessions, and their ends, on a node with two shards. */
@Timeout(60)
class SessionsTest {

  private static final TransportAddress LOOPBACK = TransportAddress.ipv4(0x7f000001, 0);
  private static final int SUCCESS = 0x0103;
  private static final int ERROR = 0x0113;

  private final EventLoops loops = EventLoops.open(2, UdpIo.AUTO, true);
  private final TurnNode node = start(loops);
  private final List<DatagramSocket> clients = new ArrayList<>();

  @AfterEach
  void stop() {
    clients.forEach(DatagramSocket::close);
    node.stop().toCompletableFuture().join();
    loops.close().toCompletableFuture().join();
  }

  @Test
  void listsInPages() throws IOException {
    for (int i = 0; i < 7; i++) {
      assertEquals(SUCCESS, allocate());
    }
    List<SessionKey> seen = new ArrayList<>();
    SessionOrder.Place after = null;
    for (int size : new int[] {3, 3, 1, 0}) {
      List<Session> page = list(query(null, after, 3));
      assertEquals(size, page.size());
      page.forEach(session -> seen.add(session.key()));
      after = page.isEmpty() ? after : page.getLast().place();
    }
    assertEquals(7, seen.stream().distinct().count());
    assertEquals(seen.stream().sorted().toList(), seen);
    assertEquals(7, get(node.sessions().count()));
    assertEquals(Optional.of(seen.getFirst()), SessionKey.parse(seen.getFirst().toString()));
  }

  @Test
  void listsWhatIsAskedFor() throws IOException {
    allocate();
    assertEquals(1, list(query("127.0.0.1", null, 9)).size());
    assertEquals(0, list(query("127.0.0.2", null, 9)).size());
    SessionFilter tcp = SessionFilter.ANY.withTransport(Transport.TCP);
    assertEquals(0, list(new Sessions.Query(tcp, SessionOrder.OLDEST, null, 9)).size());
    SessionFilter nobodys = SessionFilter.ANY.withUser("a*");
    assertEquals(0, list(new Sessions.Query(nobodys, SessionOrder.OLDEST, null, 9)).size());
  }

  @Test
  void endsOneOrAll() throws IOException {
    for (int i = 0; i < 5; i++) {
      allocate();
    }
    SessionKey first = list(query(null, null, 1)).getFirst().key();
    assertTrue(get(node.sessions().close(first, CloseReason.ADMIN)));
    assertFalse(get(node.sessions().close(first, CloseReason.ADMIN)));
    assertEquals(4, get(node.sessions().count()));
    assertEquals(4, get(node.sessions().closeAll(CloseReason.DRAIN)));
    assertEquals(0, get(node.sessions().count()));
    assertEquals(4, node.counters().stream().mapToLong(one -> one.closed(CloseReason.DRAIN)).sum());
  }

  /** RFC 8656 §7.2 step 11: all shards refuse, then all serve again. */
  @Test
  void drainsAndServesAgain() throws IOException {
    get(node.redirect(new Redirection(Redirection.When.DRAINING, List.of())));
    for (int i = 0; i < 4; i++) {
      assertEquals(ERROR, allocate());
    }
    get(node.redirect(Redirection.NONE));
    assertEquals(SUCCESS, allocate());
  }

  private static Sessions.Query query(
      @Nullable String client, SessionOrder.@Nullable Place after, int limit) {
    SessionFilter filter =
        client == null
            ? SessionFilter.ANY
            : SessionFilter.ANY.withClient(AddressRange.parse(client));
    return new Sessions.Query(filter, SessionOrder.OLDEST, after, limit);
  }

  private List<Session> list(Sessions.Query query) {
    return get(node.sessions().list(query)).sessions();
  }

  /** A new client asks for an allocation; answers the type of what it gets. */
  private int allocate() throws IOException {
    DatagramSocket client = new DatagramSocket(0, InetAddress.getLoopbackAddress());
    clients.add(client);
    client.setSoTimeout(10_000);
    MessageBuilder request =
        new MessageBuilder(500)
            .message(MessageClass.REQUEST, Method.ALLOCATE, new byte[12])
            .i32(AttributeType.REQUESTED_TRANSPORT, 17 << 24);
    byte[] bytes = Arrays.copyOf(request.bytes(), request.length());
    TransportAddress server = node.endpoints().getFirst().local();
    client.send(new DatagramPacket(bytes, bytes.length, Addresses.of(server)));
    DatagramPacket answer = new DatagramPacket(new byte[1500], 1500);
    client.receive(answer);
    return (answer.getData()[0] & 0xff) << 8 | answer.getData()[1] & 0xff;
  }

  private static <T> T get(CompletionStage<T> stage) {
    return stage.toCompletableFuture().join();
  }

  private static TurnNode start(EventLoops loops) {
    TurnConfig turn =
        TurnConfig.builder().noAuth().relayAddresses(new RelayAddress(LOOPBACK)).build();
    List<TurnNode.Listen> listen = List.of(new TurnNode.Listen(Transport.UDP, LOOPBACK));
    TurnNode.Options options =
        new TurnNode.Options(listen, turn, BindingConfig.PLAIN, StreamLimits.DEFAULT);
    try {
      return TurnNode.start(loops, options, new LocalStore(LocalStore.Quotas.NONE));
    } catch (BindFailure failure) {
      throw new AssertionError(failure);
    }
  }
}

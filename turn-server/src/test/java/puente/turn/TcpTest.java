package puente.turn;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.jspecify.annotations.NullUnmarked;
import org.junit.jupiter.api.Test;
import puente.stun.AttributeType;
import puente.stun.MessageClass;
import puente.stun.Method;
import puente.stun.Transport;
import puente.stun.TransportAddress;

/** TCP allocations: RFC 6062. */
@NullUnmarked
class TcpTest {

  private static final String PEER = "192.0.2.7:8000";
  private static final int TCP = 6;

  private final Lab lab = new Lab(Lab.config().tcpRelay(true, 3).build());
  private final Client ana = lab.client(Transport.TCP, "203.0.113.5:5000").as("ana", "secreto");

  private static Sent allocateTcp() {
    return Sent.request(Method.ALLOCATE).transport(TCP);
  }

  private static Sent connect(String peer) {
    return Sent.request(Method.CONNECT).peer(peer);
  }

  private static Sent bind(int id) {
    return Sent.request(Method.CONNECTION_BIND).with(b -> b.i32(AttributeType.CONNECTION_ID, id));
  }

  private static int id(Reply reply) {
    return reply.message.i32At(reply.message.find(AttributeType.CONNECTION_ID));
  }

  private TransportAddress allocate() {
    return ana.sends(allocateTcp()).succeeds().relayed();
  }

  private Client dataConnection(String user, String password) {
    return lab.client(Transport.TCP, "203.0.113.5:5001").as(user, password);
  }

  /** RFC 6062 §5.1: an allocation for TCP, over TCP or TLS alone, without what is for datagrams. */
  @Test
  void allocation() {
    TransportAddress relayed = allocate();
    assertTrue(lab.open.stream().allMatch(Relay::isTcp));
    assertEquals(lab.open.iterator().next().advertised(), relayed);
    ana.sends(Sent.refresh().lifetime(0)).succeeds();
    lab.assertEmpty();
    ana.sends(allocateTcp().evenPort(false)).refused(400);
    ana.sends(allocateTcp().token(1)).refused(400);
    ana.sends(allocateTcp().dontFragment()).refused(400);
    Client tls = lab.client(Transport.TLS, "203.0.113.5:5002").as("ana", "secreto");
    tls.sends(allocateTcp()).succeeds();
    for (Transport transport : List.of(Transport.UDP, Transport.DTLS)) {
      Client client = lab.client(transport, "203.0.113.5:5003").as("ana", "secreto");
      client.sends(allocateTcp()).refused(400);
    }
  }

  /** RFC 6062 §5.1: 442 where TCP is not relayed; then Connect and ConnectionBind are not known. */
  @Test
  void offByDefault() {
    Lab plain = new Lab(Lab.config().build());
    Client client = plain.client(Transport.TCP, "203.0.113.5:5000").as("ana", "secreto");
    client.sends(allocateTcp()).refused(442);
    client.sends(connect(PEER)).silence();
    client.sends(bind(1)).silence();
  }

  /** RFC 6062 §5.2: the peer is called, and the client told which connection that is. */
  @Test
  void connectAndBind() {
    allocate();
    lab.tcp.listening.add(Lab.address(PEER));
    int id = id(ana.sends(connect(PEER)).succeeds());
    assertEquals(1, lab.tcp.open.size());
    dataConnection("ana", "secreto").sends(bind(id)).succeeds();
    assertEquals(lab.tcp.open, lab.tcp.joined);
    // RFC 6062 §5.4: once.
    dataConnection("ana", "secreto").sends(bind(id)).refused(400);
    lab.passesSeconds(60);
    assertEquals(1, lab.tcp.joined.size(), "who is joined waits for nothing");
  }

  /** RFC 6062 §5.2: each way in which a Connect request is refused. */
  @Test
  void connectIsRefused() {
    ana.sends(connect(PEER)).refused(437);
    allocate();
    ana.sends(Sent.request(Method.CONNECT)).refused(400);
    ana.sends(connect("192.0.2.7:0")).refused(400);
    ana.sends(connect("10.1.2.3:80")).refused(403);
    ana.sends(connect("127.0.0.1:80")).refused(403);
    ana.sends(connect("198.51.100.1:3478")).refused(403);
    ana.sends(connect("[2001:db8::7]:80")).refused(443);
    ana.sends(connect(PEER)).refused(447);
    assertEquals(List.of(), lab.tcp.open);
    Client udp = lab.client("203.0.113.5:5003").as("ana", "secreto");
    udp.sends(Sent.allocate()).succeeds();
    udp.sends(connect(PEER)).refused(403);
  }

  /** RFC 6062 §5.2: one connection with each peer, while it is made and while it stands. */
  @Test
  void onceWithEachPeer() {
    allocate();
    lab.tcp.silent.add(Lab.address(PEER));
    ana.sends(connect(PEER)).silence();
    ana.sends(connect(PEER)).refused(446);
    lab.tcp.listening.add(Lab.address("192.0.2.8:1"));
    ana.sends(connect("192.0.2.8:1")).succeeds();
    ana.sends(connect("192.0.2.8:1")).refused(446);
    lab.tcp.closes(lab.tcp.open.get(0));
    ana.sends(connect("192.0.2.8:1")).succeeds();
  }

  /** RFC 6062 §5.2: 447 after 30 seconds; what is not bound in 30 seconds is closed. */
  @Test
  void timeouts() {
    allocate();
    lab.tcp.silent.add(Lab.address(PEER));
    ana.sends(connect(PEER)).silence();
    lab.passes(29_999);
    assertFalse(ana.hasMail());
    lab.passes(1);
    assertEquals(447, ana.next().code());
    lab.tcp.listening.add(Lab.address("192.0.2.8:1"));
    int id = id(ana.sends(connect("192.0.2.8:1")).succeeds());
    lab.passes(29_999);
    assertEquals(1, lab.tcp.open.size());
    lab.passes(1);
    assertEquals(List.of(), lab.tcp.open);
    dataConnection("ana", "secreto").sends(bind(id)).refused(400);
  }

  /** RFC 6062 §5.3: who is permitted is announced to the client; who is not is closed. */
  @Test
  void peersCall() {
    TransportAddress relayed = allocate();
    assertNull(lab.tcp.calls(PEER, relayed), "no permission");
    assertFalse(ana.hasMail());
    ana.sends(Sent.createPermission("192.0.2.7:1")).succeeds();
    assertNotNull(lab.tcp.calls(PEER, relayed));
    Reply attempt = ana.next();
    assertEquals(MessageClass.INDICATION, attempt.message.messageClass());
    assertEquals(Method.CONNECTION_ATTEMPT, attempt.message.method());
    assertEquals(Lab.address(PEER), attempt.peer());
    dataConnection("ana", "secreto").sends(bind(id(attempt))).succeeds();
    assertNotNull(lab.tcp.calls("192.0.2.7:8001", relayed));
    lab.passesSeconds(30);
    assertEquals(1, lab.tcp.open.size(), "nobody came for the second");
    lab.passesSeconds(300);
    assertNull(lab.tcp.calls("192.0.2.7:8002", relayed), "the permission is over");
  }

  /** RFC 6062 §5.4: by whom, on what, and for what a ConnectionBind is refused. */
  @Test
  void bindIsRefused() {
    allocate();
    lab.tcp.listening.add(Lab.address(PEER));
    int id = id(ana.sends(connect(PEER)).succeeds());
    dataConnection("eva", "oculto").sends(bind(id)).refused(441);
    dataConnection("ana", "secreto").sends(bind(id + 128)).refused(400);
    dataConnection("ana", "secreto").sends(Sent.request(Method.CONNECTION_BIND)).refused(400);
    Client stranger = lab.client(Transport.TCP, "203.0.113.9:1");
    stranger.sends(bind(id)).refused(401);
    Client udp = lab.client("203.0.113.5:5003").as("ana", "secreto");
    udp.sends(bind(id)).refused(400);
    dataConnection("ana", "secreto").sends(bind(id)).succeeds();
  }

  /** RFC 6062 §5.5: with the allocation, all its connections end. */
  @Test
  void connectionsEndWithTheAllocation() {
    lab.tcp.listening.add(Lab.address(PEER));
    allocate();
    int id = id(ana.sends(connect(PEER)).succeeds());
    dataConnection("ana", "secreto").sends(bind(id)).succeeds();
    ana.sends(Sent.refresh().lifetime(0)).succeeds();
    assertEquals(List.of(), lab.tcp.open);
    lab.assertEmpty();
    allocate();
    ana.sends(connect(PEER)).succeeds();
    lab.passesSeconds(700);
    assertEquals(List.of(), lab.tcp.open);
    lab.assertEmpty();
    ana.as("ana", "secreto");
    allocate();
    ana.sends(connect(PEER)).succeeds();
    lab.server.onClosed(ana.tuple, lab.now, lab);
    assertEquals(List.of(), lab.tcp.open);
    lab.assertEmpty();
  }

  /** RFC 6062 §4.3: no datagrams and no channels on a TCP allocation. */
  @Test
  void noDatagrams() {
    allocate();
    ana.sends(Sent.channelBind(0x4000, PEER)).refused(403);
    ana.sends(Sent.createPermission(PEER)).succeeds();
    ana.sends(Sent.send(PEER, "x")).silence();
    assertTrue(lab.atPeers.isEmpty());
  }

  /** Few at a time, however they came to be; their numbers cannot be guessed. */
  @Test
  void limits() {
    TransportAddress relayed = allocate();
    int[] ids = new int[3];
    for (int i = 0; i < 3; i++) {
      String peer = "192.0.2.7:" + (100 + i);
      lab.tcp.listening.add(Lab.address(peer));
      ids[i] = id(ana.sends(connect(peer)).succeeds());
    }
    assertNotEquals(ids[1] - ids[0], ids[2] - ids[1]);
    ana.sends(connect("192.0.2.7:103")).refused(508);
    ana.sends(Sent.createPermission("192.0.2.7:1")).succeeds();
    assertNull(lab.tcp.calls("192.0.2.7:104", relayed));
    assertEquals(1, lab.counters.total(Counter.TCP_TOO_MANY));
  }

  /** What goes through counts as datagrams do, and max-bps makes both ends wait. */
  @Test
  void accounting() {
    Lab slow =
        new Lab(
            Lab.config()
                .tcpRelay(true, 3)
                .limits(Limits.STANDARD.withBytesPerSecond(1000))
                .build());
    Client client = slow.client(Transport.TCP, "203.0.113.5:5000").as("ana", "secreto");
    client.sends(allocateTcp()).succeeds();
    slow.tcp.listening.add(Lab.address(PEER));
    client.sends(connect(PEER)).succeeds();
    PeerConnection connection = slow.tcp.open.get(0);
    Connections connections = slow.server.connections();
    connections.onBytes(connection, true, 5000, slow.now);
    assertTrue(connections.pays(connection, true, 5000, slow.now));
    connections.onBytes(connection, true, 10, slow.now);
    assertFalse(connections.pays(connection, true, 10, slow.now));
    assertTrue(connections.pays(connection, false, 10, slow.now), "the other way is another's");
    slow.now += 3000;
    assertFalse(
        connections.pays(connection, true, 10, slow.now), "a second's worth comes at a time");
    for (int i = 0; i < 4; i++) {
      slow.now += 1000;
      connections.pays(connection, true, 0, slow.now);
    }
    assertTrue(connections.pays(connection, true, 10, slow.now));
    Allocation allocation = slow.server.allocationOf(client.tuple);
    assertEquals(5010, allocation.bytesUp());
    assertEquals(2, allocation.packetsUp());
  }
}

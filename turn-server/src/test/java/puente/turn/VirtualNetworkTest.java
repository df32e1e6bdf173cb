package puente.turn;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Consumer;
import org.jspecify.annotations.NullUnmarked;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import puente.stun.AttributeType;
import puente.stun.Message;
import puente.stun.MessageBuilder;
import puente.stun.MessageClass;
import puente.stun.Method;
import puente.stun.TransportAddress;
import puente.turn.VirtualNetwork.Nat;

/** Calls through a bad network, in virtual time: loss, doubles, reordering and NATs. */
@NullUnmarked
class VirtualNetworkTest {

  private static final int CHANNEL = 0x4000;
  private static final int MESSAGES = 200;

  /**
   * RFC 8656 §7.2, §12 and RFC 8489 §6.2.1, §6.3.1.2: two clients behind symmetric NATs can only meet at
   * their relays; requests and answers that are lost or doubled make no second allocation.
   */
  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5})
  void twoClientsBehindSymmetricNatsMeetAtTheirRelays(long seed) {
    Lab lab = new Lab(Lab.noAuth().build());
    VirtualNetwork network = new VirtualNetwork(lab, seed, 0.1, 0.05);
    Caller ana = new Caller(network, "192.0.2.10", Nat.SYMMETRIC, seed);
    Caller ben = new Caller(network, "192.0.2.20", Nat.SYMMETRIC, seed + 100);
    ana.allocates();
    ben.allocates();
    network.runs(40_000);
    assertEquals(2, lab.server.allocations());
    ana.binds(ben.relayed);
    ben.binds(ana.relayed);
    network.runs(40_000);
    assertTrue(ana.bound && ben.bound, "seed " + seed);
    for (int i = 0; i < MESSAGES; i++) {
      ana.says(i);
      ben.says(i);
      network.runs(20);
    }
    network.runs(1000);
    // Two lossy hops: four fifths arrive; whatever arrives is whole and from the right side.
    assertTrue(ana.heard.size() > MESSAGES * 6 / 10, "seed " + seed + ": " + ana.heard.size());
    assertTrue(ben.heard.size() > MESSAGES * 6 / 10, "seed " + seed + ": " + ben.heard.size());
    assertTrue(network.lost > 0, "a network that loses nothing proves nothing");
    ana.deletes();
    ben.deletes();
    network.runs(40_000);
    assertEquals(0, lab.server.allocations(), "seed " + seed);
    lab.assertEmpty();
  }

  /** RFC 8656 §9: a peer behind a NAT is reached once it has sent to the relay itself. */
  @Test
  void aPeerBehindARestrictedNatMustSpeakFirst() {
    Lab lab = new Lab(Lab.noAuth().build());
    VirtualNetwork network = new VirtualNetwork(lab, 7, 0, 0);
    Caller ana = new Caller(network, "192.0.2.10", Nat.FULL_CONE, 7);
    Set<String> atPeer = new TreeSet<>();
    VirtualNetwork.Host peer =
        network.host(
            "192.0.2.30", Nat.ADDRESS_RESTRICTED, (from, bytes) -> atPeer.add(from.toString()));
    ana.allocates();
    network.runs(1000);
    ana.binds(Lab.address("192.0.2.30:40000"));
    network.runs(1000);
    ana.says(1);
    network.runs(1000);
    assertEquals(Set.of(), atPeer);
    peer.sends(ana.relayed, ByteBuffer.allocate(8).putInt(CHANNEL).putInt(9).array());
    network.runs(1000);
    assertEquals(Set.of(9), ana.heard);
    ana.says(2);
    network.runs(1000);
    assertEquals(Set.of(ana.relayed.toString()), atPeer);
  }

  /** A client that repeats its requests as RFC 8489 §6.2.1 says: RTO 500 ms, doubled, 7 times. */
  private static final class Caller {
    private static final int RTO_MS = 500;
    private static final int SENDS_MAX = 7;

    private final VirtualNetwork network;
    private final VirtualNetwork.Host host;
    private final Random random;
    private final Map<String, Consumer<Message>> waiting = new HashMap<>();
    final Set<Integer> heard = new TreeSet<>();
    TransportAddress relayed;
    boolean bound;

    Caller(VirtualNetwork network, String outside, Nat nat, long seed) {
      this.network = network;
      this.random = new Random(seed);
      host = network.host(outside, nat, this::receives);
    }

    void allocates() {
      asks(
          request(Method.ALLOCATE).i32(AttributeType.REQUESTED_TRANSPORT, 17 << 24),
          answer -> {
            TransportAddress told =
                answer.xorAddressAt(answer.find(AttributeType.XOR_RELAYED_ADDRESS));
            assertTrue(relayed == null || relayed.equals(told), "two allocations");
            relayed = told;
          });
    }

    void binds(TransportAddress peer) {
      assertNotNull(peer, "no allocation");
      asks(
          request(Method.CHANNEL_BIND)
              .i32(AttributeType.CHANNEL_NUMBER, CHANNEL << 16)
              .xorAddress(AttributeType.XOR_PEER_ADDRESS, peer),
          answer -> bound = true);
    }

    void deletes() {
      asks(request(Method.REFRESH).i32(AttributeType.LIFETIME, 0), answer -> {});
    }

    void says(int number) {
      host.sends(
          Lab.SERVER,
          ByteBuffer.allocate(12).putInt(CHANNEL << 16 | 8).putInt(CHANNEL).putInt(number).array());
    }

    private MessageBuilder request(Method method) {
      byte[] transaction = new byte[12];
      random.nextBytes(transaction);
      return new MessageBuilder(600).message(MessageClass.REQUEST, method, transaction);
    }

    private void asks(MessageBuilder request, Consumer<Message> then) {
      byte[] bytes = Arrays.copyOf(request.bytes(), request.length());
      waiting.put(Arrays.toString(Arrays.copyOfRange(bytes, 8, 20)), then);
      repeats(bytes, 0);
    }

    private void repeats(byte[] bytes, int sent) {
      if (sent < SENDS_MAX
          && waiting.containsKey(Arrays.toString(Arrays.copyOfRange(bytes, 8, 20)))) {
        host.sends(Lab.SERVER, bytes);
        network.after((long) RTO_MS << sent, () -> repeats(bytes, sent + 1));
      }
    }

    private void receives(TransportAddress from, byte[] bytes) {
      assertEquals(Lab.SERVER, from, "past the relay");
      if ((bytes[0] & 0xc0) == 0x40) {
        ByteBuffer data = ByteBuffer.wrap(bytes);
        assertEquals(CHANNEL << 16 | 8, data.getInt());
        assertEquals(CHANNEL, data.getInt());
        heard.add(data.getInt());
        return;
      }
      Message answer = new Message();
      assertEquals(Message.Shape.WELL_FORMED, answer.parse(bytes, bytes.length));
      Consumer<Message> then = waiting.remove(Arrays.toString(answer.transactionId()));
      if (then != null) {
        assertEquals(MessageClass.SUCCESS, answer.messageClass());
        then.accept(answer);
      }
    }
  }
}

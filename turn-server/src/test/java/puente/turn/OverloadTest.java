package puente.turn;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static puente.turn.Sent.allocate;
import static puente.turn.Sent.channelBind;
import static puente.turn.Sent.refresh;
import static puente.turn.Sent.send;

import java.util.ArrayDeque;
import java.util.Queue;
import org.jspecify.annotations.NullUnmarked;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import puente.stun.Method;
import puente.stun.Transport;
import puente.stun.TransportAddress;

/** More comes than can be handled: what is left undone, in which order, and what never. */
@NullUnmarked
class OverloadTest {

  private static final int PROVEN = 60;
  private static final String PEER = "192.0.2.200:7000";

  private final Lab lab = new Lab(config(20));
  private int clients;

  /** They have learnt their nonces while all was well. */
  private final Queue<Client> proven = new ArrayDeque<>();

  @BeforeEach
  void someLearnTheirNonces() {
    for (int i = 0; i < PROVEN; i++) {
      proven.add(newcomer().as("eva", "oculto"));
    }
  }

  /** RFC 8656 §21.3.1: who has shown nothing yet waits first. */
  @Test
  void unprovenThenBindingThenAllocateAndNeverMedia() {
    Client busy = newcomer().as("ana", "secreto");
    TransportAddress relayed = busy.allocates();
    busy.sends(channelBind(0x4000, PEER)).succeeds();
    assertAnswered(true, true, true);

    lab.server.pressed(true, lab.now);
    assertAnswered(true, true, true);
    lab.passes(19);
    assertAnswered(true, true, true);
    lab.passes(1);
    lab.server.pressed(true, lab.now);
    assertAnswered(false, true, true);
    lab.passes(79);
    assertAnswered(false, true, true);
    lab.passes(1);
    assertAnswered(false, false, true);
    lab.passes(199);
    assertAnswered(false, false, true);
    lab.passes(1);
    assertAnswered(false, false, false);

    lab.passesSeconds(30);
    assertMediaGoOn(busy, relayed);
    busy.sends(refresh()).succeeds();
    busy.sends(channelBind(0x4001, "192.0.2.201:7000")).succeeds();
    assertTrue(lab.counters.total(Counter.OVERLOAD) > 0);

    lab.server.pressed(false, lab.now);
    assertAnswered(true, true, true);
  }

  @Test
  void aBurstThatIsOverAtOnceChangesNothing() {
    for (int i = 0; i < 50; i++) {
      lab.server.pressed(true, lab.now);
      lab.passes(19);
      assertAnswered(true, true, true);
      lab.server.pressed(false, lab.now);
    }
    assertEquals(0, lab.counters.total(Counter.OVERLOAD));
  }

  /** RFC 8489 §6.2.2: over a reliable transport nobody asks again. */
  @Test
  void onStreamsEveryoneIsAnswered() {
    lab.server.pressed(true, lab.now);
    lab.passesSeconds(10);
    Client client = lab.client(Transport.TCP, "192.0.2.7:4000");
    client.sends(Sent.request(Method.BINDING)).succeeds();
    client.as("ana", "secreto").allocates();
  }

  @Test
  void itCanBeSwitchedOff() {
    lab.server.reconfigure(config(0));
    lab.server.pressed(true, lab.now);
    lab.passesSeconds(10);
    assertAnswered(true, true, true);
  }

  private void assertAnswered(boolean unproven, boolean binding, boolean allocate) {
    assertEquals(unproven, isAnswered(newcomer(), allocate()), "401");
    assertEquals(binding, isAnswered(newcomer(), Sent.request(Method.BINDING)), "Binding");
    assertEquals(allocate, isAnswered(proven.remove(), allocate()), "Allocate");
  }

  /** The limit on 401 answers to one address would be in the way. */
  private static TurnConfig config(int overloadMs) {
    return Lab.config()
        .limits(Limits.STANDARD.withUnauthorized(0, 0))
        .overloadMs(overloadMs)
        .build();
  }

  private Client newcomer() {
    return lab.client("192.0.2.8:" + (4000 + clients++));
  }

  private static boolean isAnswered(Client client, Sent request) {
    client.sends(request);
    return client.hasMail();
  }

  private void assertMediaGoOn(Client busy, TransportAddress relayed) {
    lab.atPeers.clear();
    busy.sendsChannelData(0x4000, "up");
    busy.sends(send(PEER, "sent"));
    assertEquals(2, lab.atPeers.size());
    assertFalse(busy.hasMail());
    lab.peerSends(Lab.address(PEER), relayed, "down");
    busy.receivesOnChannel(0x4000, "down");
  }
}

package puente.signal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import puente.signal.PeerBroker.Event;

/** The PeerServer protocol in virtual time. */
class PeerBrokerTest implements PeerBroker.Effects {

  private static final PeerBroker.Limits SMALL = new PeerBroker.Limits(3, 5_000, 90_000, 4, 1_000);
  private static final long ANA = 1;
  private static final long BEN = 2;

  private PeerBroker broker = new PeerBroker(SMALL, PeerBroker.Elsewhere.NOWHERE);
  private final List<String> said = new ArrayList<>();
  private final Map<Event, Integer> counted = new HashMap<>();
  private long now = 1_000_000;

  @Test
  void newClientIsWelcome() {
    opens(ANA, "ana", "t1");
    said("1 OPEN");
  }

  @Test
  void missingNamesAreAnError() {
    for (String nothing : new String[] {null, "", "x".repeat(PeerBroker.NAME_MAX + 1)}) {
      opens(7, nothing, "t");
      said("7 ERROR {msg=" + PeerBroker.NO_PARAMETERS + "}", "7 closed");
      opens(8, "ana", nothing);
      said("8 ERROR {msg=" + PeerBroker.NO_PARAMETERS + "}", "8 closed");
    }
    assertFalse(broker.isTaken("ana"));
  }

  @Test
  void idOfAnotherIsTaken() {
    opens(ANA, "ana", "t1");
    said("1 OPEN");
    opens(9, "ana", "t2");
    said("9 ID-TAKEN {msg=ID is taken}", "9 closed");
    broker.onClosed(9);
    sends(ANA, "OFFER", "ana");
    said("1 OFFER ana>ana payload");
  }

  @Test
  void sameTokenTakesTheSocketOver() {
    opens(ANA, "ana", "t1");
    said("1 OPEN");
    opens(3, "ana", "t1");
    said("1 closed", "3 OPEN");
    broker.onClosed(ANA);
    assertTrue(broker.isTaken("ana"), "the old socket takes nobody with it");
    opens(BEN, "ben", "t2");
    sends(BEN, "OFFER", "ana");
    said("2 OPEN", "3 OFFER ben>ana payload");
  }

  @Test
  void noMoreThanTheLimit() {
    opens(1, "a", "t");
    opens(2, "b", "t");
    opens(3, "c", "t");
    opens(4, "d", "t");
    said("1 OPEN", "2 OPEN", "3 OPEN", "4 ERROR {msg=" + PeerBroker.TOO_MANY + "}", "4 closed");
    opens(5, "a", "t");
    said("1 closed", "5 OPEN");
  }

  @Test
  void senderIsWhoTheSocketBelongsTo() {
    both();
    broker.onMessage(
        ANA, new PeerBroker.Message("ANSWER", "mallory", "ben", "payload", 10), now, this);
    said("2 ANSWER ana>ben payload");
  }

  @Test
  void allKindsAreForwardedAndOthersPassedOver() {
    both();
    for (String type : List.of("OFFER", "ANSWER", "CANDIDATE", "LEAVE", "EXPIRE")) {
      sends(ANA, type, "ben");
      said("2 " + type + " ana>ben payload");
    }
    sends(ANA, "OPEN", "ben");
    sends(ANA, "ID-TAKEN", "ben");
    sends(ANA, "OFFER", null);
    sends(77, "OFFER", "ben");
    said();
    assertEquals(4, counted.get(Event.IGNORED));
  }

  @Test
  void messagesWaitForTheirReceiver() {
    opens(ANA, "ana", "t1");
    sends(ANA, "OFFER", "ben");
    sends(ANA, "CANDIDATE", "ben");
    sends(ANA, "LEAVE", "ben");
    said("1 OPEN");
    now += 4_999;
    opens(BEN, "ben", "t2");
    said("2 OPEN", "2 OFFER ana>ben payload", "2 CANDIDATE ana>ben payload");
    later(10_000);
    said();
  }

  @Test
  void nobodyCameSoEachSenderIsToldOnce() {
    both();
    said();
    sends(ANA, "OFFER", "cleo");
    now += 3_000;
    sends(ANA, "CANDIDATE", "cleo");
    sends(BEN, "OFFER", "cleo");
    assertEquals(now + 2_000, broker.nextDeadline(), "counted from the first that waits");
    now += 1_999;
    broker.onTime(now, this);
    said();
    now += 1;
    broker.onTime(now, this);
    said("1 EXPIRE cleo>ana null", "2 EXPIRE cleo>ben null");
    opens(3, "cleo", "t3");
    said("3 OPEN");
  }

  @Test
  void leaveWithoutReceiverRemovesTheSender() {
    both();
    sends(ANA, "LEAVE", null);
    assertFalse(broker.isTaken("ana"));
    sends(BEN, "OFFER", "ana");
    said();
    opens(3, "ana", "another token");
    said("3 OPEN", "3 OFFER ben>ana payload");
    broker.onClosed(ANA);
    assertTrue(broker.isTaken("ana"));
  }

  @Test
  void silentClientsAreGivenUp() {
    both();
    now += 60_000;
    sends(BEN, "HEARTBEAT", null);
    now += 29_999;
    broker.onTime(now, this);
    said();
    now += 1;
    broker.onTime(now, this);
    said("1 closed");
    assertFalse(broker.isTaken("ana"));
    assertTrue(broker.isTaken("ben"));
    assertEquals(now + 60_000, broker.nextDeadline());
  }

  @Test
  void whatCannotBeSentIsAnsweredWithLeave() {
    both();
    var offer = new PeerBroker.Message("OFFER", "ana", "ben", "payload", 10);
    broker.onUndeliverable(BEN, offer, this);
    said("2 closed", "1 LEAVE ben>ana null");
    assertFalse(broker.isTaken("ben"));
  }

  @Test
  void queuesAreBounded() {
    opens(ANA, "ana", "t1");
    for (int i = 0; i < 10; i++) {
      sends(ANA, "CANDIDATE", "ben");
    }
    assertEquals(4, counted.get(Event.QUEUED));
    var large = new PeerBroker.Message("OFFER", null, "cleo", "payload", 961);
    broker.onMessage(ANA, large, now, this);
    assertEquals(7, counted.get(Event.QUEUE_FULL), "forty bytes wait, a thousand may");
    now += 5_000;
    broker.onTime(now, this);
    broker.onMessage(ANA, large, now, this);
    assertEquals(5, counted.get(Event.QUEUED), "the expired ones are no longer counted");
    broker.onMessage(
        ANA, new PeerBroker.Message("OFFER", null, "x".repeat(129), "p", 1), now, this);
    assertEquals(8, counted.get(Event.QUEUE_FULL));
  }

  /** Whatever happens: nobody is told of what was not sent to them, and in the end nothing is left. */
  @Test
  void anyOrderLeavesNothingBehind() {
    long seed = 20261120;
    Random random = new Random(seed);
    broker = new PeerBroker(PeerBroker.Limits.DEFAULT, PeerBroker.Elsewhere.NOWHERE);
    List<Long> open = new ArrayList<>();
    for (int step = 0; step < 20_000; step++) {
      now += random.nextInt(400);
      switch (random.nextInt(6)) {
        case 0 -> {
          open.add((long) step);
          opens(step, "p" + random.nextInt(20), "t" + random.nextInt(2));
        }
        case 1 -> {
          if (!open.isEmpty()) {
            broker.onClosed(open.remove(random.nextInt(open.size())));
          }
        }
        case 2 -> broker.onTime(now, this);
        default -> {
          long socket = open.isEmpty() ? 0 : open.get(random.nextInt(open.size()));
          String type = random.nextInt(5) == 0 ? "HEARTBEAT" : "OFFER";
          sends(socket, type, "p" + random.nextInt(25));
        }
      }
      said.clear();
    }
    open.forEach(broker::onClosed);
    later(100_000);
    assertEquals(List.of(), broker.ids(), () -> "seed " + seed);
    assertEquals(Long.MAX_VALUE, broker.nextDeadline(), () -> "seed " + seed);
  }

  private void both() {
    opens(ANA, "ana", "t1");
    opens(BEN, "ben", "t2");
    said.clear();
  }

  private void opens(long socket, @Nullable String id, @Nullable String token) {
    broker.onOpen(socket, id, token, now, this);
  }

  private void sends(long socket, String type, @Nullable String to) {
    broker.onMessage(socket, new PeerBroker.Message(type, null, to, "payload", 10), now, this);
  }

  private void later(long ms) {
    now += ms;
    broker.onTime(now, this);
  }

  private void said(String... expected) {
    assertEquals(List.of(expected), said);
    said.clear();
  }

  @Override
  public void send(long socket, PeerBroker.Message message) {
    String names = message.src() == null ? "" : " " + message.src() + ">" + message.dst();
    boolean bare = message.src() == null && message.payload() == null;
    said.add(socket + " " + message.type() + names + (bare ? "" : " " + message.payload()));
  }

  @Override
  public void close(long socket) {
    said.add(socket + " closed");
  }

  @Override
  public void count(Event event) {
    counted.merge(event, 1, Integer::sum);
  }
}

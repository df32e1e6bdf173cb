package puente.signal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What puente.v1 promises, in virtual time. */
class RoomsTest {
  private final RoomsLab lab = new RoomsLab(1);

  @Test
  void welcomeNamesTheSession() {
    var ana = lab.opens().hello(Grant.PAGE, "{'t':'hello','id':'h','d':{'peerId':'boss'}}");
    Map<String, @Nullable Object> welcome = ana.hears("welcome");
    assertEquals("h", welcome.get("re"));
    Map<String, @Nullable Object> d = RoomsLab.data(welcome);
    assertNotEquals("boss", d.get("peerId"), "a page does not choose its id");
    assertEquals(false, d.get("resumed"));
    assertEquals(3600L, d.get("iceTtl"));
    assertEquals(24, String.valueOf(d.get("resumeKey")).length());
  }

  @Test
  void tokensNameTheirPeer() {
    Grant ana = new Grant("ana", false, Set.of("demo"), Grant.MEMBER, Map.of(), Long.MAX_VALUE);
    var client = lab.opens().hello(ana, "{'t':'hello','d':{'peerId':'somebody-else'}}");
    assertEquals("ana", client.hearsData("welcome").get("peerId"));
    client.says("{'t':'join','id':'1','room':'other'}").fails("forbidden");
    client.says("{'t':'join','id':'2','room':'demo'}").hears("joined");
  }

  @Test
  void joiningTellsWhoIsPoliteAndWhoIsThere() {
    var bob = lab.connects("bob");
    bob.says("{'t':'join','id':'1','room':'demo','d':{'meta':{'n':1},'presence':{'mic':true}}}");
    assertEquals(List.of(), bob.hearsData("joined").get("peers"));
    var ana = lab.connects("ana");
    ana.says("{'t':'join','id':'1','room':'demo'}");
    Map<?, ?> there = (Map<?, ?>) ((List<?>) peersOf(ana)).getFirst();
    assertEquals("bob", there.get("id"));
    assertEquals(Map.of("mic", true), there.get("presence"));
    assertEquals(false, there.get("polite"), "bob sorts after ana");
    assertEquals(true, bob.hearsData("peer.joined").get("polite"), "ana sorts first");
  }

  private static Object peersOf(RoomsLab.Client client) {
    return java.util.Objects.requireNonNull(client.hearsData("joined").get("peers"));
  }

  @Test
  void messagesReachOnePeerOrTheRoom() {
    var ana = lab.joins("ana", "demo");
    var bob = lab.joins("bob", "demo");
    var eve = lab.joins("eve", "demo");
    drain(ana, bob, eve);
    ana.says("{'t':'msg','id':'1','room':'demo','to':'bob','d':{'k':'app','x':[1,2.50]}}");
    Map<String, @Nullable Object> heard = bob.hears("msg");
    assertEquals("ana", heard.get("from"));
    assertTrue(String.valueOf(heard.get("d")).contains("2.50"), "numbers pass as they were");
    assertEquals(Map.of("delivered", 1L, "queued", 0L), ana.hearsData("ack"));
    eve.hearsNothing();
    ana.says("{'t':'msg','room':'demo','d':{}}");
    ana.hearsNothing();
    bob.hears("msg");
    eve.hears("msg");
    ana.says("{'t':'msg','room':'demo','echo':true,'d':{}}").hears("msg");
  }

  private static void drain(RoomsLab.Client... clients) {
    for (var client : clients) {
      client.heard.clear();
    }
  }

  @Test
  void nobodySpeaksInARoomHeIsNotIn() {
    lab.joins("ana", "demo");
    var eve = lab.connects("eve");
    for (String type : List.of("msg", "presence", "list", "leave")) {
      eve.says("{'t':'" + type + "','id':'1','room':'demo','d':{}}").fails("room-not-found");
    }
    eve.says("{'t':'kick','id':'1','room':'demo','to':'ana'}").fails("room-not-found");
  }

  @Test
  void presenceIsTold() {
    var ana = lab.joins("ana", "demo");
    var bob = lab.joins("bob", "demo");
    drain(ana, bob);
    ana.says("{'t':'presence','id':'1','room':'demo','d':{'presence':{'mic':false}}}").hears("ack");
    assertEquals(Map.of("mic", false), bob.hearsData("peer.updated").get("presence"));
  }

  @Test
  void whoIsThrownOutStaysOut() {
    var ana = lab.joins("ana", "demo");
    var eve = lab.joins("eve", "demo");
    drain(ana, eve);
    ana.says("{'t':'kick','id':'1','room':'demo','to':'eve'}");
    assertEquals("kicked", eve.hearsData("peer.left").get("reason"));
    assertEquals("kicked", ana.hearsData("peer.left").get("reason"));
    eve.says("{'t':'join','id':'2','room':'demo'}").fails("forbidden");
    lab.waits(61_000);
    drain(eve);
    eve.says("{'t':'join','id':'3','room':'demo'}").hears("joined");
  }

  @Test
  void pagesMayNotKick() {
    lab.joins("ana", "demo");
    var page = lab.opens().hello(Grant.PAGE, "{'t':'hello'}");
    page.hears("welcome");
    page.says("{'t':'join','room':'demo'}").hears("joined");
    page.says("{'t':'kick','id':'1','room':'demo','to':'ana'}").fails("forbidden");
  }

  @Test
  void whatWasMissedIsReplayed() {
    var ana = lab.joins("ana", "demo");
    var bob = lab.joins("bob", "demo");
    drain(ana, bob);
    bob.drops();
    ana.says("{'t':'msg','id':'1','room':'demo','to':'bob','d':{'n':1}}");
    assertEquals(Map.of("delivered", 0L, "queued", 1L), ana.hearsData("ack"));
    lab.waits(20_000);
    ana.hearsNothing();
    var again = lab.comesBack(bob);
    assertEquals(true, again.hearsData("welcome").get("resumed"));
    assertEquals(Map.of("n", 1L), again.hearsData("msg"));
    ana.says("{'t':'msg','room':'demo','to':'bob','d':{}}");
    again.hears("msg");
  }

  @Test
  void theSecondConnectionReplacesTheFirst() {
    var ana = lab.joins("ana", "demo");
    var again = lab.comesBack(ana);
    assertEquals(4009, ana.closed);
    assertEquals(true, again.hearsData("welcome").get("resumed"));
  }

  @Test
  void whoStaysAwayIsGone() {
    var ana = lab.joins("ana", "demo");
    var bob = lab.joins("bob", "demo");
    drain(ana, bob);
    bob.drops();
    lab.waits(30_000);
    assertEquals("timeout", ana.hearsData("peer.left").get("reason"));
    var again = lab.comesBack(bob);
    again.fails("resume-expired");
    assertEquals(false, again.hearsData("welcome").get("resumed"));
    ana.says("{'t':'msg','id':'2','room':'demo','to':'bob','d':{}}").fails("peer-unavailable");
  }

  @Test
  void aGuessedKeyResumesNothing() {
    var ana = lab.joins("ana", "demo");
    var thief =
        lab.opens()
            .hello(
                Grant.PAGE,
                "{'t':'hello','d':{'resume':{'sid':'%s','key':'guess','lastSeq':0}}}"
                    .formatted(ana.sid));
    thief.fails("resume-expired");
    assertNotEquals("ana", thief.hearsData("welcome").get("peerId"));
    assertEquals(0, ana.closed);
  }

  @Test
  void tooMuchMissedIsSaid() {
    var ana = lab.joins("ana", "demo");
    var bob = lab.joins("bob", "demo");
    bob.drops();
    for (int i = 0; i < 9; i++) {
      ana.says("{'t':'msg','room':'demo','d':{}}");
    }
    var again = lab.comesBack(bob);
    again.fails("resume-expired");
    assertEquals(false, again.hearsData("welcome").get("resumed"));
  }

  @Test
  void aRepeatedRequestIsCarriedOutOnce() {
    var ana = lab.joins("ana", "demo");
    var bob = lab.joins("bob", "demo");
    drain(ana, bob);
    ana.says("{'t':'msg','id':'7','room':'demo','d':{}}").hears("ack");
    ana.drops();
    var again = lab.comesBack(ana);
    again.hears("welcome");
    again.says("{'t':'msg','id':'7','room':'demo','d':{}}").hears("ack");
    bob.hears("msg");
    bob.hearsNothing();
  }

  @Test
  void anIdIsTakenWhileItIsConnected() {
    var ana = lab.connects("ana");
    lab.opens().hello(Grant.BACKEND, "{'t':'hello','d':{'peerId':'ana'}}").fails("id-taken");
    ana.drops();
    lab.connects("ana");
  }

  @Test
  void roomsAndPeersAreBounded() {
    for (int i = 0; i < 4; i++) {
      lab.joins("p" + i, "demo");
    }
    var late = lab.connects("late");
    late.says("{'t':'join','id':'1','room':'demo'}").fails("room-full");
    for (int i = 0; i < 3; i++) {
      late.says("{'t':'join','room':'r" + i + "'}").hears("joined");
    }
    late.says("{'t':'join','id':'2','room':'r4'}").fails("forbidden");
  }

  @Test
  void whoIsTooFastIsTold() {
    var ana = lab.connects("ana");
    for (int i = 0; i < 200; i++) {
      ana.says("{'t':'ping'}").hears("pong");
    }
    ana.says("{'t':'ping'}").fails("rate-limited");
    lab.now += 100;
    ana.says("{'t':'ping'}").hears("pong");
  }

  @Test
  void helloComesFirstAndSoon() {
    var early = lab.opens().says("{'t':'join','room':'demo'}");
    early.fails("unauthorized");
    assertEquals(4001, early.closed);
    var silent = lab.opens();
    lab.waits(10_000);
    assertEquals(4001, silent.closed);
  }

  @Test
  void iceServersComeBeforeTheyExpire() {
    var ana = lab.connects("ana");
    lab.waits(2_699_000);
    ana.hearsNothing();
    lab.waits(1000);
    assertEquals(3600L, ana.hearsData("ice").get("ttl"));
    ana.says("{'t':'ice','id':'1'}").hears("ice");
  }

  @Test
  void expiredTokensComeAgain() {
    Grant hour = new Grant("ana", false, Set.of(), Grant.MEMBER, Map.of(), lab.now + 3000);
    var ana = lab.opens().hello(hour, "{'t':'hello'}");
    ana.hears("welcome");
    Grant next = new Grant("ana", false, Set.of(), Grant.MEMBER, Map.of(), lab.now + 6000);
    ana.hello(next, "{'t':'hello'}").hears("welcome");
    lab.waits(5000);
    ana.hearsNothing();
    lab.waits(1000);
    ana.fails("token-expired");
    assertEquals(ClientSocket.TRY_AGAIN, ana.closed);
  }

  @Test
  void drainingSendsEverybodyAway() {
    var ana = lab.connects("ana");
    var ben = lab.connects("ben");
    var eva = lab.connects("eva");
    List<String> others = List.of("wss://two.example/signal", "wss://three.example/signal");
    lab.rooms.onDrain(new Signal.GoAway("drain", 12_000, null, true), others, lab.now, lab);
    List<Object> sentTo = new ArrayList<>();
    for (var one : List.of(ana, ben, eva)) {
      one.hears("ice");
      Map<String, @Nullable Object> goAway = one.hearsData("goaway");
      assertEquals(12_000L, goAway.get("afterMs"));
      sentTo.add(String.valueOf(goAway.get("reconnect")));
    }
    assertEquals(Set.copyOf(others), Set.copyOf(sentTo), "not all to one node");
    lab.rooms.onDrain(new Signal.GoAway("drain", 12_000, null, true), List.of(), lab.now, lab);
    ana.hears("ice");
    assertFalse(ana.hearsData("goaway").containsKey("reconnect"), "any other node");
    var late = lab.opens();
    late.fails("server-draining");
    assertEquals(1012, late.closed);
    lab.rooms.onUndrain();
    lab.connects("bob");
  }

  /** Connected or away: the session ends, and the others are told at once. */
  @Test
  void whoseCredentialIsRevokedIsOut() {
    var ana = lab.joins("ana", "demo");
    var ben = lab.joins("ben", "demo");
    var eva = lab.joins("eva", "demo");
    ana.heard.clear();
    ben.heard.clear();
    ben.drops();
    lab.rooms.onRevoked(Set.of("eva", "ben", "nobody"), lab.now, lab);
    eva.fails("unauthorized");
    assertEquals(4001, eva.closed);
    for (int i = 0; i < 2; i++) {
      assertEquals("kicked", ana.hearsData("peer.left").get("reason"));
    }
    ana.hearsNothing();
    assertEquals(0, ana.closed);
    lab.comesBack(ben).fails("resume-expired");
    assertEquals(2, lab.counts.get(Rooms.Event.REVOKED));
  }

  @Test
  void nothingIsLeftBehind() {
    var ana = lab.joins("ana", "demo");
    ana.says("{'t':'bye'}");
    assertEquals(1000, ana.closed);
    assertEquals(0, lab.rooms.sessions());
    assertEquals(0, lab.rooms.rooms());
  }

  /** Against a model: who hears what, whatever happens in whatever order. */
  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 5, 8, 13, 21, 34})
  void everybodyHearsEveryMessageOnceAndInOrder(long seed) {
    Random random = new Random(seed);
    RoomsLab world = new RoomsLab(seed, bigReplay());
    List<RoomsLab.Client> clients = new ArrayList<>();
    List<List<Long>> expected = new ArrayList<>();
    List<List<Long>> heard = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      clients.add(world.joins("p" + i, "demo"));
      expected.add(new ArrayList<>());
      heard.add(new ArrayList<>());
    }
    boolean[] away = new boolean[4];
    for (int step = 0; step < 600; step++) {
      int who = random.nextInt(4);
      world.now += random.nextInt(100);
      if (away[who]) {
        collect(clients.get(who), heard.get(who));
        long seen = clients.get(who).lastSeq;
        var again = world.comesBack(clients.get(who));
        assertFalse(again.heard.isEmpty(), "seed " + seed);
        assertTrue(again.lastSeq == 0 || again.lastSeq >= seen, "seed " + seed);
        again.lastSeq = Math.max(again.lastSeq, seen);
        clients.set(who, again);
        away[who] = false;
      } else if (random.nextInt(5) == 0) {
        collect(clients.get(who), heard.get(who));
        clients.get(who).drops();
        away[who] = true;
      } else {
        clients.get(who).says("{'t':'msg','room':'demo','d':{'n':" + step + "}}");
        for (int other = 0; other < 4; other++) {
          if (other != who) {
            expected.get(other).add((long) step);
          }
        }
      }
    }
    for (int i = 0; i < 4; i++) {
      collect(clients.get(i), heard.get(i));
      if (away[i]) {
        var again = world.comesBack(clients.get(i));
        collect(again, heard.get(i));
      }
      assertEquals(expected.get(i), heard.get(i), "peer " + i + ", seed " + seed);
    }
  }

  private static RoomLimits bigReplay() {
    return new RoomLimits(
        50, 20, 4, 3, 5000, 20_000, 1000, 1 << 20, 0x1_0000, 3_600_000, 25_000, 10_000, 60_000);
  }

  private static void collect(RoomsLab.Client client, List<Long> into) {
    for (Map<String, @Nullable Object> frame : client.heard) {
      if ("msg".equals(frame.get("t")) && frame.get("d") instanceof Map<?, ?> d) {
        into.add((Long) d.get("n"));
      }
    }
    client.heard.clear();
  }
}

package puente.signal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Rooms that span nodes, and sessions that outlive them; in virtual time. */
class FleetTest {
  private static final String ROOM = "demo";

  @Test
  void membersOnDifferentNodesMeetAndTalk() {
    FleetLab lab = new FleetLab(1, 3);
    RoomsLab.Client ana = lab.node(1).joins("ana", ROOM);
    lab.runs(100);
    RoomsLab.Client bob = lab.node(2).lab.connects("bob");
    bob.says("{'t':'join','room':'demo','d':{'meta':{'name':'Bob'}}}");
    assertEquals(List.of("ana"), ids(bob.hearsData("joined")));
    lab.runs(100);

    Map<String, ?> joined = ana.hearsData("peer.joined");
    assertEquals("bob", joined.get("id"));
    assertEquals(Map.of("name", "Bob"), joined.get("meta"));
    assertEquals(false, joined.get("polite"), "ana sorts first, so she gives way");

    ana.says("{'t':'msg','id':'1','room':'demo','to':'bob','d':{'x':1}}");
    assertEquals(Map.of("delivered", 1L, "queued", 0L), ana.hearsData("ack"));
    RoomsLab.Client cleo = lab.node(3).joins("cleo", ROOM);
    lab.runs(100);
    ana.hears("peer.joined");
    ana.says("{'t':'msg','id':'2','room':'demo','d':{'x':2}}");
    assertEquals(Map.of("delivered", 2L, "queued", 0L), ana.hearsData("ack"));
    ana.says("{'t':'presence','id':'3','room':'demo','d':{'presence':{'mic':true}}}");
    ana.hears("ack");
    lab.runs(100);
    assertEquals(List.of("ana 1", "ana 2"), FleetLab.messages(bob));
    assertEquals(List.of("ana 2"), FleetLab.messages(cleo));
    assertEquals(Map.of("mic", true), last(cleo, "peer.updated").get("presence"));

    ana.says("{'t':'msg','id':'4','room':'demo','to':'nobody','d':{}}").fails("peer-unavailable");
    bob.says("{'t':'leave','room':'demo'}");
    lab.runs(100);
    assertEquals("left", ana.hearsData("peer.left").get("reason"));
    lab.agree(ROOM, "ana", "cleo");
  }

  @Test
  void limitsAndNamesHoldAcrossNodes() {
    FleetLab lab = new FleetLab(2, 2);
    lab.node(1).joins("a", ROOM);
    lab.node(1).joins("b", ROOM);
    lab.node(2).joins("c", ROOM);
    lab.node(2).joins("d", ROOM);
    lab.runs(100);
    lab.node(1).lab.connects("e").says("{'t':'join','room':'demo'}").fails("room-full");
    lab.node(2)
        .lab
        .opens()
        .hello(Grant.BACKEND, "{'t':'hello','d':{'peerId':'a'}}")
        .fails("id-taken");
  }

  @Test
  void whoIsThrownOutOnAnotherNodeStaysOutOnAll() {
    FleetLab lab = new FleetLab(3, 3);
    RoomsLab.Client ana = lab.node(1).joins("ana", ROOM);
    RoomsLab.Client bob = lab.node(2).joins("bob", ROOM);
    lab.runs(100);
    ana.says("{'t':'kick','id':'1','room':'demo','to':'bob'}");
    lab.runs(100);
    assertEquals("kicked", last(bob, "peer.left").get("reason"));
    assertEquals("kicked", last(ana, "peer.left").get("reason"));
    bob.says("{'t':'bye'}");
    lab.runs(100);
    RoomsLab.Client again = lab.node(3).lab.connects("bob");
    again.says("{'t':'join','room':'demo'}").fails("forbidden");
    lab.runs(60_000);
    again.says("{'t':'join','room':'demo'}").hears("joined");
  }

  /** A session and what was sent to it survive its node, whichever node its client comes to. */
  @ParameterizedTest
  @ValueSource(longs = {11, 12, 13, 14, 15, 16, 17, 18, 19, 20})
  void aNodeDiesAndItsClientGoesOnElsewhere(long seed) {
    FleetLab lab = new FleetLab(seed, 3);
    lab.loss = 0.2;
    lab.jitterMs = 50;
    RoomsLab.Client ana = lab.node(1).joins("ana", ROOM);
    RoomsLab.Client bob = lab.node(2).joins("bob", ROOM);
    lab.runs(2_000);
    for (int i = 0; i < 3; i++) {
      ana.says("{'t':'msg','room':'demo','to':'bob','d':{'x':%d}}".formatted(i));
    }
    lab.runs(2_000);
    List<String> before = FleetLab.messages(bob);
    assertEquals(List.of("ana 0", "ana 1", "ana 2"), before);

    lab.dies(lab.node(2));
    for (int i = 3; i < 8; i++) {
      ana.says("{'t':'msg','room':'demo','to':'bob','d':{'x':%d}}".formatted(i));
      lab.runs(200);
    }
    RoomsLab.Client again = lab.node(seed % 2 == 0 ? 1 : 3).lab.comesBack(bob);
    lab.runs(5_000);
    assertEquals(true, again.hearsData("welcome").get("resumed"));
    assertEquals(
        IntStream.range(3, 8).mapToObj(i -> "ana " + i).toList(), FleetLab.messages(again));
    FleetLab.heardOnly(ana, "peer.joined");
    again.says("{'t':'msg','id':'9','room':'demo','to':'ana','d':{'x':'back'}}");
    assertEquals(Map.of("delivered", 1L, "queued", 0L), last(again, "ack"));
    lab.runs(2_000);
    assertEquals(List.of("bob back"), FleetLab.messages(ana));
    lab.agree(ROOM, "ana", "bob");
  }

  /** What a node said and did not have kept: the client knows more than the keeper. */
  @Test
  void aClientThatHeardMoreThanWasKeptMissesNothingThatCameAfter() {
    FleetLab lab = new FleetLab(4, 2);
    RoomsLab.Client ana = lab.node(1).joins("ana", ROOM);
    RoomsLab.Client cleo = lab.node(2).joins("cleo", ROOM);
    RoomsLab.Client bob = lab.node(2).joins("bob", ROOM);
    lab.runs(500);
    cleo.says("{'t':'msg','room':'demo','to':'bob','d':{'x':'unkept'}}");
    assertEquals(List.of("cleo unkept"), FleetLab.messages(bob));
    lab.dies(lab.node(2));
    ana.says("{'t':'msg','room':'demo','to':'bob','d':{'x':'held'}}");
    lab.runs(2_000);
    RoomsLab.Client again = lab.node(1).lab.comesBack(bob);
    lab.runs(1_000);
    again.hears("welcome");
    assertEquals(List.of("ana held"), FleetLab.messages(again));
    assertEquals(bob.lastSeq + 1, again.lastSeq, "numbers go on where the client was");
  }

  @Test
  void requestsThatWereCarriedOutAreNotRepeatedOnAnotherNode() {
    FleetLab lab = new FleetLab(5, 2);
    RoomsLab.Client ana = lab.node(1).joins("ana", ROOM);
    RoomsLab.Client bob = lab.node(2).joins("bob", ROOM);
    lab.runs(500);
    bob.says("{'t':'msg','id':'77','room':'demo','to':'ana','d':{'x':1}}");
    assertEquals(Map.of("delivered", 1L, "queued", 0L), last(bob, "ack"));
    lab.runs(500);
    lab.dies(lab.node(2));
    lab.runs(1_000);
    RoomsLab.Client again = lab.node(1).lab.comesBack(bob);
    again.hears("welcome");
    again.says("{'t':'msg','id':'77','room':'demo','to':'ana','d':{'x':1}}").hears("ack");
    assertEquals(List.of("bob 1"), FleetLab.messages(ana));
  }

  @Test
  void whoDoesNotComeBackIsGoneAfterTheWindow() {
    FleetLab lab = new FleetLab(6, 3);
    RoomsLab.Client ana = lab.node(1).joins("ana", ROOM);
    lab.node(2).joins("bob", ROOM);
    lab.runs(500);
    ana.hears("peer.joined");
    lab.dies(lab.node(2));
    lab.runs(29_000);
    ana.hearsNothing();
    lab.runs(5_000);
    assertEquals("timeout", ana.hearsData("peer.left").get("reason"));
    lab.agree(ROOM, "ana");
  }

  @Test
  void aClientMovesToAnotherNodeThatLives() {
    FleetLab lab = new FleetLab(7, 3);
    RoomsLab.Client ana = lab.node(1).joins("ana", ROOM);
    RoomsLab.Client bob = lab.node(2).joins("bob", ROOM);
    lab.runs(500);
    ana.hears("peer.joined");
    RoomsLab.Client again = lab.node(3).lab.comesBack(bob);
    ana.says("{'t':'msg','id':'1','room':'demo','to':'bob','d':{'x':1}}");
    lab.runs(10);
    ana.says("{'t':'msg','id':'2','room':'demo','to':'bob','d':{'x':2}}");
    lab.runs(500);
    assertEquals(4009, bob.closed);
    assertEquals(true, again.hearsData("welcome").get("resumed"));
    assertEquals(List.of("ana 1", "ana 2"), FleetLab.messages(again));
    FleetLab.heardOnly(ana, "ack");
    lab.agree(ROOM, "ana", "bob");

    RoomsLab.Client thief = lab.node(1).lab.opens();
    thief.hello(
        Grant.BACKEND,
        "{'t':'hello','d':{'resume':{'sid':'%s','key':'guessed','lastSeq':0}}}".formatted(bob.sid));
    lab.runs(9_000);
    thief.fails("resume-expired");
    assertEquals(0, again.closed);
  }

  @Test
  void twoHalvesOfAClusterThatMeetAgainAgree() {
    FleetLab lab = new FleetLab(8, 3);
    RoomsLab.Client ana = lab.node(1).joins("ana", ROOM);
    RoomsLab.Client bob = lab.node(2).joins("bob", ROOM);
    RoomsLab.Client cleo = lab.node(3).joins("cleo", ROOM);
    lab.runs(500);
    lab.cuts(lab.node(1), lab.node(2));
    lab.cuts(lab.node(1), lab.node(3));
    lab.runs(5_000);
    bob.says("{'t':'leave','room':'demo'}");
    lab.node(2).joins("dan", ROOM);
    lab.runs(1_000);
    lab.heals();
    lab.runs(4_000);
    lab.agree(ROOM, "ana", "cleo", "dan");
    assertEquals(0, ana.closed + bob.closed + cleo.closed, "whoever is connected stays so");
    lab.runs(40_000);
    lab.agree(ROOM, "ana", "cleo", "dan");
    ana.says("{'t':'msg','id':'1','room':'demo','d':{'x':1}}");
    assertEquals(Map.of("delivered", 2L, "queued", 0L), last(ana, "ack"));
    lab.runs(100);
    assertEquals(List.of("ana 1"), FleetLab.messages(cleo));
  }

  /** Chance joins, talks, leaves, moves and kills; then all agree, in order and nothing twice. */
  @ParameterizedTest
  @ValueSource(longs = {101, 102, 103, 104, 105, 106, 107, 108, 109, 110, 111, 112})
  void chance(long seed) {
    RoomLimits limits = RoomsLab.LIMITS;
    FleetLab lab = new FleetLab(seed, 4, limits);
    lab.loss = 0.1;
    lab.jitterMs = 80;
    Random random = new Random(seed);
    RoomsLab.Client[] clients = new RoomsLab.Client[4];
    int[] at = new int[4];
    for (int i = 0; i < clients.length; i++) {
      at[i] = 1 + i % 3;
      clients[i] = lab.node(at[i]).joins("c" + i, ROOM);
    }
    lab.runs(3_000);
    boolean dead = false;
    int sent = 0;
    for (int round = 0; round < 60; round++) {
      int who = random.nextInt(clients.length);
      FleetLab.Node node = lab.node(at[who]);
      if (!node.isAlive || random.nextInt(12) == 0) {
        at[who] = dead ? 3 + random.nextInt(2) : 1 + random.nextInt(4);
        if (lab.node(at[who]).isAlive) {
          clients[who] = lab.node(at[who]).lab.comesBack(clients[who]);
          lab.runs(6_000);
        }
      } else if (!dead && round == 30) {
        dead = true;
        lab.dies(lab.node(1));
      } else {
        int to = (who + 1) % clients.length;
        clients[who].says(
            "{'t':'msg','room':'demo','to':'c%d','d':{'x':%d}}".formatted(to, ++sent));
      }
      lab.runs(random.nextLong(400));
    }
    for (int i = 0; i < clients.length; i++) {
      if (!lab.node(at[i]).isAlive) {
        at[i] = 3;
        clients[i] = lab.node(3).lab.comesBack(clients[i]);
      }
    }
    lab.runs(10_000);
    lab.agree(ROOM, "c0", "c1", "c2", "c3");
    for (RoomsLab.Client client : clients) {
      List<Long> numbers =
          FleetLab.messages(client).stream()
              .map(text -> Long.parseLong(text.substring(text.indexOf(' ') + 1)))
              .toList();
      assertEquals(numbers.stream().sorted().distinct().toList(), numbers, "seed " + seed);
    }
  }

  @Test
  void bodiesOfStrangersAreCountedAndLeftAlone() {
    FleetLab lab = new FleetLab(9, 2);
    Random random = new Random(9);
    Fleet fleet = lab.node(1).fleet;
    for (int i = 0; i < 2_000; i++) {
      byte[] body = new byte[random.nextInt(200)];
      random.nextBytes(body);
      if (body.length > 0) {
        body[0] = WordCodec.VERSION;
      }
      fleet.onBody("n2", body, lab.node(1).time());
      fleet.onBody("stranger", body, lab.node(1).time());
    }
    assertNotEquals(0, lab.node(1).fleet.others().size());
  }

  @Test
  void aNodeThatTakesNothingCostsBoundedMemoryAndCatchesUp() {
    FleetLab lab = new FleetLab(10, 2, RoomLimits.STANDARD.with(50, 20, 4, 3, 1_000_000));
    RoomsLab.Client ana = lab.node(1).joins("ana", ROOM);
    lab.node(2).joins("bob", ROOM);
    lab.runs(500);
    lab.loss = 1;
    String big = "y".repeat(60_000);
    for (int i = 0; i < 1_500; i++) {
      ana.says("{'t':'msg','room':'demo','to':'bob','d':{'x':'%s'}}".formatted(big));
      if (i % 100 == 0) {
        lab.runs(100);
      }
    }
    lab.runs(200);
    assertTrue(lab.node(1).fleet.counts().containsKey(Fleet.Event.LINK_OVERFULL));
    lab.loss = 0;
    lab.node(1).joins("cleo", ROOM);
    lab.runs(3_000);
    lab.agree(ROOM, "ana", "bob", "cleo");
  }

  private static List<String> ids(Map<String, ?> joined) {
    return joined.get("peers") instanceof List<?> peers
        ? peers.stream().map(peer -> String.valueOf(((Map<?, ?>) peer).get("id"))).toList()
        : List.of();
  }

  /** What came last of that type, and before it whatever. */
  private static Map<String, ?> last(RoomsLab.Client client, String type) {
    Map<String, ?> found = null;
    while (!client.heard.isEmpty()) {
      var frame = client.heard.peek();
      if (type.equals(frame.get("t"))) {
        found = RoomsLab.data(frame);
      } else if (found != null) {
        break;
      }
      client.heard.poll();
    }
    return Objects.requireNonNull(found, type);
  }
}

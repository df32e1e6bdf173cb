package puente.signal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.nimbusds.jose.jwk.JWKSet;
import java.util.Map;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Two gateways with real sockets, as if on two nodes. */
@Timeout(60)
class GatewayFleetTest {
  private final Neighbours neighbours = new Neighbours();
  private final RunningGateway one = new RunningGateway(new JWKSet(), neighbours.node("n1"));
  private final RunningGateway two = new RunningGateway(new JWKSet(), neighbours.node("n2"));

  @AfterEach
  void stop() {
    one.close();
    two.close();
    neighbours.close();
  }

  @Test
  void clientsOfPeerJsReachEachOtherOnDifferentNodes() {
    Talker ana = peer(one, "ana", "a");
    ana.hears("{\"type\":\"OPEN\"}");
    Talker ben = peer(two, "ben", "b");
    ben.hears("{\"type\":\"OPEN\"}");
    ana.says("{\"type\":\"OFFER\",\"dst\":\"ben\",\"payload\":{\"sdp\":{\"x\":1.50}}}");
    ben.hears(
        "{\"type\":\"OFFER\",\"src\":\"ana\",\"dst\":\"ben\",\"payload\":{\"sdp\":{\"x\":1.50}}}");
    ben.says("{\"type\":\"ANSWER\",\"dst\":\"ana\",\"payload\":7}");
    ana.hears("{\"type\":\"ANSWER\",\"src\":\"ben\",\"dst\":\"ana\",\"payload\":7}");

    Talker thief = peer(two, "ana", "other");
    assertTrue(thief.next().startsWith("{\"type\":\"ID-TAKEN\""));
    assertEquals("closed 1000", thief.next());

    Talker back = peer(two, "ana", "a");
    back.hears("{\"type\":\"OPEN\"}");
    assertEquals("closed 1000", ana.next());
    ben.says("{\"type\":\"CANDIDATE\",\"dst\":\"ana\",\"payload\":1}");
    back.hears("{\"type\":\"CANDIDATE\",\"src\":\"ben\",\"dst\":\"ana\",\"payload\":1}");
  }

  /** As with PeerServer: what waits for an absent client follows it, or expires. */
  @Test
  void whatWaitsForAnAbsentClientOfPeerJsFollowsItToItsNode() {
    Talker ana = peer(one, "ana", "a");
    ana.hears("{\"type\":\"OPEN\"}");
    ana.says("{\"type\":\"OFFER\",\"dst\":\"ben\",\"payload\":1}");
    ana.says("{\"type\":\"OFFER\",\"dst\":\"ben\",\"payload\":2}");
    ana.says("{\"type\":\"OFFER\",\"dst\":\"nobody\",\"payload\":3}");
    Talker ben = peer(two, "ben", "b");
    ben.hears("{\"type\":\"OPEN\"}");
    ben.hears("{\"type\":\"OFFER\",\"src\":\"ana\",\"dst\":\"ben\",\"payload\":1}");
    ben.hears("{\"type\":\"OFFER\",\"src\":\"ana\",\"dst\":\"ben\",\"payload\":2}");
    ana.hears("{\"type\":\"EXPIRE\",\"src\":\"nobody\",\"dst\":\"ana\"}");
  }

  @Test
  void clientsOfYWebrtcOnDifferentNodesShareTopics() {
    Talker ana = Talker.to(one.port(), "/y-webrtc");
    ana.says("{\"type\":\"subscribe\",\"topics\":[\"doc\"]}");
    Talker ben = Talker.to(two.port(), "/y-webrtc");
    ben.says("{\"type\":\"subscribe\",\"topics\":[\"doc\"]}");
    ben.says("{\"type\":\"ping\"}");
    ben.hears("{\"type\":\"pong\"}");
    String seen;
    int asked = 0;
    do {
      // News of subscribers travel between the nodes: until then one hears oneself only.
      ana.says("{\"type\":\"publish\",\"topic\":\"doc\",\"data\":" + ++asked + "}");
      seen = ana.next();
    } while (seen.contains("\"clients\":1"));
    String expected =
        "{\"type\":\"publish\",\"topic\":\"doc\",\"data\":" + asked + ",\"clients\":2}";
    assertEquals(expected, seen);
    String heard = ben.next();
    while (!heard.equals(expected)) {
      heard = ben.next();
    }
    ana.close();
    do {
      ben.says("{\"type\":\"publish\",\"topic\":\"doc\"}");
    } while (ben.next().contains("\"clients\":2"));
  }

  @Test
  void aSessionOfADeadNodeGoesOnAtTheOther() {
    Talker ana = signal(one, "ana");
    Talker ben = signal(two, "ben");
    Map<String, ?> welcome = benWelcome;
    ana.says("{\"t\":\"join\",\"room\":\"demo\"}");
    ben.says("{\"t\":\"join\",\"room\":\"demo\"}");
    until(ana, "peer.joined");
    long seq = 0;
    ana.says("{\"t\":\"msg\",\"room\":\"demo\",\"to\":\"ben\",\"d\":{\"x\":1}}");
    for (String text = ben.next(); ; text = ben.next()) {
      Map<String, ?> frame = json(text);
      seq = frame.get("seq") instanceof Long number ? number : seq;
      if ("msg".equals(frame.get("t"))) {
        break;
      }
    }
    while (one.signaling.kept() == 0) {
      LockSupport.parkNanos(1_000_000);
    }
    neighbours.dies("n2");
    ana.says("{\"t\":\"msg\",\"room\":\"demo\",\"to\":\"ben\",\"d\":{\"x\":2}}");
    Talker again = Talker.to(one.port(), "/signal?key=" + RunningGateway.KEY);
    again.says(
        "{\"t\":\"hello\",\"d\":{\"resume\":{\"sid\":\"%s\",\"key\":\"%s\",\"lastSeq\":%d}}}"
            .formatted(welcome.get("sid"), welcome.get("resumeKey"), seq));
    String text = again.next();
    assertTrue(text.contains("\"resumed\":true"), text);
    assertTrue(until(again, "msg").contains("\"x\":2"));
  }

  private Map<String, ?> benWelcome = Map.of();

  private Talker signal(RunningGateway gateway, String id) {
    Talker talker = Talker.to(gateway.port(), "/signal?key=" + RunningGateway.KEY);
    talker.says("{\"t\":\"hello\",\"d\":{\"peerId\":\"" + id + "\"}}");
    benWelcome = RoomsLab.data(Json.checked(json(talker.next())));
    return talker;
  }

  private static String until(Talker talker, String type) {
    String text = talker.next();
    while (!type.equals(json(text).get("t"))) {
      text = talker.next();
    }
    return text;
  }

  private static Map<String, ?> json(String text) {
    try {
      return Json.object(text);
    } catch (Json.Malformed malformed) {
      throw new AssertionError(text, malformed);
    }
  }

  private static Talker peer(RunningGateway gateway, String id, String token) {
    String query = "?key=peerjs&id=" + id + "&token=" + token;
    return Talker.to(gateway.port(), "/peerjs/peerjs" + query);
  }
}

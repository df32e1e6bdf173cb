package puente.signal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * What an attacker of signaling tries, row by row as docs/SIGNALING.md lists it. Rows that others
 * prove: tokens in {@link TokensTest} and {@link JwksTest}; frames, UTF-8, size, floods and slow
 * readers in {@link SignalingServerTest}; depth and numbers in {@link HostileSignalsTest}.
 */
class SignalingSecurityTest {
  private static final Set<Grant.Can> LOOKS = Set.of(Grant.Can.JOIN);

  private final RoomsLab lab = new RoomsLab(1);

  private static Grant token(Set<String> rooms, Set<Grant.Can> can) {
    return new Grant("ana", false, rooms, can, Map.of(), Long.MAX_VALUE);
  }

  /** A page of somebody else does not use a visitor's position, whatever it speaks. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "/signal?key=pub_1",
        "/signal?key=" + RunningGateway.KEY,
        "/peerjs/peerjs?key=peerjs&id=a&token=t",
        "/y-webrtc"
      })
  void foreignPagesOpenNoSocket(String path) throws IOException {
    try (RunningGateway gateway = new RunningGateway(new com.nimbusds.jose.jwk.JWKSet())) {
      for (String origin :
          List.of(
              "https://evil.example",
              "null",
              RunningGateway.PAGE + ".evil.example",
              "http://app.example",
              RunningGateway.PAGE + ":444",
              "https://evil.example, " + RunningGateway.PAGE)) {
        assertEquals("HTTP/1.1 403 Forbidden", status(gateway, path, "Origin: " + origin), origin);
      }
      String two = "Origin: " + RunningGateway.PAGE + "\r\nOrigin: https://evil.example";
      assertFalse(status(gateway, "/signal?key=pub_1", two).contains("101"), "two origins");
      assertEquals(
          "HTTP/1.1 101 Switching Protocols",
          status(gateway, path, "Origin: " + RunningGateway.PAGE));
    }
  }

  private static String status(RunningGateway gateway, String path, String header)
      throws IOException {
    try (RawSocket socket = new RawSocket(gateway.port(), path, header)) {
      return socket.status;
    }
  }

  /** Membership alone allows nothing: each message is looked at by what the token says now. */
  @Test
  void everyMessageIsAuthorised() {
    var ben = lab.joins("ben", "demo");
    var ana = lab.opens().hello(token(Set.of("demo"), LOOKS), "{'t':'hello'}");
    ana.hears("welcome");
    ana.says("{'t':'join','id':'1','room':'other'}").fails("forbidden");
    ana.says("{'t':'join','id':'2','room':'demo'}").hears("joined");
    ben.hears("peer.joined");
    ana.says("{'t':'msg','id':'3','room':'demo','d':{}}").fails("forbidden");
    ana.says("{'t':'msg','id':'4','room':'demo','to':'ben','d':{}}").fails("forbidden");
    ana.says("{'t':'presence','id':'5','room':'demo','d':{'presence':{}}}").fails("forbidden");
    ana.says("{'t':'kick','id':'6','room':'demo','to':'ben'}").fails("forbidden");
    for (String intrusion :
        List.of(
            "{'t':'msg','id':'7','room':'other','d':{}}",
            "{'t':'presence','id':'8','room':'other','d':{'presence':{}}}",
            "{'t':'list','id':'9','room':'other'}",
            "{'t':'kick','id':'10','room':'other','to':'ben'}",
            "{'t':'leave','id':'11','room':'other'}")) {
      ana.says(intrusion).fails("room-not-found");
    }
    ben.hearsNothing();
  }

  /** A newer token that allows less ends what the former allowed, at once. */
  @Test
  void aTokenThatAllowsLessTakesBack() {
    var ben = lab.joins("ben", "secret");
    var ana = lab.opens().hello(token(Set.of(), Grant.MEMBER), "{'t':'hello'}");
    ana.hears("welcome");
    ana.says("{'t':'join','room':'secret'}").hears("joined");
    ana.says("{'t':'join','room':'demo'}").hears("joined");
    ben.hears("peer.joined");
    ana.hello(token(Set.of("demo"), Grant.MEMBER), "{'t':'hello'}").hears("welcome");
    assertEquals("kicked", ana.hearsData("peer.left").get("reason"));
    assertEquals("kicked", ben.hearsData("peer.left").get("reason"));
    ben.says("{'t':'msg','room':'secret','d':{'x':1}}");
    ana.hearsNothing();
    ana.says("{'t':'msg','id':'1','room':'secret','d':{}}").fails("room-not-found");
    ana.says("{'t':'msg','id':'2','room':'demo','d':{}}").hears("ack");

    ana.drops();
    var again = lab.opens();
    again.lastSeq = ana.lastSeq;
    again.hello(
        token(Set.of("none"), Grant.MEMBER),
        "{'t':'hello','d':{'resume':{'sid':'%s','key':'%s','lastSeq':%d}}}"
            .formatted(ana.sid, ana.key, ana.lastSeq));
    assertEquals(true, again.hearsData("welcome").get("resumed"));
    again.hears("peer.left");
    again.says("{'t':'msg','id':'3','room':'demo','d':{}}").fails("room-not-found");
  }

  /** Who somebody is, the server says; nobody speaks for another. */
  @Test
  void nobodyIsSomebodyElse() {
    var ben = lab.joins("ben", "demo");
    var page = lab.opens().hello(Grant.PAGE, "{'t':'hello','d':{'peerId':'ben2'}}");
    String id = String.valueOf(page.hearsData("welcome").get("peerId"));
    assertTrue(id.matches("p_[A-Za-z0-9_-]{12}"), id);
    page.says("{'t':'join','room':'demo','from':'ben'}").hears("joined");
    assertEquals(id, ben.hearsData("peer.joined").get("id"));
    page.says("{'t':'msg','room':'demo','from':'boss','d':{'from':'boss'}}");
    assertEquals(id, ben.hears("msg").get("from"));
    var ana = lab.opens().hello(token(Set.of(), Grant.MEMBER), "{'t':'hello','d':{'peerId':'x'}}");
    assertEquals("ana", ana.hearsData("welcome").get("peerId"));
    Grant eva = new Grant("eva", false, Set.of(), Grant.MEMBER, Map.of(), Long.MAX_VALUE);
    ana.hello(eva, "{'t':'hello'}").fails("forbidden");
    var thief = lab.opens();
    thief.hello(
        eva,
        "{'t':'hello','d':{'resume':{'sid':'%s','key':'%s','lastSeq':0}}}"
            .formatted(ana.sid, ana.key));
    thief.fails("resume-expired");
    assertEquals("eva", thief.hearsData("welcome").get("peerId"));
  }

  @Test
  void namesAndKeysAreNotGuessed() {
    Set<String> seen = new HashSet<>();
    for (int i = 0; i < 10; i++) {
      var page = lab.opens().hello(Grant.PAGE, "{'t':'hello'}");
      Map<String, ?> welcome = page.hearsData("welcome");
      assertTrue(String.valueOf(welcome.get("resumeKey")).length() >= 24, "144 bits");
      assertTrue(seen.add(String.valueOf(welcome.get("resumeKey"))));
      assertTrue(seen.add(String.valueOf(welcome.get("sid"))));
      assertTrue(seen.add(String.valueOf(welcome.get("peerId"))));
    }
    // Nobody is told which rooms there are: only who is in one may ask who else is.
    lab.joins("ben", "a-secret-room");
    var stranger = lab.connects("stranger");
    stranger.says("{'t':'list','id':'1','room':'a-secret-room'}").fails("room-not-found");
    stranger.says("{'t':'list','id':'2','room':'no-such-room'}").fails("room-not-found");
  }

  /** Relay credentials are for those who have shown theirs, for an hour, under their own name. */
  @Test
  void strangersAreGivenNoServers() {
    var stranger = lab.opens();
    stranger.says("{'t':'ice','id':'1'}").fails("unauthorized");
    var refused = lab.opens();
    lab.rooms.onUnauthorized(
        refused.number, new Signal.Failure(null, Signal.Code.UNAUTHORIZED, "no"), lab);
    refused.fails("unauthorized");
    assertEquals(4001, refused.closed);
    assertEquals(0, lab.iceMade);
    var ana = lab.opens().hello(token(Set.of(), Grant.MEMBER), "{'t':'hello'}");
    var welcome = ana.hearsData("welcome");
    assertEquals(3600L, welcome.get("iceTtl"));
    assertEquals(List.of(Map.of("urls", "turn:ana")), welcome.get("iceServers"), "ana's quota");
  }

  /** Joining and leaving without end is as slow as everything else. */
  @Test
  void joinFloodsAreBounded() {
    var ana = lab.connects("ana");
    int joined = 0;
    for (int i = 0; i < 1000; i++) {
      ana.says("{'t':'join','room':'r" + i + "'}");
      ana.says("{'t':'leave','room':'r" + i + "'}");
      joined += ana.heard.stream().anyMatch(frame -> "joined".equals(frame.get("t"))) ? 1 : 0;
      ana.heard.clear();
    }
    assertEquals(100, joined, "200 at once, of which half were leaves");
    for (int i = 0; i < 40; i++) {
      lab.connects("p" + i).says("{'t':'join','room':'s" + i + "'}");
    }
    assertTrue(lab.rooms.rooms() <= RoomsLab.LIMITS.rooms());
  }

  /** Who begins and does not go on is closed, and so is who connects again and again. */
  @Test
  void halfHandshakesAndManyConnections() throws IOException {
    var limits = new GatewayServer.Limits(50, 4, 200);
    try (RunningGateway gateway = new RunningGateway(limits, TrustedProxies.NONE)) {
      for (String half : List.of("", "GET", "GET /signal HTTP/1.1\r\nHost: x\r\nUpgrade: webso")) {
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), gateway.port())) {
          socket.setSoTimeout(60_000);
          socket.getOutputStream().write(half.getBytes(StandardCharsets.US_ASCII));
          assertEquals(-1, socket.getInputStream().read(), "closed: " + half);
        }
      }
    }
    try (RunningGateway gateway =
        new RunningGateway(new GatewayServer.Limits(5000, 5000, 10_000), TrustedProxies.NONE)) {
      String status = "";
      for (int i = 0; i < 2000 && !status.contains("429"); i++) {
        status = status(gateway, "/signal", "X-Any: " + i);
      }
      assertEquals("HTTP/1.1 429 Too Many Requests", status);
    }
  }

  /** An address that comes and goes for days is not full one day. */
  @Test
  void socketsThatHaveEndedAreForgotten() throws Exception {
    var limits = new GatewayServer.Limits(50, 3, 10_000);
    try (RunningGateway gateway = new RunningGateway(limits, TrustedProxies.NONE)) {
      for (int i = 0; i < 12; i++) {
        long end = System.nanoTime() + 60_000_000_000L;
        String status = "";
        while (!status.contains("101") && System.nanoTime() < end) {
          status = status(gateway, "/y-webrtc", "X-Any: " + i);
        }
        assertEquals("HTTP/1.1 101 Switching Protocols", status, "the one before may still end");
      }
    }
  }
}

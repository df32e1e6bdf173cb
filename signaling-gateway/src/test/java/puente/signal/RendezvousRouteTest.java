package puente.signal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.JWSHeader;
import com.nimbusds.jose.crypto.MACSigner;
import com.nimbusds.jwt.JWTClaimsSet;
import com.nimbusds.jwt.SignedJWT;
import io.vertx.core.Future;
import java.net.http.HttpResponse;
import java.time.Instant;
import java.util.Date;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Who gets a token for a meeting over UDP, and how others are refused. */
class RendezvousRouteTest {
  private static final String SECRET = "0123456789abcdef0123456789abcdef";
  private static final String[] BEARER = {"Authorization", "Bearer " + RunningGateway.KEY};

  private final RunningGateway gateway =
      new RunningGateway(() -> Future.succeededFuture(Tokens.shared(List.of(SECRET))));

  @AfterEach
  void close() {
    gateway.close();
  }

  private HttpResponse<String> asks(String body, String... headers) {
    return gateway.post(RendezvousRoute.PATH, body, headers);
  }

  private static String[] token(JWTClaimsSet.Builder claims) throws JOSEException {
    SignedJWT jwt =
        new SignedJWT(new JWSHeader(JWSAlgorithm.HS256), claims.audience("puente").build());
    jwt.sign(new MACSigner(SECRET));
    return new String[] {"Authorization", "Bearer " + jwt.serialize()};
  }

  private static JWTClaimsSet.Builder ana(long seconds) {
    Date end = Date.from(Instant.now().plusSeconds(seconds));
    return new JWTClaimsSet.Builder().subject("ana").expirationTime(end);
  }

  private static Map<String, @Nullable Object> body(HttpResponse<String> answer) {
    try {
      return Json.object(answer.body());
    } catch (Json.Malformed malformed) {
      throw new AssertionError(answer.body(), malformed);
    }
  }

  @Test
  void backendsNameWhomTheyWill() {
    var answer = asks("{\"meeting\":\"m\",\"peer\":\"ben\",\"ttl\":60}", BEARER);
    assertEquals(201, answer.statusCode(), answer.body());
    assertEquals("no-store", answer.headers().firstValue("Cache-Control").orElse(""));
    var body = body(answer);
    assertEquals("ben", body.get("peer"));
    assertEquals(60L, body.get("ttl"));
    assertEquals(List.of("192.0.2.1:3478"), body.get("servers"));
    assertFalse(String.valueOf(body.get("token")).isEmpty());
    assertEquals(300L, body(asks("{\"meeting\":\"m\"}", BEARER)).get("ttl"));
  }

  @Test
  void tokensAreForTheirPeerAndTheirMeetings() throws Exception {
    String[] token = token(ana(600).claim("rooms", List.of("m-*")));
    var answer = asks("{\"meeting\":\"m-1\",\"peer\":\"ben\"}", token);
    assertEquals(201, answer.statusCode(), answer.body());
    assertEquals("ana", body(answer).get("peer"), "the token says who it is");
    assertEquals(403, asks("{\"meeting\":\"other\"}", token).statusCode());
    String[] noJoin = token(ana(600).claim("can", List.of("publish")));
    assertEquals(403, asks("{\"meeting\":\"m-1\"}", noJoin).statusCode());
    assertEquals(401, asks("{\"meeting\":\"m-1\"}", token(ana(-600))).statusCode());
  }

  @Test
  void strangersAreRefusedAndGuessesSlowedDown() {
    assertEquals(401, asks("{\"meeting\":\"m\"}").statusCode());
    var wrong = asks("{\"meeting\":\"m\"}", "Authorization", "Bearer guess");
    assertEquals(401, wrong.statusCode());
    assertEquals("Bearer realm=\"puente\"", wrong.headers().firstValue("WWW-Authenticate").get());
    String published = RendezvousRoute.PATH + "?key=pub_1";
    assertEquals(
        401,
        gateway.post(published, "{\"meeting\":\"m\"}", "Origin", RunningGateway.PAGE).statusCode(),
        "a page's key is for all to see");
    String[] evil = {"Origin", "https://evil.example", BEARER[0], BEARER[1]};
    assertEquals(403, asks("{\"meeting\":\"m\"}", evil).statusCode());
    HttpResponse<String> last = wrong;
    for (int i = 0; i < 100 && last.statusCode() == 401; i++) {
      last = asks("{}", "Authorization", "Bearer guess " + i);
    }
    assertEquals(429, last.statusCode());
    assertTrue(Integer.parseInt(last.headers().firstValue("Retry-After").orElse("0")) > 0);
  }

  @Test
  void nonsense() {
    String name = "x".repeat(65);
    for (String body :
        List.of(
            "",
            "[]",
            "x",
            "{}",
            "{\"meeting\":1}",
            "{\"meeting\":\"\"}",
            "{\"meeting\":\"" + name + "\"}",
            "{\"meeting\":\"m\",\"peer\":\"\"}",
            "{\"meeting\":\"m\",\"peer\":1}",
            "{\"meeting\":\"m\",\"peer\":\"" + name + "\"}",
            "{\"meeting\":\"m\",\"ttl\":0}",
            "{\"meeting\":\"m\",\"ttl\":3601}",
            "{\"meeting\":\"m\",\"ttl\":\"60\"}",
            "{\"meeting\":\"m\",\"ttl\":1.5}",
            "{\"meeting\":\"m\",\"ttl\":99999999999999999999}")) {
      assertEquals(400, asks(body, BEARER).statusCode(), body);
    }
    assertEquals(413, asks(" ".repeat(20_000), BEARER).statusCode());
    var get = gateway.get(RendezvousRoute.PATH, BEARER);
    assertEquals(405, get.statusCode());
    assertEquals("POST", get.headers().firstValue("Allow").orElse(""));
  }
}

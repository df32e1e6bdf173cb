package puente.signal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.JWSHeader;
import com.nimbusds.jose.JWSSigner;
import com.nimbusds.jose.crypto.ECDSASigner;
import com.nimbusds.jose.crypto.MACSigner;
import com.nimbusds.jose.jwk.Curve;
import com.nimbusds.jose.jwk.ECKey;
import com.nimbusds.jose.jwk.JWK;
import com.nimbusds.jose.jwk.JWKSet;
import com.nimbusds.jose.jwk.OctetSequenceKey;
import com.nimbusds.jose.jwk.gen.ECKeyGenerator;
import com.nimbusds.jwt.JWTClaimsSet;
import com.nimbusds.jwt.SignedJWT;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Date;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Supplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Keys of an identity provider at a URL ({@code jwt-jwks}), and a provider who misbehaves. */
class JwksTest {
  private static final Instant NOW = Instant.parse("2026-11-20T12:00:00Z");
  private static final String SECRET = "0123456789abcdef0123456789abcdef";

  /** What the provider answers with; may wait. */
  private interface Answer {
    void to(HttpExchange exchange) throws IOException;
  }

  private final Vertx vertx = Vertx.vertx();
  private final Context context = vertx.getOrCreateContext();
  private final AtomicLong clock = new AtomicLong(1_000_000);
  private final AtomicInteger asked = new AtomicInteger();
  private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
  private final HttpServer provider =
      HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 16);
  private final ECKey first = new ECKeyGenerator(Curve.P_256).keyID("first").generate();
  private final ECKey second = new ECKeyGenerator(Curve.P_256).keyID("second").generate();
  private volatile Answer answer = publishes(first);
  private final Jwks jwks =
      new Jwks(context, uri("/keys"), Tokens.shared(java.util.List.of(SECRET)), clock::get);
  private final Tokens tokens = new Tokens(jwks, null, null);

  JwksTest() throws IOException, JOSEException {}

  @BeforeEach
  void open() {
    provider.setExecutor(threads);
    provider.createContext(
        "/",
        exchange -> {
          asked.incrementAndGet();
          answer.to(exchange);
          exchange.close();
        });
    provider.start();
  }

  @AfterEach
  void close() {
    provider.stop(0);
    threads.shutdownNow();
    vertx.close().toCompletionStage().toCompletableFuture().join();
  }

  private URI uri(String path) {
    return URI.create("http://127.0.0.1:" + provider.getAddress().getPort() + path);
  }

  private static Answer publishes(JWK... keys) {
    String text = new JWKSet(java.util.List.of(keys)).toString(false);
    return status(200, text.getBytes(StandardCharsets.UTF_8));
  }

  private static Answer status(int status, byte[] body) {
    return exchange -> {
      exchange.getResponseHeaders().set("Location", "/elsewhere");
      exchange.sendResponseHeaders(status, body.length);
      exchange.getResponseBody().write(body);
    };
  }

  private <T> T onLoop(Supplier<Future<T>> question) {
    CompletableFuture<T> result = new CompletableFuture<>();
    context.runOnContext(
        go ->
            question
                .get()
                .onComplete(
                    done -> {
                      if (done.succeeded()) {
                        result.complete(done.result());
                      } else {
                        result.completeExceptionally(done.cause());
                      }
                    }));
    return result.orTimeout(60, TimeUnit.SECONDS).join();
  }

  private Tokens.Verdict verdict(String token) {
    return onLoop(() -> tokens.verify(token, NOW, 0));
  }

  private void valid(String token) {
    assertInstanceOf(Tokens.Valid.class, verdict(token));
  }

  private void invalid(String token) {
    assertInstanceOf(Tokens.Invalid.class, verdict(token));
  }

  private static String signed(JWSAlgorithm algorithm, String keyId, JWSSigner signer)
      throws JOSEException {
    JWTClaimsSet claims =
        new JWTClaimsSet.Builder()
            .subject("ana")
            .expirationTime(Date.from(NOW.plusSeconds(600)))
            .build();
    SignedJWT jwt = new SignedJWT(new JWSHeader.Builder(algorithm).keyID(keyId).build(), claims);
    jwt.sign(signer);
    return jwt.serialize();
  }

  private static String by(ECKey key) throws JOSEException {
    return signed(JWSAlgorithm.ES256, key.getKeyID(), new ECDSASigner(key));
  }

  @Test
  void askedOnceForManyTokens() throws Exception {
    for (int i = 0; i < 20; i++) {
      valid(by(first));
    }
    assertEquals(1, asked.get());
    assertSame(onLoop(jwks::get), onLoop(jwks::get));
    clock.addAndGet(Jwks.FRESH_MS);
    valid(by(first));
    onLoop(jwks::newer);
    assertEquals(2, asked.get(), "again after five minutes");
  }

  /** The first token of a new key makes us ask, but not each of a stranger with endless names. */
  @Test
  void aNewKeyIsFoundAndAnOldOneEnds() throws Exception {
    valid(by(first));
    answer = publishes(second);
    invalid(by(second));
    assertEquals(1, asked.get(), "asked a moment ago");
    clock.addAndGet(Jwks.RETRY_MS);
    valid(by(second));
    assertEquals(2, asked.get());
    invalid(by(first));
    for (int i = 0; i < 20; i++) {
      invalid(signed(JWSAlgorithm.ES256, "any" + i, new ECDSASigner(second)));
    }
    assertEquals(2, asked.get());
  }

  @Test
  void anUnreachableProviderCostsNobodyWhoWasKnown() throws Exception {
    valid(by(first));
    answer = status(503, new byte[0]);
    clock.addAndGet(Jwks.FRESH_MS);
    valid(by(first));
    onLoop(jwks::newer);
    valid(by(first));
    assertEquals(2, asked.get());
    clock.addAndGet(Jwks.RETRY_MS);
    answer = publishes(second);
    onLoop(jwks::get);
    onLoop(jwks::newer);
    valid(by(second));
    assertEquals(3, asked.get());
  }

  /** Never heard of the provider: shared secrets serve, others are refused, none waits for ever. */
  @Test
  void answersThatAreNoKeys() throws Exception {
    String byFirst = by(first);
    for (Answer bad :
        java.util.List.of(
            status(404, new byte[0]),
            status(302, new byte[0]),
            status(200, new byte[0]),
            status(200, "<html>".getBytes(StandardCharsets.UTF_8)),
            status(200, new byte[0x8_0000]),
            (Answer) HttpExchange::close)) {
      answer = bad;
      int before = asked.get();
      invalid(byFirst);
      assertTrue(asked.get() > before);
      clock.addAndGet(Jwks.RETRY_MS);
    }
    valid(signed(JWSAlgorithm.HS256, "ours", new MACSigner(SECRET)));
  }

  /** RFC 8725 §3.1: a key serves the algorithms of its kind; a published secret is none. */
  @Test
  void wrongAlgorithms() throws Exception {
    byte[] published = "a secret that everybody can read!".getBytes(StandardCharsets.UTF_8);
    OctetSequenceKey secret = new OctetSequenceKey.Builder(published).keyID("shared").build();
    answer = publishes(first, secret);
    valid(by(first));
    invalid(signed(JWSAlgorithm.HS256, "shared", new MACSigner(published)));
    byte[] publicKey = first.toECPublicKey().getEncoded();
    invalid(signed(JWSAlgorithm.HS256, "first", new MACSigner(publicKey)));
    invalid(signed(JWSAlgorithm.HS256, "http://evil.example/keys", new MACSigner(publicKey)));
  }

  /** While the provider keeps us waiting the loop goes on, and who needs no key is answered. */
  @Test
  void aSlowProviderBlocksNoLoop() throws Exception {
    CountDownLatch isAsked = new CountDownLatch(1);
    CountDownLatch goOn = new CountDownLatch(1);
    Answer late = publishes(first);
    answer =
        exchange -> {
          isAsked.countDown();
          try {
            goOn.await();
          } catch (InterruptedException over) {
            return;
          }
          late.to(exchange);
        };
    CompletableFuture<Tokens.Verdict> waiting = new CompletableFuture<>();
    String token = by(first);
    context.runOnContext(
        go -> tokens.verify(token, NOW, 0).onComplete(done -> waiting.complete(done.result())));
    assertTrue(isAsked.await(60, TimeUnit.SECONDS));
    assertEquals("still here", onLoop(() -> Future.succeededFuture("still here")));
    assertFalse(waiting.isDone());
    goOn.countDown();
    assertInstanceOf(Tokens.Valid.class, waiting.get(60, TimeUnit.SECONDS));
    assertEquals(1, asked.get());
  }
}

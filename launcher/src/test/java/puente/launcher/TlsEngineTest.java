package puente.launcher;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.netty.buffer.UnpooledByteBufAllocator;
import io.netty.handler.ssl.OpenSslEngine;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.util.InsecureTrustManagerFactory;
import io.netty.util.ReferenceCountUtil;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.cert.X509Certificate;
import java.security.spec.AlgorithmParameterSpec;
import java.security.spec.ECGenParameterSpec;
import java.security.spec.RSAKeyGenParameterSpec;
import java.time.Instant;
import java.util.List;
import java.util.stream.Stream;
import javax.net.ssl.ExtendedSSLSession;
import javax.net.ssl.SNIHostName;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLEngineResult;
import javax.net.ssl.SSLEngineResult.HandshakeStatus;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLParameters;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import puente.doctor.TestCertificateAuthority;

/** Whoever does the work of TLS, clients see no difference. */
class TlsEngineTest {
  private static final List<String> VERSIONS = List.of("TLSv1.3", "TLSv1.2");

  /** More rounds than any handshake takes. */
  private static final int ROUNDS = 20;

  private static final CertificateChain RSA =
      chain("RSA", new RSAKeyGenParameterSpec(2048, RSAKeyGenParameterSpec.F4));

  private static final CertificateChain EC = chain("EC", new ECGenParameterSpec("secp256r1"));
  private static final CertificateChain EC384 = chain("EC", new ECGenParameterSpec("secp384r1"));

  private final ByteBuffer toServer = ByteBuffer.allocate(1 << 16);
  private final ByteBuffer toClient = ByteBuffer.allocate(1 << 16);
  private final ByteBuffer heard = ByteBuffer.allocate(1 << 16);

  static Stream<Arguments> allKinds() {
    return Stream.of(TlsEngine.values())
        .flatMap(
            engine ->
                VERSIONS.stream()
                    .flatMap(
                        version ->
                            Stream.of(RSA, EC, EC384)
                                .map(chain -> Arguments.of(engine, version, chain))));
  }

  /** RFC 8446 and RFC 5246; the realm of a client may depend on the name it asks for. */
  @ParameterizedTest
  @MethodSource("allKinds")
  void clientsAreServed(TlsEngine engine, String version, CertificateChain chain) throws Exception {
    SSLEngine server = server(engine, chain, VERSIONS);
    SSLEngine client = client(clients(), version, "stun.turn");
    shakeHands(client, server);
    assertEquals(engine == TlsEngine.BORINGSSL, server instanceof OpenSslEngine);
    assertEquals(version, client.getSession().getProtocol());
    assertEquals(chain.leaf(), client.getSession().getPeerCertificates()[0]);
    assertEquals("stun.turn", client.getApplicationProtocol());
    var seen = (ExtendedSSLSession) server.getSession();
    assertEquals(List.of(new SNIHostName("turn.example.org")), seen.getRequestedServerNames());
    says(client, server, toServer, "from the client");
    says(server, client, toClient, "from the server");
    assertTrue(client.getSession().getCipherSuite().contains("_GCM_"));
    client.closeOutbound();
    turn(client, toServer);
    heard.clear();
    take(server, toServer);
    assertTrue(server.isInboundDone(), "close_notify");
    ReferenceCountUtil.release(server);
  }

  /** RFC 7301 §3.2 would let us refuse one who asks for a protocol that is not ours. */
  @ParameterizedTest
  @EnumSource
  void whoAsksForAnotherProtocolIsServed(TlsEngine engine) throws Exception {
    SSLEngine server = server(engine, EC, VERSIONS);
    SSLEngine client = client(clients(), "TLSv1.3", "h2");
    shakeHands(client, server);
    assertEquals("", client.getApplicationProtocol());
    says(client, server, toServer, "what is it");
    ReferenceCountUtil.release(server);
  }

  @ParameterizedTest
  @EnumSource
  void oldVersionsAreRefused(TlsEngine engine) throws Exception {
    SSLEngine server = server(engine, EC, List.of("TLSv1.3"));
    SSLEngine client = client(clients(), "TLSv1.2", "stun.turn");
    assertThrows(SSLException.class, () -> shakeHands(client, server));
    ReferenceCountUtil.release(server);
  }

  /** Key transport by RSA (RFC 9325 §4.1): whoever gets the key reads all that was ever recorded. */
  @ParameterizedTest
  @EnumSource
  void suitesWithoutForwardSecrecyAreRefused(TlsEngine engine) throws Exception {
    SslContext context = engine.context(RSA, NodeTls.keys(RSA), offer(VERSIONS));
    assertEquals(
        List.of(),
        context.cipherSuites().stream().filter(suite -> suite.startsWith("TLS_RSA_")).toList());
  }

  /** RFC 8446 §2.2 and RFC 5077: the second time nothing is signed. */
  @ParameterizedTest
  @MethodSource("allKinds")
  void whoComesBackResumes(TlsEngine engine, String version, CertificateChain chain)
      throws Exception {
    SslContext context = engine.context(chain, NodeTls.keys(chain), offer(VERSIONS));
    SSLContext clients = clients();
    long first = 0;
    for (int i = 0; i < 2; i++) {
      SSLEngine server = context.newEngine(UnpooledByteBufAllocator.DEFAULT);
      SSLEngine client = client(clients, version, "stun.turn");
      int bytes = shakeHands(client, server);
      says(server, client, toClient, "tickets go before it");
      first = i == 0 ? bytes : first;
      // The certificate, which is shown only where the server proves that it has the key.
      assertTrue(i == 0 || bytes < first - chain.leaf().getEncoded().length / 2, bytes + " bytes");
      client.closeOutbound();
      turn(client, toServer);
      ReferenceCountUtil.release(server);
    }
  }

  @Test
  void boringSslIsTakenWhereItCanBe() throws Exception {
    assertEquals(TlsEngine.BORINGSSL, TlsEngine.of(RSA));
    assertEquals(TlsEngine.BORINGSSL, TlsEngine.of(EC));
    KeyPair edwards = KeyPairGenerator.getInstance("Ed25519").generateKeyPair();
    assertFalse(TlsSignature.makes(edwards.getPrivate()));
    assertEquals(
        TlsEngine.JDK,
        TlsEngine.of(new CertificateChain(RSA.certificates(), edwards.getPrivate())));
    assertTrue(TlsEngine.missing().contains("neither RSA nor EC"), TlsEngine.missing());
  }

  // ---- both ends in memory

  private static SSLEngine server(TlsEngine engine, CertificateChain chain, List<String> versions)
      throws SSLException {
    return engine
        .context(chain, NodeTls.keys(chain), offer(versions))
        .newEngine(UnpooledByteBufAllocator.DEFAULT);
  }

  private static TlsEngine.Offer offer(List<String> versions) {
    return new TlsEngine.Offer(versions, List.of("stun.turn", "stun.nat-discovery"));
  }

  private static SSLEngine client(SSLContext context, String version, String name)
      throws Exception {
    SSLEngine client = context.createSSLEngine("turn.example.org", 5349);
    client.setUseClientMode(true);
    client.setEnabledProtocols(new String[] {version});
    SSLParameters parameters = client.getSSLParameters();
    parameters.setServerNames(List.of(new SNIHostName("turn.example.org")));
    parameters.setApplicationProtocols(new String[] {name});
    client.setSSLParameters(parameters);
    return client;
  }

  private static SSLContext clients() throws GeneralSecurityException {
    SSLContext made = SSLContext.getInstance("TLS");
    made.init(null, InsecureTrustManagerFactory.INSTANCE.getTrustManagers(), null);
    return made;
  }

  /** How many bytes the server needed. */
  private int shakeHands(SSLEngine client, SSLEngine server) throws SSLException {
    toServer.clear();
    toClient.clear();
    heard.clear();
    client.beginHandshake();
    server.beginHandshake();
    int bytes = 0;
    for (int i = 0; i < ROUNDS; i++) {
      turn(client, toServer);
      take(server, toServer);
      turn(server, toClient);
      bytes += toClient.position();
      take(client, toClient);
    }
    assertEquals(HandshakeStatus.NOT_HANDSHAKING, client.getHandshakeStatus());
    assertEquals(HandshakeStatus.NOT_HANDSHAKING, server.getHandshakeStatus());
    return bytes;
  }

  /** Says what its state demands. */
  private static void turn(SSLEngine engine, ByteBuffer out) throws SSLException {
    work(engine);
    while (engine.getHandshakeStatus() == HandshakeStatus.NEED_WRAP) {
      SSLEngineResult said = engine.wrap(ByteBuffer.allocate(0), out);
      work(engine);
      if (said.bytesProduced() == 0) {
        return;
      }
    }
  }

  /** Hears what there is; with nothing, BoringSSL goes on after a task. */
  private void take(SSLEngine engine, ByteBuffer in) throws SSLException {
    in.flip();
    int consumed;
    do {
      consumed = engine.unwrap(in, heard).bytesConsumed();
      work(engine);
    } while (consumed > 0 && in.hasRemaining());
    in.compact();
  }

  private static void work(SSLEngine engine) {
    Runnable task;
    while ((task = engine.getDelegatedTask()) != null) {
      task.run();
    }
  }

  private void says(SSLEngine from, SSLEngine to, ByteBuffer by, String text) throws SSLException {
    heard.clear();
    ByteBuffer words = ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8));
    while (words.hasRemaining()) {
      assertTrue(from.wrap(words, by).bytesProduced() > 0);
    }
    take(to, by);
    heard.flip();
    assertEquals(text, StandardCharsets.UTF_8.decode(heard).toString());
  }

  // ---- certificates

  private static CertificateChain chain(String kind, AlgorithmParameterSpec parameters) {
    try {
      KeyPairGenerator generator = KeyPairGenerator.getInstance(kind);
      generator.initialize(parameters);
      KeyPair pair = generator.generateKeyPair();
      Instant now = Instant.now();
      X509Certificate leaf =
          new TestCertificateAuthority()
              .issue(
                  pair.getPublic(),
                  List.of("turn.example.org"),
                  now.minusSeconds(60),
                  now.plusSeconds(3600));
      return new CertificateChain(List.of(leaf), pair.getPrivate());
    } catch (GeneralSecurityException impossible) {
      throw new IllegalStateException(impossible);
    }
  }
}

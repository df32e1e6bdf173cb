package puente.launcher;

import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import java.net.Socket;
import java.security.Principal;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.List;
import java.util.Set;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLException;
import javax.net.ssl.X509ExtendedKeyManager;
import org.jspecify.annotations.Nullable;
import puente.net.DtlsIdentity;

/** The certificate in force, as TLS needs it; replaced as a whole on reload. */
final class NodeTls {
  /** A context and what it was made of. */
  private record Loaded(SslContext context, CertificateChain chain, Set<String> protocols) {}

  static {
    // A client of TLS 1.2 could ask for handshake after handshake on one connection, each of which
    // costs us far more than it; no TURN client needs to. The JDK reads this once.
    System.setProperty("jdk.tls.rejectClientInitiatedRenegotiation", "true");
  }

  private volatile Loaded loaded;

  private NodeTls(Loaded loaded) {
    this.loaded = loaded;
  }

  static NodeTls open(Config config, StateDirectory state) throws StartFailure {
    return new NodeTls(load(config, state));
  }

  /** New connections get the new certificate, open ones keep theirs. */
  void reload(Config config, StateDirectory state) throws StartFailure {
    loaded = load(config, state);
  }

  SslContext context() {
    return loaded.context;
  }

  /** The same certificate for DTLS. */
  DtlsIdentity dtlsIdentity() {
    CertificateChain chain = loaded.chain;
    return new DtlsIdentity(chain.certificates(), chain.key());
  }

  long expiresEpochSeconds() {
    return loaded.chain.leaf().getNotAfter().toInstant().getEpochSecond();
  }

  /** The certificate in force. */
  X509Certificate leaf() {
    return loaded.chain.leaf();
  }

  Set<String> protocols() {
    return loaded.protocols;
  }

  /** The same certificate for a server that makes its own context: asked at each handshake. */
  X509ExtendedKeyManager keyManager() {
    return new CurrentKey();
  }

  private final class CurrentKey extends X509ExtendedKeyManager {
    private static final String ALIAS = "puente";

    private @Nullable String alias(String keyType) {
      return loaded.chain.key().getAlgorithm().equals(keyType) ? ALIAS : null;
    }

    @Override
    public @Nullable String chooseEngineServerAlias(
        String keyType, Principal @Nullable [] issuers, @Nullable SSLEngine engine) {
      return alias(keyType);
    }

    @Override
    public @Nullable String chooseServerAlias(
        String keyType, Principal @Nullable [] issuers, @Nullable Socket socket) {
      return alias(keyType);
    }

    @Override
    public String @Nullable [] getServerAliases(String keyType, Principal @Nullable [] issuers) {
      return alias(keyType) == null ? null : new String[] {ALIAS};
    }

    @Override
    public X509Certificate[] getCertificateChain(String alias) {
      return loaded.chain.certificates().toArray(X509Certificate[]::new);
    }

    @Override
    public PrivateKey getPrivateKey(String alias) {
      return loaded.chain.key();
    }

    @Override
    public String @Nullable [] getClientAliases(String keyType, Principal @Nullable [] issuers) {
      return null;
    }

    @Override
    public @Nullable String chooseClientAlias(
        String[] keyTypes, Principal @Nullable [] issuers, @Nullable Socket socket) {
      return null;
    }
  }

  private static Loaded load(Config config, StateDirectory state) throws StartFailure {
    String host = NodeAddresses.reachable(config).getHostAddress();
    CertificateChain chain = state.certificate(config, host, Instant.now());
    List<String> protocols =
        config.value(Settings.NO_TLSV1_2) ? List.of("TLSv1.3") : List.of("TLSv1.3", "TLSv1.2");
    try {
      SslContext context =
          SslContextBuilder.forServer(
                  chain.key(), chain.certificates().toArray(X509Certificate[]::new))
              .protocols(protocols)
              .build();
      return new Loaded(context, chain, Set.copyOf(protocols));
    } catch (SSLException | IllegalArgumentException unusable) {
      throw StartFailure.configuration("the certificate cannot be used: " + unusable.getMessage());
    }
  }
}

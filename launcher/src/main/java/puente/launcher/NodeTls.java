package puente.launcher;

import io.netty.handler.ssl.SslContext;
import java.net.Socket;
import java.security.Principal;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;
import java.util.stream.Stream;
import javax.net.ssl.ExtendedSSLSession;
import javax.net.ssl.SNIHostName;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLException;
import javax.net.ssl.X509ExtendedKeyManager;
import org.jspecify.annotations.Nullable;
import puente.acme.AcmeOrder.Refused;
import puente.net.DtlsIdentity;

/** The certificate in force, as TLS needs it; replaced as a whole on reload. */
final class NodeTls {
  /** A certificate, and the context that is made of it when it is first asked for. */
  private static final class Loaded {
    final CertificateChain chain;
    final List<String> protocols;
    final List<String> names;
    private @Nullable SslContext context;

    Loaded(CertificateChain chain, List<String> protocols, List<String> names) {
      this.chain = chain;
      this.protocols = protocols;
      this.names = names;
    }

    synchronized SslContext context() throws StartFailure {
      SslContext made = context;
      if (made == null) {
        made = make();
        context = made;
      }
      return made;
    }

    private SslContext make() throws StartFailure {
      TlsEngine engine = TlsEngine.of(chain);
      try {
        SslContext made = engine.context(chain, keys(chain), new TlsEngine.Offer(protocols, names));
        tell(engine);
        return made;
      } catch (SSLException | IllegalArgumentException unusable) {
        throw StartFailure.configuration(
            "the certificate cannot be used: " + unusable.getMessage());
      }
    }

    private static void tell(TlsEngine engine) {
      switch (engine) {
        case BORINGSSL -> Events.info("tls-ready", "engine", "boringssl");
        case JDK -> Events.info("tls-ready", "engine", "jdk", "reason", TlsEngine.missing());
      }
    }
  }

  static {
    // A client of TLS 1.2 could ask for handshake after handshake on one connection, each of which
    // costs us far more than it; no TURN client needs to. The JDK reads this once.
    System.setProperty("jdk.tls.rejectClientInitiatedRenegotiation", "true");
  }

  /** RFC 7443 §4. */
  private static final String TURN = "stun.turn";

  private static final String DISCOVERY = "stun.nat-discovery";
  private static final String HTTP = "http/1.1";

  private volatile Loaded loaded;
  private final Map<String, CertificateChain> proofByName = new ConcurrentHashMap<>();

  /** In use while an authority may ask. */
  private volatile @Nullable SslContext proving;

  private NodeTls(Loaded loaded) {
    this.loaded = loaded;
  }

  /**
   * Reads the certificate. What TLS is made of takes longer to load than all that clients in clear
   * need; {@link #prepare} does that when these are served.
   */
  static NodeTls open(Config config, StateDirectory state) throws StartFailure {
    return new NodeTls(load(config, state));
  }

  /** New connections get the new certificate, open ones keep theirs. */
  void reload(Config config, StateDirectory state) throws StartFailure {
    Loaded next = load(config, state);
    var unused = next.context();
    loaded = next;
  }

  /** Makes ready what the first handshake needs, where there is to be one. */
  static void prepare(@Nullable NodeTls tls) throws StartFailure {
    if (tls != null) {
      var unused = tls.loaded.context();
    }
  }

  SslContext context() {
    SslContext forProofs = proving;
    try {
      return forProofs == null ? loaded.context() : forProofs;
    } catch (StartFailure unusable) {
      throw new IllegalStateException(unusable);
    }
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
    return Set.copyOf(loaded.protocols);
  }

  /** The same certificate for a server that makes its own context: asked at each handshake. */
  X509ExtendedKeyManager keyManager() {
    return new ChainKey(() -> loaded.chain);
  }

  /** Of one chain, for good. */
  static X509ExtendedKeyManager keys(CertificateChain chain) {
    return new ChainKey(() -> chain);
  }

  /** Without a key store, whose password alone would take longer than the rest of a start. */
  private static final class ChainKey extends X509ExtendedKeyManager {
    private static final String ALIAS = "puente";

    private final Supplier<CertificateChain> chain;

    ChainKey(Supplier<CertificateChain> chain) {
      this.chain = chain;
    }

    private @Nullable String alias(String keyType) {
      return chain.get().key().getAlgorithm().equals(keyType) ? ALIAS : null;
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
      return chain.get().certificates().toArray(X509Certificate[]::new);
    }

    @Override
    public PrivateKey getPrivateKey(String alias) {
      return chain.get().key();
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

  // ---- proofs of names, RFC 8737

  private static final String ALPN = "acme-tls/1";

  /** From now on a handshake of an authority about this name gets this certificate. */
  void prove(String domain, CertificateChain proof) throws Refused {
    proofByName.put(domain, proof);
    try {
      // By the JDK: BoringSSL chooses a certificate before it knows which protocol was asked for.
      proving =
          TlsEngine.JDK.context(
              loaded.chain,
              new ProofKey(),
              new TlsEngine.Offer(
                  loaded.protocols,
                  Stream.concat(Stream.of(ALPN), loaded.names.stream()).toList()));
    } catch (SSLException unusable) {
      throw new Refused("no TLS for tls-alpn-01: " + unusable.getMessage());
    }
  }

  void forgetProof(String domain) {
    proofByName.remove(domain);
    if (proofByName.isEmpty()) {
      proving = null;
    }
  }

  /** The certificate in force, but for who speaks {@code acme-tls/1} that of the name he asks for. */
  private final class ProofKey extends X509ExtendedKeyManager {
    private static final String PREFIX = "proof:";
    private final X509ExtendedKeyManager usual = keyManager();

    @Override
    public @Nullable String chooseEngineServerAlias(
        String keyType, Principal @Nullable [] issuers, @Nullable SSLEngine engine) {
      if (engine == null || !ALPN.equals(engine.getHandshakeApplicationProtocol())) {
        return usual.chooseEngineServerAlias(keyType, issuers, engine);
      }
      return engine.getHandshakeSession() instanceof ExtendedSSLSession session
          ? session.getRequestedServerNames().stream()
              .filter(SNIHostName.class::isInstance)
              .map(name -> ((SNIHostName) name).getAsciiName().toLowerCase(Locale.ROOT))
              .filter(name -> isProvenBy(name, keyType))
              .map(name -> PREFIX + name)
              .findFirst()
              .orElse(null)
          : null;
    }

    private boolean isProvenBy(String name, String keyType) {
      CertificateChain proof = proofByName.get(name);
      return proof != null && proof.key().getAlgorithm().equals(keyType);
    }

    private @Nullable CertificateChain proof(String alias) {
      return alias.startsWith(PREFIX) ? proofByName.get(alias.substring(PREFIX.length())) : null;
    }

    @Override
    public X509Certificate[] getCertificateChain(String alias) {
      CertificateChain proof = proof(alias);
      return proof == null
          ? usual.getCertificateChain(alias)
          : proof.certificates().toArray(X509Certificate[]::new);
    }

    @Override
    public PrivateKey getPrivateKey(String alias) {
      CertificateChain proof = proof(alias);
      return proof == null ? usual.getPrivateKey(alias) : proof.key();
    }

    @Override
    public @Nullable String chooseServerAlias(
        String keyType, Principal @Nullable [] issuers, @Nullable Socket socket) {
      return usual.chooseServerAlias(keyType, issuers, socket);
    }

    @Override
    public String @Nullable [] getServerAliases(String keyType, Principal @Nullable [] issuers) {
      return usual.getServerAliases(keyType, issuers);
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
    List<String> names =
        OnePort.sharesHttps(config) ? List.of(TURN, DISCOVERY, HTTP) : List.of(TURN, DISCOVERY);
    return new Loaded(chain, protocols, names);
  }
}

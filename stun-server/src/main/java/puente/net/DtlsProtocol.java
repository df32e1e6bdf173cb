package puente.net;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.security.cert.X509Certificate;
import java.util.Hashtable;
import java.util.List;
import java.util.Vector;
import org.bouncycastle.tls.AlertDescription;
import org.bouncycastle.tls.Certificate;
import org.bouncycastle.tls.CipherSuite;
import org.bouncycastle.tls.DefaultTlsServer;
import org.bouncycastle.tls.HashAlgorithm;
import org.bouncycastle.tls.NameType;
import org.bouncycastle.tls.ProtocolName;
import org.bouncycastle.tls.ProtocolVersion;
import org.bouncycastle.tls.ServerName;
import org.bouncycastle.tls.SignatureAlgorithm;
import org.bouncycastle.tls.SignatureAndHashAlgorithm;
import org.bouncycastle.tls.TlsCredentialedSigner;
import org.bouncycastle.tls.TlsCredentials;
import org.bouncycastle.tls.TlsExtensionsUtils;
import org.bouncycastle.tls.TlsFatalAlert;
import org.bouncycastle.tls.TlsUtils;
import org.bouncycastle.tls.crypto.TlsCertificate;
import org.bouncycastle.tls.crypto.TlsCryptoParameters;
import org.bouncycastle.tls.crypto.impl.jcajce.JcaDefaultTlsCredentialedSigner;
import org.bouncycastle.tls.crypto.impl.jcajce.JcaTlsCertificate;
import org.bouncycastle.tls.crypto.impl.jcajce.JcaTlsCrypto;
import org.jspecify.annotations.Nullable;

/**
 * One handshake's answers: DTLS 1.2 with forward secrecy and authenticated encryption alone. No
 * renegotiation, no resumption: an association ends with its allocation.
 */
final class DtlsProtocol extends DefaultTlsServer {

  private static final int[] SUITES = {
    CipherSuite.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
    CipherSuite.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
    CipherSuite.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
    CipherSuite.TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
  };

  private final JcaTlsCrypto crypto;
  private final DtlsIdentity identity;
  private final int timeoutMillis;
  private volatile boolean closing;
  private volatile @Nullable String serverName;

  DtlsProtocol(JcaTlsCrypto crypto, DtlsIdentity identity, int timeoutMillis) {
    super(crypto);
    this.timeoutMillis = timeoutMillis;
    this.crypto = crypto;
    this.identity = identity;
  }

  /** Whether the client has said that it ends. */
  boolean isClosing() {
    return closing;
  }

  @Override
  protected ProtocolVersion[] getSupportedVersions() {
    return ProtocolVersion.DTLSv12.only();
  }

  @Override
  protected int[] getSupportedCipherSuites() {
    return TlsUtils.getSupportedCipherSuites(crypto, SUITES);
  }

  /** RFC 7443 §3. */
  @Override
  protected Vector<ProtocolName> getProtocolNames() {
    return new Vector<>(
        List.of(
            ProtocolName.asUtf8Encoding("stun.turn"),
            ProtocolName.asUtf8Encoding("stun.nat-discovery")));
  }

  /** RFC 6066 §3: the name that the client called; the last thing before we answer. */
  @Override
  public Hashtable<?, ?> getServerExtensions() throws IOException {
    serverName = calledName(context.getSecurityParametersHandshake().getClientServerNames());
    Hashtable<?, ?> extensions = super.getServerExtensions();
    if (serverName != null) {
      TlsExtensionsUtils.addServerNameExtensionServer(extensions);
    }
    return extensions;
  }

  private static @Nullable String calledName(@Nullable Vector<?> names) {
    if (names != null) {
      for (Object each : names) {
        if (each instanceof ServerName name && name.getNameType() == NameType.host_name) {
          return new String(name.getNameData(), StandardCharsets.US_ASCII);
        }
      }
    }
    return null;
  }

  @Nullable String serverName() {
    return serverName;
  }

  @Override
  public int getHandshakeTimeoutMillis() {
    return timeoutMillis;
  }

  /** Where the key does not fit a suite, the next suite is tried. */
  @Override
  protected boolean selectCipherSuite(int suite) throws IOException {
    boolean byEcdsa =
        suite == CipherSuite.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256
            || suite == CipherSuite.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384;
    return byEcdsa == isEcdsa() && super.selectCipherSuite(suite);
  }

  @Override
  public TlsCredentials getCredentials() throws IOException {
    return signer(isEcdsa() ? SignatureAlgorithm.ecdsa : SignatureAlgorithm.rsa);
  }

  @Override
  public void notifyAlertReceived(short level, short description) {
    if (description == AlertDescription.close_notify) {
      closing = true;
    }
  }

  private boolean isEcdsa() {
    return identity.key().getAlgorithm().startsWith("EC");
  }

  private TlsCredentialedSigner signer(short algorithm) throws IOException {
    TlsCertificate[] chain = new TlsCertificate[identity.chain().size()];
    for (int i = 0; i < chain.length; i++) {
      X509Certificate certificate = identity.chain().get(i);
      chain[i] = new JcaTlsCertificate(crypto, certificate);
    }
    return new JcaDefaultTlsCredentialedSigner(
        new TlsCryptoParameters(context),
        crypto,
        identity.key(),
        new Certificate(chain),
        scheme(algorithm));
  }

  /** The first way of signing that the client takes and this kind of key has. */
  private SignatureAndHashAlgorithm scheme(short algorithm) throws IOException {
    Vector<?> offered = context.getSecurityParametersHandshake().getClientSigAlgs();
    SignatureAndHashAlgorithm best = choose(offered, algorithm);
    if (best == null) {
      throw new TlsFatalAlert(AlertDescription.handshake_failure);
    }
    return best;
  }

  private static @Nullable SignatureAndHashAlgorithm choose(
      @Nullable Vector<?> offered, short algorithm) {
    if (offered == null) {
      // RFC 5246 §7.4.1.4.1: one who names none takes SHA-1, which we do not sign with.
      return null;
    }
    for (Object each : offered) {
      if (each instanceof SignatureAndHashAlgorithm scheme
          && scheme.getSignature() == algorithm
          && scheme.getHash() >= HashAlgorithm.sha256
          && scheme.getHash() <= HashAlgorithm.sha512) {
        return scheme;
      }
    }
    return null;
  }
}

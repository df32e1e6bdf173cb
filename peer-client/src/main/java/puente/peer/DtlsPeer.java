package puente.peer;

import java.io.IOException;
import java.security.SecureRandom;
import java.util.Vector;
import org.bouncycastle.tls.AlertDescription;
import org.bouncycastle.tls.Certificate;
import org.bouncycastle.tls.CertificateRequest;
import org.bouncycastle.tls.CipherSuite;
import org.bouncycastle.tls.ClientCertificateType;
import org.bouncycastle.tls.DTLSClientProtocol;
import org.bouncycastle.tls.DTLSServerProtocol;
import org.bouncycastle.tls.DTLSTransport;
import org.bouncycastle.tls.DatagramTransport;
import org.bouncycastle.tls.DefaultTlsClient;
import org.bouncycastle.tls.DefaultTlsServer;
import org.bouncycastle.tls.HashAlgorithm;
import org.bouncycastle.tls.ProtocolVersion;
import org.bouncycastle.tls.SignatureAlgorithm;
import org.bouncycastle.tls.SignatureAndHashAlgorithm;
import org.bouncycastle.tls.TlsAuthentication;
import org.bouncycastle.tls.TlsCredentials;
import org.bouncycastle.tls.TlsFatalAlert;
import org.bouncycastle.tls.TlsServerCertificate;
import org.bouncycastle.tls.TlsServerContext;
import org.bouncycastle.tls.crypto.TlsCryptoParameters;
import org.bouncycastle.tls.crypto.impl.jcajce.JcaDefaultTlsCredentialedSigner;
import org.bouncycastle.tls.crypto.impl.jcajce.JcaTlsCertificate;
import org.bouncycastle.tls.crypto.impl.jcajce.JcaTlsCrypto;
import org.bouncycastle.tls.crypto.impl.jcajce.JcaTlsCryptoProvider;
import org.jspecify.annotations.Nullable;

/**
 * DTLS 1.2 between two peers, both with a certificate of their own that the other knows by its digest
 * (RFC 8842 does the same for WebRTC).
 */
final class DtlsPeer {
  private static final int HANDSHAKE_MS = 15_000;
  private static final int[] SUITES = {CipherSuite.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256};
  private static final SignatureAndHashAlgorithm SIGNATURE =
      SignatureAndHashAlgorithm.getInstance(HashAlgorithm.sha256, SignatureAlgorithm.ecdsa);

  private final JcaTlsCrypto crypto = new JcaTlsCryptoProvider().create(new SecureRandom());
  private final PeerCertificate own;
  private final String expected;

  /**
   * @param expected digest of the other's certificate
   */
  DtlsPeer(PeerCertificate own, String expected) {
    this.own = own;
    this.expected = expected;
  }

  /** Shakes hands; blocks until that is done or failed. */
  DTLSTransport open(boolean isClient, DatagramTransport path) throws IOException {
    return isClient
        ? new DTLSClientProtocol().connect(new Caller(), path)
        : new DTLSServerProtocol().accept(new Callee(), path);
  }

  private Certificate chain() throws IOException {
    try {
      return new Certificate(
          new org.bouncycastle.tls.crypto.TlsCertificate[] {
            new JcaTlsCertificate(crypto, own.certificate())
          });
    } catch (RuntimeException broken) {
      throw new IOException(broken);
    }
  }

  private TlsCredentials signer(TlsCryptoParameters parameters) throws IOException {
    return new JcaDefaultTlsCredentialedSigner(parameters, crypto, own.key(), chain(), SIGNATURE);
  }

  private void check(@Nullable Certificate shown) throws IOException {
    if (shown == null || shown.isEmpty()) {
      throw new TlsFatalAlert(AlertDescription.bad_certificate);
    }
    try {
      PeerCertificate.check(shown.getCertificateAt(0).getEncoded(), expected);
    } catch (IOException another) {
      throw new TlsFatalAlert(AlertDescription.bad_certificate, another);
    }
  }

  private final class Caller extends DefaultTlsClient {
    Caller() {
      super(DtlsPeer.this.crypto);
    }

    @Override
    protected ProtocolVersion[] getSupportedVersions() {
      return ProtocolVersion.DTLSv12.only();
    }

    @Override
    protected int[] getSupportedCipherSuites() {
      return SUITES.clone();
    }

    @Override
    public int getHandshakeTimeoutMillis() {
      return HANDSHAKE_MS;
    }

    @Override
    public TlsAuthentication getAuthentication() {
      return new TlsAuthentication() {
        @Override
        public void notifyServerCertificate(TlsServerCertificate shown) throws IOException {
          check(shown.getCertificate());
        }

        @Override
        public TlsCredentials getClientCredentials(CertificateRequest request) throws IOException {
          return signer(new TlsCryptoParameters(context));
        }
      };
    }
  }

  private final class Callee extends DefaultTlsServer {
    Callee() {
      super(DtlsPeer.this.crypto);
    }

    @Override
    protected ProtocolVersion[] getSupportedVersions() {
      return ProtocolVersion.DTLSv12.only();
    }

    @Override
    protected int[] getSupportedCipherSuites() {
      return SUITES.clone();
    }

    @Override
    public int getHandshakeTimeoutMillis() {
      return HANDSHAKE_MS;
    }

    @Override
    public TlsCredentials getCredentials() throws IOException {
      TlsServerContext at = context;
      return signer(new TlsCryptoParameters(at));
    }

    @Override
    public CertificateRequest getCertificateRequest() {
      Vector<SignatureAndHashAlgorithm> algorithms = new Vector<>();
      algorithms.add(SIGNATURE);
      return new CertificateRequest(
          new short[] {ClientCertificateType.ecdsa_sign}, algorithms, null);
    }

    @Override
    public void notifyClientCertificate(Certificate shown) throws IOException {
      check(shown);
    }
  }
}

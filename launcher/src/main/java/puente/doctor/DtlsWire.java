package puente.doctor;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.net.DatagramSocket;
import java.net.InetSocketAddress;
import java.security.SecureRandom;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Vector;
import org.bouncycastle.tls.DTLSClientProtocol;
import org.bouncycastle.tls.DTLSTransport;
import org.bouncycastle.tls.DefaultTlsClient;
import org.bouncycastle.tls.ProtocolName;
import org.bouncycastle.tls.ProtocolVersion;
import org.bouncycastle.tls.ServerOnlyTlsAuthentication;
import org.bouncycastle.tls.TlsAuthentication;
import org.bouncycastle.tls.TlsServerCertificate;
import org.bouncycastle.tls.UDPTransport;
import org.bouncycastle.tls.crypto.TlsCertificate;
import org.bouncycastle.tls.crypto.impl.jcajce.JcaTlsCryptoProvider;
import org.jspecify.annotations.Nullable;

/** DTLS above UDP (RFC 7350). Takes whatever certificate is shown: judging it comes after. */
final class DtlsWire implements Wire {
  /** What goes through any network, RFC 8656 §3.8. */
  private static final int MTU = 1200;

  private final DatagramSocket socket = new DatagramSocket();
  private final DTLSTransport transport;
  private final List<X509Certificate> chain = new ArrayList<>();

  /**
   * Shakes hands.
   *
   * @param patienceMs after which it was in vain
   */
  DtlsWire(InetSocketAddress server, int patienceMs) throws IOException {
    try {
      socket.connect(server);
      transport =
          new DTLSClientProtocol()
              .connect(new AnyServer(patienceMs), new UDPTransport(socket, MTU));
    } catch (IOException vain) {
      socket.close();
      throw vain;
    }
  }

  /** What the server has shown, its own first. */
  List<X509Certificate> chain() {
    return List.copyOf(chain);
  }

  @Override
  public void send(byte[] bytes, int length) throws IOException {
    transport.send(bytes, 0, length);
  }

  @Override
  public byte @Nullable [] receive(int waitMs) throws IOException {
    byte[] buffer = new byte[transport.getReceiveLimit()];
    int length = transport.receive(buffer, 0, buffer.length, Math.max(1, waitMs));
    return length < 0 ? null : Arrays.copyOf(buffer, length);
  }

  @Override
  public boolean isReliable() {
    return false;
  }

  @Override
  public void close() {
    try {
      transport.close();
    } catch (IOException gone) {
      // That is what was wanted.
    }
    socket.close();
  }

  private final class AnyServer extends DefaultTlsClient {
    private final int patienceMs;

    AnyServer(int patienceMs) {
      super(new JcaTlsCryptoProvider().create(new SecureRandom()));
      this.patienceMs = patienceMs;
    }

    @Override
    protected ProtocolVersion[] getSupportedVersions() {
      return ProtocolVersion.DTLSv12.only();
    }

    /** RFC 7443 §3. */
    @Override
    protected Vector<ProtocolName> getProtocolNames() {
      return new Vector<>(List.of(ProtocolName.asUtf8Encoding("stun.turn")));
    }

    @Override
    public int getHandshakeTimeoutMillis() {
      return patienceMs;
    }

    @Override
    public TlsAuthentication getAuthentication() {
      return new ServerOnlyTlsAuthentication() {
        @Override
        public void notifyServerCertificate(TlsServerCertificate shown) throws IOException {
          try {
            CertificateFactory factory = CertificateFactory.getInstance("X.509");
            for (TlsCertificate one : shown.getCertificate().getCertificateList()) {
              byte[] bytes = one.getEncoded();
              chain.add(
                  (X509Certificate) factory.generateCertificate(new ByteArrayInputStream(bytes)));
            }
          } catch (CertificateException broken) {
            throw new IOException("what it shows is no certificate", broken);
          }
        }
      };
    }
  }
}

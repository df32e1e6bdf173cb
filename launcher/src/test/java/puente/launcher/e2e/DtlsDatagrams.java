package puente.launcher.e2e;

import java.io.IOException;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.security.SecureRandom;
import java.util.Arrays;
import org.bouncycastle.tls.DTLSClientProtocol;
import org.bouncycastle.tls.DTLSTransport;
import org.bouncycastle.tls.DefaultTlsClient;
import org.bouncycastle.tls.ProtocolVersion;
import org.bouncycastle.tls.ServerOnlyTlsAuthentication;
import org.bouncycastle.tls.TlsAuthentication;
import org.bouncycastle.tls.TlsServerCertificate;
import org.bouncycastle.tls.UDPTransport;
import org.bouncycastle.tls.crypto.impl.jcajce.JcaTlsCryptoProvider;
import org.jspecify.annotations.Nullable;

/** A way to the server by DTLS 1.2 (RFC 7350), of a client that takes any certificate. */
final class DtlsDatagrams implements TurnClient.Wire {
  private static final int MTU = 1400;
  private static final int PATIENCE_MS = 60_000;

  private final DatagramSocket socket = new DatagramSocket(0, InetAddress.getLoopbackAddress());
  private final DTLSTransport transport;

  /** Shakes hands. */
  DtlsDatagrams(InetSocketAddress server) throws IOException {
    socket.connect(server);
    transport = new DTLSClientProtocol().connect(new Trusting(), new UDPTransport(socket, MTU));
  }

  @Override
  public void send(byte[] message) throws IOException {
    transport.send(message, 0, message.length);
  }

  @Override
  public byte @Nullable [] receive() throws IOException {
    byte[] buffer = new byte[transport.getReceiveLimit()];
    int length = transport.receive(buffer, 0, buffer.length, 100);
    return length < 0 ? null : Arrays.copyOf(buffer, length);
  }

  /** Says goodbye, as an app that closes does. */
  @Override
  public void close() throws IOException {
    transport.close();
    socket.close();
  }

  private static final class Trusting extends DefaultTlsClient {
    Trusting() {
      super(new JcaTlsCryptoProvider().create(new SecureRandom()));
    }

    @Override
    protected ProtocolVersion[] getSupportedVersions() {
      return ProtocolVersion.DTLSv12.only();
    }

    @Override
    public int getHandshakeTimeoutMillis() {
      return PATIENCE_MS;
    }

    @Override
    public TlsAuthentication getAuthentication() {
      return new ServerOnlyTlsAuthentication() {
        @Override
        public void notifyServerCertificate(TlsServerCertificate shown) {}
      };
    }
  }
}

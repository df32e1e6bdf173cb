package puente.net;

import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.SecureRandom;
import java.security.cert.X509Certificate;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.Hashtable;
import java.util.List;
import java.util.Vector;
import org.bouncycastle.tls.DTLSClientProtocol;
import org.bouncycastle.tls.DTLSTransport;
import org.bouncycastle.tls.DatagramTransport;
import org.bouncycastle.tls.DefaultTlsClient;
import org.bouncycastle.tls.NameType;
import org.bouncycastle.tls.ProtocolName;
import org.bouncycastle.tls.ProtocolVersion;
import org.bouncycastle.tls.ServerName;
import org.bouncycastle.tls.ServerOnlyTlsAuthentication;
import org.bouncycastle.tls.TlsAuthentication;
import org.bouncycastle.tls.TlsExtensionsUtils;
import org.bouncycastle.tls.TlsServerCertificate;
import org.bouncycastle.tls.crypto.TlsCrypto;
import org.bouncycastle.tls.crypto.impl.jcajce.JcaTlsCryptoProvider;
import org.jspecify.annotations.NullUnmarked;
import org.junit.jupiter.api.Assertions;

/** A DTLS client's socket, with memory of what it sent. */
@NullUnmarked
final class DtlsCaller implements DatagramTransport, AutoCloseable {
  final DatagramSocket socket = new DatagramSocket(0, InetAddress.getLoopbackAddress());
  final Deque<byte[]> sent = new ArrayDeque<>();
  final Vector<ProtocolName> protocols = new Vector<>();
  InetSocketAddress to;
  private final int patienceMs;
  private final TlsCrypto crypto = new JcaTlsCryptoProvider().create(new SecureRandom());
  int stopAfter = Integer.MAX_VALUE;
  byte[] certificate;
  String serverName;
  boolean nameHeard;

  DtlsCaller(InetSocketAddress to, int patienceMs) throws IOException {
    this.to = to;
    this.patienceMs = patienceMs;
    socket.setSoTimeout(patienceMs);
  }

  DTLSTransport connect() throws IOException {
    return new DTLSClientProtocol().connect(new Dtls12(), this);
  }

  @Override
  public int getReceiveLimit() {
    return 20_000;
  }

  @Override
  public int getSendLimit() {
    return 20_000;
  }

  @Override
  public int receive(byte[] buffer, int offset, int length, int waitMillis) throws IOException {
    socket.setSoTimeout(Math.max(1, waitMillis));
    DatagramPacket packet = new DatagramPacket(buffer, offset, length);
    try {
      socket.receive(packet);
      return packet.getLength();
    } catch (SocketTimeoutException late) {
      return -1;
    }
  }

  @Override
  public void send(byte[] buffer, int offset, int length) throws IOException {
    if (sent.size() < stopAfter) {
      sent.add(Arrays.copyOfRange(buffer, offset, offset + length));
      socket.send(new DatagramPacket(buffer, offset, length, to));
    }
  }

  /** Of the association; the socket is used again. */
  @Override
  public void close() {}

  private final class Dtls12 extends DefaultTlsClient {
    Dtls12() {
      super(crypto);
    }

    @Override
    protected ProtocolVersion[] getSupportedVersions() {
      return ProtocolVersion.DTLSv12.only();
    }

    @Override
    protected Vector<ProtocolName> getProtocolNames() {
      return protocols.isEmpty() ? null : protocols;
    }

    @Override
    protected Vector<ServerName> getSNIServerNames() {
      return serverName == null
          ? null
          : new Vector<>(
              List.of(
                  new ServerName(
                      NameType.host_name, serverName.getBytes(StandardCharsets.US_ASCII))));
    }

    @Override
    @SuppressWarnings("rawtypes")
    public void processServerExtensions(Hashtable extensions) throws IOException {
      super.processServerExtensions(extensions);
      nameHeard = extensions != null && TlsExtensionsUtils.hasServerNameExtensionServer(extensions);
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
          certificate = shown.getCertificate().getCertificateAt(0).getEncoded();
        }
      };
    }
  }

  static DtlsIdentity certificate(Path store, String kind) throws Exception {
    String keytool = Path.of(System.getProperty("java.home"), "bin", "keytool").toString();
    String line =
        "-genkeypair -alias a -dname CN=localhost -storetype PKCS12 -storepass secret -keyalg ";
    List<String> command = new ArrayList<>(List.of(keytool));
    command.addAll(List.of((line + kind).split(" ")));
    command.addAll(List.of("-keystore", store.toString()));
    Process made = new ProcessBuilder(command).redirectErrorStream(true).start();
    made.getInputStream().readAllBytes();
    Assertions.assertEquals(0, made.waitFor());
    char[] password = "secret".toCharArray();
    KeyStore keys = KeyStore.getInstance(store.toFile(), password);
    return new DtlsIdentity(
        List.of((X509Certificate) keys.getCertificate("a")),
        (PrivateKey) keys.getKey("a", password));
  }
}

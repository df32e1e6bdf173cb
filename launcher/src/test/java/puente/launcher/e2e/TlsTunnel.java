package puente.launcher.e2e;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.CertificateFactory;
import java.util.List;
import javax.net.ssl.SNIHostName;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManagerFactory;

/**
 * Plain TCP in, TLS out: lends TLS to clients whose own cannot be used. coturn's uclient forgets
 * what its TLS library has already decrypted, and so loses messages with {@code -t -S -y} whatever
 * the server.
 */
final class TlsTunnel implements AutoCloseable {

  private final ServerSocket listener;
  private final ServerProcess server;
  private final String protocol;

  TlsTunnel(ServerProcess server, String protocol) {
    this.server = server;
    this.protocol = protocol;
    try {
      listener = new ServerSocket(0, 64, InetAddress.getLoopbackAddress());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    Thread.ofVirtual().start(this::accept);
  }

  int port() {
    return listener.getLocalPort();
  }

  /** A TLS connection to the server that trusts its certificate and nothing else. */
  static SSLSocket connect(ServerProcess server, String... protocols) throws IOException {
    var socket = open(server);
    if (protocols.length > 0) {
      socket.setEnabledProtocols(protocols);
    }
    socket.setTcpNoDelay(true);
    socket.startHandshake();
    return socket;
  }

  /** The same, calling this name (RFC 6066 §3). */
  static SSLSocket calling(String name, ServerProcess server) throws IOException {
    var socket = open(server);
    var parameters = socket.getSSLParameters();
    parameters.setServerNames(List.of(new SNIHostName(name)));
    socket.setSSLParameters(parameters);
    socket.startHandshake();
    return socket;
  }

  /**
   * TLS over a connection that there is already.
   *
   * @param names of protocols that are offered (RFC 7301)
   */
  static SSLSocket over(ServerProcess server, Socket connection, String... names)
      throws IOException {
    var socket =
        (SSLSocket)
            trusting(server.certificate)
                .getSocketFactory()
                .createSocket(connection, "127.0.0.1", connection.getPort(), true);
    var parameters = socket.getSSLParameters();
    parameters.setApplicationProtocols(names);
    socket.setSSLParameters(parameters);
    socket.setTcpNoDelay(true);
    socket.startHandshake();
    return socket;
  }

  private static SSLSocket open(ServerProcess server) throws IOException {
    return (SSLSocket)
        trusting(server.certificate)
            .getSocketFactory()
            .createSocket(InetAddress.getLoopbackAddress(), server.tlsPort);
  }

  static SSLContext trusting(Certificate certificate) throws IOException {
    try (var pem = Files.newInputStream(certificate.chain())) {
      var trusted = KeyStore.getInstance(KeyStore.getDefaultType());
      trusted.load(null, null);
      trusted.setCertificateEntry(
          "server", CertificateFactory.getInstance("X.509").generateCertificate(pem));
      var trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
      trust.init(trusted);
      var context = SSLContext.getInstance("TLS");
      context.init(null, trust.getTrustManagers(), null);
      return context;
    } catch (GeneralSecurityException e) {
      throw new IOException(e);
    }
  }

  private void accept() {
    while (!listener.isClosed()) {
      try {
        join(listener.accept());
      } catch (IOException e) {
        if (!listener.isClosed()) {
          throw new UncheckedIOException(e);
        }
      }
    }
  }

  /** A handshake that fails closes the client's end, so that the client says what it misses. */
  private void join(Socket plain) throws IOException {
    try {
      var secure = connect(server, protocol);
      Thread.ofVirtual().start(() -> pump(plain, secure));
      Thread.ofVirtual().start(() -> pump(secure, plain));
    } catch (SSLException e) {
      System.err.println("no tunnel of " + protocol + ": " + e.getMessage());
      plain.close();
    }
  }

  private static void pump(Socket from, Socket to) {
    try (from;
        to) {
      from.getInputStream().transferTo(to.getOutputStream());
    } catch (IOException e) {
      // Either end closing is how a tunnel ends.
    }
  }

  @Override
  public void close() throws IOException {
    listener.close();
  }
}

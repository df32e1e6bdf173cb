package puente.doctor;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;

/** Makes connections as clients do, each step within a time. */
final class Connecting {
  private Connecting() {}

  static Socket connect(InetSocketAddress server, int patienceMs) throws IOException {
    Socket socket = new Socket();
    try {
      socket.connect(server, patienceMs);
      return socket;
    } catch (IOException refused) {
      socket.close();
      throw refused;
    }
  }

  /**
   * Shakes hands; whatever certificate is shown is taken. What stands below is closed with it.
   *
   * @param host whose certificate is asked for
   */
  static SSLSocket secure(Socket plain, String host, int patienceMs) throws IOException {
    try {
      SSLSocket secure =
          (SSLSocket)
              TlsChain.takingAll()
                  .getSocketFactory()
                  .createSocket(plain, host, plain.getPort(), true);
      secure.setSoTimeout(patienceMs);
      SSLParameters parameters = secure.getSSLParameters();
      // RFC 7443 §3.
      parameters.setApplicationProtocols(new String[] {"stun.turn"});
      secure.setSSLParameters(parameters);
      secure.startHandshake();
      return secure;
    } catch (IOException refused) {
      plain.close();
      throw refused;
    }
  }
}

package puente.acme;

import io.netty.handler.ssl.util.InsecureTrustManagerFactory;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.cert.X509Certificate;
import java.util.Arrays;
import java.util.List;
import javax.net.ssl.SNIHostName;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;
import org.bouncycastle.asn1.ASN1OctetString;
import org.jspecify.annotations.Nullable;

/** How an authority looks at what is shown to it. */
final class ChallengeLook {
  private static final String ALPN_OID = "1.3.6.1.5.5.7.1.31";

  private ChallengeLook() {}

  static String overHttp(int httpPort, String token) throws IOException, InterruptedException {
    URI address =
        URI.create("http://127.0.0.1:" + httpPort + "/.well-known/acme-challenge/" + token);
    try (HttpClient client = HttpClient.newHttpClient()) {
      return client
          .send(HttpRequest.newBuilder(address).build(), HttpResponse.BodyHandlers.ofString())
          .body();
    }
  }

  /** RFC 8737 §3. */
  static boolean overTls(int tlsPort, String name, byte[] expected)
      throws IOException, GeneralSecurityException {
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(null, InsecureTrustManagerFactory.INSTANCE.getTrustManagers(), null);
    try (Socket plain = new Socket(InetAddress.getLoopbackAddress(), tlsPort);
        SSLSocket socket =
            (SSLSocket) context.getSocketFactory().createSocket(plain, name, tlsPort, true)) {
      SSLParameters parameters = socket.getSSLParameters();
      parameters.setApplicationProtocols(new String[] {"acme-tls/1"});
      parameters.setServerNames(List.of(new SNIHostName(name)));
      socket.setSSLParameters(parameters);
      socket.startHandshake();
      X509Certificate shown = (X509Certificate) socket.getSession().getPeerCertificates()[0];
      byte[] extension = shown.getExtensionValue(ALPN_OID);
      var names = shown.getSubjectAlternativeNames();
      return socket.getApplicationProtocol().equals("acme-tls/1")
          && shown.getCriticalExtensionOIDs().contains(ALPN_OID)
          && names.size() == 1
          && names.iterator().next().get(1).equals(name)
          && Arrays.equals(
              expected,
              ASN1OctetString.getInstance(ASN1OctetString.getInstance(extension).getOctets())
                  .getOctets());
    }
  }

  static boolean inZone(@Nullable Path file, String line) throws IOException {
    return file != null && Files.exists(file) && Files.readAllLines(file).contains(line);
  }
}

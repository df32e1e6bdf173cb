package puente.acme;

import java.io.IOException;
import java.net.Authenticator;
import java.net.URI;
import java.net.http.HttpClient;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.List;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;
import org.shredzone.acme4j.Session;
import org.shredzone.acme4j.connector.NetworkSettings;
import org.shredzone.acme4j.provider.GenericAcmeProvider;

/**
 * Whom to ask for certificates (RFC 8555 §6.1).
 *
 * @param roots that its own HTTPS is checked against; none for those that everybody trusts
 */
public record Authority(URI directory, List<X509Certificate> roots) {
  private static final Duration NETWORK = Duration.ofSeconds(20);

  public Authority {
    roots = List.copyOf(roots);
  }

  Session session() {
    Session session =
        roots.isEmpty()
            ? new Session(directory)
            : new Session(directory, new Private(trusting(roots)));
    session.networkSettings().setTimeout(NETWORK);
    return session;
  }

  private static SSLContext trusting(List<X509Certificate> roots) {
    try {
      KeyStore store = KeyStore.getInstance(KeyStore.getDefaultType());
      store.load(null, null);
      for (int i = 0; i < roots.size(); i++) {
        store.setCertificateEntry("root" + i, roots.get(i));
      }
      TrustManagerFactory trust =
          TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
      trust.init(store);
      SSLContext context = SSLContext.getInstance("TLS");
      context.init(null, trust.getTrustManagers(), null);
      return context;
    } catch (GeneralSecurityException | IOException missing) {
      throw new IllegalStateException("every Java platform has these", missing);
    }
  }

  /** As the library's own, but for whom it trusts. */
  private static final class Private extends GenericAcmeProvider {
    private final SSLContext trust;

    Private(SSLContext trust) {
      this.trust = trust;
    }

    @Override
    public HttpClient createHttpClient(NetworkSettings settings) {
      HttpClient.Builder builder =
          HttpClient.newBuilder()
              .followRedirects(HttpClient.Redirect.NORMAL)
              .connectTimeout(settings.getTimeout())
              .proxy(settings.getProxySelector())
              .sslContext(trust);
      Authenticator authenticator = settings.getAuthenticator();
      if (authenticator != null) {
        builder.authenticator(authenticator);
      }
      return builder.build();
    }
  }
}

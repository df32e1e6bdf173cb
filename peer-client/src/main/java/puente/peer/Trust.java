package puente.peer;

import java.io.IOException;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.util.List;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLException;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509TrustManager;
import org.jspecify.annotations.Nullable;

/**
 * Whose certificates of servers are believed.
 *
 * @param context for https, wss, and TURN over TLS
 * @param manager that the context asks
 */
public record Trust(SSLContext context, TrustManager manager) {
  /** The well-known authorities. */
  public static Trust usual() {
    return beside(List.of());
  }

  /** These authorities, or single certificates, beside the well-known ones. */
  public static Trust beside(List<X509Certificate> own) {
    try {
      KeyStore all = KeyStore.getInstance(KeyStore.getDefaultType());
      all.load(null, null);
      int count = 0;
      for (TrustManager manager : trusting(null).getTrustManagers()) {
        if (manager instanceof X509TrustManager known) {
          for (X509Certificate each : known.getAcceptedIssuers()) {
            all.setCertificateEntry("known" + count++, each);
          }
        }
      }
      for (X509Certificate each : own) {
        all.setCertificateEntry("own" + count++, each);
      }
      SSLContext context = SSLContext.getInstance("TLS");
      TrustManager[] managers = trusting(all).getTrustManagers();
      context.init(null, managers, null);
      return new Trust(context, managers[0]);
    } catch (GeneralSecurityException | IOException missing) {
      throw new IllegalStateException("every Java platform has these", missing);
    }
  }

  private static TrustManagerFactory trusting(@Nullable KeyStore store)
      throws GeneralSecurityException {
    TrustManagerFactory factory =
        TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
    factory.init(store);
    return factory;
  }

  /** {@link #refusal}, or what the failure says of itself. */
  public static String why(Throwable failure) {
    String refusal = refusal(failure);
    if (!refusal.isEmpty()) {
      return refusal;
    }
    String said = failure.getMessage();
    return said == null ? failure.getClass().getSimpleName() : said;
  }

  /** Why TLS did not come about and what to do; empty if it was something else. */
  public static String refusal(Throwable failure) {
    boolean isTls = false;
    for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
      String said = String.valueOf(cause.getMessage());
      if (cause instanceof CertificateException && !said.contains("PKIX")) {
        return "its certificate is refused: " + said;
      }
      if (said.contains("PKIX path")) {
        return "its certificate is by nobody who is known here: --ca FILE names the authority"
            + " (self-signed.pem in the server's state-dir, if it made one for itself)";
      }
      if (said.contains("recognized SSL message")) {
        return "no TLS is spoken there: http:// instead of https://?";
      }
      isTls |= cause instanceof SSLException;
    }
    return isTls ? "TLS failed: " + failure.getMessage() : "";
  }
}

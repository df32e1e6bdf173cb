package puente.doctor;

import io.netty.handler.ssl.util.InsecureTrustManagerFactory;
import java.net.InetAddress;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.CertificateException;
import java.security.cert.CertificateParsingException;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509TrustManager;
import org.jspecify.annotations.Nullable;
import puente.doctor.Finding.Part;

/** What clients will think of the certificates of a server. */
final class TlsChain {
  private static final Duration SOON = Duration.ofDays(14);
  private static final int ENTRY_DNS = 2;
  private static final int ENTRY_IP = 7;

  private final String host;
  private final Instant now;
  private final List<X509Certificate> roots;

  /**
   * @param host as clients write it
   * @param roots trusted beside the well-known ones
   */
  TlsChain(String host, Instant now, List<X509Certificate> roots) {
    this.host = host;
    this.now = now;
    this.roots = List.copyOf(roots);
  }

  /** Takes whatever is shown: judging it comes after. */
  static SSLContext takingAll() {
    try {
      SSLContext context = SSLContext.getInstance("TLS");
      context.init(null, InsecureTrustManagerFactory.INSTANCE.getTrustManagers(), null);
      return context;
    } catch (GeneralSecurityException missing) {
      throw new IllegalStateException("this Java has no TLS", missing);
    }
  }

  /** One finding: the worst that is to be said of it. */
  Finding judge(List<X509Certificate> chain, String name) {
    X509Certificate leaf = chain.getFirst();
    Instant end = leaf.getNotAfter().toInstant();
    long days = Duration.between(now, end).toDays();
    if (end.isBefore(now)) {
      return problem(name, "the certificate expired on " + end, "Renew it; acme-domain does so.");
    }
    if (leaf.getNotBefore().toInstant().isAfter(now)) {
      return problem(
          name,
          "the certificate begins on " + leaf.getNotBefore().toInstant(),
          "Set the clocks of this host and of the server, or wait until then.");
    }
    if (!covers(leaf)) {
      return problem(
          name,
          "the certificate is for " + names(leaf) + ", not for " + host,
          "Get one with " + host + " among its names, or give clients one of those names.");
    }
    if (leaf.getSubjectX500Principal().equals(leaf.getIssuerX500Principal()) && !isTrusted(chain)) {
      return Finding.warning(
          Part.SERVER,
          name,
          "the certificate is self-signed: browsers refuse turns: and https: here",
          "Give cert= and pkey=, or acme-domain= to have one made.");
    }
    if (!isTrusted(chain)) {
      return problem(
          name,
          "the chain of " + chain.size() + " leads to no root that clients trust",
          "Serve the whole chain (fullchain.pem, not cert.pem); for a CA of your own see --ca.");
    }
    String detail = "chain ok, names ok, expires in " + days + " days";
    return days < SOON.toDays()
        ? Finding.warning(Part.SERVER, name, detail, "Renew it now; acme-domain does so in time.")
        : Finding.good(Part.SERVER, name, detail);
  }

  private static Finding problem(String name, String detail, String fix) {
    return Finding.problem(Part.SERVER, name, detail, fix);
  }

  private boolean isTrusted(List<X509Certificate> chain) {
    try {
      for (KeyStore store : stores()) {
        TrustManagerFactory factory =
            TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        factory.init(store);
        for (TrustManager manager : factory.getTrustManagers()) {
          if (manager instanceof X509TrustManager known && accepts(known, chain)) {
            return true;
          }
        }
      }
      return false;
    } catch (GeneralSecurityException | java.io.IOException missing) {
      throw new IllegalStateException("this Java has no trust store", missing);
    }
  }

  /** The usual roots (null is those), and ours. */
  private List<@Nullable KeyStore> stores() throws GeneralSecurityException, java.io.IOException {
    List<@Nullable KeyStore> stores = new ArrayList<>();
    stores.add(null);
    if (!roots.isEmpty()) {
      KeyStore own = KeyStore.getInstance(KeyStore.getDefaultType());
      own.load(null, null);
      for (int i = 0; i < roots.size(); i++) {
        own.setCertificateEntry("root" + i, roots.get(i));
      }
      stores.add(own);
    }
    return stores;
  }

  private static boolean accepts(X509TrustManager manager, List<X509Certificate> chain) {
    try {
      String key = chain.getFirst().getPublicKey().getAlgorithm();
      manager.checkServerTrusted(
          chain.toArray(X509Certificate[]::new), key.equals("RSA") ? "ECDHE_RSA" : "ECDHE_ECDSA");
      return true;
    } catch (CertificateException refused) {
      return false;
    }
  }

  /** RFC 9525 §6.3: a star stands for one label, the first. */
  private boolean covers(X509Certificate leaf) {
    return names(leaf).stream().anyMatch(this::matches);
  }

  private boolean matches(String name) {
    String wanted = host.toLowerCase(Locale.ROOT);
    String offered = name.toLowerCase(Locale.ROOT);
    int dot = wanted.indexOf('.');
    boolean byStar =
        offered.startsWith("*.") && dot > 0 && wanted.substring(dot).equals(offered.substring(1));
    return offered.equals(wanted) || byStar || sameAddress(offered, wanted);
  }

  private static boolean sameAddress(String one, String other) {
    return isLiteral(one)
        && isLiteral(other)
        && InetAddress.ofLiteral(one).equals(InetAddress.ofLiteral(other));
  }

  static boolean isLiteral(String host) {
    try {
      InetAddress.ofLiteral(host);
      return true;
    } catch (IllegalArgumentException name) {
      return false;
    }
  }

  private static List<String> names(X509Certificate leaf) {
    List<String> names = new ArrayList<>();
    try {
      Collection<List<?>> entries = leaf.getSubjectAlternativeNames();
      for (List<?> entry : entries == null ? List.<List<?>>of() : entries) {
        if (entry.getFirst().equals(ENTRY_DNS) || entry.getFirst().equals(ENTRY_IP)) {
          names.add(String.valueOf(entry.get(1)));
        }
      }
    } catch (CertificateParsingException broken) {
      return names;
    }
    return names;
  }
}

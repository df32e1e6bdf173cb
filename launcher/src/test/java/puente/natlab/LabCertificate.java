package puente.natlab;

import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyStore;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import puente.doctor.TestCertificateAuthority;

/**
 * The server's certificate, by an authority that only the programs here trust.
 *
 * @param chain in PEM form
 * @param store with the authority's certificate
 */
record LabCertificate(Path chain, Path key, Path store) {
  private static final String PASSWORD = "laboratory";

  static LabCertificate of(List<String> addresses, Path folder) {
    TestCertificateAuthority authority = new TestCertificateAuthority();
    KeyPair keys = TestCertificateAuthority.newKeys();
    Instant now = Instant.now();
    X509Certificate issued =
        authority.issue(
            keys.getPublic(),
            addresses,
            now.minus(1, ChronoUnit.DAYS),
            now.plus(7, ChronoUnit.DAYS));
    LabCertificate made =
        new LabCertificate(
            folder.resolve("chain.pem"), folder.resolve("key.pem"), folder.resolve("trusted.p12"));
    try {
      Files.writeString(made.chain, TestCertificateAuthority.pem(issued, authority.root()));
      Files.writeString(made.key, TestCertificateAuthority.pem(keys.getPrivate()));
      KeyStore trusted = KeyStore.getInstance("PKCS12");
      trusted.load(null, null);
      trusted.setCertificateEntry("laboratory", authority.root());
      try (OutputStream out = Files.newOutputStream(made.store)) {
        trusted.store(out, PASSWORD.toCharArray());
      }
      return made;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException(e);
    }
  }

  /** Options of a JVM that trusts the authority. */
  String trusted() {
    return "-Djavax.net.ssl.trustStore="
        + store
        + " -Djavax.net.ssl.trustStorePassword="
        + PASSWORD;
  }
}

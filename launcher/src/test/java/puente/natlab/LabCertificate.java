package puente.natlab;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyPair;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import puente.doctor.TestCertificateAuthority;

/**
 * The server's certificate, by an authority that only the programs here trust.
 *
 * @param chain in PEM form
 * @param authority its own certificate
 */
record LabCertificate(Path chain, Path key, Path authority) {
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
            folder.resolve("chain.pem"),
            folder.resolve("key.pem"),
            folder.resolve("authority.pem"));
    try {
      Files.writeString(made.chain, TestCertificateAuthority.pem(issued, authority.root()));
      Files.writeString(made.key, TestCertificateAuthority.pem(keys.getPrivate()));
      Files.writeString(made.authority, TestCertificateAuthority.pem(authority.root()));
      return made;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}

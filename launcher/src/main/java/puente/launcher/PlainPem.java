package puente.launcher;

import java.io.ByteArrayInputStream;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.spec.InvalidKeySpecException;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * PEM files of the usual kind, certificates and PKCS #8 keys in clear (RFC 7468 §5 and §10), by
 * what the JDK has. To load the library that reads the other kinds takes longer than the rest of a
 * start.
 *
 * @param certificates in the order of the text
 * @param keys in the order of the text
 */
record PlainPem(List<X509Certificate> certificates, List<PrivateKey> keys) {
  private static final Pattern BLOCK =
      Pattern.compile("-----BEGIN ([^-\\r\\n]+)-----([^-]+)-----END ([^-\\r\\n]+)-----");

  private static final List<String> ALGORITHMS = List.of("EC", "RSA", "EdDSA");

  /** Empty where there is anything of another kind in it, or nothing at all. */
  static Optional<PlainPem> of(String text) {
    List<X509Certificate> certificates = new ArrayList<>();
    List<PrivateKey> keys = new ArrayList<>();
    Matcher block = BLOCK.matcher(text);
    try {
      while (block.find()) {
        byte[] value = Base64.getMimeDecoder().decode(block.group(2));
        switch (block.group(1).equals(block.group(3)) ? block.group(1) : "") {
          case "CERTIFICATE" -> certificates.add(certificate(value));
          case "PRIVATE KEY" -> keys.add(key(value));
          default -> {
            return Optional.empty();
          }
        }
      }
    } catch (GeneralSecurityException | IllegalArgumentException other) {
      // Who reads all kinds has the words for what is wrong, too.
      return Optional.empty();
    }
    return certificates.isEmpty() && keys.isEmpty()
        ? Optional.empty()
        : Optional.of(new PlainPem(certificates, keys));
  }

  private static X509Certificate certificate(byte[] value) throws GeneralSecurityException {
    return (X509Certificate)
        CertificateFactory.getInstance("X.509")
            .generateCertificate(new ByteArrayInputStream(value));
  }

  private static PrivateKey key(byte[] value) throws GeneralSecurityException {
    PKCS8EncodedKeySpec encoded = new PKCS8EncodedKeySpec(value);
    for (String algorithm : ALGORITHMS) {
      try {
        return KeyFactory.getInstance(algorithm).generatePrivate(encoded);
      } catch (InvalidKeySpecException another) {
        // It says of which algorithm it is, and the next one may know it.
      }
    }
    throw new InvalidKeySpecException("of none of " + ALGORITHMS);
  }
}

package puente.launcher;

import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.PrivateKey;
import java.security.Signature;
import java.security.cert.X509Certificate;
import java.security.interfaces.RSAPrivateKey;
import java.security.interfaces.RSAPublicKey;
import java.util.List;
import java.util.Optional;

/**
 * A certificate with its issuers, leaf first, and its private key.
 *
 * @param certificates the chain, leaf first
 * @param key the private key of the leaf
 */
record CertificateChain(List<X509Certificate> certificates, PrivateKey key) {
  /** A chain of ten large certificates is a tenth of this. */
  private static final int PEM_BYTES_MAX = 1 << 20;

  CertificateChain {
    certificates = List.copyOf(certificates);
  }

  /** The certificate of the server itself. */
  X509Certificate leaf() {
    return certificates.getFirst();
  }

  /** Reads the files that {@code cert}, {@code pkey} and {@code pkey-pwd} name. */
  static CertificateChain load(Config config) throws StartFailure {
    Path cert = config.value(Settings.CERT);
    Origin certOrigin = config.origin(Settings.CERT);
    List<X509Certificate> chain;
    try {
      chain = certificates(cert);
    } catch (StartFailure e) {
      throw new StartFailure(e.kind(), certOrigin + ": cert: " + e.line(), e);
    }
    boolean separate = config.find(Settings.PKEY).isPresent();
    Path pkey = config.find(Settings.PKEY).orElse(cert);
    Origin keyOrigin = separate ? config.origin(Settings.PKEY) : certOrigin;
    try {
      return new CertificateChain(chain, key(pkey, config.find(Settings.PKEY_PWD)))
          .checked(pkey + ": the private key does not belong to the certificate in " + cert);
    } catch (StartFailure e) {
      throw new StartFailure(e.kind(), keyOrigin + ": pkey: " + e.line(), e);
    }
  }

  /** Reads one file with both, the key unencrypted. */
  static CertificateChain load(Path file) throws StartFailure {
    return new CertificateChain(certificates(file), key(file, Optional.empty()))
        .checked(file + ": the private key does not belong to the certificate");
  }

  /** Both of a text in PEM form that came from elsewhere. */
  static CertificateChain of(String text, String origin) throws StartFailure {
    return new CertificateChain(certificates(text, origin), key(text, origin, Optional.empty()))
        .checked(origin + ": the private key does not belong to the certificate");
  }

  /** The certificates of a file, in its order. */
  static List<X509Certificate> certificates(Path file) throws StartFailure {
    return certificates(text(file), file.toString());
  }

  private static List<X509Certificate> certificates(String text, String file) throws StartFailure {
    Optional<PlainPem> plain = PlainPem.of(text);
    List<X509Certificate> chain =
        plain.isPresent() ? plain.get().certificates() : AnyCertificatePem.certificates(text, file);
    if (chain.isEmpty()) {
      throw StartFailure.configuration(file + ": no certificate in PEM form in it");
    }
    return chain;
  }

  private static PrivateKey key(Path file, Optional<String> password) throws StartFailure {
    return key(text(file), file.toString(), password);
  }

  private static PrivateKey key(String text, String file, Optional<String> password)
      throws StartFailure {
    Optional<PlainPem> plain = PlainPem.of(text);
    Optional<PrivateKey> key =
        plain.isPresent()
            ? plain.get().keys().stream().findFirst()
            : AnyCertificatePem.key(text, file, password);
    return key.orElseThrow(
        () -> StartFailure.configuration(file + ": no private key in PEM form in it"));
  }

  private static String text(Path file) throws StartFailure {
    if (Files.isDirectory(file)) {
      throw StartFailure.configuration(file + ": is a directory");
    }
    return ConfigFile.text(file, PEM_BYTES_MAX);
  }

  private CertificateChain checked(String mismatch) throws StartFailure {
    if (key instanceof RSAPrivateKey secret && leaf().getPublicKey() instanceof RSAPublicKey open) {
      if (secret.getModulus().equals(open.getModulus())) {
        return this;
      }
      throw StartFailure.configuration(mismatch);
    }
    String algorithm = key.getAlgorithm().equals("EC") ? "SHA256withECDSA" : key.getAlgorithm();
    byte[] probe = {1, 2, 3};
    try {
      Signature signing = Signature.getInstance(algorithm);
      signing.initSign(key);
      signing.update(probe);
      Signature verifying = Signature.getInstance(algorithm);
      verifying.initVerify(leaf().getPublicKey());
      verifying.update(probe);
      if (verifying.verify(signing.sign())) {
        return this;
      }
    } catch (GeneralSecurityException e) {
      // A key of another kind than the certificate's cannot even be tried.
    }
    throw StartFailure.configuration(mismatch);
  }
}

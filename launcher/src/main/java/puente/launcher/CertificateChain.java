package puente.launcher;

import java.io.IOException;
import java.io.Reader;
import java.io.Serial;
import java.io.StringReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.PrivateKey;
import java.security.Signature;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.bouncycastle.asn1.pkcs.PrivateKeyInfo;
import org.bouncycastle.cert.X509CertificateHolder;
import org.bouncycastle.cert.jcajce.JcaX509CertificateConverter;
import org.bouncycastle.jce.provider.BouncyCastleProvider;
import org.bouncycastle.openssl.PEMEncryptedKeyPair;
import org.bouncycastle.openssl.PEMKeyPair;
import org.bouncycastle.openssl.PEMParser;
import org.bouncycastle.openssl.jcajce.JcaPEMKeyConverter;
import org.bouncycastle.openssl.jcajce.JceOpenSSLPKCS8DecryptorProviderBuilder;
import org.bouncycastle.openssl.jcajce.JcePEMDecryptorProviderBuilder;
import org.bouncycastle.operator.OperatorCreationException;
import org.bouncycastle.pkcs.PKCS8EncryptedPrivateKeyInfo;
import org.bouncycastle.pkcs.PKCSException;

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
  static CertificateChain of(Reader text, String origin) throws StartFailure {
    List<Object> objects = objects(text, origin);
    return new CertificateChain(
            certificates(objects, origin), key(objects, origin, Optional.empty()))
        .checked(origin + ": the private key does not belong to the certificate");
  }

  /** The certificates of a file, in its order. */
  static List<X509Certificate> certificates(Path file) throws StartFailure {
    return certificates(objects(file), file.toString());
  }

  private static List<X509Certificate> certificates(List<Object> objects, String file)
      throws StartFailure {
    List<X509Certificate> chain = new ArrayList<>();
    for (Object object : objects) {
      if (object instanceof X509CertificateHolder holder) {
        try {
          chain.add(new JcaX509CertificateConverter().getCertificate(holder));
        } catch (GeneralSecurityException e) {
          throw StartFailure.configuration(file + ": a certificate in it cannot be read");
        }
      }
    }
    if (chain.isEmpty()) {
      throw StartFailure.configuration(file + ": no certificate in PEM form in it");
    }
    return chain;
  }

  private static PrivateKey key(Path file, Optional<String> password) throws StartFailure {
    return key(objects(file), file.toString(), password);
  }

  private static PrivateKey key(List<Object> objects, String file, Optional<String> password)
      throws StartFailure {
    for (Object object : objects) {
      try {
        Optional<PrivateKeyInfo> info = keyInfo(object, password);
        if (info.isPresent()) {
          return new JcaPEMKeyConverter().getPrivateKey(info.get());
        }
      } catch (MissingPassword e) {
        throw StartFailure.configuration(file + ": the key is encrypted; give pkey-pwd");
      } catch (IOException | OperatorCreationException | PKCSException e) {
        // The causes name algorithms and paddings, never the simple truth.
        String encrypted = password.isPresent() ? ", or pkey-pwd is wrong" : "";
        throw StartFailure.configuration(file + ": the private key cannot be read" + encrypted);
      }
    }
    throw StartFailure.configuration(file + ": no private key in PEM form in it");
  }

  private static Optional<PrivateKeyInfo> keyInfo(Object object, Optional<String> password)
      throws IOException, OperatorCreationException, PKCSException, MissingPassword {
    return switch (object) {
      case PrivateKeyInfo plain -> Optional.of(plain);
      case PEMKeyPair pair -> Optional.of(pair.getPrivateKeyInfo());
      case PEMEncryptedKeyPair old -> {
        var decryptor =
            new JcePEMDecryptorProviderBuilder()
                .setProvider(new BouncyCastleProvider())
                .build(characters(password));
        yield Optional.of(old.decryptKeyPair(decryptor).getPrivateKeyInfo());
      }
      case PKCS8EncryptedPrivateKeyInfo encrypted -> {
        var decryptor =
            new JceOpenSSLPKCS8DecryptorProviderBuilder()
                .setProvider(new BouncyCastleProvider())
                .build(characters(password));
        yield Optional.of(encrypted.decryptPrivateKeyInfo(decryptor));
      }
      default -> Optional.empty();
    };
  }

  private static char[] characters(Optional<String> password) throws MissingPassword {
    return password.orElseThrow(MissingPassword::new).toCharArray();
  }

  private static List<Object> objects(Path file) throws StartFailure {
    if (Files.isDirectory(file)) {
      throw StartFailure.configuration(file + ": is a directory");
    }
    return objects(new StringReader(ConfigFile.text(file, PEM_BYTES_MAX)), file.toString());
  }

  private static List<Object> objects(Reader text, String file) throws StartFailure {
    List<Object> objects = new ArrayList<>();
    try (PEMParser parser = new PEMParser(text)) {
      for (Object object = parser.readObject(); object != null; object = parser.readObject()) {
        objects.add(object);
      }
    } catch (IOException | RuntimeException e) {
      // The parser throws what its input makes it throw.
      throw StartFailure.configuration(file + ": not valid PEM");
    }
    return objects;
  }

  private CertificateChain checked(String mismatch) throws StartFailure {
    String algorithm =
        switch (key.getAlgorithm()) {
          case "EC" -> "SHA256withECDSA";
          case "RSA" -> "SHA256withRSA";
          default -> key.getAlgorithm();
        };
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

  /** Distinguishes a missing password from a wrong one. */
  private static final class MissingPassword extends Exception {
    @Serial private static final long serialVersionUID = 1;
  }
}

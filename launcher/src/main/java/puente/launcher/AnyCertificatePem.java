package puente.launcher;

import java.io.IOException;
import java.io.Serial;
import java.io.StringReader;
import java.security.GeneralSecurityException;
import java.security.PrivateKey;
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

/** PEM files of every kind: also keys that are encrypted, or as OpenSSL wrote them formerly. */
final class AnyCertificatePem {

  private AnyCertificatePem() {}

  static List<X509Certificate> certificates(String text, String file) throws StartFailure {
    List<X509Certificate> chain = new ArrayList<>();
    for (Object object : objects(text, file)) {
      if (object instanceof X509CertificateHolder holder) {
        try {
          chain.add(new JcaX509CertificateConverter().getCertificate(holder));
        } catch (GeneralSecurityException e) {
          throw StartFailure.configuration(file + ": a certificate in it cannot be read");
        }
      }
    }
    return chain;
  }

  static Optional<PrivateKey> key(String text, String file, Optional<String> password)
      throws StartFailure {
    for (Object object : objects(text, file)) {
      try {
        Optional<PrivateKeyInfo> info = keyInfo(object, password);
        if (info.isPresent()) {
          return Optional.of(new JcaPEMKeyConverter().getPrivateKey(info.get()));
        }
      } catch (MissingPassword e) {
        throw StartFailure.configuration(file + ": the key is encrypted; give pkey-pwd");
      } catch (IOException | OperatorCreationException | PKCSException e) {
        // The causes name algorithms and paddings, never the simple truth.
        String encrypted = password.isPresent() ? ", or pkey-pwd is wrong" : "";
        throw StartFailure.configuration(file + ": the private key cannot be read" + encrypted);
      }
    }
    return Optional.empty();
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

  private static List<Object> objects(String text, String file) throws StartFailure {
    List<Object> objects = new ArrayList<>();
    try (PEMParser parser = new PEMParser(new StringReader(text))) {
      for (Object object = parser.readObject(); object != null; object = parser.readObject()) {
        objects.add(object);
      }
    } catch (IOException | RuntimeException e) {
      // The parser throws what its input makes it throw.
      throw StartFailure.configuration(file + ": not valid PEM");
    }
    return objects;
  }

  /** Distinguishes a missing password from a wrong one. */
  private static final class MissingPassword extends Exception {
    @Serial private static final long serialVersionUID = 1;
  }
}

package puente.launcher;

import java.io.IOException;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyPair;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.util.List;
import java.util.Optional;
import org.bouncycastle.asn1.pkcs.PrivateKeyInfo;
import org.bouncycastle.asn1.x509.SubjectPublicKeyInfo;
import org.bouncycastle.openssl.PEMParser;
import org.bouncycastle.openssl.jcajce.JcaPEMKeyConverter;
import org.bouncycastle.openssl.jcajce.JcaPEMWriter;
import org.bouncycastle.openssl.jcajce.JcaPKCS8Generator;

/** Where ordered certificates and the account's key are kept: PEM files in state-dir. */
final class CertificateStore {
  static final String CHAIN = "acme-certificate.pem";
  private static final String ACCOUNT = "acme-account.pem";
  private static final int ACCOUNT_BYTES_MAX = 1 << 16;

  private final StateDirectory state;

  CertificateStore(StateDirectory state) {
    this.state = state;
  }

  /** The certificate that was ordered last, if there is one that can be used. */
  Optional<CertificateChain> chain() throws StartFailure {
    Path file = state.directory().resolve(CHAIN);
    return Files.exists(file) ? Optional.of(CertificateChain.load(file)) : Optional.empty();
  }

  String text() throws StartFailure {
    return ConfigFile.text(state.directory().resolve(CHAIN), 1 << 20);
  }

  void keep(String pem) throws StartFailure {
    state.note(CHAIN, pem);
  }

  static String pem(List<X509Certificate> chain, PrivateKey key) {
    StringWriter text = new StringWriter();
    try (JcaPEMWriter writer = new JcaPEMWriter(text)) {
      for (X509Certificate certificate : chain) {
        writer.writeObject(certificate);
      }
      writer.writeObject(new JcaPKCS8Generator(key, null));
    } catch (IOException impossible) {
      throw new IllegalStateException(impossible);
    }
    return text.toString();
  }

  /** The account's key, made on first use; with another one the authority knows us not. */
  KeyPair account(java.util.function.Supplier<KeyPair> maker) throws StartFailure {
    Path file = state.directory().resolve(ACCOUNT);
    if (!Files.exists(file)) {
      StringWriter text = new StringWriter();
      try (JcaPEMWriter writer = new JcaPEMWriter(text)) {
        KeyPair made = maker.get();
        writer.writeObject(new JcaPKCS8Generator(made.getPrivate(), null));
        writer.writeObject(made.getPublic());
      } catch (IOException impossible) {
        throw new IllegalStateException(impossible);
      }
      state.note(ACCOUNT, text.toString());
    }
    try (PEMParser parser =
        new PEMParser(new java.io.StringReader(ConfigFile.text(file, ACCOUNT_BYTES_MAX)))) {
      if (parser.readObject() instanceof PrivateKeyInfo key
          && parser.readObject() instanceof SubjectPublicKeyInfo open) {
        JcaPEMKeyConverter converter = new JcaPEMKeyConverter();
        return new KeyPair(converter.getPublicKey(open), converter.getPrivateKey(key));
      }
    } catch (IOException unreadable) {
      // Said below.
    }
    throw StartFailure.configuration(file + ": holds no key; remove it to get a new account");
  }
}

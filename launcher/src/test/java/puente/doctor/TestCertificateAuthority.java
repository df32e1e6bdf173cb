package puente.doctor;

import java.io.IOException;
import java.io.StringWriter;
import java.math.BigInteger;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.PublicKey;
import java.security.SecureRandom;
import java.security.cert.X509Certificate;
import java.security.spec.ECGenParameterSpec;
import java.time.Instant;
import java.util.Date;
import java.util.List;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x509.BasicConstraints;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.bouncycastle.cert.jcajce.JcaX509CertificateConverter;
import org.bouncycastle.cert.jcajce.JcaX509ExtensionUtils;
import org.bouncycastle.cert.jcajce.JcaX509v3CertificateBuilder;
import org.bouncycastle.openssl.jcajce.JcaPEMWriter;
import org.bouncycastle.openssl.jcajce.JcaPKCS8Generator;
import org.bouncycastle.operator.OperatorCreationException;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;

/** A certification authority for tests, with a root of its own. */
public final class TestCertificateAuthority {
  private static final X500Name NAME = new X500Name("CN=Test root");
  private static final Instant BEGIN = Instant.parse("2020-01-01T00:00:00Z");
  private static final Instant END = Instant.parse("2120-01-01T00:00:00Z");

  private final KeyPair keys = newKeys();
  private final X509Certificate root;

  public TestCertificateAuthority() {
    root = signed(NAME, keys.getPublic(), List.of(), BEGIN, END, true);
  }

  public static KeyPair newKeys() {
    try {
      KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
      generator.initialize(new ECGenParameterSpec("secp256r1"), new SecureRandom());
      return generator.generateKeyPair();
    } catch (GeneralSecurityException missing) {
      throw new IllegalStateException(missing);
    }
  }

  public X509Certificate root() {
    return root;
  }

  /** A server's certificate; an address among the names becomes one. */
  public X509Certificate issue(PublicKey key, List<String> names, Instant from, Instant to) {
    return signed(new X500Name("CN=" + names.getFirst()), key, names, from, to, false);
  }

  private X509Certificate signed(
      X500Name subject,
      PublicKey key,
      List<String> names,
      Instant from,
      Instant to,
      boolean isAuthority) {
    try {
      var builder =
          new JcaX509v3CertificateBuilder(
              NAME,
              new BigInteger(120, new SecureRandom()),
              Date.from(from),
              Date.from(to),
              subject,
              key);
      builder.addExtension(Extension.basicConstraints, true, new BasicConstraints(isAuthority));
      if (!isAuthority) {
        var issuer = new JcaX509ExtensionUtils().createAuthorityKeyIdentifier(keys.getPublic());
        builder.addExtension(Extension.authorityKeyIdentifier, false, issuer);
      }
      if (!names.isEmpty()) {
        GeneralName[] all =
            names.stream()
                .map(
                    name ->
                        new GeneralName(
                            TlsChain.isLiteral(name) ? GeneralName.iPAddress : GeneralName.dNSName,
                            name))
                .toArray(GeneralName[]::new);
        builder.addExtension(Extension.subjectAlternativeName, false, new GeneralNames(all));
      }
      var signer = new JcaContentSignerBuilder("SHA256withECDSA").build(keys.getPrivate());
      return new JcaX509CertificateConverter().getCertificate(builder.build(signer));
    } catch (GeneralSecurityException | OperatorCreationException | IOException broken) {
      throw new IllegalStateException(broken);
    }
  }

  /** In PEM form: certificates, or a private key. */
  public static String pem(Object... objects) {
    StringWriter text = new StringWriter();
    try (JcaPEMWriter writer = new JcaPEMWriter(text)) {
      for (Object object : objects) {
        writer.writeObject(
            object instanceof java.security.PrivateKey key
                ? new JcaPKCS8Generator(key, null)
                : object);
      }
    } catch (IOException broken) {
      throw new IllegalStateException(broken);
    }
    return text.toString();
  }
}

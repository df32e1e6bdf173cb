package puente.launcher;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyFactory;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.PrivateKey;
import java.security.SecureRandom;
import java.security.interfaces.ECPrivateKey;
import java.security.spec.PKCS8EncodedKeySpec;
import java.time.Instant;
import org.bouncycastle.jce.provider.BouncyCastleProvider;
import org.bouncycastle.openssl.PKCS8Generator;
import org.bouncycastle.openssl.jcajce.JcaPEMWriter;
import org.bouncycastle.openssl.jcajce.JcaPKCS8Generator;
import org.bouncycastle.openssl.jcajce.JceOpenSSLPKCS8EncryptorBuilder;
import org.bouncycastle.openssl.jcajce.JcePEMEncryptorBuilder;
import org.bouncycastle.operator.OutputEncryptor;
import org.bouncycastle.util.io.pem.PemObjectGenerator;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class CertificateChainTest {
  private static final Instant NOW = Instant.parse("2026-11-20T12:00:00Z");

  @TempDir private Path directory;
  private KeyPair pair;

  @BeforeEach
  void certificate() throws Exception {
    Files.writeString(
        directory.resolve("both.pem"), SelfSignedCertificate.pem("host.example.org", NOW));
    CertificateChain both = CertificateChain.load(directory.resolve("both.pem"));
    pair = new KeyPair(both.leaf().getPublicKey(), both.key());
    String certificate = Files.readString(directory.resolve("both.pem"));
    String end = "-----END CERTIFICATE-----\n";
    Files.writeString(
        directory.resolve("cert.pem"),
        certificate.substring(0, certificate.indexOf(end) + end.length()));
  }

  @Test
  void oneFileWithBoth() throws Exception {
    assertSameKey(load("both.pem", "").key());
  }

  @Test
  void pkcs8() throws Exception {
    write("key.pem", new JcaPKCS8Generator(pair.getPrivate(), null));
    assertSameKey(load("cert.pem", "key.pem").key());
  }

  @Test
  void sec1AsOpensslWritesEcKeys() throws Exception {
    writeObject("key.pem", sec1());
    assertTrue(Files.readString(directory.resolve("key.pem")).contains("BEGIN EC PRIVATE KEY"));
    assertSameKey(load("cert.pem", "key.pem").key());
  }

  @Test
  void encryptedPkcs8() throws Exception {
    OutputEncryptor encryptor =
        new JceOpenSSLPKCS8EncryptorBuilder(PKCS8Generator.AES_256_CBC)
            .setProvider(new BouncyCastleProvider())
            .setRandom(new SecureRandom())
            .setPassword("open sesame".toCharArray())
            .build();
    write("key.pem", new JcaPKCS8Generator(pair.getPrivate(), encryptor));
    assertEncryptedKeyWorks();
  }

  @Test
  void encryptedInTheOldWay() throws Exception {
    StringWriter text = new StringWriter();
    try (JcaPEMWriter writer = new JcaPEMWriter(text)) {
      writer.writeObject(
          sec1(),
          new JcePEMEncryptorBuilder("AES-128-CBC")
              .setProvider(new BouncyCastleProvider())
              .build("open sesame".toCharArray()));
    }
    Files.writeString(directory.resolve("key.pem"), text.toString());
    assertEncryptedKeyWorks();
  }

  @Test
  void aKeyOfAnotherCertificate() throws Exception {
    KeyPairGenerator generator = KeyPairGenerator.getInstance("RSA");
    generator.initialize(2048);
    writeObject("key.pem", generator.generateKeyPair().getPrivate());
    assertTrue(Files.readString(directory.resolve("key.pem")).contains("BEGIN RSA PRIVATE KEY"));
    assertTrue(
        refusal("cert.pem", "key.pem").contains("does not belong to the certificate"), "mismatch");
  }

  @Test
  void missingFilesAreNamedWithTheirSetting() {
    assertEquals(
        "--cert: cert: " + directory.resolve("absent.pem") + ": no such file",
        refusal("absent.pem", ""));
    assertEquals(
        "--pkey: pkey: " + directory.resolve("absent.pem") + ": no such file",
        refusal("cert.pem", "absent.pem"));
    assertTrue(refusal("cert.pem", "").endsWith("no private key in PEM form in it"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "hello",
        "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
        "-----BEGIN CERTIFICATE-----\n!!!!\n-----END CERTIFICATE-----\n",
        "-----BEGIN CERTIFICATE-----\n",
        "-----BEGIN RSA PRIVATE KEY-----\nAAAA\n-----END RSA PRIVATE KEY-----\n",
        "\u0000\u0001\u0002",
      })
  void whatIsNoCertificateIsRefusedInOneLine(String text) throws IOException {
    Files.writeString(directory.resolve("bad.pem"), text);
    String line = refusal("bad.pem", "");
    assertTrue(line.startsWith("--cert: cert: " + directory.resolve("bad.pem") + ": "), line);
    assertTrue(!line.contains("\n"), line);
  }

  @Test
  void aDirectoryIsNoCertificate() {
    assertTrue(refusal(".", "").endsWith("is a directory"));
  }

  /** The encodings may differ: the curve and the public part stand in several places or nowhere. */
  private void assertSameKey(PrivateKey key) {
    assertEquals(((ECPrivateKey) pair.getPrivate()).getS(), ((ECPrivateKey) key).getS());
  }

  private void assertEncryptedKeyWorks() throws Exception {
    Given given = given("cert.pem", "key.pem").flag("pkey-pwd", "open sesame");
    assertSameKey(CertificateChain.load(given.load()).key());
    assertTrue(refusal("cert.pem", "key.pem").endsWith("the key is encrypted; give pkey-pwd"));
    Config wrong = given("cert.pem", "key.pem").flag("pkey-pwd", "hunter2").load();
    String line = assertThrows(StartFailure.class, () -> CertificateChain.load(wrong)).line();
    assertTrue(line.endsWith("or pkey-pwd is wrong"), line);
    assertTrue(!line.contains("hunter2"), line);
  }

  /** As openssl writes it: with the curve in the key itself, where the JDK does not put it. */
  private PrivateKey sec1() throws Exception {
    return KeyFactory.getInstance("EC", new BouncyCastleProvider())
        .generatePrivate(new PKCS8EncodedKeySpec(pair.getPrivate().getEncoded()));
  }

  private void write(String name, PemObjectGenerator object) throws IOException {
    writeObject(name, object);
  }

  private void writeObject(String name, Object object) throws IOException {
    StringWriter text = new StringWriter();
    try (JcaPEMWriter writer = new JcaPEMWriter(text)) {
      writer.writeObject(object);
    }
    Files.writeString(directory.resolve(name), text.toString());
  }

  private Given given(String cert, String pkey) {
    Given given = new Given(directory).flag("cert", directory.resolve(cert).toString());
    return pkey.isEmpty() ? given : given.flag("pkey", directory.resolve(pkey).toString());
  }

  private CertificateChain load(String cert, String pkey) throws StartFailure {
    return CertificateChain.load(given(cert, pkey).load());
  }

  private String refusal(String cert, String pkey) {
    return assertThrows(StartFailure.class, () -> load(cert, pkey)).line();
  }
}

package puente.launcher;

import java.io.IOException;
import java.io.StringWriter;
import java.math.BigInteger;
import java.net.InetAddress;
import java.net.NetworkInterface;
import java.net.SocketException;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.SecureRandom;
import java.security.spec.ECGenParameterSpec;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Date;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.bouncycastle.asn1.x500.X500NameBuilder;
import org.bouncycastle.asn1.x500.style.BCStyle;
import org.bouncycastle.asn1.x509.BasicConstraints;
import org.bouncycastle.asn1.x509.ExtendedKeyUsage;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.bouncycastle.asn1.x509.KeyPurposeId;
import org.bouncycastle.cert.jcajce.JcaX509v3CertificateBuilder;
import org.bouncycastle.openssl.jcajce.JcaPEMWriter;
import org.bouncycastle.openssl.jcajce.JcaPKCS8Generator;
import org.bouncycastle.operator.OperatorCreationException;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;

/** Makes a certificate that lets TLS work at once; clients must be told to trust it. */
final class SelfSignedCertificate {
  /** Browsers refuse server certificates that live longer than 398 days. */
  static final Duration LIFETIME = Duration.ofDays(397);

  private static final int SERIAL_BITS = 127;

  /** A host with many addresses must not get a certificate that no handshake carries. */
  private static final int ADDRESSES_MAX = 32;

  private SelfSignedCertificate() {}

  /** Key and certificate in PEM form. */
  static String pem(String hostName, Instant now) {
    SecureRandom random = new SecureRandom();
    try {
      KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
      generator.initialize(new ECGenParameterSpec("secp256r1"), random);
      return pem(hostName, now, generator.generateKeyPair(), new BigInteger(SERIAL_BITS, random));
    } catch (GeneralSecurityException | OperatorCreationException | IOException e) {
      throw new IllegalStateException("every Java platform has ECDSA with P-256", e);
    }
  }

  private static String pem(String hostName, Instant now, KeyPair pair, BigInteger serial)
      throws OperatorCreationException, IOException {
    var name =
        new X500NameBuilder().addRDN(BCStyle.CN, "Puente on " + commonName(hostName)).build();
    var builder =
        new JcaX509v3CertificateBuilder(
            name,
            serial,
            // An hour back: clocks of clients are not all right.
            Date.from(now.minus(Duration.ofHours(1))),
            Date.from(now.plus(LIFETIME)),
            name,
            pair.getPublic());
    builder.addExtension(Extension.basicConstraints, true, new BasicConstraints(false));
    builder.addExtension(
        Extension.extendedKeyUsage, false, new ExtendedKeyUsage(KeyPurposeId.id_kp_serverAuth));
    builder.addExtension(
        Extension.subjectAlternativeName,
        false,
        new GeneralNames(names(hostName).toArray(GeneralName[]::new)));
    var signer = new JcaContentSignerBuilder("SHA256withECDSA").build(pair.getPrivate());
    StringWriter text = new StringWriter();
    try (JcaPEMWriter writer = new JcaPEMWriter(text)) {
      writer.writeObject(builder.build(signer));
      writer.writeObject(new JcaPKCS8Generator(pair.getPrivate(), null));
    }
    return text.toString();
  }

  /** RFC 5280 appendix A.1: a common name has at most 64 characters. */
  private static String commonName(String hostName) {
    return hostName.length() <= 50 ? hostName : hostName.substring(0, 50);
  }

  private static List<GeneralName> names(String hostName) {
    Set<String> hosts = new LinkedHashSet<>(List.of("localhost"));
    if (hostName.matches("[A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?")) {
      hosts.add(hostName);
    }
    List<GeneralName> names = new ArrayList<>();
    for (String host : hosts) {
      names.add(new GeneralName(GeneralName.dNSName, host));
    }
    for (String address : addresses()) {
      names.add(new GeneralName(GeneralName.iPAddress, address));
    }
    return names;
  }

  private static Set<String> addresses() {
    Set<String> addresses = new LinkedHashSet<>(List.of("127.0.0.1", "::1"));
    try {
      NetworkInterface.networkInterfaces()
          .flatMap(NetworkInterface::inetAddresses)
          .filter(address -> !address.isLinkLocalAddress() && !address.isLoopbackAddress())
          .map(InetAddress::getHostAddress)
          .map(text -> text.replaceFirst("%.*", ""))
          .limit(ADDRESSES_MAX)
          .forEach(addresses::add);
    } catch (SocketException e) {
      // Without the list the names above remain.
    }
    return addresses;
  }
}

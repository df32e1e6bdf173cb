package puente.acme;

import java.io.IOException;
import java.security.cert.X509Certificate;
import java.util.Base64;
import org.bouncycastle.asn1.ASN1OctetString;
import org.bouncycastle.asn1.x509.AuthorityKeyIdentifier;
import org.bouncycastle.asn1.x509.Extension;

/** What an authority calls a certificate by when it is asked about its renewal (RFC 9773 §4.1). */
public final class CertificateIdentifier {
  private CertificateIdentifier() {}

  public static String of(X509Certificate leaf) throws IOException {
    byte[] value = leaf.getExtensionValue(Extension.authorityKeyIdentifier.getId());
    byte[] extension = ASN1OctetString.getInstance(value).getOctets();
    byte[] issuer = AuthorityKeyIdentifier.getInstance(extension).getKeyIdentifierOctets();
    Base64.Encoder encoder = Base64.getUrlEncoder().withoutPadding();
    return encoder.encodeToString(issuer)
        + "."
        + encoder.encodeToString(leaf.getSerialNumber().toByteArray());
  }
}

package puente.acme;

import java.security.KeyPair;
import java.security.cert.X509Certificate;

/** What shows the authority that a name is ours. */
public sealed interface Proof {

  /** The name that it is about. */
  String domain();

  /** RFC 8555 §8.3: what port 80 is to answer for the token. */
  record Http(String domain, String token, String answer) implements Proof {}

  /** RFC 8737 §3: what port 443 is to show to who speaks {@code acme-tls/1}. */
  record TlsAlpn(String domain, X509Certificate certificate, KeyPair keys) implements Proof {
    /** Without the key. */
    @Override
    public String toString() {
      return "TlsAlpn[" + domain + "]";
    }
  }

  /** RFC 8555 §8.4: a TXT record. */
  record Dns(String domain, String record, String digest) implements Proof {}
}

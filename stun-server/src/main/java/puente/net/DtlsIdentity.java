package puente.net;

import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.util.List;

/**
 * What a server shows to DTLS clients.
 *
 * @param chain its certificate with its issuers, leaf first
 * @param key the private key of the leaf
 */
public record DtlsIdentity(List<X509Certificate> chain, PrivateKey key) {

  public DtlsIdentity {
    chain = List.copyOf(chain);
  }
}

package puente.launcher;

import io.netty.handler.ssl.ApplicationProtocolConfig;
import io.netty.handler.ssl.OpenSsl;
import io.netty.handler.ssl.OpenSslContextOption;
import io.netty.handler.ssl.OpenSslServerContext;
import io.netty.handler.ssl.OpenSslX509KeyManagerFactory;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslProvider;
import io.netty.handler.ssl.SupportedCipherSuiteFilter;
import java.io.IOException;
import java.security.GeneralSecurityException;
import java.security.cert.X509Certificate;
import java.util.List;
import javax.net.ssl.SSLException;
import javax.net.ssl.X509ExtendedKeyManager;

/** Who does the work of TLS for clients of TURN. */
enum TlsEngine {
  /** In less than half of the JDK's time for a record, and without garbage (PERFORMANCE.md). */
  BORINGSSL {
    @Override
    boolean takes(CertificateChain chain) {
      return OpenSsl.isAvailable() && TlsSignature.makes(chain.key());
    }

    @Override
    SslContext context(CertificateChain chain, X509ExtendedKeyManager keys, Offer offer)
        throws SSLException {
      SslContext made = offered(keyless(chain), SslProvider.OPENSSL, offer).build();
      var sessions = ((OpenSslServerContext) made).sessionContext();
      // As the JDK does it: what resumes a session lies with the client, in a ticket, and the keys
      // of tickets change by themselves.
      sessions.setSessionCacheEnabled(false);
      sessions.setTicketKeys();
      return made;
    }

    private SslContextBuilder keyless(CertificateChain chain) throws SSLException {
      X509Certificate[] certificates = chain.certificates().toArray(X509Certificate[]::new);
      try {
        return SslContextBuilder.forServer(OpenSslX509KeyManagerFactory.newKeyless(certificates))
            .ciphers(SUITES, SupportedCipherSuiteFilter.INSTANCE)
            .option(OpenSslContextOption.PRIVATE_KEY_METHOD, new TlsSignature(chain.key()));
      } catch (GeneralSecurityException | IOException unusable) {
        throw new SSLException(unusable);
      }
    }
  },

  /** Everywhere, and with every kind of key. */
  JDK {
    @Override
    boolean takes(CertificateChain chain) {
      return true;
    }

    @Override
    SslContext context(CertificateChain chain, X509ExtendedKeyManager keys, Offer offer)
        throws SSLException {
      return offered(SslContextBuilder.forServer(keys), SslProvider.JDK, offer).build();
    }
  };

  /** What is offered to clients: versions of TLS, and names of protocols (RFC 7301). */
  record Offer(List<String> versions, List<String> names) {}

  /**
   * What the JDK has on by default, but for that which only browsers of the last decade need. None
   * is without forward secrecy.
   */
  private static final List<String> SUITES =
      List.of(
          "TLS_AES_128_GCM_SHA256",
          "TLS_AES_256_GCM_SHA384",
          "TLS_CHACHA20_POLY1305_SHA256",
          "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
          "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
          "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",
          "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384",
          "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256",
          "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256",
          "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA",
          "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA",
          "TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA",
          "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA");

  /** Whether it can work here, with this key. */
  abstract boolean takes(CertificateChain chain);

  /** For this chain; the keys are those of the chain, too. */
  abstract SslContext context(CertificateChain chain, X509ExtendedKeyManager keys, Offer offer)
      throws SSLException;

  /** The first of them that can. */
  static TlsEngine of(CertificateChain chain) {
    return BORINGSSL.takes(chain) ? BORINGSSL : JDK;
  }

  /** Why it is the JDK: for the log. */
  static String missing() {
    Throwable cause = OpenSsl.unavailabilityCause();
    return cause == null ? "the key is neither RSA nor EC" : String.valueOf(cause.getMessage());
  }

  /**
   * One who asks for no protocol's name (RFC 7301), or for others only, is served as well: few
   * clients of TURN know theirs.
   */
  private static SslContextBuilder offered(
      SslContextBuilder builder, SslProvider provider, Offer offer) {
    return builder
        .sslProvider(provider)
        .protocols(offer.versions)
        .applicationProtocolConfig(
            new ApplicationProtocolConfig(
                ApplicationProtocolConfig.Protocol.ALPN,
                ApplicationProtocolConfig.SelectorFailureBehavior.NO_ADVERTISE,
                ApplicationProtocolConfig.SelectedListenerFailureBehavior.ACCEPT,
                offer.names));
  }
}

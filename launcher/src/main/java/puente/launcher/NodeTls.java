package puente.launcher;

import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.List;
import javax.net.ssl.SSLException;

/** The certificate in force, as TLS needs it; replaced as a whole on reload. */
final class NodeTls {
  /** A context with the end of its certificate. */
  private record Loaded(SslContext context, long expiresEpochSeconds) {}

  private volatile Loaded loaded;

  private NodeTls(Loaded loaded) {
    this.loaded = loaded;
  }

  static NodeTls open(Config config, StateDirectory state) throws StartFailure {
    return new NodeTls(load(config, state));
  }

  /** New connections get the new certificate, open ones keep theirs. */
  void reload(Config config, StateDirectory state) throws StartFailure {
    loaded = load(config, state);
  }

  SslContext context() {
    return loaded.context;
  }

  long expiresEpochSeconds() {
    return loaded.expiresEpochSeconds;
  }

  private static Loaded load(Config config, StateDirectory state) throws StartFailure {
    String host = NodeAddresses.reachable(config).getHostAddress();
    CertificateChain chain = state.certificate(config, host, Instant.now());
    List<String> protocols =
        config.value(Settings.NO_TLSV1_2) ? List.of("TLSv1.3") : List.of("TLSv1.3", "TLSv1.2");
    try {
      SslContext context =
          SslContextBuilder.forServer(
                  chain.key(), chain.certificates().toArray(X509Certificate[]::new))
              .protocols(protocols)
              .build();
      return new Loaded(context, chain.leaf().getNotAfter().toInstant().getEpochSecond());
    } catch (SSLException | IllegalArgumentException unusable) {
      throw StartFailure.configuration("the certificate cannot be used: " + unusable.getMessage());
    }
  }
}

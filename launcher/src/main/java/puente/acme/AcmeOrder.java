package puente.acme;

import java.security.InvalidAlgorithmParameterException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.NoSuchAlgorithmException;
import java.security.cert.X509Certificate;
import java.security.spec.ECGenParameterSpec;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.shredzone.acme4j.AccountBuilder;
import org.shredzone.acme4j.Authorization;
import org.shredzone.acme4j.Login;
import org.shredzone.acme4j.Order;
import org.shredzone.acme4j.Problem;
import org.shredzone.acme4j.Session;
import org.shredzone.acme4j.Status;
import org.shredzone.acme4j.challenge.Challenge;
import org.shredzone.acme4j.challenge.Dns01Challenge;
import org.shredzone.acme4j.challenge.Http01Challenge;
import org.shredzone.acme4j.challenge.TlsAlpn01Challenge;
import org.shredzone.acme4j.connector.Resource;
import org.shredzone.acme4j.exception.AcmeException;
import org.shredzone.acme4j.exception.AcmeProtocolException;
import org.shredzone.acme4j.exception.AcmeRateLimitedException;
import org.shredzone.acme4j.exception.AcmeServerException;
import org.shredzone.acme4j.util.KeyPairUtils;

/** One order from first word to certificate (RFC 8555 §7). Blocks; for a thread of its own. */
public final class AcmeOrder {

  /** How a name is shown to be ours. */
  public enum Kind {
    HTTP_01,
    TLS_ALPN_01,
    DNS_01
  }

  /**
   * What is wanted.
   *
   * @param patience for each step of the authority's
   * @param replaced the certificate that this one follows, if there is one
   */
  public record Wish(
      Authority authority,
      Optional<String> email,
      List<String> domains,
      Kind kind,
      Duration patience,
      Optional<X509Certificate> replaced) {
    public Wish {
      domains = List.copyOf(domains);
    }
  }

  /** Puts proofs where the authority looks for them, and takes them away. */
  public interface Stage {
    void show(Proof proof) throws Refused;

    void remove(Proof proof);
  }

  /** What came of it. */
  public record Issued(KeyPair keys, List<X509Certificate> chain) {
    public Issued {
      chain = List.copyOf(chain);
    }

    /** Without the key. */
    @Override
    public String toString() {
      return "Issued[" + chain.getFirst().getSubjectX500Principal() + "]";
    }
  }

  /** Why there is no certificate. */
  public static final class Refused extends Exception {
    private static final long serialVersionUID = 1;

    private final transient Optional<Instant> notBefore;

    public Refused(String why, Optional<Instant> notBefore, Throwable cause) {
      super(why, cause);
      this.notBefore = notBefore;
    }

    public Refused(String why) {
      super(why);
      notBefore = Optional.empty();
    }

    /** Before that the authority does not want to be asked again. */
    public Optional<Instant> notBefore() {
      return notBefore == null ? Optional.empty() : notBefore;
    }
  }

  private static final int RSA_BITS = 2048;
  private final Wish wish;
  private final KeyPair account;
  private final Stage stage;

  public AcmeOrder(Wish wish, KeyPair account, Stage stage) {
    this.wish = wish;
    this.account = account;
    this.stage = stage;
  }

  public static KeyPair newKeys() {
    try {
      KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
      generator.initialize(new ECGenParameterSpec("secp256r1"));
      return generator.generateKeyPair();
    } catch (NoSuchAlgorithmException | InvalidAlgorithmParameterException missing) {
      throw new IllegalStateException("every Java platform has P-256", missing);
    }
  }

  public Issued place() throws Refused, InterruptedException {
    try {
      Session session = wish.authority().session();
      AccountBuilder builder = new AccountBuilder().agreeToTermsOfService().useKeyPair(account);
      wish.email().ifPresent(builder::addEmail);
      Login login = builder.createLogin(session);
      Order order = order(session, login);
      for (Authorization authorization : order.getAuthorizations()) {
        authorize(authorization);
      }
      Status ready = order.waitUntilReady(wish.patience());
      if (ready != Status.READY && ready != Status.VALID) {
        throw new Refused("the order is " + ready + why(order.getError()));
      }
      KeyPair keys = newKeys();
      order.execute(keys);
      Status done = order.waitForCompletion(wish.patience());
      if (done != Status.VALID) {
        throw new Refused("the order ends " + done + why(order.getError()));
      }
      return checked(new Issued(keys, order.getCertificate().getCertificateChain()));
    } catch (AcmeRateLimitedException limited) {
      throw new Refused(said(limited), limited.getRetryAfter(), limited);
    } catch (AcmeException | IllegalArgumentException failure) {
      throw new Refused(said(failure), Optional.empty(), failure);
    }
  }

  /**
   * An order that says which certificate it replaces is let past rate limits (RFC 9773 §5). One that the
   * authority does not know, since it is another's, or has been replaced already, is not named again.
   */
  private Order order(Session session, Login login) throws AcmeException {
    Optional<X509Certificate> replaced = wish.replaced();
    if (replaced.isPresent() && session.resourceUrlOptional(Resource.RENEWAL_INFO).isPresent()) {
      try {
        return login.newOrder().domains(wish.domains()).replaces(replaced.get()).create();
      } catch (AcmeRateLimitedException limited) {
        throw limited;
      } catch (AcmeServerException | AcmeProtocolException foreign) {
        return login.newOrder().domains(wish.domains()).create();
      }
    }
    return login.newOrder().domains(wish.domains()).create();
  }

  /** With a chain for another key every handshake would fail. */
  private static Issued checked(Issued issued) throws Refused {
    if (!issued.chain().getFirst().getPublicKey().equals(issued.keys().getPublic())) {
      throw new Refused("the certificate is for another key than was asked");
    }
    return issued;
  }

  static String said(Exception failure) {
    Throwable cause = failure.getCause();
    String why = String.valueOf(failure.getMessage());
    return cause == null || cause.getMessage() == null ? why : why + ": " + cause.getMessage();
  }

  private static String why(Optional<Problem> problem) {
    return problem.map(one -> ": " + one).orElse("");
  }

  private void authorize(Authorization authorization)
      throws AcmeException, Refused, InterruptedException {
    if (authorization.getStatus() == Status.VALID) {
      return;
    }
    List<Proof> shown = new ArrayList<>();
    try {
      Challenge challenge = challenge(authorization, shown);
      stage.show(shown.getFirst());
      challenge.trigger();
      Status status = authorization.waitForCompletion(wish.patience());
      if (status != Status.VALID) {
        challenge.fetch();
        String domain = authorization.getIdentifier().getDomain();
        throw new Refused(domain + " is " + status + why(challenge.getError()));
      }
    } finally {
      shown.forEach(stage::remove);
    }
  }

  private Challenge challenge(Authorization authorization, List<Proof> shown) throws Refused {
    String domain = authorization.getIdentifier().getDomain();
    return switch (wish.kind()) {
      case HTTP_01 -> {
        Http01Challenge http = offered(authorization, Http01Challenge.class);
        shown.add(new Proof.Http(domain, http.getToken(), http.getAuthorization()));
        yield http;
      }
      case TLS_ALPN_01 -> {
        TlsAlpn01Challenge tls = offered(authorization, TlsAlpn01Challenge.class);
        // The library signs with RSA here; the certificate lives for seconds.
        KeyPair keys = KeyPairUtils.createKeyPair(RSA_BITS);
        X509Certificate certificate = tls.createCertificate(keys, authorization.getIdentifier());
        shown.add(new Proof.TlsAlpn(domain, certificate, keys));
        yield tls;
      }
      case DNS_01 -> {
        Dns01Challenge dns = offered(authorization, Dns01Challenge.class);
        String record = dns.getRRName(authorization.getIdentifier());
        shown.add(new Proof.Dns(domain, record, dns.getDigest()));
        yield dns;
      }
    };
  }

  private static <T extends Challenge> T offered(Authorization authorization, Class<T> kind)
      throws Refused {
    return authorization
        .findChallenge(kind)
        .orElseThrow(
            () ->
                new Refused(
                    "the authority offers no "
                        + kind.getSimpleName()
                        + " for "
                        + authorization.getIdentifier().getDomain()));
  }
}

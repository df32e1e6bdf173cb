package puente.acme;

import java.net.MalformedURLException;
import java.net.URL;
import java.security.KeyPair;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.Optional;
import org.shredzone.acme4j.Login;
import org.shredzone.acme4j.RenewalInfo;
import org.shredzone.acme4j.Session;
import org.shredzone.acme4j.connector.Resource;
import org.shredzone.acme4j.exception.AcmeException;
import org.shredzone.acme4j.exception.AcmeLazyLoadingException;
import org.shredzone.acme4j.exception.AcmeProtocolException;

/**
 * When the authority would like a certificate to be renewed (RFC 9773 §4.2): early where it is going to
 * be revoked, spread where many are due at once.
 *
 * @param again when it wants to be asked again, if it says
 * @param explanation a page for people; empty where there is none
 */
public record RenewalWindow(
    Instant start, Instant end, Optional<Instant> again, String explanation) {

  /**
   * Asks; blocks.
   *
   * @return nothing if this authority gives no such advice
   */
  public static Optional<RenewalWindow> ask(
      Authority authority, KeyPair account, X509Certificate leaf) throws AcmeOrder.Refused {
    try {
      Session session = authority.session();
      if (session.resourceUrlOptional(Resource.RENEWAL_INFO).isEmpty()) {
        return Optional.empty();
      }
      // What everybody may ask needs no account, though the library wants one.
      URL nobody = authority.directory().toURL();
      RenewalInfo info = new Login(nobody, account, session).bindRenewalInfo(leaf);
      Optional<Instant> again = info.fetch();
      Instant start = info.getSuggestedWindowStart();
      Instant end = info.getSuggestedWindowEnd();
      if (!start.isBefore(end)) {
        throw new AcmeOrder.Refused("the suggested window ends before it starts");
      }
      String explanation = info.getExplanation().map(URL::toString).orElse("");
      return Optional.of(new RenewalWindow(start, end, again, explanation));
    } catch (AcmeException
        | AcmeProtocolException
        | AcmeLazyLoadingException
        | IllegalArgumentException
        | MalformedURLException failure) {
      throw new AcmeOrder.Refused(AcmeOrder.said(failure), Optional.empty(), failure);
    }
  }
}

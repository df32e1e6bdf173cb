package puente.launcher;

import java.security.cert.X509Certificate;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;
import puente.acme.AcmeOrder;
import puente.acme.AcmeOrder.Refused;
import puente.acme.Authority;
import puente.acme.RenewalWindow;

/**
 * When a certificate is to be renewed: at a random moment of the window that the authority suggests (RFC
 * 9773), else in the last third of its life, and in its last tenth whatever is suggested. For one thread.
 */
final class NodeAcmeRenewal {
  /** RFC 9773 §4.3.2: shorter or longer is not waited. */
  private static final Duration ASK_MIN = Duration.ofMinutes(1);

  private static final Duration ASK_MAX = Duration.ofDays(1);

  /** RFC 9773 §4.3.3: after a failure, and where nothing else is said. */
  private static final Duration ASK_USUAL = Duration.ofHours(6);

  private static final int WITHOUT_ADVICE = 3;
  private static final int AT_THE_LATEST = 10;

  private final Authority authority;
  private final CertificateStore store;
  private final Clock clock;
  private @Nullable X509Certificate of;
  private @Nullable RenewalWindow window;
  private @Nullable Instant chosen;
  private Instant nextAsk = Instant.MIN;
  private Duration pause = ASK_MIN;

  NodeAcmeRenewal(Authority authority, CertificateStore store, Clock clock) {
    this.authority = authority;
    this.store = store;
    this.clock = clock;
  }

  /** Asks the authority when that is due, and then takes its time. */
  boolean isDue(X509Certificate leaf) throws StartFailure {
    Instant now = clock.instant();
    if (!leaf.equals(of)) {
      of = leaf;
      window = null;
      chosen = null;
      nextAsk = Instant.MIN;
    }
    if (!now.isBefore(nextAsk)) {
      ask(leaf, now);
    }
    Instant to = leaf.getNotAfter().toInstant();
    Duration life = Duration.between(leaf.getNotBefore().toInstant(), to);
    Instant wanted = chosen == null ? to.minus(life.dividedBy(WITHOUT_ADVICE)) : chosen;
    return !now.isBefore(wanted) || !now.isBefore(to.minus(life.dividedBy(AT_THE_LATEST)));
  }

  private void ask(X509Certificate leaf, Instant now) throws StartFailure {
    try {
      Optional<RenewalWindow> told =
          RenewalWindow.ask(authority, store.account(AcmeOrder::newKeys), leaf);
      told.ifPresent(this::take);
      pause = ASK_MIN;
      Duration wait =
          told.flatMap(RenewalWindow::again)
              .map(again -> Duration.between(now, again))
              .orElse(ASK_USUAL);
      nextAsk = now.plus(bounded(wait));
    } catch (Refused failure) {
      // Said once; what was suggested before still holds.
      if (pause.equals(ASK_MIN)) {
        String why = SafeText.excerpt(String.valueOf(failure.getMessage()), 300);
        Events.warn("renewal-window", "warning", "the authority does not say: " + why);
      }
      pause = pause.multipliedBy(2);
      nextAsk = now.plus(pause.compareTo(ASK_USUAL) > 0 ? ASK_USUAL : pause);
    }
  }

  private static Duration bounded(Duration wait) {
    return wait.compareTo(ASK_MIN) < 0 ? ASK_MIN : wait.compareTo(ASK_MAX) > 0 ? ASK_MAX : wait;
  }

  /** One moment for each window, so that looking again does not make it come sooner. */
  private void take(RenewalWindow told) {
    RenewalWindow known = window;
    window = told;
    if (known != null && known.start().equals(told.start()) && known.end().equals(told.end())) {
      return;
    }
    long start = told.start().getEpochSecond();
    long end = Math.max(start + 1, told.end().getEpochSecond());
    chosen = Instant.ofEpochSecond(ThreadLocalRandom.current().nextLong(start, end));
    Events.info(
        "renewal-window",
        "start",
        told.start(),
        "end",
        told.end(),
        "chosen",
        String.valueOf(chosen),
        "explanation",
        SafeText.excerpt(told.explanation(), 200));
  }
}

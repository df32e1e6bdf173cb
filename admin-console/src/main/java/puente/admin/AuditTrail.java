package puente.admin;

import java.util.Locale;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Who changed what, and what came of it. */
final class AuditTrail {

  private static final Logger LOG = LoggerFactory.getLogger("puente.audit");

  /**
   * A change that was asked for.
   *
   * @param action in a few fixed words: {@code close-session}
   * @param target what was to be changed; empty when the action says it
   * @param before as it was; empty when it was not there
   * @param after as it is; never a secret
   * @param outcome {@code done}, or in a word why not
   */
  record Change(
      String action, String target, String before, String after, String reason, String outcome) {

    static Change of(String action, String target, String reason, String outcome) {
      return new Change(action, target, "", "", reason, outcome.toLowerCase(Locale.ROOT));
    }

    static Change done(String action, String target, String reason) {
      return of(action, target, reason, "done");
    }

    Change from(String was, String is) {
      return new Change(action, target, was, is, reason, outcome);
    }
  }

  void note(Call call, Change change) {
    var event =
        LOG.atInfo()
            .addKeyValue("event", "audit")
            .addKeyValue("action", change.action)
            .addKeyValue("outcome", change.outcome)
            .addKeyValue("who", call.caller().who())
            .addKeyValue("from", call.request().remoteAddress().hostAddress());
    event = with(event, "target", change.target);
    event = with(event, "before", change.before);
    event = with(event, "after", change.after);
    with(event, "reason", change.reason).log("");
  }

  private static org.slf4j.spi.LoggingEventBuilder with(
      org.slf4j.spi.LoggingEventBuilder event, String key, String value) {
    return value.isEmpty() ? event : event.addKeyValue(key, value);
  }
}

package puente.turn;

import org.jspecify.annotations.Nullable;
import puente.stun.AddressRange;
import puente.stun.Family;
import puente.stun.TransportAddress;

/**
 * What an ephemeral username says beside its expiry and its name: {@code EXPIRY:NAME;ip=RANGE} and
 * {@code ;uses=N}. The password is made of the whole username, so that nobody can change a word of
 * it.
 *
 * @param from where its owner comes from; null is anywhere
 * @param uses how many allocations may be made with it; 0 is any number
 */
record Conditions(@Nullable AddressRange from, int uses) {

  static final Conditions NONE = new Conditions(null, 0);

  private static final String IP = "ip=";
  private static final String USES = "uses=";

  /** More is as good as no limit. */
  private static final int USES_DIGITS_MAX = 6;

  /** A name without its conditions, and these. */
  record Named(String name, Conditions conditions) {}

  /** Null if what looks like a condition is none that can be kept: it must not be taken for a name. */
  static @Nullable Named read(String text) {
    AddressRange from = null;
    int uses = 0;
    String name = text;
    for (int at = name.lastIndexOf(';'); at >= 0; at = name.lastIndexOf(';')) {
      String condition = name.substring(at + 1);
      if (condition.startsWith(IP) && from == null) {
        from = range(condition.substring(IP.length()));
        if (from == null) {
          return null;
        }
      } else if (condition.startsWith(USES) && uses == 0) {
        uses = number(condition.substring(USES.length()));
        if (uses == 0) {
          return null;
        }
      } else if (condition.startsWith(IP) || condition.startsWith(USES)) {
        return null;
      } else {
        break;
      }
      name = name.substring(0, at);
    }
    return new Named(name, from == null && uses == 0 ? NONE : new Conditions(from, uses));
  }

  private static @Nullable AddressRange range(String text) {
    try {
      return AddressRange.parse(text);
    } catch (IllegalArgumentException malformed) {
      return null;
    }
  }

  private static int number(String digits) {
    return digits.length() <= USES_DIGITS_MAX && digits.matches("[1-9][0-9]*")
        ? Integer.parseInt(digits)
        : 0;
  }

  boolean allows(TransportAddress client) {
    return from == null
        || from.isIpv4() == (client.family() == Family.IPV4)
            && from.contains(client.hi(), client.lo());
  }
}

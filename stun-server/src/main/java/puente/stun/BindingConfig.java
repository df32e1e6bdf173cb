package puente.stun;

import java.nio.charset.StandardCharsets;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * How Binding requests are answered.
 *
 * @param software the value of SOFTWARE, or null to leave it out
 * @param fingerprint add FINGERPRINT to every answer, not only where the request had one
 * @param behaviorDiscovery speak RFC 5780; off, its attributes are unknown
 * @param classic answer clients of RFC 3489, which send no magic cookie
 * @param squares the addresses and ports for behaviour discovery; each must be listened on whole
 * @param redirect where authenticated requests are sent instead of being answered
 */
public record BindingConfig(
    @Nullable String software,
    boolean fingerprint,
    boolean behaviorDiscovery,
    boolean classic,
    List<Square> squares,
    @Nullable Redirect redirect) {

  /** RFC 8489 §14.14: fewer than 128 characters. */
  private static final int SOFTWARE_LENGTH_MAX = 127;

  /** What a server does that was told nothing: RFC 8489 and no more. */
  public static final BindingConfig PLAIN =
      new BindingConfig(null, false, false, false, List.of(), null);

  public BindingConfig {
    if (software != null && software.length() > SOFTWARE_LENGTH_MAX) {
      throw new IllegalArgumentException("software is longer than 127 characters");
    }
    squares = List.copyOf(squares);
  }

  byte @Nullable [] softwareBytes() {
    return software == null ? null : software.getBytes(StandardCharsets.UTF_8);
  }

  /**
   * Two addresses with two ports each, all four listened on (RFC 5780 §6): {@code primary} is A1
   * and P1, {@code other} is A2 and P2, as they are bound here. The public ones are what clients
   * see of them, the same unless there is an address translation in front.
   */
  public record Square(
      TransportAddress primary,
      TransportAddress other,
      TransportAddress publicPrimary,
      TransportAddress publicOther) {

    public Square {
      if (primary.family() != other.family()
          || primary.sameIp(other.hi(), other.lo())
          || primary.port() == other.port()
          || publicPrimary.port() != primary.port()
          || publicOther.port() != other.port()) {
        throw new IllegalArgumentException("needs two addresses of one family and two ports");
      }
    }

    public Square(TransportAddress primary, TransportAddress other) {
      this(primary, other, primary, other);
    }

    /** Whether this is one of the four corners. */
    boolean has(TransportAddress local) {
      return local.family() == primary.family()
          && (local.port() == primary.port() || local.port() == other.port())
          && (isFirst(local) || local.sameIp(other.hi(), other.lo()));
    }

    private boolean isFirst(TransportAddress local) {
      return local.sameIp(primary.hi(), primary.lo());
    }

    /** The corner that differs from {@code local} in what is asked for (RFC 5780 table 1). */
    TransportAddress corner(TransportAddress local, boolean changeIp, boolean changePort) {
      TransportAddress ip = isFirst(local) != changeIp ? primary : other;
      int otherPort = local.port() == primary.port() ? other.port() : primary.port();
      return ip.withPort(changePort ? otherPort : local.port());
    }

    /** What clients see of a corner. */
    TransportAddress seen(TransportAddress local) {
      return (isFirst(local) ? publicPrimary : publicOther).withPort(local.port());
    }
  }
}

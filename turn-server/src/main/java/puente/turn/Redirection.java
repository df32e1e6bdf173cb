package puente.turn;

import java.util.List;
import org.jspecify.annotations.Nullable;
import puente.stun.Transport;
import puente.stun.TransportAddress;

/**
 * Whether new allocations are made here, and which other servers clients may be sent to (RFC 8489
 * §10). What exists is not touched by it. Immutable; changes while the server runs.
 *
 * @param targets in the order of preference; those that fit a client are told in turns
 * @param spare for whom there is no place here, where none of the targets fits
 */
public record Redirection(When when, List<Target> targets, List<Target> spare) {

  /** When a client is sent elsewhere. */
  public enum When {
    /** Only if there is no relay port left. */
    FULL,
    /** Always; without a target that fits, it is served here as long as there is room. */
    ALWAYS,
    /** Always; without a target that fits, it is refused with 508. */
    DRAINING
  }

  /**
   * Another server.
   *
   * @param transport what it is reached by: a client stays on its own
   * @param domain the name in its certificate, for TLS and DTLS; null if it has none or ours
   */
  public record Target(Transport transport, TransportAddress address, @Nullable String domain) {}

  /** All are served here while there is room. */
  public static final Redirection NONE = new Redirection(When.FULL, List.of());

  public Redirection {
    targets = List.copyOf(targets);
    spare = List.copyOf(spare);
  }

  public Redirection(When when, List<Target> targets) {
    this(when, targets, List.of());
  }
}

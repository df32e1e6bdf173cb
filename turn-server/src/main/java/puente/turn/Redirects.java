package puente.turn;

import java.nio.charset.StandardCharsets;
import java.util.List;
import org.jspecify.annotations.Nullable;
import puente.stun.AttributeType;
import puente.stun.ErrorCode;
import puente.stun.Family;
import puente.stun.FiveTuple;
import puente.stun.MessageBuilder;
import puente.stun.Transport;
import puente.stun.TransportAddress;
import puente.turn.AllocateRules.Outcome;
import puente.turn.AllocateRules.Refused;

/**
 * RFC 8656 §7.2, step 11: sends clients to other servers; RFC 8155 §6: and those that came by an
 * anycast address to our own. For one thread.
 */
final class Redirects {

  private Redirection redirection = Redirection.NONE;

  /** Of the last judgement; what it refuses is written at once. */
  private boolean isFull;

  /** Of the last judgement: where the client that came by an anycast address finds us again. */
  private @Nullable TransportAddress unicast;

  /** Of each transport and family, so that each has its own turns. */
  private final int[] turns = new int[Transport.values().length * Family.values().length];

  void redirect(Redirection to) {
    redirection = to;
  }

  /** The last check, on what the others have said. */
  Outcome judge(Outcome outcome, FiveTuple client, TurnConfig config) {
    boolean full = outcome == AllocateRules.FULL;
    unicast = null;
    if (outcome instanceof Refused && !full) {
      return outcome;
    }
    isFull = full;
    boolean wanted = full || redirection.when() != Redirection.When.FULL;
    if (wanted && target(client, client.client().family()) != null) {
      return new Refused(new Refuse(ErrorCode.TRY_ALTERNATE, "redirected"));
    }
    if (redirection.when() == Redirection.When.DRAINING && !full) {
      return new Refused(new Refuse(ErrorCode.INSUFFICIENT_CAPACITY, "draining"));
    }
    unicast = full ? null : config.unicast(client.server());
    return unicast == null
        ? outcome
        : new Refused(new Refuse(ErrorCode.TRY_ALTERNATE, "anycast address"));
  }

  /**
   * RFC 8489 §10: one of the client's family first, then one of the other; §14.16: with the name of
   * another certificate where MESSAGE-INTEGRITY-SHA256 protects it.
   */
  void write(MessageBuilder builder, Request request) {
    FiveTuple client = request.client();
    Family family = client.client().family();
    TransportAddress own = unicast;
    if (own != null) {
      builder.address(AttributeType.ALTERNATE_SERVER, own);
      return;
    }
    turns[kind(client, family)]++;
    Redirection.Target first = target(client, family);
    if (first == null) {
      // Changed since the judgement; there is none between the two on one thread.
      throw new IllegalStateException("redirected to nowhere");
    }
    builder.address(AttributeType.ALTERNATE_SERVER, first.address());
    Redirection.Target other = target(client, family == Family.IPV4 ? Family.IPV6 : Family.IPV4);
    if (other != null) {
      builder.address(AttributeType.ALTERNATE_SERVER, other.address());
    }
    Transport transport = client.transport();
    boolean secured = transport == Transport.TLS || transport == Transport.DTLS;
    String domain = first.domain();
    if (secured && domain != null && request.login().sha256()) {
      builder.bytes(AttributeType.ALTERNATE_DOMAIN, domain.getBytes(StandardCharsets.UTF_8));
    }
  }

  private Redirection.@Nullable Target target(FiveTuple client, Family family) {
    Redirection.Target target = target(redirection.targets(), client, family);
    return target == null && isFull ? target(redirection.spare(), client, family) : target;
  }

  /** The next one in turn of those that have the client's transport and this family. */
  private Redirection.@Nullable Target target(
      List<Redirection.Target> among, FiveTuple client, Family family) {
    int fitting = 0;
    for (Redirection.Target target : among) {
      fitting += fits(target, client, family) ? 1 : 0;
    }
    int chosen = fitting == 0 ? -1 : Math.floorMod(turns[kind(client, family)], fitting);
    for (Redirection.Target target : among) {
      if (fits(target, client, family) && chosen-- == 0) {
        return target;
      }
    }
    return null;
  }

  private static int kind(FiveTuple client, Family family) {
    return client.transport().ordinal() * Family.values().length + family.ordinal();
  }

  private static boolean fits(Redirection.Target target, FiveTuple client, Family family) {
    return target.transport() == client.transport() && target.address().family() == family;
  }
}

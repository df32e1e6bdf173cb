package puente.turn;

import org.jspecify.annotations.Nullable;
import puente.stun.AttributeType;
import puente.stun.ErrorCode;
import puente.stun.Message;

/** Refresh: an allocation lives on, or ends at once; or one half of a dual one does. */
final class RefreshRequests {

  private static final Refuse BAD_LENGTH =
      new Refuse(ErrorCode.BAD_REQUEST, "an attribute of the wrong length");
  private static final Refuse OTHER_FAMILY =
      new Refuse(ErrorCode.PEER_ADDRESS_FAMILY_MISMATCH, "no relayed address of this family");

  private final Allocations allocations;
  private final Mobility mobility;
  private final Answers answers;
  private TurnConfig config;

  RefreshRequests(TurnConfig config, Allocations allocations, Mobility mobility, Answers answers) {
    this.config = config;
    this.allocations = allocations;
    this.mobility = mobility;
    this.answers = answers;
  }

  void reconfigure(TurnConfig newConfig) {
    config = newConfig;
  }

  /** RFC 8656 §8.2; by a ticket, RFC 8016 §3.2.2, after its checks. Null is success, answered. */
  @Nullable Refuse refresh(
      Message message, Request request, Allocation allocation, long now, Effects out) {
    int lifetimeAt = message.find(AttributeType.LIFETIME);
    int familyAt = message.find(AttributeType.REQUESTED_ADDRESS_FAMILY);
    if (lifetimeAt >= 0 && message.lengthAt(lifetimeAt) != 4
        || familyAt >= 0 && message.lengthAt(familyAt) != 4) {
      return BAD_LENGTH;
    }
    Relay only = null;
    if (familyAt >= 0) {
      only =
          switch (message.u8At(familyAt)) {
            case 0x01 -> allocation.ipv4;
            case 0x02 -> allocation.ipv6;
            default -> null;
          };
      if (only == null || now >= only.expiresMs) {
        return OTHER_FAMILY;
      }
    }
    int proposed = lifetimeAt < 0 ? -1 : message.i32At(lifetimeAt);
    boolean moves = message.has(AttributeType.MOBILITY_TICKET);
    int seconds = 0;
    if (proposed == 0) {
      delete(request, allocation, only, now, out);
    } else {
      int granted = config.lifetimes().granted(lifetimeAt < 0 ? 0 : proposed);
      long expiresMs = allocation.login.expiry(granted, config, now);
      seconds = Lifetimes.secondsUntil(expiresMs, now);
      for (Relay relay : allocation.relays()) {
        if (only == null || only == relay) {
          relay.expiresMs = expiresMs;
        }
      }
      allocations.watch(allocation, expiresMs);
      if (moves) {
        mobility.grant(allocation, message, request, seconds, now, out);
      }
      allocations.changed(allocation, out);
      out.note(new Note.Refreshed(allocation.origin(), now, allocation.createdMs(), seconds));
    }
    answers.refreshed(request, seconds, moves ? mobility.ticketOf(allocation) : null, out);
    return null;
  }

  /** All of it, or one half of a dual allocation (RFC 8656 §8.1). At once. */
  private void delete(
      Request request, Allocation allocation, @Nullable Relay only, long now, Effects out) {
    if (only != null && allocation.relays().size() > 1) {
      allocations.closeRelay(allocation, only, now, out);
      return;
    }
    allocations.close(allocation, CloseReason.CLIENT, now, out);
    allocations.recent().remember(request, null, now);
  }
}

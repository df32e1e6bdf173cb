package puente.turn;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import puente.stun.AttributeType;
import puente.stun.FiveTuple;
import puente.stun.Message;
import puente.stun.Method;
import puente.stun.TransportAddress;

/** Writes {@link Note}s of what the server has just decided. */
final class Notes {

  private Notes() {}

  /**
   * Of a sender that has not shown who it is.
   *
   * @param code of the answer; 0 if there is none
   */
  static Note unproven(
      Message message,
      FiveTuple client,
      @Nullable Allocation allocation,
      long now,
      int code,
      String why) {
    Method method = message.method();
    int username = message.find(AttributeType.USERNAME);
    return new Note.Refused(
        client,
        now,
        allocation == null ? 0 : allocation.createdMs(),
        method == null ? Method.BINDING : method,
        code,
        why,
        username < 0 ? "" : message.textAt(username),
        false);
  }

  /** Of a sender that has shown who it is, or need not. */
  static Note refused(Request request, @Nullable Allocation allocation, Refuse refusal, long now) {
    return new Note.Refused(
        request.client(),
        now,
        allocation == null ? 0 : allocation.createdMs(),
        request.method(),
        refusal.error().code(),
        refusal.why(),
        request.login().user(),
        true);
  }

  static Note opened(Allocation allocation, long now) {
    Birth birth = allocation.birth;
    return new Note.Opened(
        allocation.origin(),
        now,
        allocation.createdMs(),
        allocation.user(),
        allocation.relayedAddresses(),
        birth.restored
            ? Lifetimes.secondsUntil(allocation.expiresMs(), now)
            : birth.lifetimeSeconds,
        birth.restored);
  }

  /** What a CreatePermission or ChannelBind that was granted had asked for. */
  static Note permitted(Message message, Allocation allocation, long now) {
    List<TransportAddress> peers = new ArrayList<>();
    for (int i = message.find(AttributeType.XOR_PEER_ADDRESS);
        i >= 0;
        i = message.find(AttributeType.XOR_PEER_ADDRESS, i + 1)) {
      TransportAddress peer = message.xorAddressAt(i);
      if (peer != null) {
        peers.add(peer);
      }
    }
    int number = message.find(AttributeType.CHANNEL_NUMBER);
    int channel = message.method() == Method.CHANNEL_BIND ? message.u16At(number) : 0;
    return new Note.Permitted(
        allocation.origin(), now, allocation.createdMs(), peers.getFirst(), peers.size(), channel);
  }

  static Note closed(Allocation allocation, CloseReason why, long now) {
    return new Note.Closed(
        allocation.origin(),
        now,
        allocation.createdMs(),
        why,
        allocation.firstRelayedMs,
        allocation.bytesUp,
        allocation.bytesDown,
        allocation.packetsUp,
        allocation.packetsDown,
        allocation.misses);
  }
}

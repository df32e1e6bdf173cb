package puente.turn;

import java.util.Arrays;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import puente.stun.AddressMap;
import puente.stun.ErrorCode;
import puente.stun.FiveTuple;
import puente.stun.TransportAddress;

/**
 * The last answers that a retransmitted request must get again although what they were about is
 * gone: the deletion of an allocation, and the refusal of one (RFC 8656 §5, RFC 8489 §6.3.1). One
 * per client, for 40 seconds, and a fixed number of them.
 */
final class Recent {

  private static final int CLIENTS_MAX = 1024;
  private static final long KEPT_MS = 40_000;

  /**
   * @param error null for the success of a Refresh with lifetime 0
   */
  record Answered(
      FiveTuple client, byte[] transactionId, @Nullable ErrorCode error, long untilMs) {}

  private final AddressMap<Answered> byClient;
  private final @Nullable Answered[] ring = new Answered[CLIENTS_MAX];
  private int next;

  Recent(RandomGenerator random) {
    byClient = new AddressMap<>(random.nextLong());
  }

  void remember(Request request, @Nullable ErrorCode error, long now) {
    FiveTuple client = request.client();
    if (client.transport().isStream()) {
      return;
    }
    Answered former = ring[next];
    if (former != null && find(former.client()) == former) {
      TransportAddress address = former.client().client();
      byClient.remove(address.hi(), address.lo(), Allocations.numberOf(former.client()));
    }
    Answered answered = new Answered(client, request.transactionId(), error, now + KEPT_MS);
    ring[next] = answered;
    next = (next + 1) % CLIENTS_MAX;
    TransportAddress address = client.client();
    byClient.put(address.hi(), address.lo(), Allocations.numberOf(client), answered);
  }

  /** What this very request was answered, or null. */
  @Nullable Answered answerTo(Request request, long now) {
    Answered answered = find(request.client());
    return answered != null
            && now < answered.untilMs()
            && Arrays.equals(answered.transactionId(), request.transactionId())
        ? answered
        : null;
  }

  private @Nullable Answered find(FiveTuple client) {
    TransportAddress address = client.client();
    return byClient.find(address.hi(), address.lo(), Allocations.numberOf(client));
  }
}

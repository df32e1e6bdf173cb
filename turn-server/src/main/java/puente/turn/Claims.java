package puente.turn;

import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import puente.stun.AddressMap;
import puente.stun.FiveTuple;
import puente.stun.Listeners;
import puente.stun.Packet;
import puente.turn.store.AllocationStore;

/**
 * Clients that are unknown here and send as if they had an allocation: another node's, which may be
 * gone. The store is asked once for each, then not again for some seconds; and for a bounded number
 * of clients, as anybody can send from any address.
 */
final class Claims {

  /** Clients remembered; beyond that the oldest is forgotten. */
  private static final int CLIENTS_MAX = 4096;

  /** An answer that takes longer is none. */
  private static final long ANSWER_MS = 2000;

  /** How long a no is good for. */
  private static final long DENIED_MS = 5000;

  /** Questions that one shard may ask in a second: a node's clients arrive all at once. */
  private static final int PER_SECOND = 5000;

  private record Asked(long hi, long lo, int number, long untilMs, boolean denied) {}

  private final Listeners listeners;
  private final AddressMap<Asked> byClient;
  private final @Nullable Asked[] ring = new Asked[CLIENTS_MAX];
  private int next;
  private boolean enabled;
  private long secondMs;
  private int askedInSecond;

  Claims(TurnConfig config, Listeners listeners, RandomGenerator random) {
    this.listeners = listeners;
    byClient = new AddressMap<>(random.nextLong());
    enabled = config.claims();
  }

  void reconfigure(TurnConfig config) {
    enabled = config.claims();
  }

  /**
   * Whether somebody else has this packet now: another shard, or another node that lives. While the
   * other nodes are asked, so is the store, as the owner may be dead: whoever answers first goes on.
   */
  boolean isElsewhere(FiveTuple client, Packet packet, boolean byTicket, long now, Effects out) {
    return switch (out.elsewhere(packet, byTicket)) {
      case NOWHERE -> false;
      case GIVEN -> true;
      case ASKED -> {
        // Of a ticket the store knows less than the others: it is asked when they have said no.
        if (!byTicket) {
          awaits(client, false, now, out);
        }
        yield true;
      }
    };
  }

  /** Whether the sender may turn out to have an allocation: the next packet will show. */
  boolean awaits(FiveTuple client, boolean byTicket, long now, Effects out) {
    if (!enabled || client.transport().isConnection()) {
      return false;
    }
    long hi = client.client().hi();
    long lo = client.client().lo();
    Asked before = live(hi, lo, Allocations.numberOf(client), now);
    if (before != null) {
      return !before.denied;
    }
    if (mayAsk(now)) {
      remember(new Asked(hi, lo, Allocations.numberOf(client), now + ANSWER_MS, false));
      out.ask(new AllocationStore.Claim(client, byTicket));
    }
    return true;
  }

  /** The same for application data, which proves nothing and whose loss nobody minds. */
  void ask(Packet packet, long now, Effects out) {
    int number = packet.sourcePort | packet.listener << 16;
    if (enabled && live(packet.sourceHi, packet.sourceLo, number, now) == null) {
      awaits(listeners.tupleOf(packet), false, now, out);
    }
  }

  /** Its next packet asks again, if it is still unknown then. */
  void forget(FiveTuple client) {
    byClient.remove(client.client().hi(), client.client().lo(), Allocations.numberOf(client));
  }

  void denied(FiveTuple client, long now) {
    long hi = client.client().hi();
    long lo = client.client().lo();
    remember(new Asked(hi, lo, Allocations.numberOf(client), now + DENIED_MS, true));
  }

  private @Nullable Asked live(long hi, long lo, int number, long now) {
    Asked asked = byClient.find(hi, lo, number);
    return asked != null && now < asked.untilMs ? asked : null;
  }

  private boolean mayAsk(long now) {
    if (now - secondMs >= 1000) {
      secondMs = now;
      askedInSecond = 0;
    }
    return askedInSecond++ < PER_SECOND;
  }

  private void remember(Asked asked) {
    Asked former = ring[next];
    if (former != null && byClient.find(former.hi, former.lo, former.number) == former) {
      byClient.remove(former.hi, former.lo, former.number);
    }
    ring[next] = asked;
    next = (next + 1) % CLIENTS_MAX;
    byClient.put(asked.hi, asked.lo, asked.number, asked);
  }
}

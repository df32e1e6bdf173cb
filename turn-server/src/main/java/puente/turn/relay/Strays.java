package puente.turn.relay;

import java.util.List;
import org.jspecify.annotations.Nullable;
import puente.stun.AddressMap;
import puente.stun.FiveTuple;
import puente.stun.Packet;
import puente.stun.TransportAddress;

/**
 * Which shard has the allocation of which client, for those that were restored: by the port of
 * their relays, while the kernel may give the client's packets to any shard. Never changed once it
 * is made, but for what is over, so that all shards read it without a lock; and they read it only
 * about clients that they do not know.
 */
final class Strays {

  static final Strays NONE = new Strays(0);

  /** One restored client. */
  private static final class Stray {
    private final FiveTuple client;
    private final int shard;

    /** Its allocation has ended: the client is anybody's again. */
    private volatile boolean over;

    Stray(FiveTuple client, int shard) {
      this.client = client;
      this.shard = shard;
    }
  }

  private final AddressMap<Stray> strayByClient;

  private Strays(long seed) {
    strayByClient = new AddressMap<>(seed);
  }

  /**
   * These, each on the shard of the same place in the list; and what is left of the former ones.
   */
  static Strays of(Strays former, List<FiveTuple> clients, List<Integer> shards, long seed) {
    Strays strays = new Strays(seed);
    former.strayByClient.forEach(
        stray -> {
          if (!stray.over) {
            strays.put(stray);
          }
        });
    for (int i = 0; i < clients.size(); i++) {
      strays.put(new Stray(clients.get(i), shards.get(i)));
    }
    return strays;
  }

  private void put(Stray stray) {
    TransportAddress client = stray.client.client();
    strayByClient.put(client.hi(), client.lo(), number(stray.client), stray);
  }

  /** Whose client sent this; -1 if it was not restored or is over. */
  int shardOf(Packet packet) {
    if (strayByClient.isEmpty()) {
      return -1;
    }
    Stray stray =
        strayByClient.find(
            packet.sourceHi, packet.sourceLo, packet.sourcePort | packet.listener << 16);
    return stray == null || stray.over ? -1 : stray.shard;
  }

  /** This shard has no allocation of this client any more. */
  void end(FiveTuple client, int shard) {
    Stray stray = find(client);
    if (stray != null && stray.shard == shard) {
      stray.over = true;
    }
  }

  private @Nullable Stray find(FiveTuple client) {
    return strayByClient.find(client.client().hi(), client.client().lo(), number(client));
  }

  private static int number(FiveTuple client) {
    return client.client().port() | client.listener() << 16;
  }
}

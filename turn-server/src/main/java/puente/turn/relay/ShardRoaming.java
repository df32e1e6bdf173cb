package puente.turn.relay;

import java.util.List;
import java.util.concurrent.RejectedExecutionException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import puente.net.ClientConnection;
import puente.net.Parcel;
import puente.stun.FiveTuple;
import puente.stun.Packet;
import puente.turn.store.Roaming;

/**
 * One shard's part in mobility (RFC 8016): an allocation stays on its shard when its client moves,
 * and whatever the client comes to hands its packets over to that one. For the shard's loop.
 */
final class ShardRoaming {

  private static final Logger LOG = LoggerFactory.getLogger("puente.turn");

  private final Shard shard;
  private final Roaming roaming;
  private final int index;
  private List<Shard> shards = List.of();

  ShardRoaming(Shard shard, Roaming roaming, int index) {
    this.shard = shard;
    this.roaming = roaming;
    this.index = index;
  }

  void meet(List<Shard> all) {
    shards = List.copyOf(all);
  }

  /** Whether some shard, or another node, has an allocation of this client: it has moved. */
  boolean knows(FiveTuple client) {
    ShardForwarding others = shard.forwarding;
    return roaming.shardOf(client) >= 0 || others != null && others.far().isServed(client);
  }

  boolean handOver(Packet packet, int owner) {
    FiveTuple client = packet.connection;
    FiveTuple tuple =
        client != null && client.link() instanceof ClientConnection connection
            ? Abroad.tupleOf(client, shard, connection)
            : null;
    if (client != null && tuple == null) {
      return false;
    }
    shard.strays().give(new Parcel(packet, tuple), owner);
    return true;
  }

  /** A packet that was handed over to this shard. */
  void onStray(Packet packet) {
    try {
      shard.proxies.learn(packet);
      shard.direct(packet);
      shard.onFrame(packet);
    } catch (RuntimeException | AssertionError defect) {
      LOG.error("event=defect where=stray meaning=\"please report\"", defect);
    }
  }

  /** A connection of this shard is gone: the shard that has its client's allocation is told. */
  void onClosed(FiveTuple client) {
    int owner = roaming.shardOf(client);
    shard.onClosed(client);
    ShardForwarding others = shard.forwarding;
    if (others != null) {
      others.far().closed(client);
    }
    if (owner >= 0 && owner != index) {
      Shard other = shards.get(owner);
      try {
        other.loop().eventLoop().execute(() -> other.onClosed(client));
      } catch (RejectedExecutionException over) {
        // It has ended, and with it the allocation.
      }
    }
  }
}

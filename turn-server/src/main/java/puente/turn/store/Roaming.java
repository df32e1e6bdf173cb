package puente.turn.store;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import puente.stun.FiveTuple;

/**
 * Which shard has which mobile allocation (RFC 8016), for all shards of a server: a client that has
 * moved may come to any. Read without a lock, and only about clients that a shard does not know.
 */
public final class Roaming {

  private final Map<Long, Integer> shardById = new ConcurrentHashMap<>();
  private final Map<FiveTuple, Integer> shardByClient = new ConcurrentHashMap<>();

  /** The shard whose client came to be this one by a move; -1 if there is none. */
  public int shardOf(FiveTuple client) {
    Integer shard = shardByClient.isEmpty() ? null : shardByClient.get(client);
    return shard == null ? -1 : shard;
  }

  /** Whether any client has moved at all. */
  public boolean isEmpty() {
    return shardByClient.isEmpty();
  }

  public int shardOf(long id) {
    Integer shard = shardById.get(id);
    return shard == null ? -1 : shard;
  }

  public void settle(long id, int shard) {
    shardById.put(id, shard);
  }

  /** The allocation of this shard has ended. */
  public void forget(long id, int shard) {
    shardById.remove(id, shard);
  }

  public void moved(FiveTuple client, int shard) {
    shardByClient.put(client, shard);
  }

  /** The allocation of this shard has this client no more. */
  public void left(FiveTuple client, int shard) {
    shardByClient.remove(client, shard);
  }
}

package puente.turn.store;

import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.Map;
import java.util.Queue;
import org.jspecify.annotations.Nullable;
import puente.stun.TransportAddress;

/**
 * The relayed addresses held for whoever shows the token (RFC 8656 §7.2, EVEN-PORT with R). They
 * are the whole server's: the client that claims one has another five-tuple, which may be another
 * shard's. The port stays on loan from the shard that owns it, and goes back there. Every shard
 * asks, once per such allocation and never per packet, so that it is briefly synchronized.
 */
public final class Reservations {

  /**
   * @param local where the port is, and which
   * @param shard who owns the port
   */
  public record Held(long token, TransportAddress local, int shard, long untilMs) {}

  private final Map<Long, Held> heldByToken = new HashMap<>();
  private final Map<Integer, Integer> countByShard = new HashMap<>();
  private final Map<Integer, Queue<Held>> returnedByShard = new HashMap<>();

  /** False if the token is taken. */
  public synchronized boolean add(Held held) {
    if (heldByToken.putIfAbsent(held.token, held) != null) {
      return false;
    }
    countByShard.merge(held.shard, 1, Integer::sum);
    return true;
  }

  /** The address held under this token, or null if there is none. */
  public synchronized @Nullable TransportAddress localOf(long token, long now) {
    Held held = heldByToken.get(token);
    return held == null || now >= held.untilMs ? null : held.local;
  }

  /** Takes what is held under this token, in time; only one can. */
  public synchronized @Nullable Held claim(long token, long now) {
    Held held = heldByToken.get(token);
    return held == null || now >= held.untilMs ? null : remove(token);
  }

  /** Its time is over: takes it if nobody has claimed it. */
  public synchronized @Nullable Held remove(long token) {
    Held held = heldByToken.remove(token);
    if (held != null) {
      countByShard.merge(held.shard, -1, Integer::sum);
    }
    return held;
  }

  /** How many of this shard's ports are held and not claimed. */
  public synchronized int countOf(int shard) {
    return countByShard.getOrDefault(shard, 0);
  }

  /** A claimed port is not used any more: its owner will find it. */
  public synchronized void giveBack(Held held) {
    returnedByShard.computeIfAbsent(held.shard, unused -> new ArrayDeque<>()).add(held);
  }

  /** The next port that came back to this shard, or null. */
  public synchronized @Nullable Held nextReturned(int shard) {
    Queue<Held> returned = returnedByShard.get(shard);
    return returned == null ? null : returned.poll();
  }
}

package puente.turn;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import puente.stun.FiveTuple;
import puente.stun.Message;

/** Requests that wait until somebody else has said who their user is. For one thread. */
final class Inquiries {

  /** Of one shard. More only wait while a database is slow, and their clients ask again. */
  private static final int WAITING_MAX = 1024;

  /** The longest of all attributes of a request that makes sense are some 2 KB. */
  private static final int LENGTH_MAX = 4096;

  /** Whoever is asked answers sooner; what is left then was forgotten by a defect. */
  private static final long WAIT_MS = 30_000;

  /** What a retransmission is known by (RFC 8489 §6.2.1). */
  private record Key(FiveTuple client, ByteBuffer transactionId) {}

  /** A request that waits. */
  record Parked(Key key, byte[] bytes, long sinceMs) {
    FiveTuple client() {
      return key.client;
    }
  }

  private final Map<Long, Parked> parkedById = new LinkedHashMap<>();
  private final Map<Key, Long> idByKey = new HashMap<>();
  private long lastId;

  /** Its number; 0 if there is no room, -1 if it waits already. */
  long park(Message request, FiveTuple client, long now) {
    Key key = new Key(client, ByteBuffer.wrap(request.transactionId()));
    if (idByKey.containsKey(key)) {
      return -1;
    }
    dropForgotten(now);
    if (parkedById.size() >= WAITING_MAX || request.length() > LENGTH_MAX) {
      return 0;
    }
    byte[] bytes = Arrays.copyOf(request.bytes(), request.length());
    parkedById.put(++lastId, new Parked(key, bytes, now));
    idByKey.put(key, lastId);
    return lastId;
  }

  /** It waits no longer; null if it is gone. */
  @Nullable Parked take(long id) {
    Parked parked = parkedById.remove(id);
    if (parked != null) {
      idByKey.remove(parked.key);
    }
    return parked;
  }

  /** Its connection is gone: whoever is let in now could never be told. */
  void forget(FiveTuple client) {
    if (!parkedById.isEmpty()) {
      parkedById.values().removeIf(parked -> parked.client().equals(client));
      idByKey.keySet().removeIf(key -> key.client.equals(client));
    }
  }

  int size() {
    return parkedById.size();
  }

  private void dropForgotten(long now) {
    Iterator<Parked> oldest = parkedById.values().iterator();
    while (oldest.hasNext()) {
      Parked parked = oldest.next();
      if (now - parked.sinceMs < WAIT_MS) {
        return;
      }
      oldest.remove();
      idByKey.remove(parked.key);
    }
  }
}

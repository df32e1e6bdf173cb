package puente.signal;

import java.io.Serial;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** One client as long as it may come back: what it may do, where it is, what it was told last. */
final class Session {
  /** No connection now. */
  static final long NONE = 0;

  /** Requests whose answer a client may not have heard, and may repeat. */
  private static final int ANSWERS_MAX = 256;

  private record Sent(long seq, String text) {}

  final String sid;
  final String resumeKey;
  final String peerId;
  final Map<String, @Nullable Object> meta;
  final Map<String, Room> roomByName = new TreeMap<>();
  final TokenBucket requests;
  Grant grant;
  long connection;
  long lostMs;
  long iceDueMs = Long.MAX_VALUE;
  int badRequests;
  private long lastSeq;
  private int keptBytes;
  private final Deque<Sent> kept = new ArrayDeque<>();
  private final Map<String, Signal.Ack> ackById =
      new LinkedHashMap<>() {
        @Serial private static final long serialVersionUID = 1;

        @Override
        protected boolean removeEldestEntry(Map.Entry<String, Signal.Ack> eldest) {
          return size() > ANSWERS_MAX;
        }
      };

  Session(
      String sid,
      String resumeKey,
      String peerId,
      Map<String, @Nullable Object> meta,
      Grant grant,
      TokenBucket requests) {
    this.sid = sid;
    this.resumeKey = resumeKey;
    this.peerId = peerId;
    this.meta = meta;
    this.grant = grant;
    this.requests = requests;
  }

  boolean isConnected() {
    return connection != NONE;
  }

  /** Numbers a message and keeps it for a client that comes back. */
  String number(Signal.ToClient message, Rooms.Limits limits) {
    String text = message.text(++lastSeq);
    kept.add(new Sent(lastSeq, text));
    keptBytes += text.length();
    while (kept.size() > limits.replayMessages() || keptBytes > limits.replayBytes()) {
      keptBytes -= kept.remove().text.length();
    }
    return text;
  }

  /** Whether everything after that number is still here. */
  boolean canReplay(long after) {
    return after <= lastSeq && after >= (kept.isEmpty() ? lastSeq : kept.peek().seq - 1);
  }

  /** What came after; the client has heard what came before, so that is forgotten. */
  Iterable<String> replay(long after) {
    while (!kept.isEmpty() && kept.peek().seq <= after) {
      keptBytes -= kept.remove().text.length();
    }
    return kept.stream().map(Sent::text).toList();
  }

  int keptBytes() {
    return keptBytes;
  }

  /** The answer to a request that was carried out before and is repeated. */
  Signal.@Nullable Ack answered(@Nullable String id) {
    return id == null ? null : ackById.get(id);
  }

  void answered(@Nullable String id, Signal.Ack ack) {
    if (id != null) {
      ackById.put(id, ack);
    }
  }
}

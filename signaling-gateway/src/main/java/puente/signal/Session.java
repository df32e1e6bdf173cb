package puente.signal;

import java.io.Serial;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** One client as long as it may come back: what it may do, where it is, what it was told last. */
final class Session {
  /** No connection now. */
  static final long NONE = 0;

  /** Requests whose answer a client may not have heard, and may repeat. */
  private static final int ANSWERS_MAX = 256;

  /** Messages of other nodes that may come a second time, when a node on their way has died. */
  private static final int HEARD_MAX = 256;

  /** Messages that a node may have sent without having had them kept, when it dies. */
  private static final int UNKEPT_MAX = 10_000;

  /** Numbered, but not yet written: a session that moved may have to count anew. */
  private record Sent(long seq, Signal.ToClient message, int length) {}

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

  /** Up to here the numbers are those of the node that died; what follows was numbered without it. */
  private long adoptedSeq = Long.MAX_VALUE;

  /** The node that keeps this session in case this one dies. */
  @Nullable String keeper;

  /** Whether the keeper has numbers that hold no more. */
  boolean isRenumbered;

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
  private final Set<Long> heard = new LinkedHashSet<>();

  // What the node that keeps this session does not know yet.
  private long toldSeq;
  private final List<Word.Answer> untoldAnswers = new ArrayList<>();
  private final List<Long> untoldHeard = new ArrayList<>();

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

  /** One that comes from another node, not yet connected here. */
  Session(SessionState state, TokenBucket requests, RoomLimits limits, long now) {
    this(
        state.sid(),
        state.resumeKey(),
        state.peerId(),
        state.meta(),
        until(state.grant(), state.grantMs(), now),
        requests);
    lostMs = now;
    Word.Traffic traffic = state.traffic();
    for (Word.Kept one : traffic.messages()) {
      keep(one.seq(), new Signal.Again(one.text()), one.text().length(), limits);
    }
    lastSeq = traffic.lastSeq();
    adoptedSeq = state.firmSeq();
    for (Word.Answer answer : traffic.answers()) {
      ackById.put(answer.id(), new Signal.Ack(answer.id(), answer.delivered(), answer.queued()));
    }
    heard.addAll(traffic.heard());
  }

  private static Grant until(Grant grant, long forMs, long now) {
    long expires = forMs == Long.MAX_VALUE ? Long.MAX_VALUE : now + forMs;
    return new Grant(
        grant.subject(), grant.mayChooseId(), grant.rooms(), grant.can(), grant.meta(), expires);
  }

  boolean isConnected() {
    return connection != NONE;
  }

  /** Numbers a message and keeps it for a client that comes back. */
  String number(Signal.ToClient message, RoomLimits limits) {
    String text = message.text(++lastSeq);
    keep(lastSeq, message, text.length(), limits);
    return text;
  }

  private void keep(long seq, Signal.ToClient message, int length, RoomLimits limits) {
    kept.add(new Sent(seq, message, length));
    keptBytes += length;
    while (kept.size() > limits.replayMessages() || keptBytes > limits.replayBytes()) {
      keptBytes -= kept.remove().length;
    }
  }

  /**
   * Whether everything after that number is still here. A client may know later numbers than the
   * node that kept its session: of the last moment before its own node died.
   */
  boolean canReplay(long after) {
    boolean isKnown =
        after <= lastSeq || adoptedSeq != Long.MAX_VALUE && after - adoptedSeq <= UNKEPT_MAX;
    return isKnown && after >= (kept.isEmpty() ? adopted() : kept.peek().seq - 1);
  }

  private long adopted() {
    return Math.min(lastSeq, adoptedSeq);
  }

  /** What came after; the client has heard what came before, so that is forgotten. */
  Iterable<String> replay(long after) {
    if (adoptedSeq != Long.MAX_VALUE && after > adoptedSeq) {
      countAnew(after);
    }
    adoptedSeq = Long.MAX_VALUE;
    while (!kept.isEmpty() && kept.peek().seq <= after) {
      keptBytes -= kept.remove().length;
    }
    return kept.stream().map(one -> one.message.text(one.seq)).toList();
  }

  /** What came since the session is here goes behind what its client has heard elsewhere. */
  private void countAnew(long after) {
    List<Sent> here = kept.stream().filter(one -> one.seq > adoptedSeq).toList();
    kept.clear();
    keptBytes = 0;
    lastSeq = after;
    isRenumbered = true;
    for (Sent one : here) {
      kept.add(new Sent(++lastSeq, one.message, one.length));
      keptBytes += one.length;
    }
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
      if (keeper != null && untoldAnswers.size() < ANSWERS_MAX) {
        untoldAnswers.add(new Word.Answer(id, ack.delivered(), ack.queued()));
      }
    }
  }

  /** Whether a message of another node comes for the first time. */
  boolean hearsFirst(long id) {
    if (!heard.add(id)) {
      return false;
    }
    if (heard.size() > HEARD_MAX) {
      heard.remove(heard.iterator().next());
    }
    if (keeper != null && untoldHeard.size() < HEARD_MAX) {
      untoldHeard.add(id);
    }
    return true;
  }

  /** Everything, for another node. */
  SessionState state(long now) {
    List<SessionState.Membership> rooms = new ArrayList<>();
    for (Room room : roomByName.values()) {
      Room.Member self = room.memberById.get(peerId);
      if (self != null) {
        rooms.add(new SessionState.Membership(room.name, self.meta, self.presence));
      }
    }
    List<Word.Answer> answers = new ArrayList<>();
    ackById.forEach((id, ack) -> answers.add(new Word.Answer(id, ack.delivered(), ack.queued())));
    long expires = grant.expiresMs();
    long grantMs = expires == Long.MAX_VALUE ? expires : Math.max(0, expires - now);
    return new SessionState(
        sid,
        resumeKey,
        peerId,
        meta,
        grant,
        grantMs,
        rooms,
        adoptedSeq,
        new Word.Traffic(lastSeq, after(0), answers, List.copyOf(heard)));
  }

  /** What came since the last call, or since all was told. */
  Word.Traffic traffic() {
    Word.Traffic news =
        new Word.Traffic(lastSeq, after(toldSeq), untoldAnswers, List.copyOf(untoldHeard));
    allIsTold();
    return news;
  }

  private void allIsTold() {
    isRenumbered = false;
    toldSeq = lastSeq;
    untoldAnswers.clear();
    untoldHeard.clear();
  }

  private List<Word.Kept> after(long seq) {
    List<Word.Kept> messages = new ArrayList<>();
    for (Sent one : kept.reversed()) {
      if (one.seq <= seq) {
        break;
      }
      messages.addFirst(new Word.Kept(one.seq, one.message.text(0)));
    }
    return messages;
  }
}

package puente.signal;

import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A {@link Session} on its way to another node.
 *
 * @param grantMs for how long the grant is good yet; {@link Long#MAX_VALUE} is for ever
 * @param firmSeq after a node's death the last number that it had kept: its client may know more;
 *     else {@link Long#MAX_VALUE}
 */
record SessionState(
    String sid,
    String resumeKey,
    String peerId,
    Map<String, @Nullable Object> meta,
    Grant grant,
    long grantMs,
    List<Membership> rooms,
    long firmSeq,
    Word.Traffic traffic) {

  record Membership(
      String room, Map<String, @Nullable Object> meta, Map<String, @Nullable Object> presence) {}

  public SessionState {
    rooms = List.copyOf(rooms);
  }

  SessionState with(Word.Traffic news) {
    return new SessionState(sid, resumeKey, peerId, meta, grant, grantMs, rooms, firmSeq, news);
  }

  /** As its node left it when it died, with what came after it was written. */
  SessionState left(long newGrantMs, Word.Traffic all) {
    long firm = Math.min(firmSeq, all.lastSeq());
    return new SessionState(sid, resumeKey, peerId, meta, grant, newGrantMs, rooms, firm, all);
  }

  /** Without the key. */
  @Override
  public String toString() {
    return "SessionState[" + sid + "]";
  }
}

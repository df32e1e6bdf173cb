package puente.signal;

import java.io.Serial;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** The members of one room on this node, and those thrown out lately. */
final class Room {
  /** Somebody in the room. */
  static final class Member {
    final Session session;
    final Map<String, @Nullable Object> meta;
    Map<String, @Nullable Object> presence;

    Member(
        Session session,
        Map<String, @Nullable Object> meta,
        Map<String, @Nullable Object> presence) {
      this.session = session;
      this.meta = meta;
      this.presence = presence;
    }

    /** As somebody else sees it. */
    Signal.Peer seenBy(String reader) {
      return new Signal.Peer(session.peerId, meta, presence, isPolite(session.peerId, reader));
    }
  }

  private static final int BANS_MAX = 256;

  final String name;
  final Map<String, Member> memberById = new TreeMap<>();
  private final Map<String, Long> bannedUntilById =
      new LinkedHashMap<>() {
        @Serial private static final long serialVersionUID = 1;

        @Override
        protected boolean removeEldestEntry(Map.Entry<String, Long> eldest) {
          return size() > BANS_MAX;
        }
      };

  Room(String name) {
    this.name = name;
  }

  void ban(String peerId, long untilMs) {
    bannedUntilById.put(peerId, untilMs);
  }

  boolean isBanned(String peerId, long nowMs) {
    return bannedUntilById.getOrDefault(peerId, Long.MIN_VALUE) > nowMs;
  }

  /** Nobody in it, nor anybody who must stay out. */
  boolean isOver(long nowMs) {
    return memberById.isEmpty()
        && bannedUntilById.values().stream().noneMatch(until -> until > nowMs);
  }

  /** Of two peers the one whose id sorts first gives way when their offers cross. */
  static boolean isPolite(String peer, String reader) {
    return peer.compareTo(reader) < 0;
  }
}

package puente.signal;

import java.util.Collection;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The members of rooms that other nodes hold, the way to them, and the care for sessions whose node
 * dies. {@link Rooms} asks and tells; it never waits. What comes back are later inputs to it.
 */
interface Roster {
  /** Something that members of a room here are told of members elsewhere. */
  sealed interface News {
    String room();
  }

  record Arrived(String room, Signal.Peer peer) implements News {}

  record Changed(String room, Signal.Peer peer) implements News {}

  record Gone(String room, String peerId, Signal.Reason reason) implements News {}

  /** How many a message reaches: those connected, and those that may come back. */
  record Reach(int delivered, int queued) {
    static final Reach NOBODY = new Reach(0, 0);
  }

  /** Members of a room on other nodes, as far as this node knows now. */
  Collection<Signal.Peer> elsewhere(String room);

  /** Somebody here joined a room, or shows himself otherwise. */
  void here(Session session, Room.Member member, String room);

  /** Somebody here is no member any more. */
  void gone(Session session, String room, Signal.Reason reason);

  /** To all members on other nodes. */
  Reach tell(String room, String from, Json.Raw d);

  /** To one member on another node; null if there is no such member. */
  @Nullable Reach forward(String room, String to, String from, Json.Raw d);

  /** Keeps somebody out on all nodes; answers whether he is a member on another one. */
  boolean ban(String room, String peerId, long ms);

  /** Whether a peer of that name is connected to another node. */
  boolean isTaken(String peerId);

  /** A session began, was connected or lost its connection. */
  void present(Session session);

  /** Something came to a session that is to be kept for its client. */
  void changed(Session session);

  void ended(Session session);

  /** Looks for a session elsewhere; whether to wait for {@link Rooms#onFetched}. */
  boolean fetch(Signal.Resume resume, @Nullable String subject, long now);

  /** Of a node that is alone. */
  Roster NONE =
      new Roster() {
        @Override
        public Collection<Signal.Peer> elsewhere(String room) {
          return List.of();
        }

        @Override
        public void here(Session session, Room.Member member, String room) {}

        @Override
        public void gone(Session session, String room, Signal.Reason reason) {}

        @Override
        public Reach tell(String room, String from, Json.Raw d) {
          return Reach.NOBODY;
        }

        @Override
        public @Nullable Reach forward(String room, String to, String from, Json.Raw d) {
          return null;
        }

        @Override
        public boolean ban(String room, String peerId, long ms) {
          return false;
        }

        @Override
        public boolean isTaken(String peerId) {
          return false;
        }

        @Override
        public void present(Session session) {}

        @Override
        public void changed(Session session) {}

        @Override
        public void ended(Session session) {}

        @Override
        public boolean fetch(Signal.Resume resume, @Nullable String subject, long now) {
          return false;
        }
      };
}

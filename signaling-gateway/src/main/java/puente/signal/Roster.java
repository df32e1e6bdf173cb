package puente.signal;

import java.util.Collection;
import java.util.List;

/**
 * The members of rooms that other nodes hold, and the way to them. {@link Rooms} asks and tells; it
 * never waits. What comes back from other nodes are later inputs to it: {@link Rooms#onRemote}.
 */
public interface Roster {
  /** Something that members of a room on other nodes are told. */
  sealed interface News {
    String room();
  }

  record Arrived(String room, Signal.Peer peer) implements News {}

  record Changed(String room, Signal.Peer peer) implements News {}

  record Gone(String room, String peerId, Signal.Reason reason) implements News {}

  /** To everybody in the room. */
  record Told(String room, String from, Json.Raw d) implements News {}

  /** Members of a room on other nodes, as far as this node knows now. */
  Collection<Signal.Peer> elsewhere(String room);

  /** Tells every other node that holds members of the room; answers how many members those are. */
  int tell(News news);

  /** Sends to one member on another node; answers whether there is such a member. */
  boolean forward(String room, String to, String from, Json.Raw d);

  /** Of a node that is alone. */
  Roster NONE =
      new Roster() {
        @Override
        public Collection<Signal.Peer> elsewhere(String room) {
          return List.of();
        }

        @Override
        public int tell(News news) {
          return 0;
        }

        @Override
        public boolean forward(String room, String to, String from, Json.Raw d) {
          return false;
        }
      };
}

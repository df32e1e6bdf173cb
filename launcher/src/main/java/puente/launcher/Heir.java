package puente.launcher;

import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import puente.stun.TransportAddress;
import puente.turn.store.Snapshot;

/** Who goes on with what dead nodes, or a former process of this one, have left. */
interface Heir {

  /** Nobody does: this node serves what it made itself. */
  Heir NOBODY =
      new Heir() {
        @Override
        public boolean canServe(Snapshot record) {
          return false;
        }

        @Override
        public Set<TransportAddress> relays() {
          return Set.of();
        }

        @Override
        public Set<TransportAddress> arrived() {
          return Set.of();
        }

        @Override
        public void look(String why) {}

        @Override
        public CompletionStage<Void> goOn(List<Snapshot> records) {
          return CompletableFuture.completedStage(null);
        }

        @Override
        public void letGo(Snapshot claimed) {}
      };

  /**
   * Whether this node listens where the client of this record sends, and has its relayed addresses
   * and their ports: now, on this machine.
   */
  boolean canServe(Snapshot record);

  /** The relayed addresses that are on this machine now, with port 0. */
  Set<TransportAddress> relays();

  /**
   * Those of them that have come to this machine while this process ran: even a living owner has
   * lost them.
   */
  Set<TransportAddress> arrived();

  /** There may be something to take over. Returns at once. */
  void look(String why);

  /** Goes on with these, which are this node's now; or with what is newer of what it has. */
  CompletionStage<Void> goOn(List<Snapshot> records);

  /** Another node has this now: it ends here without a word to its client. */
  void letGo(Snapshot claimed);
}

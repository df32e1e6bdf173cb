package puente.turn.relay;

import java.util.List;
import puente.turn.Census;
import puente.turn.Note;

/** Who is told what shards see, for people. Called on the shards' loops; returns at once. */
public interface Observer {

  Observer NONE =
      new Observer() {
        @Override
        public void onNotes(List<Note> notes, long lost) {}

        @Override
        public void onMoved(List<Census.Moved> moved) {}
      };

  /**
   * What was decided, in order, about twice a second.
   *
   * @param lost how many more there were than are kept
   */
  void onNotes(List<Note> notes, long lost);

  /** What was relayed since the last time, every two seconds. */
  void onMoved(List<Census.Moved> moved);
}

package puente.turn.relay;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import puente.stun.Family;
import puente.stun.TransportAddress;
import puente.turn.Note;

/**
 * What one shard has noted and not yet told. Bounded in all, and for each source that has proved
 * nothing: a flood from one address, or from many invented ones, leaves room for what honest
 * clients do. For one thread.
 */
final class Notebook {

  /** Of what has been proved or done: a node's clients may all come at once. */
  private static final int NOTES_MAX = 16_384;

  /** Of what anybody can cause. */
  private static final int UNPROVEN_MAX = 1024;

  private static final int UNPROVEN_OF_SOURCE_MAX = 8;
  private static final int SOURCES = 1 << 12;

  private final long seed;
  private final byte[] unprovenBySource = new byte[SOURCES];
  private List<Note> notes = new ArrayList<>();
  private int unproven;
  private long lost;

  Notebook(long seed) {
    this.seed = seed;
  }

  void add(Note note) {
    boolean isUnproven = note instanceof Note.Refused refused && !refused.isProven();
    if (isUnproven && !hasRoomFor(note.client().client()) || notes.size() >= NOTES_MAX) {
      lost++;
    } else {
      notes.add(note);
    }
  }

  private boolean hasRoomFor(TransportAddress source) {
    long key = source.family() == Family.IPV4 ? source.lo() : source.hi();
    long h = (key ^ seed) * 0x9e37_79b9_7f4a_7c15L;
    int slot = (int) (h >>> 40) & SOURCES - 1;
    if (unproven >= UNPROVEN_MAX || unprovenBySource[slot] >= UNPROVEN_OF_SOURCE_MAX) {
      return false;
    }
    unproven++;
    unprovenBySource[slot]++;
    return true;
  }

  /** Tells all there is, and starts anew. */
  void tell(Observer observer) {
    if (notes.isEmpty() && lost == 0) {
      return;
    }
    List<Note> told = notes;
    long left = lost;
    notes = new ArrayList<>();
    lost = 0;
    if (unproven > 0) {
      unproven = 0;
      Arrays.fill(unprovenBySource, (byte) 0);
    }
    observer.onNotes(told, left);
  }
}

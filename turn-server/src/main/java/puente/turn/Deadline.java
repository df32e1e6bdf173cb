package puente.turn;

/** Something that has to be looked at when its time comes; see {@link Deadlines}. */
abstract sealed class Deadline permits Allocation, PeerConnection, Reservation {

  /** When, in epoch milliseconds; for {@link Deadlines} to write. */
  long dueMs;

  /** Its place in the heap, or {@link Deadlines#ABSENT}. */
  int place = Deadlines.ABSENT;
}

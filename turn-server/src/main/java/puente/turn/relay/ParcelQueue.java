package puente.turn.relay;

import java.util.concurrent.atomic.AtomicReferenceArray;
import org.jspecify.annotations.Nullable;
import puente.net.Parcel;

/** What one shard hands to another: a ring, written by one thread and read by one. */
final class ParcelQueue {

  private final AtomicReferenceArray<@Nullable Parcel> slots;
  private int written;
  private int read;

  /**
   * @param capacity a power of two
   */
  ParcelQueue(int capacity) {
    slots = new AtomicReferenceArray<>(capacity);
  }

  /** False if it is full. */
  boolean offer(Parcel parcel) {
    int slot = written & slots.length() - 1;
    if (slots.getAcquire(slot) != null) {
      return false;
    }
    slots.setRelease(slot, parcel);
    written++;
    return true;
  }

  @Nullable Parcel poll() {
    int slot = read & slots.length() - 1;
    Parcel parcel = slots.getAcquire(slot);
    if (parcel != null) {
      slots.setRelease(slot, null);
      read++;
    }
    return parcel;
  }
}

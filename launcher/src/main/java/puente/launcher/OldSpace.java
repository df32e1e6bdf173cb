package puente.launcher;

import java.lang.management.ManagementFactory;
import java.lang.management.MemoryPoolMXBean;
import java.util.Optional;
import java.util.function.LongSupplier;

/**
 * Has the old generation of the serial collector collected while it is small. By itself that
 * collector lets it grow to all of the heap first, however little of it is alive: allocations live
 * for minutes, which makes old garbage of most of what they leave.
 */
final class OldSpace {

  /**
   * Garbage that is worth a collection; where more is alive, as much as that. With half of it, a
   * server that does nothing but make and free allocations spends a tenth of its time here.
   */
  static final long ROOM_BYTES = 256L << 20;

  /** As the serial collector calls it; the others look after theirs. */
  private static final String POOL = "Tenured Gen";

  private final LongSupplier used;
  private final LongSupplier alive;
  private final Runnable collection;

  /**
   * @param used bytes, dead ones too
   * @param alive bytes that the last collection of it has left; 0 before the first
   */
  OldSpace(LongSupplier used, LongSupplier alive, Runnable collection) {
    this.used = used;
    this.alive = alive;
    this.collection = collection;
  }

  /** Of this process; empty where its collector does so itself. */
  static Optional<OldSpace> ofProcess() {
    return ManagementFactory.getMemoryPoolMXBeans().stream()
        .filter(pool -> pool.getName().equals(POOL))
        .findFirst()
        .map(OldSpace::of);
  }

  private static OldSpace of(MemoryPoolMXBean pool) {
    return new OldSpace(
        () -> pool.getUsage().getUsed(), () -> pool.getCollectionUsage().getUsed(), System::gc);
  }

  /** To be called every few seconds. */
  void look() {
    long left = alive.getAsLong();
    if (used.getAsLong() - left > Math.max(ROOM_BYTES, left)) {
      collection.run();
    }
  }
}

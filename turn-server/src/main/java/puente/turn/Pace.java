package puente.turn;

/** How fast an allocation relays, as of the last two looks at it. */
final class Pace {

  /** A shorter time says little. */
  private static final long LOOK_MS = 500;

  private long lookedMs;
  private long bytesUp;
  private long bytesDown;
  private long packetsUp;
  private long packetsDown;
  long bytesUpPerSecond;
  long bytesDownPerSecond;
  long packetsUpPerSecond;
  long packetsDownPerSecond;

  /** Both ways, between the last two looks. */
  long bytesMoved;

  long packetsMoved;

  /** Whether anything was relayed since the last look. */
  boolean look(Allocation allocation, long now) {
    long elapsed = now - lookedMs;
    if (elapsed < LOOK_MS) {
      return false;
    }
    boolean isFirst = lookedMs == 0;
    long up = allocation.bytesUp - bytesUp;
    long down = allocation.bytesDown - bytesDown;
    bytesMoved = up + down;
    packetsMoved = allocation.packetsUp - packetsUp + allocation.packetsDown - packetsDown;
    long over = isFirst ? Math.max(LOOK_MS, now - allocation.firstRelayedMs) : elapsed;
    bytesUpPerSecond = 1000 * up / over;
    bytesDownPerSecond = 1000 * down / over;
    packetsUpPerSecond = 1000 * (allocation.packetsUp - packetsUp) / over;
    packetsDownPerSecond = 1000 * (allocation.packetsDown - packetsDown) / over;
    lookedMs = now;
    bytesUp = allocation.bytesUp;
    bytesDown = allocation.bytesDown;
    packetsUp = allocation.packetsUp;
    packetsDown = allocation.packetsDown;
    return packetsMoved > 0;
  }
}

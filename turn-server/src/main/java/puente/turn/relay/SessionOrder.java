package puente.turn.relay;

import puente.turn.Allocation;

/**
 * By what a list of sessions is ordered; what is equal then, the oldest first.
 *
 * @param descending the greatest first
 */
public record SessionOrder(By by, boolean descending) {

  /** What is compared. */
  public enum By {
    CREATED,
    RATE,
    UP,
    DOWN,
    BYTES,
    USER
  }

  public static final SessionOrder OLDEST = new SessionOrder(By.CREATED, false);

  /**
   * A place in such a list.
   *
   * @param value what numbers are ordered by; 0 for names
   * @param name what names are ordered by; empty for numbers
   */
  public record Place(long value, String name, SessionKey key) {}

  Place placeOf(Allocation allocation) {
    return new Place(valueOf(allocation), nameOf(allocation), SessionKey.of(allocation));
  }

  public int compare(Place a, Place b) {
    int order = Long.compare(a.value, b.value);
    if (order == 0) {
      order = a.name.compareTo(b.name);
    }
    if (order == 0) {
      return a.key.compareTo(b.key);
    }
    return descending ? -order : order;
  }

  /** Whether it surely comes after this place; without making anything. */
  boolean isAfter(Allocation allocation, Place place) {
    int order = Long.compare(valueOf(allocation), place.value);
    if (order == 0) {
      order = nameOf(allocation).compareTo(place.name);
    }
    return descending ? order < 0 : order > 0;
  }

  private long valueOf(Allocation allocation) {
    return switch (by) {
      case CREATED -> allocation.createdMs();
      case RATE -> allocation.bytesUpPerSecond() + allocation.bytesDownPerSecond();
      case UP -> allocation.bytesUpPerSecond();
      case DOWN -> allocation.bytesDownPerSecond();
      case BYTES -> allocation.bytesUp() + allocation.bytesDown();
      case USER -> 0;
    };
  }

  private String nameOf(Allocation allocation) {
    return by == By.USER ? allocation.user() : "";
  }
}

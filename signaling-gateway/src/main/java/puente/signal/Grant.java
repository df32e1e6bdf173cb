package puente.signal;

import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What somebody may do, proved by a token or a key.
 *
 * @param subject who a token says he is: his peer id; null if nobody said
 * @param mayChooseId whether he may name himself: a backend's client may, a page may not
 * @param rooms names, or beginnings of names with {@code *} at the end; empty is every room
 * @param meta what the token says of him, before what he says himself
 * @param expiresMs when it ends, on the clock of the caller; {@link Long#MAX_VALUE} is never
 */
public record Grant(
    @Nullable String subject,
    boolean mayChooseId,
    Set<String> rooms,
    Set<Can> can,
    Map<String, @Nullable Object> meta,
    long expiresMs) {
  /** What may be allowed. */
  public enum Can {
    JOIN,
    PUBLISH,
    PRESENCE,
    KICK
  }

  /** Everything but to throw others out. */
  static final Set<Can> MEMBER = Set.of(Can.JOIN, Can.PUBLISH, Can.PRESENCE);

  static final Grant PAGE = new Grant(null, false, Set.of(), MEMBER, Map.of(), Long.MAX_VALUE);

  static final Grant BACKEND =
      new Grant(null, true, Set.of(), Set.of(Can.values()), Map.of(), Long.MAX_VALUE);

  public Grant {
    rooms = Set.copyOf(rooms);
    can = Set.copyOf(can);
  }

  boolean allows(Can what, String room) {
    return can.contains(what) && (rooms.isEmpty() || rooms.stream().anyMatch(one -> is(one, room)));
  }

  private static boolean is(String pattern, String room) {
    return pattern.endsWith("*")
        ? room.startsWith(pattern.substring(0, pattern.length() - 1))
        : pattern.equals(room);
  }

  /** Under which id somebody is known: the token's; his own choice, if he may; else a fresh one. */
  String idOf(@Nullable String wanted, FreshNames names) {
    if (subject != null) {
      return subject;
    }
    return wanted != null && !wanted.isEmpty() && mayChooseId ? wanted : names.peer();
  }
}

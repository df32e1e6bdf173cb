package puente.story;

import java.io.Serial;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * The stories of this node's clients: of all allocations that live, of those that ended lately, and
 * of clients that came to none. Each kind has its own bound, so that strangers cannot push out
 * customers; and one source of strangers cannot push out the others. For one thread.
 *
 * @param <C> the address and port of a client
 * @param <S> an allocation's id
 */
public final class Stories<C, S> {

  /** How many of each kind. */
  public record Limits(int alive, int ended, int strangers, int ofSource) {
    public static final Limits STANDARD = new Limits(131_072, 8192, 8192, 32);
  }

  private static final int USER_MAX = 128;

  private final Limits limits;
  private final UnaryOperator<C> toSource;
  private final Function<String, Optional<S>> toSession;
  private final Map<S, Story> aliveBySession;
  private final Map<S, Story> endedBySession;
  private final Map<C, Story> strangerByClient;
  private final Map<C, Integer> strangersBySource = new HashMap<>();
  private long lost;

  /**
   * @param toSource a client's address without its port; of such a one, itself
   * @param toSession reads the text of an id
   */
  public Stories(
      Limits limits, UnaryOperator<C> toSource, Function<String, Optional<S>> toSession) {
    this.limits = limits;
    this.toSource = toSource;
    this.toSession = toSession;
    aliveBySession = bounded(limits.alive, session -> {});
    endedBySession = bounded(limits.ended, session -> {});
    strangerByClient = bounded(limits.strangers, this::leave);
  }

  private static <K> Map<K, Story> bounded(int most, Consumer<K> forgotten) {
    return new LinkedHashMap<>(16, 0.75f, true) {
      @Serial private static final long serialVersionUID = 1;

      @Override
      protected boolean removeEldestEntry(Map.Entry<K, Story> eldest) {
        if (size() <= most) {
          return false;
        }
        forgotten.accept(eldest.getKey());
        return true;
      }
    };
  }

  /**
   * Something happened to a client.
   *
   * @param session its allocation's id; null if it has none
   * @param user as it says; empty if it does not
   */
  public void add(C client, @Nullable S session, String user, Entry entry) {
    Story story = session == null ? null : of(session);
    if (story == null) {
      story = stranger(client);
    }
    story.names(user.length() > USER_MAX ? user.substring(0, USER_MAX) + "..." : user);
    story.add(entry);
  }

  /** The client got an allocation: its story goes on under that name. */
  public void opened(C client, S session, String user, String transport, Entry entry) {
    Story story = strangerByClient.remove(client);
    if (story == null) {
      story = new Story(client);
    } else {
      leave(client);
    }
    story.becomes(session);
    story.comesBy(transport);
    story.names(user);
    story.add(entry);
    aliveBySession.put(session, story);
  }

  /** The allocation ended. */
  public void closed(C client, S session, Entry entry) {
    Story story = aliveBySession.remove(session);
    if (story == null) {
      story = new Story(client);
    }
    story.becomes(session); // One object less than with the equal one of its beginning.
    story.add(entry);
    story.end();
    endedBySession.put(session, story);
  }

  /** So many steps were not told. */
  public void lost(long steps) {
    lost += steps;
  }

  public long lost() {
    return lost;
  }

  public @Nullable Story ofSession(String id) {
    return toSession.apply(id).map(this::of).orElse(null);
  }

  private @Nullable Story of(S session) {
    Story story = aliveBySession.get(session);
    return story == null ? endedBySession.get(session) : story;
  }

  /** Whether this has happened to the session already. */
  public boolean has(S session, String what) {
    Story story = of(session);
    return story != null && story.has(what);
  }

  /** Those meant, the last first. */
  public List<Story> find(Predicate<Story> meant, int limit) {
    List<Story> found = new ArrayList<>();
    for (Map<?, Story> stories : List.of(aliveBySession, endedBySession, strangerByClient)) {
      stories.values().stream().filter(meant).forEach(found::add);
    }
    return found.stream()
        .sorted(Comparator.comparingLong(Story::untilMs).reversed())
        .limit(limit)
        .toList();
  }

  /** What is kept, for people. */
  public String remembered() {
    return aliveBySession.size()
        + " that live, the last "
        + limits.ended
        + " that ended, and "
        + limits.strangers
        + " clients without an allocation, at most "
        + limits.ofSource
        + " of one address";
  }

  /** Beyond its share, a source has one story for all its ports. */
  private Story stranger(C client) {
    Story known = strangerByClient.get(client);
    if (known != null) {
      return known;
    }
    C source = toSource.apply(client);
    boolean isFull = strangersBySource.getOrDefault(source, 0) >= limits.ofSource;
    C key = isFull ? source : client;
    Story story = strangerByClient.get(key);
    if (story == null) {
      story = new Story(isFull ? anyPort(client.toString()) : client);
      strangersBySource.merge(source, 1, Integer::sum);
      strangerByClient.put(key, story);
    }
    return story;
  }

  private void leave(C client) {
    strangersBySource.computeIfPresent(
        toSource.apply(client), (source, count) -> count > 1 ? count - 1 : null);
  }

  private static String anyPort(String client) {
    int colon = client.lastIndexOf(':');
    return (colon < 0 ? client : client.substring(0, colon)) + ":*";
  }
}

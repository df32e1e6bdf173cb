package puente.story;

import java.io.Serial;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * The stories of this node's clients: of all allocations that live, of those that ended lately, and
 * of clients that came to none. Each kind has its own bound, so that strangers cannot push out
 * customers; and one source of strangers cannot push out the others. For one thread.
 */
public final class Stories {

  /** How many of each kind. */
  public record Limits(int alive, int ended, int strangers, int ofSource) {
    public static final Limits STANDARD = new Limits(131_072, 8192, 8192, 32);
  }

  private static final int USER_MAX = 128;

  private final Limits limits;
  private final Map<String, Story> aliveBySession;
  private final Map<String, Story> endedBySession;
  private final Map<String, Story> strangerByClient;
  private final Map<String, Integer> strangersBySource = new HashMap<>();
  private long lost;

  public Stories(Limits limits) {
    this.limits = limits;
    aliveBySession = bounded(limits.alive, story -> {});
    endedBySession = bounded(limits.ended, story -> {});
    strangerByClient = bounded(limits.strangers, story -> leave(story.client()));
  }

  private static Map<String, Story> bounded(int most, Consumer<Story> forgotten) {
    return new LinkedHashMap<>(16, 0.75f, true) {
      @Serial private static final long serialVersionUID = 1;

      @Override
      protected boolean removeEldestEntry(Map.Entry<String, Story> eldest) {
        if (size() <= most) {
          return false;
        }
        forgotten.accept(eldest.getValue());
        return true;
      }
    };
  }

  /**
   * Something happened to a client.
   *
   * @param client its address and port
   * @param session its allocation's id; empty if it has none
   * @param user as it says; empty if it does not
   */
  public void add(String client, String session, String user, Step step) {
    Story story = session.isEmpty() ? null : ofSession(session);
    if (story == null) {
      story = stranger(client);
    }
    story.names(user.length() > USER_MAX ? user.substring(0, USER_MAX) + "..." : user);
    story.add(step);
  }

  /** The client got an allocation: its story goes on under that name. */
  public void opened(String client, String session, String user, String transport, Step step) {
    Story story = strangerByClient.remove(client);
    if (story == null) {
      story = new Story(client);
    } else {
      leave(client);
    }
    story.becomes(session);
    story.comesBy(transport);
    story.names(user);
    story.add(step);
    aliveBySession.put(session, story);
  }

  /** The allocation ended. */
  public void closed(String client, String session, Step step) {
    Story story = aliveBySession.remove(session);
    if (story == null) {
      story = new Story(client);
      story.becomes(session);
    }
    story.add(step);
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

  public @Nullable Story ofSession(String session) {
    Story story = aliveBySession.get(session);
    return story == null ? endedBySession.get(session) : story;
  }

  /** Whether this has happened to the session already. */
  public boolean has(String session, String what) {
    Story story = ofSession(session);
    return story != null && story.steps().stream().anyMatch(step -> step.what().equals(what));
  }

  /** Those meant, the last first. */
  public List<Story> find(Predicate<Story> meant, int limit) {
    List<Story> found = new ArrayList<>();
    for (Map<String, Story> stories : List.of(aliveBySession, endedBySession, strangerByClient)) {
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
  private Story stranger(String client) {
    Story known = strangerByClient.get(client);
    if (known != null) {
      return known;
    }
    String source = sourceOf(client);
    boolean isFull = strangersBySource.getOrDefault(source, 0) >= limits.ofSource;
    String name = isFull ? source + ":*" : client;
    Story story = strangerByClient.get(name);
    if (story == null) {
      story = new Story(name);
      strangersBySource.merge(source, 1, Integer::sum);
      strangerByClient.put(name, story);
    }
    return story;
  }

  private void leave(String client) {
    strangersBySource.computeIfPresent(
        sourceOf(client), (source, count) -> count > 1 ? count - 1 : null);
  }

  private static String sourceOf(String client) {
    int colon = client.lastIndexOf(':');
    return colon < 0 ? client : client.substring(0, colon);
  }
}

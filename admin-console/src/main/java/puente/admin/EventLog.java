package puente.admin;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.function.Consumer;

/** What has happened to nodes, as far as this one has seen it; the last thousand. For one loop. */
public final class EventLog {

  private static final int KEPT = 1000;

  /**
   * One thing.
   *
   * @param severity {@code ok}, {@code info}, {@code warning} or {@code critical}
   * @param node which it happened to; empty for none
   * @param by who did it; empty for nobody
   */
  public record Event(
      String id, long atMs, String kind, String severity, String node, String text, String by) {}

  private final String own;
  private final Deque<Event> events = new ArrayDeque<>();
  private final List<Consumer<Event>> listeners = new ArrayList<>();
  private long number;

  /**
   * @param own the name of this node: ids are unique in the cluster
   */
  public EventLog(String own) {
    this.own = own;
  }

  public void add(long atMs, String kind, String severity, String node, String text, String by) {
    number++;
    String id = Long.toString(atMs, 36) + "-" + number + "-" + own;
    Event event = new Event(id, atMs, kind, severity, node, text, by);
    events.addFirst(event);
    if (events.size() > KEPT) {
      events.removeLast();
    }
    List.copyOf(listeners).forEach(listener -> listener.accept(event));
  }

  /** The newest first. */
  public List<Event> newest() {
    return List.copyOf(events);
  }

  void listen(Consumer<Event> listener) {
    listeners.add(listener);
  }
}

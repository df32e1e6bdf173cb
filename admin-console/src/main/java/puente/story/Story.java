package puente.story;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What happened to one client, from its first request to the end of its allocation. */
public final class Story {

  /** Steps kept from the beginning, and from the end; between them only their number. */
  private static final int FIRST = 24;

  private static final int LAST = 24;

  /** The same again within so many steps is no new step: refreshes alternate. */
  private static final int LOOK_BACK = 4;

  private static final Entry[] NONE = {};

  private final Object client;
  private @Nullable Object session;
  private String user = "";
  private String transport = "udp";
  private boolean over;
  private Entry[] kept = NONE;
  private int size;
  private int left;

  /**
   * @param client whose text is its address and port
   */
  Story(Object client) {
    this.client = client;
  }

  public String client() {
    return client.toString();
  }

  /** As it says; empty if it does not. */
  public String user() {
    return user;
  }

  /** The allocation's id; empty if it came to none. */
  public String session() {
    return session == null ? "" : session.toString();
  }

  /** By which it came: {@code udp}. */
  public String transport() {
    return transport;
  }

  /** Whether the allocation has ended. */
  public boolean isOver() {
    return over;
  }

  /** In order; where some are left out, one says how many. */
  public List<Step> steps() {
    List<Step> steps = new ArrayList<>(size + 1);
    for (int i = 0; i < size; i++) {
      if (i == FIRST && left > 0) {
        String text = left + " more steps are not kept";
        steps.add(Step.of(kept[i].atMs(), "note", Step.Outcome.NOTE, 0, text));
      }
      steps.add(kept[i].step());
    }
    return steps;
  }

  /** When something last happened. */
  public long untilMs() {
    long until = 0;
    for (int i = 0; i < size; i++) {
      until = Math.max(until, kept[i].untilMs());
    }
    return until;
  }

  boolean has(String what) {
    for (int i = 0; i < size; i++) {
      if (kept[i].what().equals(what)) {
        return true;
      }
    }
    return false;
  }

  /** How it went, in a sentence. */
  public String summary() {
    List<Step> steps = steps();
    Step end = steps.isEmpty() ? null : steps.getLast();
    if (end == null) {
      return "Nothing is known.";
    }
    if (session == null) {
      return switch (end.outcome()) {
        case REFUSED -> "No allocation: " + end.text() + ".";
        case ASKED -> "Asked to prove who it is, and did not come back with a proof.";
        case OK, NOTE -> "No allocation so far.";
      };
    }
    boolean relayed = steps.stream().anyMatch(step -> step.what().equals("first-packet"));
    if (over) {
      return "Ended: " + end.text() + (relayed ? "." : "; nothing was ever relayed.");
    }
    return steps.stream()
        .filter(step -> step.outcome() == Step.Outcome.REFUSED && step.what().equals(end.what()))
        .reduce((a, b) -> b)
        .filter(refused -> refused == end)
        .map(refused -> "Alive; its last request was refused: " + refused.text() + ".")
        .orElse(relayed ? "Alive and relayed data." : "Alive; nothing was relayed yet.");
  }

  void add(Entry entry) {
    for (int i = size - 1; i >= Math.max(0, size - LOOK_BACK); i--) {
      if (kept[i].isSameAs(entry)) {
        kept[i] = kept[i].step().again(entry.step());
        return;
      }
    }
    if (size < FIRST + LAST) {
      if (size == kept.length) {
        kept = Arrays.copyOf(kept, Math.max(2, 2 * size));
      }
      kept[size++] = entry;
      return;
    }
    System.arraycopy(kept, FIRST + 1, kept, FIRST, LAST - 1);
    kept[size - 1] = entry;
    left++;
  }

  void names(String newUser) {
    if (!newUser.isEmpty()) {
      user = newUser;
    }
  }

  void comesBy(String newTransport) {
    transport = newTransport;
  }

  void becomes(Object newSession) {
    session = newSession;
  }

  void end() {
    over = true;
  }
}

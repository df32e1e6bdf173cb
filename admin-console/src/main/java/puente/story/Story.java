package puente.story;

import java.util.ArrayList;
import java.util.List;

/** What happened to one client, from its first request to the end of its allocation. */
public final class Story {

  /** Steps kept from the beginning, and from the end; between them only their number. */
  private static final int FIRST = 24;

  private static final int LAST = 24;

  /** The same again within so many steps is no new step: refreshes alternate. */
  private static final int LOOK_BACK = 4;

  private final String client;
  private String user = "";
  private String session = "";
  private String transport = "udp";
  private boolean over;
  private final List<Step> first = new ArrayList<>(4);
  private final List<Step> last = new ArrayList<>(0);
  private int left;

  Story(String client) {
    this.client = client;
  }

  public String client() {
    return client;
  }

  /** As it says; empty if it does not. */
  public String user() {
    return user;
  }

  /** The allocation's id; empty if it came to none. */
  public String session() {
    return session;
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
    List<Step> steps = new ArrayList<>(first);
    if (left > 0) {
      Step next = last.getFirst();
      String text = left + " more steps are not kept";
      steps.add(Step.of(next.atMs(), "note", Step.Outcome.NOTE, 0, text));
    }
    steps.addAll(last);
    return steps;
  }

  /** When something last happened. */
  public long untilMs() {
    return steps().stream().mapToLong(Step::untilMs).max().orElse(0);
  }

  /** How it went, in a sentence. */
  public String summary() {
    List<Step> steps = steps();
    Step end = steps.isEmpty() ? null : steps.getLast();
    if (end == null) {
      return "Nothing is known.";
    }
    if (session.isEmpty()) {
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

  void add(Step step) {
    List<Step> tail = last.isEmpty() ? first : last;
    for (int i = tail.size() - 1; i >= Math.max(0, tail.size() - LOOK_BACK); i--) {
      if (tail.get(i).isSameAs(step)) {
        tail.set(i, tail.get(i).again(step));
        return;
      }
    }
    if (first.size() < FIRST) {
      first.add(step);
      return;
    }
    last.add(step);
    if (last.size() > LAST) {
      last.removeFirst();
      left++;
    }
  }

  void names(String newUser) {
    if (!newUser.isEmpty()) {
      user = newUser;
    }
  }

  void comesBy(String newTransport) {
    transport = newTransport;
  }

  void becomes(String newSession) {
    session = newSession;
  }

  void end() {
    over = true;
  }
}

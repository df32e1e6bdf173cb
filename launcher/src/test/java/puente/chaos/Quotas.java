package puente.chaos;

import java.time.Duration;
import java.util.List;
import java.util.function.Predicate;

/** What is granted beyond a quota that all nodes share, or is kept from people below it. */
final class Quotas {

  private static final int QUOTA = 100;
  private static final int CALLERS = 300;
  private static final int REFUSED = 486;
  private static final Duration ANSWERS = Duration.ofSeconds(30);

  /** Idle blocks of other nodes come back after 1 to 2 s; what a dead node held after 30. */
  private static final Duration RETURNED = Duration.ofSeconds(3);

  private Quotas() {}

  /** After whatever has happened: how much room do the nodes think there is? */
  static void probe(Stage stage, Outcome outcome) {
    Load load = stage.load();
    int granted = 0;
    for (int round = 0; round < 3 && granted < Stage.SPARE; round++) {
      if (round > 0) {
        Load.runFor(RETURNED);
      }
      int ask = 2 * (Stage.SPARE - granted);
      List<Flow> added = load.add(ask, false, Lab.accounts(stage.lab().nodes()));
      load.await(ANSWERS, added::contains, Flow::decided);
      granted += load.count(flow -> added.contains(flow) && flow.ready());
      load.drop(flow -> added.contains(flow) && !flow.ready());
    }
    outcome.quotaError(granted - Stage.SPARE, 0);
  }

  /** Many at once, on all nodes, several times. */
  static void storm(Stage stage, Outcome outcome) {
    String[] quotas = {"user-quota=" + QUOTA, "realm-quota=" + QUOTA, "total-quota=" + QUOTA};
    Lab lab = stage.setUp(quotas);
    Load load = stage.load();
    int worst = Integer.MIN_VALUE;
    int rounds = stage.brief() ? 1 : 5;
    for (int round = 1; round <= rounds; round++) {
      int granted = round(lab, load, outcome, round);
      worst = Math.max(worst, granted - QUOTA);
    }
    outcome.quotaError(worst, 0);
  }

  private static int round(Lab lab, Load load, Outcome outcome, int round) {
    List<Flow> first = load.add(CALLERS, false, Lab.accounts(lab.nodes()));
    load.await(ANSWERS, first::contains, Flow::decided);
    Predicate<Flow> among = first::contains;
    int granted = load.count(among.and(Flow::ready));
    int refused = load.count(among.and(flow -> flow.refused() == REFUSED));
    outcome.fact("round " + round + ": granted at once", granted + ", refused " + refused);
    outcome.expect(
        granted + refused == CALLERS, "%d have another answer", CALLERS - granted - refused);
    load.drop(among.and(flow -> !flow.ready()));
    Load.runFor(RETURNED);
    List<Flow> second = load.add(CALLERS, false, Lab.accounts(lab.nodes()));
    load.await(ANSWERS, second::contains, Flow::decided);
    int all = load.count(Flow::ready);
    outcome.fact("round " + round + ": granted a little later", all);
    outcome.expect(all == QUOTA, "%d are granted in the end", all);
    int listed = lab.sessions();
    outcome.expect(listed == all, "the nodes list %d sessions", listed);
    outcome.servedTwice(lab.servedTwice());
    outcome.allocations(all, listed);
    outcome.expect(load.end(any -> true, ANSWERS), "not all could end their allocations");
    load.drop(any -> true);
    Load.runFor(RETURNED);
    return Math.max(granted, all);
  }
}

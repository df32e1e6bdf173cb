package puente.chaos;

import java.time.Duration;
import java.util.List;
import java.util.function.Predicate;

/** An upgrade of all nodes, one after the other, while people talk through all of them. */
final class Rolling {

  private static final Duration DEADLINE = Duration.ofHours(1);
  private static final Duration ANSWERS = Duration.ofSeconds(20);
  private static final int NEWCOMERS = 4;

  private Rolling() {}

  static void run(Stage stage, Outcome outcome) {
    Lab lab = stage.setUpWithPeople();
    Load load = stage.load();
    load.begin();
    for (LabNode node : lab.nodes()) {
      node.drain(DEADLINE);
      outcome.expect(node.refusesReadiness(), "%s drains and says that it is ready", node.id());
      sendNewcomers(load, node, outcome);
      load.mark(Stage.at(node));
      if (stage.supervised()) {
        String said = node.restart();
        outcome.expect(said.contains("restarted"), "%s: %s", node.id(), said);
      } else {
        outcome.expect(node.stop(), "%s does not stop", node.id());
        load.mark(Stage.at(node));
        node.start();
      }
      Crashes.awaitBack(load, outcome, Stage.at(node));
      outcome.expect(node.awaitReady(Stage.READY), "%s is not ready again", node.id());
      lab.awaitWhole(Stage.READY);
    }
    Crashes.after(stage, outcome, any -> true, List.of());
    if (stage.supervised()) {
      outcome.goal("gap p99", outcome.hit().silenceMs().percentile(0.99), 100);
      outcome.expect(outcome.icmp() == 0, "%d ICMP errors were seen", outcome.icmp());
    }
  }

  /** New clients of a node that drains are served by another (300 Try Alternate). */
  private static void sendNewcomers(Load load, LabNode node, Outcome outcome) {
    List<Flow> added = load.add(NEWCOMERS, false, Lab.accounts(List.of(node)));
    Predicate<Flow> among = added::contains;
    load.await(ANSWERS, among, Flow::decided);
    int elsewhere = load.count(among.and(Flow::ready).and(Stage.at(node).negate()));
    outcome.expect(
        elsewhere == NEWCOMERS,
        "%d of %d new clients of %s are served elsewhere",
        elsewhere,
        NEWCOMERS,
        node.id());
    outcome.expect(load.end(among, ANSWERS), "newcomers were not let go");
    load.drop(among);
  }
}

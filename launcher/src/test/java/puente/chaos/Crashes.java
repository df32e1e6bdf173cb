package puente.chaos;

import java.time.Duration;
import java.util.List;
import java.util.function.Predicate;

/** Nodes that die, hang, and lose one another. */
final class Crashes {

  private static final Duration WHOLE = Duration.ofSeconds(90);
  private static final Duration AGREED = Duration.ofSeconds(40);
  private static final Duration ANSWERS = Duration.ofSeconds(20);

  /** What a server that nothing was done to may keep a flow waiting for, on a busy machine. */
  private static final long UNTOUCHED_MS = 2000;

  private Crashes() {}

  /** Everything of one node is killed, and started at once. */
  static void kill(Stage stage, Outcome outcome) {
    Lab lab = stage.setUpWithPeople();
    LabNode node = lab.node(1);
    keepClosedPortsQuiet(node);
    Load load = stage.load();
    var foreigners = new Foreigners(lab, node, stage.folder(), stage.brief() ? 8 : 20);
    load.begin();
    node.kill();
    load.mark(Stage.at(node));
    node.start();
    awaitBack(load, outcome, Stage.at(node));
    outcome.goal("back p99", outcome.back().percentile(0.99), 2000);
    foreigners.finish(outcome);
    after(stage, outcome, Stage.at(node), List.of(node));
    outcome.expect(outcome.icmp() == 0, "%d ICMP errors were seen", outcome.icmp());
  }

  /** The serving process alone is killed: its supervisor holds the sockets. */
  static void respawn(Stage stage, Outcome outcome) {
    Lab lab = stage.setUpSupervised();
    LabNode node = lab.node(1);
    outcome.expect(node.awaitStandby(Stage.READY), "there is no standby");
    Load load = stage.load();
    load.begin();
    node.killServing();
    load.mark(Stage.at(node));
    awaitBack(load, outcome, Stage.at(node));
    after(stage, outcome, Stage.at(node), List.of(node));
    outcome.goal("gap p99", outcome.hit().silenceMs().percentile(0.99), 1000);
    outcome.expect(outcome.icmp() == 0, "%d ICMP errors were seen", outcome.icmp());
  }

  static void awaitBack(Load load, Outcome outcome, Predicate<Flow> which) {
    boolean all = load.await(Stage.BACK, which, Stage::flowing);
    outcome.back(load.sinceMarkMs(which));
    outcome.expect(all, "not every flow came back");
  }

  /** As docs/RESTART.md says. */
  private static void keepClosedPortsQuiet(LabNode node) {
    Namespace there = node.namespace();
    there.exec("nft", "add", "table", "inet", "puente");
    there.exec(
        "nft", "add", "chain", "inet", "puente", "out", "{ type filter hook output priority 0; }");
    there.exec(
        ("nft add rule inet puente out"
                + " icmp type destination-unreachable icmp code port-unreachable drop")
            .split(" "));
  }

  /** SIGSTOP, 5 s, SIGCONT: a second longer than it takes the others to give a node up. */
  static void pause(Stage stage, Outcome outcome) {
    Lab lab = stage.setUpWithPeople();
    LabNode node = lab.node(1);
    Load load = stage.load();
    load.begin();
    node.signalTree("STOP");
    Load.runFor(Duration.ofSeconds(5));
    load.mark(Stage.at(node));
    node.signalTree("CONT");
    awaitBack(load, outcome, Stage.at(node));
    after(stage, outcome, Stage.at(node), List.of(node));
    outcome.expect(outcome.icmp() == 0, "%d ICMP errors were seen", outcome.icmp());
  }

  /** The nodes' own network loses one of them; clients reach all nodes all the time. */
  static void cut(Stage stage, Outcome outcome) {
    Lab lab = stage.setUpWithPeople();
    LabNode node = lab.node(1);
    Load load = stage.load();
    load.begin();
    node.cutOff(Lab.CLUSTER_NETWORK);
    long cutAt = System.nanoTime();
    outcome.expect(node.awaitNodes(1, Duration.ofSeconds(20)), "the cut is not noticed");
    outcome.fact("noticed after ms", (System.nanoTime() - cutAt) / 1_000_000);
    int newcomers = lab.nodes().size() * 3;
    List<Flow> added = load.add(newcomers, false, Lab.accounts(lab.nodes()));
    outcome.expect(
        load.await(Duration.ofSeconds(10), added::contains, Flow::ready),
        "of %d newcomers %d are served during the cut",
        newcomers,
        load.count(flow -> added.contains(flow) && flow.ready()));
    long cutNanos = Duration.ofSeconds(stage.brief() ? 10 : 60).toNanos();
    Load.runFor(Duration.ofNanos(cutNanos - (System.nanoTime() - cutAt)));
    load.mark(any -> true);
    node.heal();
    long healedAt = System.nanoTime();
    lab.awaitWhole(WHOLE);
    outcome.fact("whole again after ms", (System.nanoTime() - healedAt) / 1_000_000);
    outcome.expect(load.end(added::contains, ANSWERS), "newcomers were not let go");
    load.drop(added::contains);
    after(stage, outcome, any -> true, List.of());
    long longest = outcome.hit().silenceMs().max();
    outcome.expect(longest < UNTOUCHED_MS, "a flow was silent for %d ms", longest);
  }

  /** Two of three die and start at the same moment, several times. */
  static void storm(Stage stage, Outcome outcome) {
    Lab lab = stage.setUpWithPeople();
    List<LabNode> victims = List.of(lab.node(1), lab.node(2));
    victims.forEach(Crashes::keepClosedPortsQuiet);
    Load load = stage.load();
    load.begin();
    int rounds = stage.brief() ? 1 : 3;
    for (int round = 1; round <= rounds; round++) {
      victims.forEach(node -> node.signalTree("KILL"));
      victims.forEach(LabNode::kill);
      load.mark(Stage.at(victims));
      victims.forEach(LabNode::start);
      awaitBack(load, outcome, Stage.at(victims));
    }
    outcome.fact("rounds", rounds);
    after(stage, outcome, Stage.at(victims), victims);
  }

  /** What must be so after anything: all nodes together, all allocations, each served once. */
  static void after(Stage stage, Outcome outcome, Predicate<Flow> touched, List<LabNode> nodes) {
    Lab lab = stage.lab();
    Load load = stage.load();
    long start = System.nanoTime();
    lab.awaitSettled(WHOLE);
    outcome.fact("together for good after ms", (System.nanoTime() - start) / 1_000_000);
    load.mark(any -> true);
    Load.runFor(Duration.ofMillis(500));
    int alive = load.alive(any -> true, ANSWERS);
    outcome.servedTwice(lab.servedTwiceAfter(AGREED));
    outcome.allocations(stage.flows(), alive);
    Predicate<Flow> others = touched.negate();
    Load.Figures spared = load.count(others) > 0 ? load.figures(others) : null;
    outcome.flows(load.figures(touched), spared, load);
    if (spared != null) {
      long longest = spared.silenceMs().max();
      outcome.expect(
          longest < UNTOUCHED_MS, "a flow of another node was silent for %d ms", longest);
    }
    outcome.expect(lab.sessions() == stage.flows(), "the nodes list %d sessions", lab.sessions());
    Quotas.probe(stage, outcome);
  }
}

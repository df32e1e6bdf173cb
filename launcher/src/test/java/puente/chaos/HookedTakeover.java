package puente.chaos;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.IntFunction;
import java.util.function.Predicate;

/** A host dies; the nodes agree which of them takes its address, and its hook moves it. */
final class HookedTakeover {

  private static final Duration MOVED = Duration.ofSeconds(30);
  private static final Duration JOINED = Duration.ofSeconds(60);
  private static final Duration ANSWERS = Duration.ofSeconds(20);

  /** The goal of the project, and what a busy machine may take at most. */
  private static final long GOAL_MS = 5000;

  private static final long BUSY_MS = 15_000;

  /** Clients who come while the network is split. */
  private static final int LATE = 10;

  private HookedTakeover() {}

  static void run(Stage stage, Outcome outcome) {
    run(stage, outcome, stage.setUpWithPeople(settings(Lab::ip)));
  }

  /** Neighbours ask and are told in other words. */
  static void byIpv6(Stage stage, Outcome outcome) {
    run(stage, outcome, stage.byIpv6().setUpWithPeople(settings(Lab::ip6)));
  }

  private static void run(Stage stage, Outcome outcome, Lab lab) {
    LabNode dead = lab.node(1);
    LabNode heir = lab.node(2);
    Predicate<Flow> touched = Stage.at(dead);
    Load load = stage.load();
    List<Wanderer> wanderers =
        List.of(
            new Wanderer(lab.clients(), Lab.accounts(List.of(dead)).getFirst()),
            new Wanderer(lab.clients(), Lab.accounts(List.of(dead)).getFirst()));
    for (Wanderer wanderer : wanderers) {
      outcome.expect(wanderer.allocate() == 0, "a client that may move has no allocation");
    }
    Load.runFor(Duration.ofSeconds(1));
    load.begin();
    // The whole host is gone without a word: whoever asks for its address hears nothing.
    dead.namespace().ip("link", "set", "eth0", "down");
    load.mark(touched);
    dead.kill();
    // They lose their network in the same moment: one asks the same address, one another node.
    List<CompletableFuture<Integer>> moves =
        List.of(
            CompletableFuture.supplyAsync(() -> wanderers.get(0).moveTo(dead.address())),
            CompletableFuture.supplyAsync(() -> wanderers.get(1).moveTo(lab.node(3).address())));
    boolean all = load.await(MOVED, touched, Stage::flowing);
    outcome.back(load.sinceMarkMs(touched));
    outcome.expect(all, "only %d flows went on", load.count(touched.and(Stage::flowing)));
    long last = load.sinceMarkMs(touched).max();
    outcome.goal("back at the latest", last, GOAL_MS);
    outcome.expect(last <= BUSY_MS, "it took %d ms", last);
    outcome.expect(hooks(heir, "done") == 1, "%s", heir.said());
    for (LabNode other : lab.nodes()) {
      if (other != heir && other != dead) {
        double calls = other.metric("puente_takeover_hook", "result=");
        outcome.expect(calls == 0, "%s has called its hook, too", other.id());
      }
    }
    for (int i = 0; i < moves.size(); i++) {
      int code = moves.get(i).join();
      outcome.expect(code == 0, "who moved meanwhile, number %d, was told %d", i + 1, code);
    }
    int taken = heir.sessions().size();

    // The host returns without the address, and with a journal that says that all is its own.
    dead.namespace().ip("addr", "flush", "dev", "eth0", "to", dead.ip());
    dead.namespace().ip("link", "set", "eth0", "up");
    dead.start();
    outcome.expect(heir.awaitNodes(3, JOINED), "the former owner does not join again");
    load.mark(any -> true);
    Load.runFor(Duration.ofSeconds(3));
    outcome.allocations(stage.flows(), load.alive(any -> true, ANSWERS));
    outcome.flows(load.figures(touched), load.figures(touched.negate()), load);
    wanderers.forEach(Wanderer::close);
    outcome.expect(heir.sessions().size() == taken, "some were lost when the former owner came");
    outcome.servedTwice(lab.servedTwiceAfter(JOINED));
  }

  /**
   * Neither the nodes' own network nor the clients' lets one node and the others through; clients
   * reach all. The greater part takes its address, while it lives and serves.
   */
  static void split(Stage stage, Outcome outcome) {
    Lab lab = stage.setUpWithPeople(settings(Lab::ip));
    LabNode alone = lab.node(1);
    LabNode heir = lab.node(2);
    Predicate<Flow> touched = Stage.at(alone);
    Load load = stage.load();
    int own = load.count(touched);
    int before = heir.sessions().size();
    load.begin();
    alone.cutOff(Lab.CLUSTER_NETWORK, Lab.ip(2), Lab.ip(3));
    boolean moved = heir.await(MOVED, () -> heir.sessions().size() == before + own);
    outcome.expect(moved, "not all were taken over: %s", heir.said());
    load.mark(touched);
    outcome.expect(load.await(MOVED, touched, Stage::flowing), "not all go on at the heir");
    outcome.fact("served by both during the cut", lab.servedTwice());
    outcome.expect(heir.await(MOVED, () -> hooks(heir, "done") == 1), "%s", heir.said());
    outcome.expect(
        alone.await(MOVED, () -> hooks(alone, "minority") > 0),
        "who was cut off did not notice it");
    outcome.expect(hooks(alone, "done") == 0, "who was cut off has called its hook");
    // Sooner or later who is cut off asks for a neighbour, and all learn the way to it again.
    alone.announce();
    load.mark(touched);
    outcome.expect(load.await(MOVED, touched, Stage::flowing), "not all go on where it is cut off");
    List<Flow> late = load.add(LATE, true, Lab.accounts(List.of(alone)));
    boolean talk = load.await(MOVED, late::contains, Stage::flowing);
    outcome.expect(talk, "who came during the cut does not talk");
    outcome.fact("served by both at the end of the cut", lab.servedTwice());
    Load.runFor(stage.brief() ? Duration.ofSeconds(5) : Duration.ofSeconds(30));

    alone.heal();
    long healedAt = System.nanoTime();
    outcome.expect(heir.awaitNodes(3, JOINED), "who was cut off does not join again");
    outcome.servedTwice(lab.servedTwiceAfter(JOINED));
    outcome.fact("each served once again after ms", (System.nanoTime() - healedAt) / 1_000_000);
    int gone = load.told().getOrDefault("437", 0);
    outcome.expect(gone == 0, "%d requests were told that there is no allocation", gone);
    outcome.expect(alone.await(MOVED, () -> hooks(alone, "released") == 1), "%s", alone.said());
    outcome.expect(heir.await(MOVED, () -> hooks(heir, "kept") == 2), "%s", heir.said());
    int all = before + own + LATE;
    outcome.expect(
        heir.await(MOVED, () -> heir.sessions().size() == all), "the heir has lost some");
    outcome.expect(
        alone.await(MOVED, () -> alone.sessions().isEmpty()), "the former owner has not let go");
    load.mark(any -> true);
    outcome.expect(load.await(MOVED, any -> true, Stage::flowing), "not everybody talks");
    outcome.allocations(stage.flows() + LATE, load.alive(any -> true, ANSWERS));
    Predicate<Flow> early = touched.and(flow -> !late.contains(flow));
    outcome.flows(load.figures(early), load.figures(touched.negate()), load);
  }

  private static double hooks(LabNode node, String result) {
    return node.metric("puente_takeover_hook", "result=\"" + result + "\"");
  }

  /** Each node listens on, and relays by, the addresses of all. */
  private static String[] settings(IntFunction<String> ip) {
    List<String> words = new ArrayList<>();
    for (int node = 1; node <= 3; node++) {
      words.add("listening-ip=" + ip.apply(node));
      words.add("relay-ip=" + ip.apply(node));
    }
    words.add("takeover-hook=" + hook());
    words.add("mobility");
    return words.toArray(String[]::new);
  }

  private static Path hook() {
    try {
      return Path.of(System.getProperty("puente.root", ".."))
          .toRealPath()
          .resolve("deploy/hooks/virtual-ip");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}

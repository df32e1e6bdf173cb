package puente.chaos.restart;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.BooleanSupplier;

/**
 * One supervised server under load, whose processes end in every way. What comes back is compared
 * with what there was: by packets that arrive, by a Refresh with the former nonce, and by what the
 * server counts.
 */
final class Restarts implements AutoCloseable {
  private static final Duration BEFORE = Duration.ofMillis(300);
  private static final Duration AFTERWARDS = Duration.ofMillis(700);

  final Tree tree;
  final Flows flows;

  /**
   * Starts server and load.
   *
   * @param program what comes before {@code serve} on the command line
   */
  Restarts(List<String> program, Path folder, int count, String ip, String... settings)
      throws IOException {
    this(program, folder, count, Flows.PACE_MS, ip, settings);
  }

  private Restarts(
      List<String> program, Path folder, int count, int paceMs, String ip, String... settings)
      throws IOException {
    tree = new Tree(program, folder, ip, settings);
    try {
      flows = new Flows(tree.address(), count, paceMs);
    } catch (IOException | RuntimeException | AssertionError failure) {
      tree.close();
      throw new AssertionError(failure.getMessage() + "\n" + tree.output(), failure);
    }
    flows.start();
    // Until then it neither is restarted nor shows figures.
    await("the end of the start", () -> tree.said("event=started") > 0);
    if (!List.of(settings).contains("standby=no")) {
      await("a standby", () -> tree.said("event=standby") > 0);
    }
    flows.run(Duration.ofSeconds(1));
  }

  /** kill -9 for the process that serves. */
  Outcome serverKilled() throws IOException, InterruptedException {
    int before = tree.said("event=respawned");
    int standbys = tree.said("event=standby");
    long since = begin();
    tree.serving().destroyForcibly();
    await("another process", () -> tree.said("event=respawned") > before);
    Outcome outcome = end("kill -9 of the server", since);
    await("a new standby", () -> tree.said("event=standby") > standbys);
    return outcome;
  }

  /** {@code puente restart}. */
  Outcome planned() throws IOException, InterruptedException {
    int standbys = tree.said("event=standby");
    long since = begin();
    Process restart = tree.restart();
    await("the end of the command", () -> !restart.isAlive());
    if (restart.exitValue() != 0) {
      throw new AssertionError("not restarted\n" + tree.output());
    }
    Outcome outcome = end("planned restart", since);
    // One says that it is ready and takes over, the next one waits.
    await("a new standby", () -> tree.said("event=standby") > standbys + 1);
    return outcome;
  }

  /** kill -9 for everything, and the command that starts it once more. */
  Outcome treeKilled() throws IOException, InterruptedException {
    int standbys = tree.said("event=standby");
    begin();
    tree.kill();
    await("the end", () -> tree.children().isEmpty() && !tree.supervisor().isAlive());
    int starts = tree.said("event=started");
    tree.startAgain();
    long since = System.nanoTime();
    flows.each(way -> way.gapFrom(since));
    // Clients are served before figures are.
    await("the end of the start", () -> tree.said("event=started") > starts);
    Outcome outcome = end("kill -9 of the tree, start", since);
    await("a new standby", () -> tree.said("event=standby") > standbys);
    return outcome;
  }

  long begin() throws IOException {
    // The load's own pause is no gap.
    flows.run(BEFORE);
    flows.mark();
    return System.nanoTime();
  }

  Outcome end(String name, long since) throws IOException, InterruptedException {
    // The first packet after may have been read before.
    await("traffic of every flow", () -> flows.allArrivedSince(since + 1));
    flows.run(AFTERWARDS);
    flows.stop();
    Outcome outcome = flows.outcome(name, flows.refreshed());
    long allocates = tree.metric("puente_turn_allocations_created_total");
    long restored = tree.metric("puente_state_total{event=\"restored\"");
    if (allocates != 0 || restored != flows.size()) {
      throw new AssertionError(
          name + ": " + restored + " restored, " + allocates + " made anew\n" + tree.output());
    }
    flows.start();
    return outcome;
  }

  void await(String what, BooleanSupplier condition) throws IOException {
    if (!flows.until(condition)) {
      throw new AssertionError("no " + what + " in time\n" + tree.output());
    }
  }

  @Override
  public void close() throws IOException {
    flows.close();
    tree.close();
  }

  /**
   * Prints the table.
   *
   * @param arguments the checkout's script (words before it, too), a folder, how many flows, how many
   *     milliseconds between two packets of each direction, then for each run one of kill, planned
   *     and tree
   */
  public static void main(String[] arguments) throws IOException, InterruptedException {
    List<Outcome> outcomes = new ArrayList<>();
    List<String> program = List.of(arguments[0].split(" "));
    Path folder = Path.of(arguments[1]);
    int count = Integer.parseInt(arguments[2]);
    int paceMs = Integer.parseInt(arguments[3]);
    try (Restarts restarts = new Restarts(program, folder, count, paceMs, "127.0.0.1")) {
      System.out.println(Outcome.head());
      for (String what : Arrays.copyOfRange(arguments, 4, arguments.length)) {
        Outcome outcome =
            switch (what) {
              case "kill" -> restarts.serverKilled();
              case "planned" -> restarts.planned();
              case "tree" -> restarts.treeKilled();
              default -> throw new IllegalArgumentException(what);
            };
        System.out.println(outcome.line());
        outcomes.add(outcome);
      }
    }
    outcomes.forEach(outcome -> System.out.print(outcome.name() + "\n" + outcome.histogram()));
  }
}

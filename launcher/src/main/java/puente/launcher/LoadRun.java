package puente.launcher;

import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.io.PrintStream;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import puente.load.Generator;
import puente.load.LoadPlan;
import puente.load.LoadResult;
import puente.load.LossCauses;
import puente.load.ServerFigures;
import puente.load.Tally;
import puente.net.BindFailure;
import puente.stun.TransportAddress;

/** Runs a load, or a series of them, and says what came of it. */
final class LoadRun implements Generator.Observer {
  private final Surroundings surroundings;
  private final LoadOptions options;
  private final LoadServerOptions server;
  private final LoadProgress progress;
  private final Optional<URI> metrics;

  /** Where the server's figures are; nowhere if it has not told them before the load. */
  private Optional<URI> figures = Optional.empty();

  private Optional<ServerFigures> before = Optional.empty();
  private Map<String, Double> counted = Map.of();

  /** What is to be put on the server at this address. */
  interface Planned {
    LoadPlan plan(TransportAddress target) throws StartFailure;
  }

  private LoadRun(
      Surroundings surroundings,
      BooleanSupplier isTerminal,
      LoadOptions options,
      LoadServerOptions server,
      Optional<URI> metrics) {
    this.surroundings = surroundings;
    this.options = options;
    this.server = server;
    this.metrics = metrics;
    progress = new LoadProgress(surroundings.err(), isTerminal);
  }

  /** Checks what all loads have in common, and runs this one; the exit code is that of the command. */
  static int of(
      CommandSpec spec,
      Surroundings surroundings,
      BooleanSupplier isTerminal,
      LoadOptions options,
      LoadServerOptions server,
      Planned planned)
      throws StartFailure, InterruptedException {
    try {
      server.check();
      options.limits();
      TransportAddress target = server.target(options.anywhere());
      LoadPlan plan = planned.plan(target);
      return new LoadRun(surroundings, isTerminal, options, server, server.metrics(target))
          .run(plan);
    } catch (IllegalArgumentException wrong) {
      throw new ParameterException(spec.commandLine(), String.valueOf(wrong.getMessage()), wrong);
    }
  }

  /** The exit code: 0, 99 if a threshold was broken, 1 if nothing came through. */
  private int run(LoadPlan plan) throws InterruptedException, StartFailure {
    List<LoadCapacity.Step> steps = new ArrayList<>();
    LoadReport report = null;
    if (server.steps().isEmpty()) {
      report = once(plan);
    }
    for (int load : server.steps().stream().sorted().toList()) {
      report = once(plan.scaledTo(load));
      steps.add(
          new LoadCapacity.Step(
              load,
              report.value("received_per_second"),
              report.value("lost"),
              report.value("p99"),
              report.isKept()));
    }
    if (report == null) {
      throw new IllegalStateException("a series has steps");
    }
    if (!steps.isEmpty()) {
      LoadCapacity.of(steps).addTo(report);
    }
    return print(report);
  }

  private int print(LoadReport report) {
    String trouble = report.value("received_per_second") > 0 ? "" : "nothing came through";
    surroundings.out().print(options.json() ? report.json(trouble) : report.text());
    if (!trouble.isEmpty()) {
      surroundings.err().println("puente: " + trouble);
      return Puente.EXIT_FAILURE;
    }
    return report.isKept() ? 0 : LoadOptions.EXIT_BROKEN;
  }

  private LoadReport once(LoadPlan plan) throws InterruptedException, StartFailure {
    before = Optional.empty();
    counted = Map.of();
    // The first question takes its time, which the window has not.
    boolean tells = metrics.isPresent() && ServerFigures.ask(metrics.get()).isPresent();
    figures = tells ? metrics : Optional.empty();
    Generator generator = new Generator(plan, server.pid());
    Thread end = new Thread(generator::stopAndWait, "load-end");
    Runtime.getRuntime().addShutdownHook(end);
    try (generator) {
      LoadResult result = generator.run(this);
      progress.clear();
      write(result.tally());
      return report(plan, result);
    } catch (BindFailure refused) {
      throw new StartFailure(
          StartFailure.Kind.OTHER, "the generator has no socket: " + refused.getMessage(), refused);
    } finally {
      unhook(end);
    }
  }

  private static void unhook(Thread hook) {
    try {
      Runtime.getRuntime().removeShutdownHook(hook);
    } catch (IllegalStateException ending) {
      // The hook is at work: it waits for the freeing that has just been done.
    }
  }

  private LoadReport report(LoadPlan plan, LoadResult result) {
    LoadReport report =
        new LoadReport(plan.kind().name().toLowerCase(Locale.ROOT), options.limits());
    Tally tally = result.tally();
    switch (plan.kind()) {
      case STUN -> {}
      case ALLOC, TURN -> {
        report.put("asked", tally.asked).put("allocated", tally.allocated);
        report.put("alloc_success", 100.0 * tally.allocated / Math.max(1, tally.asked));
        report.put("freed", tally.freed);
      }
    }
    report.put("sent_per_second", result.sentPerSecond());
    report.put("received_per_second", result.receivedPerSecond());
    report.put("sent", tally.sent).put("received", tally.received);
    report.put("lost", result.lostPercent()).putPercentiles(tally.latency);
    if (plan.kind() == LoadPlan.Kind.TURN) {
      report.put("jitter_p99", tally.jitter.getValueAtPercentile(99) / 1e6);
      report.put("goodput_mbps", tally.bytesReceived * 8 / 1e6 / result.seconds());
    }
    report.put("out_of_order", tally.reordered).put("duplicate", tally.duplicated);
    report.put("corrupt", tally.corrupted).put("crossed", tally.crossed);
    report.put("stray", tally.stray).put("retransmitted", tally.retransmitted);
    report.put("failed", (double) tally.timedOut + tally.refusedInAll());
    report.put("generator_busy", 100 * result.busiest());
    report.put("generator_late", result.latePercent());
    if (result.serverCpuNanos() > 0 && tally.received > 0) {
      report.put("server_cpu_ns", (double) result.serverCpuNanos() / tally.received);
    }
    addSteps(report, tally);
    addCauses(report, result);
    return report;
  }

  private static void addSteps(LoadReport report, Tally tally) {
    report
        .stage("401 round", tally.challenge)
        .stage("allocate", tally.allocate)
        .stage("permission and channel", tally.bind)
        .stage("to first packet", tally.firstPacket)
        .stage("free", tally.free)
        .stage("late sends of ours", tally.lag);
  }

  private void addCauses(LoadReport report, LoadResult result) {
    Tally tally = result.tally();
    JsonObject refusals = new JsonObject();
    tally.refusals.forEach((code, count) -> refusals.put(String.valueOf(code), count));
    report.also("refusals", refusals).also("server", new JsonObject(Map.copyOf(counted)));
    if (!tally.refusals.isEmpty()) {
      report.line("refused, by code: " + tally.refusals);
    }
    if (tally.timedOut > 0) {
      report.line(String.format(Locale.ROOT, "%,d requests were never answered", tally.timedOut));
    }
    if (tally.unreachable > 0) {
      report.line(
          String.format(Locale.ROOT, "%,d times ICMP said: nobody there", tally.unreachable));
    }
    LossCauses.of(result, counted).forEach(cause -> report.line("lost: " + cause));
    worstSecond(tally).ifPresent(report::line);
    String doubt = result.doubt();
    report.also(
        "generator", new JsonObject().put("bottleneck", !doubt.isEmpty()).put("why", doubt));
    report.line(
        doubt.isEmpty()
            ? String.format(
                Locale.ROOT,
                "generator: busy %.0f %%, %.2f %% late: not the bottleneck",
                100 * result.busiest(),
                result.latePercent())
            : "THE GENERATOR ITSELF WAS THE BOTTLENECK: " + doubt);
  }

  private static Optional<String> worstSecond(Tally tally) {
    return tally.bySecond.entrySet().stream()
        .filter(second -> second.getValue()[0] > second.getValue()[1])
        .max((one, other) -> Double.compare(loss(one.getValue()), loss(other.getValue())))
        .map(
            worst ->
                String.format(
                    Locale.ROOT,
                    "worst second: %d, with %.2f %% lost",
                    worst.getKey(),
                    loss(worst.getValue())));
  }

  private static double loss(long[] counts) {
    return counts[0] == 0 ? 0 : 100.0 * (counts[0] - counts[1]) / counts[0];
  }

  private void write(Tally tally) throws StartFailure {
    @Nullable Path file = server.histogramFile().orElse(null);
    if (file == null) {
      return;
    }
    try (PrintStream out =
        new PrintStream(
            Files.newOutputStream(surroundings.directory().resolve(file)),
            false,
            StandardCharsets.UTF_8)) {
      tally.latency.outputPercentileDistribution(out, 1e6);
    } catch (IOException refused) {
      throw new StartFailure(
          StartFailure.Kind.OTHER,
          SafeText.escape(file.toString()) + ": cannot be written",
          refused);
    }
  }

  @Override
  public void onPhase(Generator.Phase phase) {
    progress.show(phase.name().toLowerCase(Locale.ROOT), 0, "");
  }

  @Override
  public void onProgress(Generator.Phase phase, double share, Tally soFar) {
    String rest =
        switch (phase) {
          case OPENING -> "";
          case ALLOCATING -> String.format(Locale.ROOT, "%,d allocations", soFar.allocated);
          case LOADING ->
              String.format(
                  Locale.ROOT,
                  "%,d of %,d   p50 %.2f p99 %.2f ms   refused %,d",
                  soFar.received,
                  soFar.sent,
                  soFar.latency.getValueAtPercentile(50) / 1e6,
                  soFar.latency.getValueAtPercentile(99) / 1e6,
                  soFar.refusedInAll());
          case FREEING -> String.format(Locale.ROOT, "%,d freed", soFar.freed);
        };
    progress.show(phase.name().toLowerCase(Locale.ROOT), share, rest);
  }

  @Override
  public void onWindow(boolean begins) {
    try {
      if (figures.isEmpty()) {
        return;
      }
      Optional<ServerFigures> now = ServerFigures.ask(figures.get());
      if (begins) {
        before = now;
      } else if (now.isPresent() && before.isPresent()) {
        counted = now.get().since(before.get());
      }
    } catch (InterruptedException end) {
      Thread.currentThread().interrupt();
    }
  }
}

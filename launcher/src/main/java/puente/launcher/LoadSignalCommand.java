package puente.launcher;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;
import puente.load.ProcessCpu;
import puente.peer.Trust;

/** Puts signaling sessions and messages on a server. */
@Command(
    name = "signal",
    header = {
      "Open signaling sessions, let pairs of them talk, and measure the deliveries.",
      "",
      "  puente load signal --target ws://127.0.0.1:8080/signal --key SECRET --idle 10000",
      "  puente load signal --key SECRET --rate 2000 --duration 60 --threshold 'p99<20ms'",
      "  puente load signal --key SECRET --pid 4711 --json   # memory of a server on this machine",
      "",
      "Exit: 0 all thresholds kept, 99 one broken, 1 nothing could be measured, 2 bad usage.",
      ""
    },
    sortOptions = false)
final class LoadSignalCommand implements Callable<Integer> {
  private final Surroundings surroundings;
  private final LoadProgress progress;

  @Spec private @Nullable CommandSpec spec;

  @Option(
      names = "--target",
      defaultValue = "ws://127.0.0.1:8080/signal",
      description = "Where signaling is; by default ${DEFAULT-VALUE}.")
  private String target = "";

  @Option(names = "--key", description = "Secret of an API key.")
  private @Nullable String key;

  @Option(names = "--key-file", description = "File that holds it.")
  private @Nullable Path keyFile;

  @Option(
      names = "--idle",
      defaultValue = "0",
      description = "Sessions that are there and say nothing.")
  private int idle;

  @Option(
      names = "--pairs",
      defaultValue = "100",
      description = "Pairs that talk, each in a room of its own; ${DEFAULT-VALUE}.")
  private int pairs;

  @Option(
      names = "--rate",
      defaultValue = "1000",
      description = "Messages a second, of all pairs; ${DEFAULT-VALUE}.")
  private int rate;

  @Option(names = "--duration", defaultValue = "10", description = "Seconds; ${DEFAULT-VALUE}.")
  private int seconds;

  @Option(
      names = "--connect-rate",
      defaultValue = "500",
      description = "New sessions a second; ${DEFAULT-VALUE}.")
  private int connectRate;

  @Option(
      names = "--sources",
      defaultValue = "0",
      description =
          "Say, as a proxy does, that the sessions come from so many addresses: a server limits "
              + "each. It believes that if it has this host as http-trusted-proxy.")
  private int sources;

  @Option(
      names = "--pid",
      description = "Process of the server on this machine, to see its memory.")
  private @Nullable Long pid;

  @Mixin private final TrustOption authority = new TrustOption();
  @Mixin private final LoadOptions options = new LoadOptions();
  @Mixin private final HelpOption help = new HelpOption();

  LoadSignalCommand(Surroundings surroundings, BooleanSupplier isTerminal) {
    this.surroundings = surroundings;
    progress = new LoadProgress(surroundings.err(), isTerminal);
  }

  @Override
  public Integer call() throws InterruptedException, IOException, StartFailure {
    SignalLoad.Plan plan = plan();
    LoadReport report = new LoadReport("signal", limits());
    String trouble;
    try (SignalLoad load = new SignalLoad(plan)) {
      measure(load, plan, report);
      trouble = load.firstTrouble();
    }
    progress.clear();
    surroundings.out().print(options.json() ? report.json(trouble) : report.text());
    if (!trouble.isEmpty()) {
      surroundings.err().println("puente: first trouble: " + trouble);
    }
    if (report.value("sessions") == 0) {
      return Puente.EXIT_FAILURE;
    }
    return report.isKept() ? 0 : LoadOptions.EXIT_BROKEN;
  }

  private void measure(SignalLoad load, SignalLoad.Plan plan, LoadReport report)
      throws InterruptedException {
    long before = residentBytes();
    long began = System.nanoTime();
    int there = load.openIdle(count -> progress.show("idle sessions " + count + "/" + plan.idle()));
    double took = (System.nanoTime() - began) / 1e9;
    long after = residentBytes();
    int talking = load.openPairs(count -> progress.show("talking sessions " + count));
    report.put("sessions", (double) there + talking);
    if (plan.idle() > 0) {
      report.put("connects_per_second", there / took);
    }
    if (pid != null && there > 0) {
      report.put("session", (after - before) / 1000.0 / there);
      report.put("resident_mb", after / 1e6);
    }
    load.talk(count -> progress.show("delivered " + count));
    report.put("sent", load.sent()).put("delivered", load.delivered());
    if (load.sent() > 0) {
      report.put("lost", 100.0 * (load.sent() - load.delivered()) / load.sent());
      report.putPercentiles(load.deliveries());
    }
    report.put("failed", load.failed());
  }

  private SignalLoad.Plan plan() throws IOException, StartFailure {
    if (idle < 0 || pairs < 0 || rate < 0 || seconds < 1 || connectRate < 1) {
      throw misuse("numbers are 0 or more; --duration and --connect-rate 1 or more");
    }
    try {
      LoadTarget to = LoadTarget.of(target, options.anywhere());
      Trust trust = authority.trust(surroundings);
      if (sources < 0 || sources > 250) {
        throw misuse("--sources is 0 to 250");
      }
      String secret = keyFile == null ? key : Files.readString(keyFile).strip();
      return new SignalLoad.Plan(
          to, secret, idle, pairs, rate, seconds, connectRate, sources, trust);
    } catch (IllegalArgumentException bad) {
      throw misuse("--target: " + bad.getMessage());
    }
  }

  private List<LoadThreshold> limits() {
    try {
      return options.limits();
    } catch (IllegalArgumentException bad) {
      throw misuse("--threshold: " + bad.getMessage());
    }
  }

  private ParameterException misuse(String why) {
    if (spec == null) {
      throw new IllegalStateException("picocli sets it");
    }
    return new ParameterException(spec.commandLine(), why);
  }

  /** What the system says the server holds; 0 without its process. */
  private long residentBytes() {
    return pid == null ? 0 : ProcessCpu.residentBytes(pid);
  }
}

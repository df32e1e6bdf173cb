package puente.launcher;

import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import org.HdrHistogram.Histogram;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

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
  /** As with k6. */
  static final int EXIT_BROKEN = 99;

  private static final int SCHEMA_VERSION = 1;

  private final Surroundings surroundings;

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

  @Option(
      names = "--threshold",
      description =
          "p50, p90, p99, max (ms), lost (%%), failed, or session (kB): 'p99<20ms'. Several times.")
  private List<String> thresholds = new ArrayList<>();

  @Option(names = "--anywhere", description = "The target may be a public address.")
  private boolean anywhere;

  @Option(names = "--json", description = "The result as JSON.")
  private boolean json;

  @Mixin private final HelpOption help = new HelpOption();

  LoadSignalCommand(Surroundings surroundings) {
    this.surroundings = surroundings;
  }

  @Override
  public Integer call() throws InterruptedException, IOException {
    SignalLoad.Plan plan = plan();
    List<LoadThreshold> limits = limits();
    Map<String, Double> measured = new LinkedHashMap<>();
    String trouble;
    try (SignalLoad load = new SignalLoad(plan)) {
      measure(load, plan, measured);
      trouble = load.firstTrouble();
    }
    boolean kept = limits.stream().allMatch(limit -> limit.isKept(measured));
    surroundings.out().print(json ? json(measured, limits, trouble) : text(measured, limits));
    if (!trouble.isEmpty()) {
      surroundings.err().println("puente: first trouble: " + trouble);
    }
    if (measured.getOrDefault("sessions", 0.0) == 0) {
      return Puente.EXIT_FAILURE;
    }
    return kept ? 0 : EXIT_BROKEN;
  }

  private void measure(SignalLoad load, SignalLoad.Plan plan, Map<String, Double> measured)
      throws InterruptedException, IOException {
    long before = residentBytes();
    long began = System.nanoTime();
    int there = load.openIdle(count -> say("idle sessions " + count + "/" + plan.idle()));
    double took = (System.nanoTime() - began) / 1e9;
    long after = residentBytes();
    int talking = load.openPairs(count -> say("talking sessions " + count));
    measured.put("sessions", (double) there + talking);
    if (plan.idle() > 0) {
      measured.put("connects_per_second", there / took);
    }
    if (pid != null && there > 0) {
      measured.put("session", (after - before) / 1000.0 / there);
      measured.put("resident_mb", after / 1e6);
    }
    load.talk(count -> say("delivered " + count));
    Histogram deliveries = load.deliveries();
    measured.put("sent", (double) load.sent());
    measured.put("delivered", (double) load.delivered());
    if (load.sent() > 0) {
      measured.put("lost", 100.0 * (load.sent() - load.delivered()) / load.sent());
      measured.put("p50", deliveries.getValueAtPercentile(50) / 1e6);
      measured.put("p90", deliveries.getValueAtPercentile(90) / 1e6);
      measured.put("p99", deliveries.getValueAtPercentile(99) / 1e6);
      measured.put("p999", deliveries.getValueAtPercentile(99.9) / 1e6);
      measured.put("max", deliveries.getMaxValue() / 1e6);
    }
    measured.put("failed", (double) load.failed());
  }

  private void say(String progress) {
    surroundings.err().println("puente: " + progress);
  }

  private SignalLoad.Plan plan() throws IOException {
    if (idle < 0 || pairs < 0 || rate < 0 || seconds < 1 || connectRate < 1) {
      throw misuse("numbers are 0 or more; --duration and --connect-rate 1 or more");
    }
    try {
      LoadTarget to = LoadTarget.of(target, anywhere);
      if (sources < 0 || sources > 250) {
        throw misuse("--sources is 0 to 250");
      }
      String secret = keyFile == null ? key : Files.readString(keyFile).strip();
      return new SignalLoad.Plan(to, secret, idle, pairs, rate, seconds, connectRate, sources);
    } catch (IllegalArgumentException bad) {
      throw misuse("--target: " + bad.getMessage());
    }
  }

  private List<LoadThreshold> limits() {
    try {
      return thresholds.stream().map(LoadThreshold::parse).toList();
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
  private long residentBytes() throws IOException {
    if (pid == null) {
      return 0;
    }
    for (String line : Files.readAllLines(Path.of("/proc/" + pid + "/status"))) {
      if (line.startsWith("VmRSS:")) {
        return 1024 * Long.parseLong(line.replaceAll("[^0-9]", ""));
      }
    }
    return 0;
  }

  private String text(Map<String, Double> measured, List<LoadThreshold> limits) {
    StringBuilder text = new StringBuilder("puente load signal\n");
    measured.forEach(
        (name, value) ->
            text.append(
                String.format(Locale.ROOT, "  %-20s %,14.3f %s%n", name, value, unit(name))));
    limits.forEach(limit -> text.append("  ").append(limit.verdict(measured)).append('\n'));
    return text.toString();
  }

  private static String unit(String name) {
    return switch (name) {
      case "p50", "p90", "p99", "p999", "max" -> "ms";
      case "lost" -> "%";
      case "session" -> "kB a session";
      case "resident_mb" -> "MB";
      default -> "";
    };
  }

  private static String json(
      Map<String, Double> measured, List<LoadThreshold> limits, String trouble) {
    JsonObject kept = new JsonObject();
    limits.forEach(limit -> kept.put(limit.text(), limit.isKept(measured)));
    JsonObject values = new JsonObject();
    measured.forEach(values::put);
    return new JsonObject()
            .put("schemaVersion", SCHEMA_VERSION)
            .put("kind", "signal")
            .put("measured", values)
            .put("thresholds", kept)
            .put("trouble", trouble)
            .encodePrettily()
        + "\n";
  }
}

package puente.launcher;

import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Lets a running server take no new allocations. */
@Command(
    name = "drain",
    header = {
      "Take no new allocations: clients are sent to other nodes, what exists goes on.",
      "",
      "  puente drain --wait && systemctl restart puente",
      "  puente drain --wait turn-b                  another node, by whichever is asked",
      "  puente drain --deadline 15m --min-allocations 5 --reason 'kernel update'",
      "  puente drain --wait --timeout 20m           exit code 1 if it takes longer",
      "  puente undrain                              serve again",
      ""
    },
    sortOptions = false)
final class DrainCommand implements Callable<Integer> {
  private static final Type<Duration> TIME =
      Type.duration(Duration.ofSeconds(1), Duration.ofDays(30));
  private static final long LOOK_MS = 500;

  private final Surroundings surroundings;

  @Mixin private final AdminOptions admin = new AdminOptions();

  @Mixin private final NodeOption meant = new NodeOption();

  @Option(
      names = "--deadline",
      paramLabel = "TIME",
      description = "End what is left after this time. Default: its drain-deadline.")
  private Optional<String> deadline = Optional.empty();

  @Option(
      names = "--min-allocations",
      paramLabel = "N",
      description = "Done when so many are left. Default: its drain-min-allocations.")
  private Optional<Integer> minAllocations = Optional.empty();

  @Option(names = "--reason", paramLabel = "TEXT", description = "Why; it is logged.")
  private Optional<String> reason = Optional.empty();

  @Option(
      names = "--force",
      description = "Also if the other nodes cannot carry what this one carries.")
  private boolean force;

  @Option(names = "--wait", description = "Return when it is drained.")
  private boolean waits;

  @Option(names = "--timeout", paramLabel = "TIME", description = "Wait no longer than this.")
  private Optional<String> timeout = Optional.empty();

  @Mixin private final HelpOption help = new HelpOption();

  DrainCommand(Surroundings surroundings) {
    this.surroundings = surroundings;
  }

  @Override
  public Integer call() throws StartFailure, InterruptedException {
    JsonObject order = new JsonObject();
    if (deadline.isPresent()) {
      order.put("deadline", (int) time("--deadline", deadline.get()).toSeconds());
    }
    minAllocations.ifPresent(count -> order.put("minAllocations", count));
    order.put("reason", reason.orElse("puente drain"));
    if (force) {
      order.put("force", true);
    }
    Optional<Duration> limit =
        timeout.isPresent()
            ? Optional.of(time("--timeout", timeout.get()))
            : Optional.<Duration>empty();
    String path = "nodes/" + SessionsCommand.encoded(meant.node());
    JsonObject state = admin.send("POST", path + "/drain", order, surroundings);
    long started = System.nanoTime();
    while (waits && state.getString("state", "").equals("draining")) {
      if (limit.isPresent() && System.nanoTime() - started > limit.get().toNanos()) {
        print(state);
        surroundings.err().println("puente: still draining; it goes on");
        return Puente.EXIT_FAILURE;
      }
      pause();
      state = admin.get(path, surroundings);
    }
    print(state);
    String now = state.getString("state", "");
    if (waits && !now.equals("drained")) {
      surroundings.err().println("puente: no longer draining: " + SafeText.excerpt(now, 40));
      return Puente.EXIT_FAILURE;
    }
    return 0;
  }

  /** What happens, happens in another process, which is asked again after a while. */
  private static void pause() {
    new CompletableFuture<Void>().completeOnTimeout(null, LOOK_MS, TimeUnit.MILLISECONDS).join();
  }

  private static Duration time(String option, String text) throws StartFailure {
    try {
      return TIME.reader().apply(text);
    } catch (IllegalArgumentException wrong) {
      throw StartFailure.configuration(option + ": " + wrong.getMessage());
    }
  }

  private void print(JsonObject state) {
    surroundings
        .out()
        .println(
            admin.json()
                ? state.encodePrettily()
                : SafeText.escape(state.getString("id", ""))
                    + " "
                    + state.getString("state")
                    + ", "
                    + state.getInteger("allocations")
                    + " allocations left");
  }
}

package puente.launcher;

import java.util.concurrent.Callable;
import java.util.function.BooleanSupplier;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;
import puente.load.LoadPlan;
import puente.load.Profile;
import puente.stun.TransportAddress;

/** Makes and frees allocations. */
@Command(
    name = "alloc",
    header = {
      "Make and free allocations at a constant rate: 401 round, Allocate, Refresh with lifetime 0.",
      "",
      "  puente load alloc --user ana --password-file p --rate 500",
      "  puente load alloc --secret-file s --rate 2000 --hold 1 --threshold 'alloc_success>99.9%%'",
      "  puente load alloc --secret-file s --rate 5000 --total 1000000   # a soak",
      "",
      "Latency counts from when an allocation was due (open loop). All are freed, after Ctrl-C"
          + " too.",
      "Exit: 0, 99 a threshold broken, 1 nothing came through, 2 bad usage.",
      ""
    },
    sortOptions = false)
final class LoadAllocCommand implements Callable<Integer> {
  private static final double RATE_MAX = 1_000_000;
  private static final int CLIENTS_MAX = 200_000;
  private static final double HOLD_MAX = 600;

  /** A socket is taken again only after its allocation was freed; answers take time, too. */
  private static final double ANSWER_SECONDS = 0.25;

  private static final int CLIENTS_MIN = 64;

  private final Surroundings surroundings;
  private final BooleanSupplier isTerminal;

  @Spec private CommandSpec spec;

  @Option(
      names = "--rate",
      paramLabel = "N",
      defaultValue = "100",
      description = "Allocations a second; ${DEFAULT-VALUE}.")
  private double rate = 100;

  @Option(
      names = "--hold",
      paramLabel = "SECONDS",
      defaultValue = "0",
      description = "How long each lives before it is freed; ${DEFAULT-VALUE}.")
  private double hold;

  @Option(
      names = "--total",
      paramLabel = "N",
      defaultValue = "0",
      description = "So many in all, instead of --duration and --warmup.")
  private long total;

  @Option(
      names = "--clients",
      paramLabel = "N",
      defaultValue = "0",
      description = "Sockets, each good for one allocation at a time; by default enough.")
  private int clients;

  @Mixin private final LoadServerOptions server = new LoadServerOptions();
  @Mixin private final LoadOptions options = new LoadOptions();
  @Mixin private final HelpOption help = new HelpOption();

  @SuppressWarnings("NullAway.Init") // picocli sets the annotated fields.
  LoadAllocCommand(Surroundings surroundings, BooleanSupplier isTerminal) {
    this.surroundings = surroundings;
    this.isTerminal = isTerminal;
  }

  @Override
  public Integer call() throws StartFailure, InterruptedException {
    return LoadRun.of(spec, surroundings, isTerminal, options, server, this::plan);
  }

  private LoadPlan plan(TransportAddress target) throws StartFailure {
    LoadServerOptions.within("--rate", rate, 1, RATE_MAX);
    LoadServerOptions.within("--hold", hold, 0, HOLD_MAX);
    LoadServerOptions.within("--total", total, 0, 1e12);
    LoadServerOptions.within("--clients", clients, 0, CLIENTS_MAX);
    double greatest = server.steps().stream().mapToDouble(Integer::doubleValue).max().orElse(rate);
    int enough = (int) Math.min(CLIENTS_MAX, greatest * (hold + ANSWER_SECONDS));
    int sockets = clients > 0 ? clients : Math.max(CLIENTS_MIN, enough);
    TransportAddress local = server.local(target);
    int sources = server.sources(local, sockets);
    int seconds = total > 0 ? (int) Math.max(1, Math.ceil(total / rate)) : server.seconds();
    return new LoadPlan(
        LoadPlan.Kind.ALLOC,
        target,
        server.firstSource(local, sources),
        local,
        sources,
        server.threads(),
        sockets,
        rate,
        rate,
        total > 0 ? 0 : server.warmup(),
        seconds,
        (int) (hold * 1000),
        total,
        new Profile("allocation", 1, Profile.PAYLOAD_MIN, 1),
        LoadPlan.Direction.ECHO,
        server.login(surroundings),
        server.isJoined());
  }
}

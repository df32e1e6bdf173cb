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

/** Puts Binding requests on a server. */
@Command(
    name = "stun",
    header = {
      "Send Binding requests at a constant rate and measure the answers.",
      "",
      "  puente load stun --rate 50000",
      "  puente load stun --target 192.168.1.5 --rate 5000 --duration 60 --threshold 'p99<5ms'",
      "  puente load stun --usl 10000,20000,40000,80000,120000,160000 --json",
      "",
      "Latency counts from when a request was due (open loop). Answers are checked: transaction,",
      "mapped address. Exit: 0, 99 a threshold broken, 1 nothing came through, 2 bad usage.",
      ""
    },
    sortOptions = false)
final class LoadStunCommand implements Callable<Integer> {
  private static final double RATE_MAX = 10_000_000;
  private static final int CLIENTS_MAX = 60_000;

  private final Surroundings surroundings;
  private final BooleanSupplier isTerminal;

  @Spec private CommandSpec spec;

  @Option(
      names = "--rate",
      paramLabel = "N",
      defaultValue = "1000",
      description = "Requests a second; ${DEFAULT-VALUE}.")
  private double rate = 1000;

  @Option(
      names = "--clients",
      paramLabel = "N",
      defaultValue = "64",
      description = "Sockets that ask in turn; ${DEFAULT-VALUE}.")
  private int clients = 64;

  @Mixin private final LoadServerOptions server = new LoadServerOptions();
  @Mixin private final LoadOptions options = new LoadOptions();
  @Mixin private final HelpOption help = new HelpOption();

  @SuppressWarnings("NullAway.Init") // picocli sets the annotated fields.
  LoadStunCommand(Surroundings surroundings, BooleanSupplier isTerminal) {
    this.surroundings = surroundings;
    this.isTerminal = isTerminal;
  }

  @Override
  public Integer call() throws StartFailure, InterruptedException {
    return LoadRun.of(spec, surroundings, isTerminal, options, server, this::plan);
  }

  private LoadPlan plan(TransportAddress target) throws StartFailure {
    LoadServerOptions.within("--rate", rate, 1, RATE_MAX);
    LoadServerOptions.within("--clients", clients, server.threads(), CLIENTS_MAX);
    TransportAddress local = server.local(target);
    int sources = server.sources(local, clients);
    return new LoadPlan(
        LoadPlan.Kind.STUN,
        target,
        server.firstSource(local, sources),
        local,
        sources,
        server.threads(),
        clients,
        rate,
        rate,
        server.warmup(),
        server.seconds(),
        0,
        0,
        new Profile("binding", 1, Profile.PAYLOAD_MIN, 1),
        LoadPlan.Direction.ECHO,
        server.login(surroundings),
        server.isJoined());
  }
}

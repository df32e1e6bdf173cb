package puente.launcher;

import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.function.BooleanSupplier;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;
import puente.load.LoadPlan;
import puente.load.LoadPlan.Direction;
import puente.load.Profile;
import puente.plan.CallClass;
import puente.stun.TransportAddress;

/** Relays packets through a server. */
@Command(
    name = "turn",
    header = {
      "Allocate, relay packets at a constant rate, check every one, and free it all.",
      "",
      "  puente load turn --user ana --password-file p --allocs 100 --profile av720p",
      "  puente load turn --secret-file s --allocs 500 --profile voice --duration 60 \\",
      "      --threshold 'rtt_p99<20ms' --threshold 'loss<0.1%%' --threshold"
          + " 'alloc_success>99.9%%'",
      "  puente load turn --secret-file s --allocs 2 --packets 20000 --payload 1200 --direction"
          + " down",
      "  puente load turn --secret-file s --usl 10,20,40,80,160,320 --profile voice --json",
      "",
      "Profiles: voice, av360p, av720p, av1080p, screen, data, camera, as in 'puente plan'.",
      "The peer is this process at --peer, which the server must allow (allow-loopback-peers on"
          + " one",
      "machine). Latency counts from when a packet was due. Payloads carry sequence, flow and",
      "checksum. Exit: 0, 99 a threshold broken, 1 nothing came through, 2 bad usage.",
      ""
    },
    sortOptions = false)
final class LoadTurnCommand implements Callable<Integer> {
  private static final int ALLOCATIONS_MAX = 60_000;
  private static final double PACKETS_MAX = 1_000_000;
  private static final double SETUP_RATE_MAX = 100_000;

  private final Surroundings surroundings;
  private final BooleanSupplier isTerminal;

  @Spec private CommandSpec spec;

  @Option(
      names = "--allocs",
      paramLabel = "N",
      defaultValue = "10",
      description = "Allocations; ${DEFAULT-VALUE}.")
  private int allocations = 10;

  @Option(
      names = "--setup-rate",
      paramLabel = "N",
      defaultValue = "200",
      description = "Allocations made, bound and freed a second; ${DEFAULT-VALUE}.")
  private double setupRate = 200;

  @Option(
      names = "--profile",
      paramLabel = "NAME",
      defaultValue = "voice",
      description = "What each allocation carries, each way; ${DEFAULT-VALUE}.")
  private String profileName = "voice";

  @Option(names = "--packets", paramLabel = "N", description = "Packets a second of each, instead.")
  private Optional<Double> packets = Optional.empty();

  @Option(names = "--payload", paramLabel = "BYTES", description = "Payload of each, instead.")
  private Optional<Integer> payload = Optional.empty();

  @Option(
      names = "--burst",
      paramLabel = "N",
      description = "Packets that leave together, as those of a video frame do, instead.")
  private Optional<Integer> burst = Optional.empty();

  @Option(
      names = "--direction",
      paramLabel = "WAY",
      defaultValue = "echo",
      description =
          "echo (there and back), up (client to peer), down, both, or relay (pairs of allocations,"
              + " each the other's peer); ${DEFAULT-VALUE}.")
  private String direction = "echo";

  @Option(
      names = "--peer",
      paramLabel = "IP",
      description =
          "Address of this host at which the server reaches peers; by default the one"
              + " that reaches the server.")
  private Optional<String> peer = Optional.empty();

  @Mixin private final LoadServerOptions server = new LoadServerOptions();
  @Mixin private final LoadOptions options = new LoadOptions();
  @Mixin private final HelpOption help = new HelpOption();

  @SuppressWarnings("NullAway.Init") // picocli sets the annotated fields.
  LoadTurnCommand(Surroundings surroundings, BooleanSupplier isTerminal) {
    this.surroundings = surroundings;
    this.isTerminal = isTerminal;
  }

  @Override
  public Integer call() throws StartFailure, InterruptedException {
    return LoadRun.of(spec, surroundings, isTerminal, options, server, this::plan);
  }

  private LoadPlan plan(TransportAddress target) throws StartFailure {
    Direction way = way();
    int greatest = server.steps().stream().mapToInt(Integer::intValue).max().orElse(allocations);
    LoadServerOptions.within("--allocs", allocations, 1, ALLOCATIONS_MAX);
    LoadServerOptions.within("--usl", greatest, 1, ALLOCATIONS_MAX);
    LoadServerOptions.within("--setup-rate", setupRate, 1, SETUP_RATE_MAX);
    boolean isOdd = allocations % 2 != 0 || server.steps().stream().anyMatch(step -> step % 2 != 0);
    if (way == Direction.RELAY && isOdd) {
      throw new IllegalArgumentException("--direction=relay needs an even number of allocations");
    }
    TransportAddress local = server.local(target);
    int sources = server.sources(local, greatest);
    return new LoadPlan(
        LoadPlan.Kind.TURN,
        target,
        server.firstSource(local, sources),
        peer.map(LoadServerOptions::address).orElse(local),
        sources,
        server.threads(),
        allocations,
        1,
        setupRate,
        server.warmup(),
        server.seconds(),
        0,
        0,
        profile(),
        way,
        server.login(surroundings),
        server.isJoined());
  }

  private Direction way() {
    for (Direction one : Direction.values()) {
      if (one.name().toLowerCase(Locale.ROOT).equals(direction)) {
        return one;
      }
    }
    throw new IllegalArgumentException("--direction: echo, up, down, both or relay");
  }

  private Profile profile() {
    CallClass call =
        CallClass.preset(profileName)
            .orElseThrow(
                () ->
                    new IllegalArgumentException(
                        "--profile: voice, av360p, av720p, av1080p, screen, data or camera"));
    boolean isVideo = !profileName.equals("voice") && !profileName.equals("data");
    Profile known = Profile.ofCall(profileName, call.kbps(), call.pps(), isVideo);
    Profile wanted =
        new Profile(
            profileName,
            packets.orElse(known.packetsPerSecond()),
            payload.orElse(known.payload()),
            burst.orElse(packets.isPresent() ? 1 : known.burst()));
    LoadServerOptions.within("--packets", wanted.packetsPerSecond(), 0.001, PACKETS_MAX);
    LoadServerOptions.within(
        "--payload", wanted.payload(), Profile.PAYLOAD_MIN, Profile.PAYLOAD_MAX);
    LoadServerOptions.within("--burst", wanted.burst(), 1, Profile.BURST_MAX);
    return wanted;
  }
}

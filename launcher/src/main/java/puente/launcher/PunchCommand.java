package puente.launcher;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import puente.peer.Gateway;
import puente.peer.PunchedPath;

/** The least that two peers behind NATs need: no ICE, no accounts, no relay. */
@Command(
    name = "punch",
    header = {
      "Open a direct UDP path to whoever says the same NAME.",
      "",
      "  puente punch picnic --key-file key                talk: lines of text, end with ^D",
      "  puente punch picnic --key-file key --explain      and see what each packet is for",
      "  puente punch picnic --exec 'socat - UDP:$PUENTE_PEER,sourceport=$PUENTE_LOCAL_PORT'",
      "",
      "Nothing on this path is encrypted or relayed; 'puente chat' does both.",
      "Exit: 0 there was a path, 1 there was none, 2 bad usage.",
      ""
    },
    sortOptions = false)
final class PunchCommand implements Callable<Integer> {
  private static final long SETTLE_MS = 3_000;

  private final Surroundings surroundings;
  private final InputStream in;

  @Parameters(paramLabel = "NAME", description = "The meeting, 1 to 64 bytes.")
  private String meeting = "";

  @Option(names = "--explain", description = "Print the purpose of each packet.")
  private boolean explain;

  @Option(
      names = "--exec",
      paramLabel = "COMMAND",
      description =
          "Give the path to this shell command: it may use UDP port PUENTE_LOCAL_PORT, whose"
              + " packets reach PUENTE_PEER (IP:PORT).")
  private Optional<String> command = Optional.empty();

  @Option(
      names = "--wait",
      paramLabel = "SECONDS",
      defaultValue = "60",
      description = "How long to wait for a path; 0 without end. Default: ${DEFAULT-VALUE}.")
  private int waitSeconds;

  @Mixin private final GatewayOptions options = new GatewayOptions();
  @Mixin private final HelpOption help = new HelpOption();

  PunchCommand(Surroundings surroundings, InputStream in) {
    this.surroundings = surroundings;
    this.in = in;
  }

  @Override
  public Integer call() throws StartFailure, InterruptedException {
    if (waitSeconds < 0) {
      throw new StartFailure(StartFailure.Kind.CONFIGURATION, "--wait is seconds, 0 or more");
    }
    try {
      Gateway gateway = options.gateway(surroundings);
      Gateway.Ticket ticket = gateway.ticket(meeting, "");
      try (PunchedPath path =
          new PunchedPath(ticket, options.name(), this::explained, this::heard)) {
        PunchedPath.Open open = path.await(waitSeconds * 1000L);
        say(
            String.format(
                Locale.ROOT,
                "direct path to %s at %s after %d ms; seen from outside as %s",
                SafeText.excerpt(open.name(), 40),
                text(open.peer()),
                open.tookMs(),
                text(open.own())));
        return command.isPresent() ? handOver(path, open, command.get()) : talk(path);
      }
    } catch (IOException | IllegalArgumentException failed) {
      throw new StartFailure(StartFailure.Kind.OTHER, String.valueOf(failed.getMessage()));
    }
  }

  private int talk(PunchedPath path) throws IOException {
    Thread.ofPlatform().daemon().name("keyboard").start(() -> read(path));
    say(path.talk());
    return 0;
  }

  private void read(PunchedPath path) {
    try {
      BufferedReader reader = new BufferedReader(new InputStreamReader(in, StandardCharsets.UTF_8));
      for (String line = reader.readLine(); line != null; line = reader.readLine()) {
        try {
          path.say(line);
        } catch (IllegalArgumentException tooLong) {
          say(String.valueOf(tooLong.getMessage()));
        }
      }
    } catch (IOException gone) {
      say("nothing more can be read: " + gone.getMessage());
    }
    path.stop();
  }

  private int handOver(PunchedPath path, PunchedPath.Open open, String shell)
      throws IOException, InterruptedException {
    path.settle(SETTLE_MS);
    path.close();
    ProcessBuilder builder = new ProcessBuilder(List.of("/bin/sh", "-c", shell)).inheritIO();
    builder.directory(surroundings.directory().toFile());
    builder.environment().put("PUENTE_LOCAL_PORT", "" + open.local().getPort());
    builder.environment().put("PUENTE_PEER", text(open.peer()));
    return builder.start().waitFor();
  }

  private void explained(String what) {
    if (explain) {
      say(what);
    }
  }

  private void heard(String line) {
    surroundings.out().println(SafeText.escape(line));
  }

  private void say(String line) {
    surroundings.err().println("puente: " + SafeText.escape(line));
  }

  private static String text(java.net.InetSocketAddress address) {
    String host = address.getAddress().getHostAddress();
    return (host.contains(":") ? "[" + host + "]" : host) + ":" + address.getPort();
  }
}

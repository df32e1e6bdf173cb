package puente.launcher;

import java.io.IOException;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;
import puente.net.UnixSocket;
import puente.supervisor.Words;

/** Lets a new process of the server take over from the running one. */
@Command(
    name = "restart",
    header = {
      "Replace the running server by a new process that goes on with its calls.",
      "",
      "  puente restart                          after an upgrade, on this host",
      "  puente restart -c /etc/turnserver.conf  the server that was started so",
      ""
    },
    customSynopsis = "puente restart [-c FILE] [--state-dir=DIR]",
    description = {
      "",
      "The new process is started with the command line of the old one and prepares while the old",
      "one serves. Then it takes over: UDP calls go on, TCP and TLS clients connect again.",
      "For the server's own user, or root. Needs supervise=yes, which is the default on Linux."
    },
    sortOptions = false)
final class RestartCommand implements Callable<Integer> {
  private final Surroundings surroundings;

  @Spec private CommandSpec spec;

  @Mixin private final HelpOption help = new HelpOption();

  @SuppressWarnings("NullAway.Init") // picocli sets the annotated fields.
  RestartCommand(Surroundings surroundings) {
    this.surroundings = surroundings;
  }

  @Override
  public Integer call() throws StartFailure {
    Config config =
        ConfigLoader.load(
            SettingOptions.sources(spec.commandLine().getParseResult(), surroundings));
    Optional<String> name = Supervision.nameIn(config.value(Settings.STATE_DIR));
    if (name.isEmpty() || !UnixSocket.isUsable()) {
      throw nobody(config);
    }
    try (UnixSocket supervisor = UnixSocket.connect(name.get())) {
      supervisor.send(Words.RESTART);
      UnixSocket.Delivery answer = supervisor.receive();
      return report(answer == null ? Words.FAILED + " the server ended" : answer.text());
    } catch (IOException refused) {
      throw nobody(config);
    }
  }

  private static StartFailure nobody(Config config) {
    return StartFailure.configuration(
        "no supervised server runs with state-dir=" + config.value(Settings.STATE_DIR));
  }

  private int report(String answer) {
    if (answer.startsWith(Words.DONE)) {
      String gapMs = answer.substring(Words.DONE.length() + 1);
      surroundings.out().println("restarted; for " + gapMs + " ms packets waited in the kernel");
      return 0;
    }
    surroundings.err().println("puente: not restarted:" + answer.substring(Words.FAILED.length()));
    return Puente.EXIT_FAILURE;
  }
}

package puente.launcher;

import java.util.Optional;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Which node a command is about. */
final class NodeOption {
  @Parameters(
      arity = "0..1",
      paramLabel = "NODE",
      description = "The node that is meant; without it the one that is asked.")
  private Optional<String> position = Optional.empty();

  @Option(names = "--node", paramLabel = "ID", description = "The same.")
  private Optional<String> option = Optional.empty();

  String node() {
    return position.or(() -> option).orElse("self");
  }
}

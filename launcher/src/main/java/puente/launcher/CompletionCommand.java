package puente.launcher;

import java.util.concurrent.Callable;
import picocli.AutoComplete;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** Prints a script that lets the shell complete commands and settings. */
@Command(
    name = "completion",
    header = {
      "Print completions for bash and zsh.",
      "",
      "  source <(puente completion)",
      "  puente completion > /etc/bash_completion.d/puente",
      ""
    })
final class CompletionCommand implements Callable<Integer> {
  private final Surroundings surroundings;

  @Spec private CommandSpec spec;

  @Mixin private final HelpOption help = new HelpOption();

  @SuppressWarnings("NullAway.Init") // picocli sets the annotated fields.
  CompletionCommand(Surroundings surroundings) {
    this.surroundings = surroundings;
  }

  @Override
  public Integer call() {
    surroundings.out().println(AutoComplete.bash("puente", spec.root().commandLine()));
    return 0;
  }
}

package puente.launcher;

import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Shows the configuration that a server would run with. */
@Command(
    name = "config",
    header = {
      "Show settings and where each came from. Secrets are not shown.",
      "",
      "  puente config -c /etc/turnserver.conf       what the file sets, checked",
      "  puente config --effective                   every setting, defaults too",
      "  puente config --effective --json",
      ""
    },
    customSynopsis = "puente config [--effective] [--json] [-c FILE] [--setting[=value] ...]",
    sortOptions = false)
final class ConfigCommand implements Callable<Integer> {
  private final Surroundings surroundings;

  @Spec private CommandSpec spec;

  @Option(names = "--effective", description = "Defaults too.")
  private boolean effective;

  @Option(names = "--json", description = "Print one JSON object.")
  private boolean json;

  @Option(names = "--markdown", description = "Print the reference of all settings.")
  private boolean markdown;

  @Mixin private final HelpOption help = new HelpOption();

  @SuppressWarnings("NullAway.Init") // picocli sets the annotated fields.
  ConfigCommand(Surroundings surroundings) {
    this.surroundings = surroundings;
  }

  @Override
  public Integer call() throws StartFailure {
    if (markdown) {
      surroundings.out().print(ConfigDocument.markdown());
      return 0;
    }
    Config config =
        ConfigLoader.load(
            SettingOptions.sources(spec.commandLine().getParseResult(), surroundings));
    if (json) {
      surroundings.out().println(ConfigReport.json(config, effective));
      return 0;
    }
    surroundings.out().print(ConfigReport.text(config, effective));
    config.warnings().forEach(warning -> surroundings.err().println("puente: " + warning));
    return 0;
  }
}

package puente.launcher;

import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Option;

/** What every command answers to. */
final class HelpOption {
  private static final String TEXT = "Show this help.";

  @Option(
      names = {"-h", "--help"},
      usageHelp = true,
      description = TEXT)
  private boolean help;

  /** The same without reflection. */
  static OptionSpec spec() {
    return OptionSpec.builder("-h", "--help")
        .type(boolean.class)
        .arity("0")
        .usageHelp(true)
        .description(TEXT)
        .build();
  }
}

package puente.launcher;

import picocli.CommandLine.Option;

/** What every command answers to. */
final class HelpOption {
  @Option(
      names = {"-h", "--help"},
      usageHelp = true,
      description = "Show this help.")
  private boolean help;
}

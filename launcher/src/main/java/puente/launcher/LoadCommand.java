package puente.launcher;

import picocli.CommandLine.Command;
import picocli.CommandLine.HelpCommand;
import picocli.CommandLine.Mixin;

/** Puts load on a server and measures how it does. */
@Command(
    name = "load",
    header = {
      "Put load on a server and measure how it does.",
      "",
      "  puente load signal --target ws://127.0.0.1:8080/signal --key SECRET --idle 10000",
      ""
    },
    subcommands = {HelpCommand.class},
    sortOptions = false)
final class LoadCommand {
  @Mixin private final HelpOption help = new HelpOption();
}

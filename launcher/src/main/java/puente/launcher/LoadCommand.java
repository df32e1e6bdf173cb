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
      "  puente load stun --rate 50000",
      "  puente load alloc --user ana --password-file p --rate 500",
      "  puente load turn --user ana --password-file p --allocs 100 --profile av720p",
      "  puente load signal --target ws://127.0.0.1:8080/signal --key SECRET --idle 10000",
      ""
    },
    subcommands = {HelpCommand.class},
    sortOptions = false)
final class LoadCommand {
  @Mixin private final HelpOption help = new HelpOption();
}

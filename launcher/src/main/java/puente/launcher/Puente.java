package puente.launcher;

import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.HelpCommand;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.UnmatchedArgumentException;

/** The command line. */
@Command(
    name = "puente",
    header = {
      "Puente, a STUN and TURN server.",
      "",
      "  puente serve                          start with safe defaults",
      "  puente serve --dev                    start for trying on one machine",
      "  puente serve -c turnserver.conf       start with a coturn configuration",
      "  puente credentials --user ana         a credential and iceServers for a browser",
      "  puente user add ana                   a user of the user database",
      "  puente plan --bhca 60000              how many nodes so many calls take",
      "  puente doctor                         what is wrong here, and how to mend it",
      "  puente migrate turnserver.conf        what a coturn configuration becomes",
      ""
    },
    commandListHeading = "%nCommands:%n",
    footer = {"", "'puente COMMAND --help' says more, examples first."},
    subcommands = {HelpCommand.class})
public final class Puente {
  /** A mistake in the use of the command line. */
  static final int EXIT_USAGE = 2;

  static final int EXIT_FAILURE = 1;

  @Mixin private final HelpOption help = new HelpOption();

  private Puente() {}

  public static void main(String[] arguments) {
    int exitCode = run(Surroundings.ofProcess(), WiredNode.STARTER, arguments);
    System.exit(exitCode);
  }

  static int run(Surroundings surroundings, RunningNode.Starter starter, String... arguments) {
    return run(commandLine(surroundings, starter), surroundings, arguments);
  }

  static int run(CommandLine line, Surroundings surroundings, String... arguments) {
    if (arguments.length == 0) {
      line.usage(surroundings.err());
      return EXIT_USAGE;
    }
    return line.execute(SettingOptions.separated(arguments));
  }

  static CommandLine commandLine(Surroundings surroundings, RunningNode.Starter starter) {
    CommandLine line = new CommandLine(new Puente());
    CommandLine serve = new CommandLine(new ServeCommand(surroundings, starter));
    SettingOptions.addTo(serve.getCommandSpec(), true);
    CommandLine config = new CommandLine(new ConfigCommand(surroundings));
    SettingOptions.addTo(config.getCommandSpec(), false);
    CommandLine restart = new CommandLine(new RestartCommand(surroundings));
    SettingOptions.addTo(restart.getCommandSpec(), false);
    CommandLine snippet = new CommandLine(new SnippetCommand(surroundings));
    SettingOptions.addFileOptions(snippet.getCommandSpec());
    CommandLine credentials = new CommandLine(new CredentialsCommand(surroundings));
    SettingOptions.addFileOptions(credentials.getCommandSpec());
    CommandLine doctor = new CommandLine(new DoctorCommand(surroundings));
    SettingOptions.addFileOptions(doctor.getCommandSpec());
    CommandLine plan = new CommandLine(new PlanCommand(surroundings));
    PlanCommand.addNumbers(plan.getCommandSpec());
    line.addSubcommand("serve", serve)
        .addSubcommand("plan", plan)
        .addSubcommand("doctor", doctor)
        .addSubcommand("restart", restart)
        .addSubcommand("rehearse", new RehearseCommand(starter))
        .addSubcommand("credentials", credentials)
        .addSubcommand("snippet", snippet)
        .addSubcommand("config", config)
        .addSubcommand("user", UserCommand.of(surroundings, System.in))
        .addSubcommand("secret", SecretCommand.of(surroundings))
        .addSubcommand("realm", RealmCommand.of(surroundings))
        .addSubcommand("peer-rule", PeerRuleCommand.of(surroundings))
        .addSubcommand("migrate", new MigrateCommand(surroundings))
        .addSubcommand("nodes", new NodesCommand(surroundings))
        .addSubcommand("sessions", new SessionsCommand(surroundings))
        .addSubcommand("top", new TopCommand(surroundings))
        .addSubcommand("drain", new DrainCommand(surroundings))
        .addSubcommand("undrain", new UndrainCommand(surroundings))
        .addSubcommand(
            "load",
            new CommandLine(new LoadCommand())
                .addSubcommand("stun", new LoadStunCommand(surroundings, LoadProgress.TERMINAL))
                .addSubcommand("alloc", new LoadAllocCommand(surroundings, LoadProgress.TERMINAL))
                .addSubcommand("turn", new LoadTurnCommand(surroundings, LoadProgress.TERMINAL))
                .addSubcommand(
                    "signal", new LoadSignalCommand(surroundings, LoadProgress.TERMINAL)))
        .addSubcommand("chat", new ChatCommand(surroundings, System.in))
        .addSubcommand("send", new SendCommand(surroundings))
        .addSubcommand("receive", new ReceiveCommand(surroundings))
        .addSubcommand("punch", new PunchCommand(surroundings, System.in))
        .addSubcommand("metrics", new MetricsCommand(surroundings))
        .addSubcommand("version", new VersionCommand(surroundings))
        .addSubcommand("completion", new CompletionCommand(surroundings));
    return line.setOut(new PrintWriter(surroundings.out(), true, StandardCharsets.UTF_8))
        .setErr(new PrintWriter(surroundings.err(), true, StandardCharsets.UTF_8))
        .setExpandAtFiles(false)
        .setOverwrittenOptionsAllowed(true)
        .setUsageHelpWidth(100)
        .setAbbreviatedOptionsAllowed(false)
        .setParameterExceptionHandler(Puente::misused)
        .setExecutionExceptionHandler((e, command, parsed) -> failed(e, command));
  }

  private static int misused(ParameterException e, String[] arguments) {
    CommandLine command = e.getCommandLine();
    String name = command.getCommandSpec().qualifiedName();
    command.getErr().println("puente: " + misuse(e));
    command.getErr().println("puente: '" + name + " --help' shows what it takes");
    return EXIT_USAGE;
  }

  /** Without the values: one of them may be a secret behind a mistyped option. */
  private static String misuse(ParameterException e) {
    if (!(e instanceof UnmatchedArgumentException unmatched)) {
      return SafeText.excerpt(String.valueOf(e.getMessage()), 200);
    }
    String first = unmatched.getUnmatched().getFirst();
    if (first.startsWith("-")) {
      return UnknownWord.asOption(first);
    }
    var commands = e.getCommandLine().getSubcommands().keySet();
    if (commands.isEmpty()) {
      return "an argument too many";
    }
    Optional<String> meant = Suggestion.nearest(first, commands);
    return "unknown command "
        + SafeText.excerpt(first, 40)
        + meant.map(word -> "; did you mean " + word + "?").orElse("");
  }

  private static int failed(Exception e, CommandLine command) {
    if (e instanceof StartFailure failure) {
      command.getErr().println("puente: " + failure.line());
      return failure.kind().exitCode();
    }
    command.getErr().println("puente: " + SafeText.escape(e.toString()) + " (a fault of Puente)");
    e.printStackTrace(command.getErr());
    return EXIT_FAILURE;
  }
}

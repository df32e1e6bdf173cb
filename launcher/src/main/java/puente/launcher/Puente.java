package puente.launcher;

import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;
import java.util.stream.Stream;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.HelpCommand;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.UnmatchedArgumentException;

/** The command line. */
@Command(
    name = Puente.NAME,
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

  static final String NAME = "puente";

  @Mixin private final HelpOption help = new HelpOption();

  private Puente() {}

  public static void main(String[] arguments) {
    int exitCode = run(Surroundings.ofProcess(), WiredNode.STARTER, arguments);
    System.exit(exitCode);
  }

  static int run(Surroundings surroundings, RunningNode.Starter starter, String... arguments) {
    String[] words = SettingOptions.separated(arguments);
    return execute(commandLine(surroundings, starter, words), surroundings, words);
  }

  static int run(CommandLine line, Surroundings surroundings, String... arguments) {
    return execute(line, surroundings, SettingOptions.separated(arguments));
  }

  private static int execute(CommandLine line, Surroundings surroundings, String... words) {
    if (words.length == 0) {
      line.usage(surroundings.err());
      return EXIT_USAGE;
    }
    return line.execute(words);
  }

  /** With every command, as help and completion show them. */
  static CommandLine commandLine(Surroundings surroundings, RunningNode.Starter starter) {
    CommandLine line = new CommandLine(new Puente());
    commands(surroundings, starter, true)
        .forEach((name, make) -> line.addSubcommand(name, make.get()));
    return equipped(line, surroundings);
  }

  /** With the one command that is meant: to look through all of them takes longer than most run. */
  private static CommandLine commandLine(
      Surroundings surroundings, RunningNode.Starter starter, String[] arguments) {
    boolean asksForHelp = Stream.of(arguments).anyMatch(Set.of("-h", "--help")::contains);
    Supplier<CommandLine> meant =
        arguments.length == 0
            ? null
            : commands(surroundings, starter, asksForHelp).get(arguments[0]);
    if (meant == null || arguments[0].equals("completion")) {
      return commandLine(surroundings, starter);
    }
    CommandLine line = new CommandLine(CommandSpec.create().name(NAME));
    return equipped(line.addSubcommand(arguments[0], meant.get()), surroundings);
  }

  /**
   * @param isListed whether the settings of {@code serve} are made ready for its help
   */
  private static Map<String, Supplier<CommandLine>> commands(
      Surroundings surroundings, RunningNode.Starter starter, boolean isListed) {
    Map<String, Supplier<CommandLine>> commands = new LinkedHashMap<>();
    commands.put("serve", () -> settable(new ServeCommand(surroundings, starter).spec(), isListed));
    commands.put("plan", () -> plan(surroundings));
    commands.put("doctor", () -> ofFile(new DoctorCommand(surroundings)));
    commands.put("restart", () -> settable(new RestartCommand(surroundings), false));
    commands.put("rehearse", () -> rehearse(surroundings, starter));
    commands.put("credentials", () -> ofFile(new CredentialsCommand(surroundings)));
    commands.put("snippet", () -> ofFile(new SnippetCommand(surroundings)));
    commands.put("config", () -> settable(new ConfigCommand(surroundings), false));
    commands.put("user", () -> UserCommand.of(surroundings, System.in));
    commands.put("secret", () -> SecretCommand.of(surroundings));
    commands.put("realm", () -> RealmCommand.of(surroundings));
    commands.put("peer-rule", () -> PeerRuleCommand.of(surroundings));
    commands.put("migrate", () -> new CommandLine(new MigrateCommand(surroundings)));
    commands.put("nodes", () -> new CommandLine(new NodesCommand(surroundings)));
    commands.put("sessions", () -> new CommandLine(new SessionsCommand(surroundings)));
    commands.put("top", () -> new CommandLine(new TopCommand(surroundings)));
    commands.put("drain", () -> new CommandLine(new DrainCommand(surroundings)));
    commands.put("undrain", () -> new CommandLine(new UndrainCommand(surroundings)));
    commands.put("load", () -> load(surroundings));
    commands.put("chat", () -> new CommandLine(new ChatCommand(surroundings, System.in)));
    commands.put("send", () -> new CommandLine(new SendCommand(surroundings)));
    commands.put("receive", () -> new CommandLine(new ReceiveCommand(surroundings)));
    commands.put("punch", () -> new CommandLine(new PunchCommand(surroundings, System.in)));
    commands.put("metrics", () -> new CommandLine(new MetricsCommand(surroundings)));
    commands.put("version", () -> new CommandLine(new VersionCommand(surroundings)));
    commands.put("completion", () -> new CommandLine(new CompletionCommand(surroundings)));
    return commands;
  }

  private static CommandLine rehearse(Surroundings surroundings, RunningNode.Starter starter) {
    String[] words = {"serve", "-n", "--realm=rehearsal"};
    CommandLine serve = commandLine(surroundings, starter, words);
    Runnable reading =
        () -> SettingOptions.sources(serve.parseArgs(words).subcommand(), surroundings);
    return new CommandLine(new RehearseCommand(starter, reading));
  }

  private static CommandLine settable(Object command, boolean isListed) {
    CommandLine line = new CommandLine(command);
    SettingOptions.addTo(line.getCommandSpec(), isListed);
    return line;
  }

  private static CommandLine ofFile(Object command) {
    CommandLine line = new CommandLine(command);
    SettingOptions.addFileOptions(line.getCommandSpec());
    return line;
  }

  private static CommandLine plan(Surroundings surroundings) {
    CommandLine line = new CommandLine(new PlanCommand(surroundings));
    PlanCommand.addNumbers(line.getCommandSpec());
    return line;
  }

  private static CommandLine load(Surroundings surroundings) {
    return new CommandLine(new LoadCommand())
        .addSubcommand("stun", new LoadStunCommand(surroundings, LoadProgress.TERMINAL))
        .addSubcommand("alloc", new LoadAllocCommand(surroundings, LoadProgress.TERMINAL))
        .addSubcommand("turn", new LoadTurnCommand(surroundings, LoadProgress.TERMINAL))
        .addSubcommand("signal", new LoadSignalCommand(surroundings, LoadProgress.TERMINAL));
  }

  private static CommandLine equipped(CommandLine line, Surroundings surroundings) {
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

package puente.launcher;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Says what becomes of a coturn configuration, line by line. */
@Command(
    name = "migrate",
    header = {
      "Say what a coturn configuration becomes.",
      "",
      "  puente migrate /etc/turnserver.conf                    each line, and why",
      "  puente migrate /etc/turnserver.conf > puente.conf      the new file",
      "  puente migrate --json /etc/turnserver.conf",
      "",
      "'puente serve -c turnserver.conf' takes the old file as it is."
    },
    sortOptions = false)
final class MigrateCommand implements Callable<Integer> {
  /** What becomes of one line; {@code result} is the new line, or empty. */
  private record Outcome(int line, String word, String fate, String why, String result) {}

  private final Surroundings surroundings;

  @Parameters(paramLabel = "FILE", description = "The file to read.")
  private String file;

  @Option(names = "--json", description = "Print one JSON object.")
  private boolean json;

  @Option(names = "--show-secrets", description = "Write secrets into the new file.")
  private boolean showSecrets;

  @Mixin private final HelpOption help = new HelpOption();

  @SuppressWarnings("NullAway.Init") // picocli sets the annotated fields.
  MigrateCommand(Surroundings surroundings) {
    this.surroundings = surroundings;
  }

  @Override
  public Integer call() throws StartFailure {
    List<Outcome> outcomes = new ArrayList<>();
    for (ConfigFile.Line line : ConfigFile.read(surroundings.directory().resolve(file))) {
      outcomes.add(outcome(line));
    }
    surroundings.out().print(json ? json(outcomes) : text(outcomes));
    boolean malformed = outcomes.stream().anyMatch(outcome -> outcome.fate().equals("malformed"));
    return malformed ? Puente.EXIT_USAGE : 0;
  }

  private Outcome outcome(ConfigFile.Line line) {
    Optional<Setting<?>> known = Settings.named(line.key());
    if (known.isEmpty()) {
      return new Outcome(line.number(), "?", "unknown", UnknownWord.inFile(line), "");
    }
    Setting<?> setting = known.get();
    return switch (setting.status()) {
      case WORKS -> working(line, setting, line.value(), "works", "");
      case IGNORED -> new Outcome(line.number(), setting.name(), "ignored", setting.note(), "");
      case HELD -> new Outcome(line.number(), setting.name(), "not needed", setting.note(), "");
      case MAPPED -> mapped(line, setting);
    };
  }

  private Outcome mapped(ConfigFile.Line line, Setting<?> setting) {
    Setting.Mapping mapping = setting.mapping().orElseThrow();
    try {
      String text = mapping.conversion().apply(line.value());
      return text.isEmpty()
          ? new Outcome(line.number(), setting.name(), "not needed", "it is switched off", "")
          : working(line, mapping.target(), text, "mapped", setting + " is " + mapping.target());
    } catch (IllegalArgumentException e) {
      return malformed(line, setting, e);
    }
  }

  private Outcome working(
      ConfigFile.Line line, Setting<?> setting, String text, String fate, String why) {
    try {
      setting.type().reader().apply(text.isEmpty() ? setting.bare().orElse("") : text);
    } catch (IllegalArgumentException e) {
      return malformed(line, setting, e);
    }
    String result = setting + (text.isEmpty() ? "" : "=" + SafeText.escape(text));
    if (setting.secret() && !showSecrets) {
      result = "# " + setting + ": a secret, not shown; copy line " + line.number();
    }
    return new Outcome(
        line.number(), Settings.named(line.key()).orElseThrow().name(), fate, why, result);
  }

  private static Outcome malformed(
      ConfigFile.Line line, Setting<?> setting, IllegalArgumentException why) {
    String message = String.valueOf(why.getMessage());
    return new Outcome(line.number(), setting.name(), "malformed", message, "");
  }

  private String text(List<Outcome> outcomes) {
    StringBuilder text = new StringBuilder();
    text.append("# What becomes of ").append(SafeText.escape(file)).append(", line by line:\n#\n");
    for (Outcome outcome : outcomes) {
      String line =
          String.format(
              Locale.ROOT,
              "# %4d  %-34s %-10s  %s",
              outcome.line(),
              outcome.word(),
              outcome.fate(),
              outcome.why());
      text.append(line.stripTrailing()).append('\n');
    }
    text.append("#\n# The configuration of Puente:\n\n");
    for (Outcome outcome : outcomes) {
      if (!outcome.result().isEmpty()) {
        text.append(outcome.result()).append('\n');
      }
    }
    return text.toString();
  }

  private static String json(List<Outcome> outcomes) {
    List<Map<String, Object>> lines = new ArrayList<>();
    for (Outcome outcome : outcomes) {
      Map<String, Object> line = new LinkedHashMap<>();
      line.put("line", outcome.line());
      line.put("setting", outcome.word());
      line.put("fate", outcome.fate());
      line.put("why", outcome.why());
      line.put("result", outcome.result());
      lines.add(line);
    }
    return Json.pretty(Map.of("lines", lines)) + "\n";
  }
}

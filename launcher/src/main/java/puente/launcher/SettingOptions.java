package puente.launcher;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import picocli.CommandLine.Model.ArgGroupSpec;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParseResult;
import puente.launcher.Setting.Group;

/** The options of a command that takes settings, made from the table. */
final class SettingOptions {
  /** The letters of coturn that take no value, so that several may share a dash. */
  private static final Pattern LETTERS = Pattern.compile("-[vVofzaSnh]{2,}");

  private SettingOptions() {}

  /** Parts {@code -vf} into {@code -v -f}; it would else be read as {@code --verbose=f}. */
  static String[] separated(String... arguments) {
    List<String> separated = new ArrayList<>();
    for (String argument : arguments) {
      if (LETTERS.matcher(argument).matches()) {
        argument.chars().skip(1).forEach(letter -> separated.add("-" + (char) letter));
      } else {
        separated.add(argument);
      }
    }
    return separated.toArray(String[]::new);
  }

  /**
   * Adds an option for each setting, and {@code -c} and {@code -n} as coturn has them.
   *
   * @param inHelp whether the help of the command lists those that work
   */
  static void addTo(CommandSpec command, boolean inHelp) {
    addFileOptions(command);
    for (Group group : Group.values()) {
      ArgGroupSpec.Builder section =
          ArgGroupSpec.builder().heading("%n" + group.title() + ":%n").exclusive(false);
      boolean empty = true;
      for (Setting<?> setting : Settings.TABLE) {
        boolean shown = inHelp && setting.status() == Setting.Status.WORKS;
        if (setting.group() == group && shown) {
          section.addArg(option(setting, false));
          empty = false;
        } else if (setting.group() == group) {
          command.addOption(option(setting, true));
        }
      }
      if (!empty) {
        command.addArgGroup(section.build());
      }
    }
  }

  static void addFileOptions(CommandSpec command) {
    command.addOption(
        OptionSpec.builder("-c", "--config")
            .type(String.class)
            .paramLabel("FILE")
            .description(
                "Configuration file. Without it: ./puente.conf or /etc/puente/puente.conf.")
            .build());
    command.addOption(
        OptionSpec.builder("-n", "--no-config")
            .type(boolean.class)
            .arity("0")
            .description("Read no configuration file.")
            .build());
  }

  static ConfigLoader.Sources sources(ParseResult parsed, Surroundings surroundings) {
    Optional<Path> file =
        parsed.hasMatchedOption("-c")
            ? Optional.of(Path.of(parsed.matchedOptionValue("-c", "")))
            : Optional.empty();
    return new ConfigLoader.Sources(
        file,
        !parsed.hasMatchedOption("-n"),
        surroundings.environment(),
        flags(parsed),
        surroundings.directory());
  }

  private static List<ConfigLoader.Flag> flags(ParseResult parsed) {
    List<ConfigLoader.Flag> flags = new ArrayList<>();
    for (OptionSpec option : parsed.matchedOptions()) {
      String name = option.longestName().substring(2);
      boolean counted = flags.stream().anyMatch(flag -> flag.name().equals(name));
      if (!counted && option.userObject() instanceof Setting<?>) {
        // Not the original strings: a bare flag leaves none, but its value is what it means.
        List<String> texts = option.getValue();
        texts.forEach(text -> flags.add(new ConfigLoader.Flag(name, text)));
      }
    }
    return flags;
  }

  private static OptionSpec option(Setting<?> setting, boolean hidden) {
    List<String> names = new ArrayList<>(List.of("--" + setting.name()));
    setting.aliases().forEach(alias -> names.add("--" + alias));
    setting.letter().ifPresent(letter -> names.addFirst("-" + letter));
    String words = setting.type() == Type.FLAG ? "yes|no" : label(setting);
    OptionSpec.Builder option =
        OptionSpec.builder(names.toArray(String[]::new))
            .type(List.class)
            .auxiliaryTypes(String.class)
            .arity(setting.bare().isPresent() ? "0..1" : "1")
            .paramLabel(words)
            .hideParamSyntax(setting.bare().isEmpty())
            .hidden(hidden)
            .userObject(setting);
    if (!hidden) {
      option.description(description(setting));
    }
    setting.bare().ifPresent(option::fallbackValue);
    return option.build();
  }

  private static String label(Setting<?> setting) {
    String words = setting.type().words();
    int end = words.indexOf(',');
    String first =
        setting.type().words().contains("auto") || end < 0 ? words : words.substring(0, end);
    return "<" + first.replace(", ", "|") + ">";
  }

  private static String description(Setting<?> setting) {
    String fallback = setting.fallback();
    boolean said = fallback.isEmpty() || fallback.equals("no");
    // picocli formats the text: a percent sign must be doubled.
    return (setting.help() + (said ? "" : " Default: " + fallback + ".")).replace("%", "%%");
  }
}

package puente.launcher;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * What to say about a word that is no setting. It may be a secret that slipped into the wrong
 * place, so that a word is quoted only when it looks like a setting, and a value never.
 */
final class UnknownWord {
  private static final Pattern PLAIN = Pattern.compile("[a-z][a-z-]{1,39}");
  private static final Pattern NAME = Pattern.compile("[A-Za-z][A-Za-z0-9_-]{1,39}");

  private UnknownWord() {}

  static String inFile(ConfigFile.Line line) {
    Optional<String> meant = Suggestion.nearest(line.key(), names());
    boolean shown =
        PLAIN.matcher(line.key()).matches()
            || (NAME.matcher(line.key()).matches()
                && (meant.isPresent() || !line.value().isEmpty()));
    return shown
        ? "unknown setting " + line.key() + " is ignored" + hint(meant)
        : "this line is no setting and is ignored";
  }

  static String inEnvironment(String variable, Collection<String> known) {
    return "unknown variable is ignored" + hint(Suggestion.nearest(variable, known));
  }

  /** For an option of the command line, without what follows its equals sign. */
  static String asOption(String option) {
    int equals = option.indexOf('=');
    String name = (equals < 0 ? option : option.substring(0, equals)).replaceFirst("^--?", "");
    return "unknown option "
        + (NAME.matcher(name).matches() ? "--" + name : "")
        + hint(Suggestion.nearest(name, names()).map(near -> "--" + near));
  }

  static List<String> names() {
    List<String> names = new ArrayList<>();
    for (Setting<?> setting : Settings.TABLE) {
      names.add(setting.name());
      names.addAll(setting.aliases());
    }
    return names;
  }

  private static String hint(Optional<String> meant) {
    return meant.map(word -> "; did you mean " + word + "?").orElse("");
  }
}

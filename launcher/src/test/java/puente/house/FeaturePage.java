package puente.house;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;

/** The part of docs/RFC.md about features, each with the tests that show it or the reason why not. */
final class FeaturePage {

  private static final Set<String> ANSWERS = Set.of("yes", "partly", "no");

  /** One line of features.txt. */
  private record Feature(
      String name, String answer, List<String> settings, String remark, List<String> tests) {

    static Feature parse(String line) {
      String[] cells = line.split("\\|", -1);
      if (cells.length != 5) {
        throw new IllegalArgumentException("five cells are wanted: " + line);
      }
      return new Feature(
          cells[0].strip(), cells[1].strip(), words(cells[2]), cells[3].strip(), words(cells[4]));
    }

    private static List<String> words(String cell) {
      return Stream.of(cell.split(",")).map(String::strip).filter(word -> !word.isEmpty()).toList();
    }

    String row() {
      String by = String.join(", ", settings.stream().map(word -> "`" + word + "`").toList());
      String shown = String.join(", ", tests);
      return "| %s | %s | %s | %s | %s |\n".formatted(name, answer, by, remark, shown);
    }
  }

  private static final String HEAD =
      """

      # Features

      What servers of this kind are compared by. The build fails when a test or a setting named here does not
      exist, when a yes names no test, and when a no has no reason.
      """;

  private final List<String> lines;

  FeaturePage(List<String> lines) {
    this.lines = lines.stream().filter(line -> !line.isBlank() && !line.startsWith("#")).toList();
  }

  String text() {
    StringBuilder page = new StringBuilder(HEAD);
    for (String line : lines) {
      page.append(
          line.startsWith("== ")
              ? "\n## "
                  + line.substring(3)
                  + "\n| feature | | settings | remark, or why not | shown by |\n|---|---|---|---|---|\n"
              : Feature.parse(line).row());
    }
    return page.toString();
  }

  /**
   * What is not as it must be.
   *
   * @param tests names of test classes, and of their methods as Class.method
   * @param settings the page of settings
   */
  List<String> complaints(Set<String> tests, String settings) {
    List<String> complaints = new ArrayList<>();
    for (String line : lines) {
      if (!line.startsWith("== ")) {
        complain(Feature.parse(line), tests, settings, complaints);
      }
    }
    return complaints;
  }

  private static void complain(
      Feature feature, Set<String> tests, String settings, List<String> complaints) {
    if (!ANSWERS.contains(feature.answer)) {
      complaints.add(feature.name + ": no answer is " + feature.answer);
    }
    if (feature.answer.equals("no") != feature.tests.isEmpty()) {
      complaints.add(feature.name + ": tests are named for what there is, and for nothing else");
    }
    if (!feature.answer.equals("yes") && feature.remark.isEmpty()) {
      complaints.add(feature.name + ": why not?");
    }
    for (String test : feature.tests) {
      if (!tests.contains(test)) {
        complaints.add(feature.name + ": there is no test " + test);
      }
    }
    for (String setting : feature.settings) {
      if (!settings.contains("\n| `" + setting + "` ")) {
        complaints.add(feature.name + ": there is no setting " + setting);
      }
    }
  }
}

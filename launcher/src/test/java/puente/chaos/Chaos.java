package puente.chaos;

import io.vertx.core.json.JsonArray;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** {@code ./puente chaos}: plays scenarios and prints what came of them. */
public final class Chaos {

  private static final String USAGE =
      """
      ./puente chaos [--short] [--json | --markdown] [SCENARIO...]

      Three nodes in network namespaces, with clients and peers, and what may happen to them. All
      scenarios, or those named; needs root and iproute2. Exit code 1 when something is not as it must be,
      2 on wrong usage, 3 where there cannot be such a laboratory.

      --short      fewer people, shorter times, no supervisors
      --json       the figures for programs
      --markdown   the table as docs/CHAOS.md has it

      """;

  private Chaos() {}

  /** The command line. */
  public static void main(String... words) {
    System.exit(run(List.of(words)));
  }

  private static int run(List<String> words) {
    List<Scenario> scenarios = new ArrayList<>();
    boolean brief = false;
    Form form = Form.TABLE;
    for (String word : words) {
      switch (word) {
        case "--short" -> brief = true;
        case "--json" -> form = Form.JSON;
        case "--markdown" -> form = Form.MARKDOWN;
        case "--help", "-h" -> {
          System.out.print(usage());
          return 0;
        }
        default -> {
          try {
            scenarios.add(Scenario.of(word));
          } catch (IllegalArgumentException unknown) {
            System.err.println(unknown.getMessage() + "\n" + usage());
            return 2;
          }
        }
      }
    }
    List<String> missing = Lab.missing();
    if (!missing.isEmpty()) {
      System.err.println("LEFT OUT: chaos needs " + String.join(", ", missing));
      return 3;
    }
    return play(scenarios.isEmpty() ? List.of(Scenario.values()) : scenarios, brief, form);
  }

  private static String usage() {
    StringBuilder text = new StringBuilder(USAGE);
    for (Scenario scenario : Scenario.values()) {
      text.append("%-14s %s%n".formatted(scenario.word(), scenario.about()));
    }
    return text.toString();
  }

  private static int play(List<Scenario> scenarios, boolean brief, Form form) {
    Path folder = Path.of(System.getProperty("puente.chaos", "target/chaos"));
    List<Outcome> outcomes = new ArrayList<>();
    for (Scenario scenario : scenarios) {
      System.err.println("chaos: " + scenario.word() + ": " + scenario.about());
      Outcome outcome = scenario.play(folder, brief);
      System.err.println(outcome.details());
      outcomes.add(outcome);
    }
    print(outcomes, brief, form);
    return outcomes.stream().allMatch(Outcome::passed) ? 0 : 1;
  }

  private static void print(List<Outcome> outcomes, boolean brief, Form form) {
    switch (form) {
      case JSON -> {
        JsonArray all = new JsonArray();
        outcomes.forEach(outcome -> all.add(outcome.json()));
        System.out.println(all.encodePrettily());
      }
      case MARKDOWN -> {
        System.out.print(Outcome.markdownHead());
        String words = brief ? "short" : "full";
        outcomes.forEach(outcome -> System.out.print(outcome.markdownRow(words)));
      }
      case TABLE -> {
        System.out.print(Outcome.head());
        outcomes.forEach(outcome -> System.out.print(outcome.row()));
      }
    }
  }

  private enum Form {
    TABLE,
    JSON,
    MARKDOWN
  }
}

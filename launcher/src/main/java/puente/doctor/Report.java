package puente.doctor;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import puente.doctor.Finding.Part;
import puente.doctor.Finding.Verdict;

/** All findings, for people and for programs. */
public record Report(List<Finding> findings) {

  /** Changes when a program would have to read it in another way. */
  private static final int SCHEMA = 1;

  public Report {
    findings = List.copyOf(findings);
  }

  public long count(Verdict verdict) {
    return findings.stream().filter(found -> found.verdict() == verdict).count();
  }

  /**
   * For people.
   *
   * @param isColoured whether the terminal shows colours
   */
  public String text(boolean isColoured) {
    StringBuilder text = new StringBuilder();
    for (Part part : Part.values()) {
      List<Finding> own = findings.stream().filter(found -> found.part() == part).toList();
      if (!own.isEmpty()) {
        text.append(part.title()).append('\n');
        own.forEach(found -> line(found, isColoured, text));
      }
    }
    text.append("Result: ")
        .append(counted(count(Verdict.PROBLEM), "problem"))
        .append(", ")
        .append(counted(count(Verdict.WARNING), "warning"))
        .append('.');
    findings.stream()
        .filter(found -> found.verdict() == Verdict.PROBLEM)
        .findFirst()
        .ifPresent(first -> text.append(" Fix first: ").append(first.name()).append('.'));
    return text.append('\n').toString();
  }

  private static String counted(long count, String what) {
    return count + " " + what + (count == 1 ? "" : "s");
  }

  private static void line(Finding found, boolean isColoured, StringBuilder text) {
    String mark =
        switch (found.verdict()) {
          case GOOD -> isColoured ? "\u001b[32m✔\u001b[0m" : "✔";
          case WARNING -> isColoured ? "\u001b[33m⚠\u001b[0m" : "⚠";
          case PROBLEM -> isColoured ? "\u001b[31m✖\u001b[0m" : "✖";
          case SKIPPED -> "–";
        };
    text.append("  ")
        .append(mark)
        .append(' ')
        .append(String.format(Locale.ROOT, "%-18s", found.name()))
        .append(' ')
        .append(found.detail())
        .append('\n');
    if (!found.fix().isEmpty()) {
      text.append("      → ").append(found.fix()).append('\n');
    }
  }

  /** For programs. */
  public Map<String, Object> json() {
    List<Map<String, Object>> all = new ArrayList<>();
    for (Finding found : findings) {
      Map<String, Object> one = new LinkedHashMap<>();
      one.put("part", word(found.part()));
      one.put("check", found.name());
      one.put("verdict", word(found.verdict()));
      one.put("detail", found.detail());
      one.put("fix", found.fix());
      all.add(one);
    }
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("schemaVersion", SCHEMA);
    json.put("problems", count(Verdict.PROBLEM));
    json.put("warnings", count(Verdict.WARNING));
    json.put("findings", all);
    return json;
  }

  private static String word(Enum<?> constant) {
    return constant.name().toLowerCase(Locale.ROOT);
  }
}

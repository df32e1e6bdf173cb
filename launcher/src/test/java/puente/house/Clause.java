package puente.house;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A section of an RFC, as tests cite it: "RFC 8656 §7.2, §8.2", "RFC 8489 Appendix B.1". */
record Clause(int rfc, String section) implements Comparable<Clause> {

  private static final String ONE = "(?:§+\\s*|Appendix\\s+|Section\\s+)([A-Z0-9]+(?:\\.[0-9]+)*)";
  private static final Pattern CITATION =
      Pattern.compile(
          "RFC\\s+([0-9]{4}),?\\s+(" + ONE + "(?:(?:\\s*,|\\s+and|\\s*/)\\s*" + ONE + ")*)");
  private static final Pattern SECTION = Pattern.compile(ONE);

  static List<Clause> citedIn(String text) {
    // A citation may run over a line's end, and over the star that a comment's next line begins
    // with.
    String joined = text.replaceAll("\\s*\\n\\s*(?:\\*|//)?\\s*", " ");
    List<Clause> cited = new ArrayList<>();
    for (Matcher citation = CITATION.matcher(joined); citation.find(); ) {
      int rfc = Integer.parseInt(citation.group(1));
      for (Matcher section = SECTION.matcher(citation.group(2)); section.find(); ) {
        cited.add(new Clause(rfc, section.group(1)));
      }
    }
    return cited;
  }

  boolean isAppendix() {
    return Character.isLetter(section.charAt(0));
  }

  boolean isPartOf(Clause whole) {
    return rfc == whole.rfc && section.startsWith(whole.section + ".");
  }

  @Override
  public int compareTo(Clause other) {
    return Comparator.comparingInt(Clause::rfc)
        .thenComparing(Clause::isAppendix)
        .thenComparing(Clause::sortable)
        .compare(this, other);
  }

  /** Each number padded, so that 14.10 comes after 14.9. */
  private String sortable() {
    StringBuilder padded = new StringBuilder();
    for (String part : section.split("\\.")) {
      padded.append("    ", 0, Math.max(0, 4 - part.length())).append(part);
    }
    return padded.toString();
  }

  @Override
  public String toString() {
    return (isAppendix() ? "Appendix " : "§") + section;
  }
}

package puente.house;

import com.sun.source.tree.AnnotationTree;
import com.sun.source.tree.ClassTree;
import com.sun.source.tree.MethodTree;
import com.sun.source.tree.Tree;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/** docs/RFC.md: which test proves which clause, read from the tests' own comments. */
final class ClausePage {

  private static final String HEAD =
      """
      # Clauses and the tests that prove them

      Generated from the tests: each names the clauses it proves in its comments ("RFC 8656 §7.2").
      `./puente docs` writes this page anew, and a test fails while it is not current.
      """;

  /** Test methods by clause, as `Class.method`. */
  private final TreeMap<Clause, Set<String>> testsByClause = new TreeMap<>();

  /** Every test class, and every test as `Class.method`. */
  private final Set<String> tests = new TreeSet<>();

  /** What binds a server, by clause. */
  private final TreeMap<Clause, String> titleByClause = new TreeMap<>();

  ClausePage(List<JavaSource> sources, List<String> titles) {
    for (String title : titles) {
      if (!title.startsWith("#")) {
        String[] words = title.split(" ", 3);
        titleByClause.put(new Clause(Integer.parseInt(words[0]), words[1]), words[2]);
      }
    }
    for (JavaSource source : sources) {
      if (source.isTest() && !source.packageName().equals("puente.house")) {
        for (Tree type : source.tree().getTypeDecls()) {
          if (type instanceof ClassTree outermost) {
            read(source, outermost, 0);
          }
        }
      }
    }
  }

  /** A test owns the text from the end of the member before it, comments included, to its own end. */
  private void read(JavaSource source, ClassTree type, int from) {
    String name = type.getSimpleName().toString();
    int head = Math.max(source.start(type), source.end(type.getModifiers()));
    int end = source.text().indexOf('{', head) + 1;
    if (type.getMembers().stream().anyMatch(ClausePage::isTest)) {
      tests.add(name);
      cite(source.text().substring(from, end), name);
    }
    for (Tree member : type.getMembers()) {
      int start = end;
      if (source.end(member) < 0) {
        continue; // the constructor that the parser supplies
      }
      end = source.end(member);
      if (member instanceof ClassTree nested) {
        read(source, nested, start);
      } else if (member instanceof MethodTree method && isTest(member)) {
        tests.add(name + "." + method.getName());
        cite(source.text().substring(start, end), name + "." + method.getName());
      }
    }
  }

  private void cite(String text, String test) {
    for (Clause clause : Clause.citedIn(text)) {
      testsByClause.computeIfAbsent(clause, key -> new TreeSet<>()).add(test);
    }
  }

  private static boolean isTest(Tree member) {
    if (!(member instanceof MethodTree method)) {
      return false;
    }
    for (AnnotationTree annotation : method.getModifiers().getAnnotations()) {
      if (annotation
          .getAnnotationType()
          .toString()
          .matches("(Parameterized|Repeated)?Test|TestFactory")) {
        return true;
      }
    }
    return false;
  }

  String text() {
    StringBuilder page = new StringBuilder(HEAD);
    int rfc = 0;
    for (var entry : testsByClause.entrySet()) {
      Clause clause = entry.getKey();
      if (clause.rfc() != rfc) {
        rfc = clause.rfc();
        page.append("\n## RFC ").append(rfc).append("\n| clause | proved by |\n|---|---|\n");
      }
      page.append("| ").append(clause);
      page.append(titleByClause.containsKey(clause) ? " " + titleByClause.get(clause) : "");
      page.append(" | ").append(String.join(", ", entry.getValue())).append(" |\n");
    }
    return page.append(unproved()).toString();
  }

  Set<String> tests() {
    return tests;
  }

  private String unproved() {
    List<String> lines = new ArrayList<>();
    titleByClause.forEach(
        (clause, title) -> {
          if (testsByClause.keySet().stream().noneMatch(cited -> covers(cited, clause))) {
            lines.add("* RFC " + clause.rfc() + " " + clause + " " + title + "\n");
          }
        });
    return "\n## Clauses that bind a server and that no test names\n"
        + (lines.isEmpty() ? "None.\n" : String.join("", lines));
  }

  /** A test of §9.2.4 is a test of §9.2 as well, and a whole class about §9.2 one of §9.2.4. */
  private boolean covers(Clause cited, Clause clause) {
    return cited.equals(clause)
        || cited.isPartOf(clause)
        || clause.isPartOf(cited)
            && testsByClause.getOrDefault(cited, Set.of()).stream()
                .anyMatch(test -> test.indexOf('.') < 0);
  }
}

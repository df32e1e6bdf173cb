package puente.house;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** docs/RFC.md says what the tests say. */
class ClausePageTest {

  private static final Path PAGE = Repository.ROOT.resolve("docs/RFC.md");

  @Test
  void pageIsCurrent() throws Exception {
    ClausePage clauses = new ClausePage(JavaSource.ofRepository(), lines("clauses.txt"));
    FeaturePage features = new FeaturePage(lines("features.txt"));
    String settings = Repository.text(Repository.ROOT.resolve("docs/CONFIG.md"));
    assertEquals(List.of(), features.complaints(clauses.tests(), settings));
    String page = clauses.text() + features.text();
    if ("write".equals(System.getProperty("puente.docs"))) {
      Files.writeString(PAGE, page);
    }
    assertEquals(page, Repository.text(PAGE), "docs/RFC.md is out of date: run ./puente docs");
  }

  @Test
  void featuresNameWhatThereIs() {
    var page =
        new FeaturePage(
            List.of(
                "# note",
                "== Part",
                "good | yes | one | | ATest.first",
                "gone | yes | two | | ATest.second",
                "bare | yes | | |",
                "silent | no | | |",
                "boast | no | | a reason | ATest",
                "odd | maybe | | a reason | ATest"));
    assertEquals(
        List.of(
            "gone: there is no test ATest.second",
            "gone: there is no setting two",
            "bare: tests are named for what there is, and for nothing else",
            "silent: why not?",
            "boast: tests are named for what there is, and for nothing else",
            "odd: no answer is maybe"),
        page.complaints(Set.of("ATest", "ATest.first"), "\n| `one` | text |"));
    assertTrue(page.text().contains("\n## Part\n| feature |"), page.text());
    assertTrue(page.text().contains("\n| good | yes | `one` |  | ATest.first |\n"), page.text());
  }

  @Test
  void readsCitationsOfAllShapes() {
    assertEquals("[§7.2]", Clause.citedIn("/** RFC 8656 §7.2: refuses. */").toString());
    assertEquals("[§14.5, §14.6]", Clause.citedIn("RFC 8489 §14.5 and §14.6").toString());
    assertEquals("[§1, §2.1]", Clause.citedIn("(RFC 8489 §1, §2.1.)").toString());
    assertEquals("[Appendix B.1]", Clause.citedIn("RFC 8489 Appendix B.1 as printed").toString());
    assertEquals("[§9.2.4]", Clause.citedIn(" * as RFC\n   * 8489 §9.2.4 has it").toString());
    assertEquals("[]", Clause.citedIn("RFC 8489 and others").toString());
  }

  @Test
  void tellsTestsFromTheirClassAndOrdersClauses() {
    String source =
        """
        package puente.stun;
        /** All of RFC 8489 §14.10. */
        class ATest {
          int field = 1;

          /** RFC 8489 §14.9: first. */
          @Test void one() {}
          // RFC 8656 §7.2
          @Test void two() {}
          /** RFC 8656 §1: no test. */
          void three() {}
        }
        """;
    String page =
        new ClausePage(
                List.of(JavaSource.parse("a/src/test/java/ATest.java", source)),
                List.of(
                    "# note",
                    "8489 14 Attributes",
                    "8489 14.9 REALM",
                    "8489 14.10.1 Part",
                    "8489 14.9.1 Unproved"))
            .text();
    assertTrue(page.contains("| §14.9 REALM | ATest.one |\n| §14.10 | ATest |\n"), page);
    assertTrue(
        page.contains("## RFC 8656\n| clause | proved by |\n|---|---|\n| §7.2 | ATest.two |\n\n"),
        page);
    assertTrue(page.endsWith("no test names\n* RFC 8489 §14.9.1 Unproved\n"), page);
  }

  private static List<String> lines(String name) throws IOException {
    try (var resource = ClausePageTest.class.getResourceAsStream(name)) {
      return new String(resource.readAllBytes(), StandardCharsets.UTF_8).lines().toList();
    }
  }
}

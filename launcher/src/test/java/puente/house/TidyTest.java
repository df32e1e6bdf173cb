package puente.house;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The repository keeps the house style; and each rule of it can say no. */
class TidyTest {

  private static final String PATH = "stun-server/src/main/java/puente/stun/Example.java";

  @Test
  void everyJavaFileIsTidy() {
    List<JavaSource> sources = JavaSource.ofRepository();
    List<String> complaints = new ArrayList<>(Tidy.packages(sources));
    sources.forEach(source -> complaints.addAll(Tidy.java(source)));
    assertTrue(sources.size() > 10, "found the sources");
    assertEquals(List.of(), complaints, () -> String.join("\n", complaints));
  }

  @Test
  void everyOtherTextFileIsTidy() {
    List<String> complaints = new ArrayList<>();
    for (Path file :
        Repository.files("md", "xml", "js", "css", "html", "yml", "yaml", "py", "puente", "run")) {
      complaints.addAll(
          Tidy.text(Repository.ROOT.relativize(file).toString(), Repository.text(file)));
    }
    assertEquals(List.of(), complaints, () -> String.join("\n", complaints));
  }

  @Test
  void aTidyFileIsLeftAlone() {
    says(
        List.of(),
        "package puente.stun;\n\nfinal class Example {\n  int one() {\n    return 1;\n  }\n}\n");
  }

  @Test
  void longFile() {
    complainsOf("501 lines", "class Example {\n" + "\n".repeat(499) + "}\n");
  }

  @Test
  void longFunction() {
    complainsOf(
        "one has 72 lines", "class Example {\n  void one() {\n" + "f();\n".repeat(70) + "  }\n}\n");
  }

  @Test
  void longFlatSwitchIsForgiven() {
    String cases = "      case 1 -> 2;\n".repeat(100);
    says(
        List.of(),
        "class Example {\n  int one(int x) {\n    return switch (x) {\n"
            + cases
            + "    };\n  }\n}\n");
  }

  @Test
  void longSwitchWithLongCasesIsNot() {
    String cases = "      case 1 -> {\n" + "        f();\n".repeat(80) + "      }\n";
    complainsOf(
        "one has",
        "class Example {\n  void one(int x) {\n    switch (x) {\n" + cases + "    }\n  }\n}\n");
  }

  @Test
  void longLine() {
    complainsOf("longer than 110", "// " + "x".repeat(108) + "\nclass Example {}\n");
  }

  @Test
  void tab() {
    complainsOf("a tab", "class Example {\n\tint x;\n}\n");
  }

  @Test
  void unfinishedBusiness() {
    complainsOf("unfinished", "// TO" + "DO later\nclass Example {}\n");
  }

  @Test
  void vagueNames() {
    for (String name :
        List.of("StunUtil", "StunUtils", "Helper", "PortManager", "TurnImpl", "AbstractTurn")) {
      complainsOf(name + " says nothing", "class " + name + " {}\n");
    }
    says(List.of(), "class Utilization {}\n");
    says(List.of(), "class Implementation {}\n");
  }

  @Test
  void sleep() {
    complainsOf("a sleep", "class Example {\n  void one() {\n    Thread.sleep(1);\n  }\n}\n");
  }

  @Test
  void machinePath() {
    complainsOf("somebody's machine", "// see /ho" + "me/ana/notes\nclass Example {}\n");
    says(List.of(), "// https://example.org/ho" + "me/page\nclass Example {}\n");
  }

  @Test
  void noFinalNewline() {
    complainsOf("no newline", "class Example {}");
  }

  @Test
  void lockWherePacketsRun() {
    complainsOf(
        "synchronized", "package puente.stun;\nclass Example {\n  synchronized void one() {}\n}\n");
    complainsOf(
        "synchronized",
        "package puente.net;\nclass Example {\n  void one() {\n    synchronized (this) {\n    }\n  }\n}\n");
  }

  @Test
  void packageWithoutNullMark() {
    JavaSource source = JavaSource.parse(PATH, "package puente.stun;\nclass Example {}\n");
    assertEquals(
        List.of("puente.stun: no null-marked package-info.java"), Tidy.packages(List.of(source)));
  }

  private static void complainsOf(String what, String text) {
    List<String> complaints = Tidy.java(JavaSource.parse(PATH, text));
    assertEquals(1, complaints.size(), complaints::toString);
    assertTrue(complaints.getFirst().contains(what), complaints::toString);
  }

  private static void says(List<String> expected, String text) {
    assertEquals(expected, Tidy.java(JavaSource.parse(PATH, text)));
  }
}

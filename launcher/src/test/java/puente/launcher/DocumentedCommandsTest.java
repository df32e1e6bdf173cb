package puente.launcher;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;

/** What the pages call can be called: each command of theirs has this name and takes these options. */
class DocumentedCommandsTest {
  private static final Path ROOT = Path.of("..").toAbsolutePath().normalize();

  /** Of the scripts around it. */
  private static final Set<String> ELSEWHERE =
      Set.of("test", "chaos", "natlab", "format", "docs", "learn", "healthcheck");

  private static final Pattern COMMAND = Pattern.compile("^(?:    )?(?:\\./|\\$ )?puente +(.+)$");

  /** Where the shell's words end. */
  private static final Pattern END = Pattern.compile("^(?:&&|\\|\\|?|;|>|<|&|#)");

  /** So many spaces stand before a remark. */
  private static final int REMARK_GAP = 4;

  private static final Pattern WORD = Pattern.compile("(?:\"[^\"]*\"|'[^']*'|[^\\s\"'])+");

  @Test
  void everyCommandOfThePagesIsTaken() throws IOException {
    List<Path> pages = new ArrayList<>(List.of(ROOT.resolve("README.md")));
    try (Stream<Path> all = Files.walk(ROOT.resolve("docs"))) {
      all.filter(page -> page.toString().endsWith(".md")).sorted().forEach(pages::add);
    }
    List<String> wrong = new ArrayList<>();
    int commands = 0;
    for (Path page : pages) {
      for (List<String> words : commands(Files.readString(page))) {
        commands++;
        refusal(words).ifPresent(why -> wrong.add(ROOT.relativize(page) + ": " + words + why));
      }
    }
    assertEquals(List.of(), wrong);
    assertTrue(commands > 40, commands + " commands");
  }

  private static Optional<String> refusal(List<String> words) {
    CommandLine line = Puente.commandLine(Surroundings.ofProcess(), WiredNode.STARTER);
    try {
      line.parseArgs(SettingOptions.separated(words.toArray(String[]::new)));
      return Optional.empty();
    } catch (CommandLine.ParameterException refused) {
      return Optional.of(": " + refused.getMessage());
    }
  }

  /** Lines of code that begin with the program, with those that go on after a backslash. */
  private static List<List<String>> commands(String page) {
    List<List<String>> commands = new ArrayList<>();
    boolean isFenced = false;
    for (String line : page.replace("\\\n", " ").lines().toList()) {
      if (line.startsWith("```")) {
        isFenced = !isFenced;
      }
      Matcher command = COMMAND.matcher(line);
      if ((isFenced || line.startsWith("    ")) && command.matches()) {
        List<String> words = words(command.group(1));
        if (!words.isEmpty() && !ELSEWHERE.contains(words.getFirst())) {
          commands.add(words);
        }
      }
    }
    return commands;
  }

  private static List<String> words(String text) {
    List<String> words = new ArrayList<>();
    Matcher word = WORD.matcher(text);
    int at = 0;
    while (word.find()) {
      boolean isRemark = word.start() - at >= REMARK_GAP;
      if (isRemark || END.matcher(word.group()).find()) {
        return words;
      }
      words.add(word.group().replace("\"", "").replace("'", ""));
      at = word.end();
    }
    return words;
  }
}

package puente.natlab;

import java.time.Duration;
import java.util.Locale;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** What is tried with two hosts behind a pair of NATs. */
enum Trial {
  PUNCH {
    @Override
    Outcome run(NatLab lab, boolean expected) {
      String seconds = expected ? "60" : "8";
      String meeting = "meeting" + NUMBER.incrementAndGet();
      try (LabProgram ana = lab.puente(1, "punch", meeting, "--name", "ana", "--wait", seconds);
          LabProgram ben = lab.puente(2, "punch", meeting, "--name", "ben", "--wait", seconds)) {
        String path = ana.await("direct path", PATIENCE);
        if (path.isEmpty() || ben.await("direct path", PATIENCE).isEmpty()) {
          boolean said = ana.exit(PATIENCE) == 1 && ben.exit(PATIENCE) == 1;
          return new Outcome("none", -1, said, ana.all() + "\n" + ben.all());
        }
        ana.type("hello from ana");
        ben.type("hello from ben");
        boolean heard =
            !ana.await("hello from ben", PATIENCE).isEmpty()
                && !ben.await("hello from ana", PATIENCE).isEmpty();
        ana.endOfInput();
        boolean ended = ben.exit(PATIENCE) == 0 && ana.exit(PATIENCE) == 0;
        return new Outcome(
            "direct UDP", millis(path), heard && ended, ana.all() + "\n" + ben.all());
      }
    }
  };

  static final Duration PATIENCE = Duration.ofSeconds(60);
  private static final AtomicInteger NUMBER = new AtomicInteger();
  private static final Pattern AFTER = Pattern.compile("after (\\d+) ms");

  /**
   * @param path by which they connected
   * @param tookMs until then; -1 if they did not
   * @param isGood what was to arrive arrived; or it was said that there is no path
   * @param said by both programs
   */
  record Outcome(String path, long tookMs, boolean isGood, String said) {
    String cell() {
      return (isGood ? "" : "FAILED ")
          + path
          + (tookMs < 0 ? "" : String.format(Locale.ROOT, " %d ms", tookMs));
    }
  }

  /**
   * @param expected whether a direct path is possible: an attempt that cannot succeed is not waited
   *     for as long
   */
  abstract Outcome run(NatLab lab, boolean expected);

  static long millis(String line) {
    Matcher matcher = AFTER.matcher(line);
    return matcher.find() ? Long.parseLong(matcher.group(1)) : -1;
  }
}

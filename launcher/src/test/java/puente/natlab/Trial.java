package puente.natlab;

import java.nio.file.Path;
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
  },

  CHAT {
    @Override
    Outcome run(NatLab lab, boolean expected) {
      String room = "room" + NUMBER.incrementAndGet();
      try (LabProgram ana = lab.puente(1, "chat", room, "--name", "ana");
          LabProgram ben = lab.puente(2, "chat", room, "--name", "ben")) {
        String path = ana.await(", code ", PATIENCE);
        String other = ben.await(", code ", PATIENCE);
        ana.type("hello from ana");
        ben.type("hello from ben");
        boolean heard =
            !ana.await("<ben> hello from ben", PATIENCE).isEmpty()
                && !ben.await("<ana> hello from ana", PATIENCE).isEmpty();
        boolean same = !code(path).isEmpty() && code(path).equals(code(other));
        ana.endOfInput();
        boolean left = ana.exit(PATIENCE) == 0 && !ben.await("ana is gone", PATIENCE).isEmpty();
        ben.endOfInput();
        left &= ben.exit(PATIENCE) == 0;
        String said = ana.all() + "\n" + ben.all();
        return new Outcome(kind(path), millis(path), heard && same && left, said);
      }
    }
  },

  SEND {
    @Override
    Outcome run(NatLab lab, boolean expected) {
      String room = "files" + NUMBER.incrementAndGet();
      int megabytes = Integer.getInteger("puente.natlab.megabytes", 100);
      Path file = LabFile.random(lab.home(1), room + ".bin", megabytes);
      try (LabProgram ben = lab.puente(2, "receive", room, "--name", "ben");
          LabProgram ana =
              lab.puente(1, "send", file.toString(), room, "--name", "ana", "--wait")) {
        Duration patience = PATIENCE.plusSeconds(4L * megabytes);
        boolean done = ana.exit(patience) == 0 && ben.exit(patience) == 0;
        String path = ben.await(", code ", Duration.ZERO);
        String rate = ben.await("whole", Duration.ZERO);
        boolean same = done && LabFile.same(file, lab.home(2).resolve(room + ".bin"));
        LabFile.delete(file, lab.home(2).resolve(room + ".bin"));
        Matcher speed = RATE.matcher(rate);
        String kind = kind(path) + (speed.find() ? ", " + speed.group(1) : "");
        return new Outcome(kind, millis(path), same, ana.all() + "\n" + ben.all());
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

  private static final Pattern KIND = Pattern.compile("(direct UDP|relay( \\(\\w+\\))?)");
  private static final Pattern CODE = Pattern.compile("code (\\d{3} \\d{3})");
  private static final Pattern RATE = Pattern.compile("([0-9.]+ [kMG]?B/s)");

  private static String kind(String line) {
    Matcher matcher = KIND.matcher(line);
    return matcher.find() ? matcher.group(1) : "none";
  }

  private static String code(String line) {
    Matcher matcher = CODE.matcher(line);
    return matcher.find() ? matcher.group(1) : "";
  }

  static long millis(String line) {
    Matcher matcher = AFTER.matcher(line);
    return matcher.find() ? Long.parseLong(matcher.group(1)) : -1;
  }
}

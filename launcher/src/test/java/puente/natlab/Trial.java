package puente.natlab;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BiPredicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** What is tried with two hosts behind a pair of NATs. */
enum Trial {
  PUNCH {
    @Override
    Outcome run(NatLab lab, String expected) {
      boolean opens = expected.equals("direct UDP");
      String seconds = opens ? "60" : "8";
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
    Outcome run(NatLab lab, String expected) {
      String room = "room" + NUMBER.incrementAndGet();
      try (LabProgram ana = lab.puente(1, "chat", room, "--name", "ana");
          LabProgram ben = lab.puente(2, "chat", room, "--name", "ben")) {
        String first = ana.await(", code ", PATIENCE);
        String last = ana.await(": " + expected, PATIENCE);
        String other = ben.await(", code ", PATIENCE);
        ana.type("hello from ana");
        ben.type("hello from ben");
        boolean heard =
            !ana.await("<ben> hello from ben", PATIENCE).isEmpty()
                && !ben.await("<ana> hello from ana", PATIENCE).isEmpty();
        boolean same = !code(first).isEmpty() && code(first).equals(code(other));
        ana.endOfInput();
        boolean left = ana.exit(PATIENCE) == 0 && !ben.await("ana is gone", PATIENCE).isEmpty();
        ben.endOfInput();
        left &= ben.exit(PATIENCE) == 0;
        String said = ana.all() + "\n" + ben.all();
        return new Outcome(steps(first, last), millis(last), heard && same && left, said);
      }
    }
  },

  SEND {
    @Override
    Outcome run(NatLab lab, String expected) {
      return transfer(lab, expected, (ana, ben) -> true);
    }
  },

  /** The first router lends ports. */
  PCP {
    @Override
    Outcome run(NatLab lab, String expected) {
      return lent(lab, NatLab.Lending.PCP);
    }
  },

  NATPMP {
    @Override
    Outcome run(NatLab lab, String expected) {
      return lent(lab, NatLab.Lending.NAT_PMP);
    }
  },

  UPNP {
    @Override
    Outcome run(NatLab lab, String expected) {
      return lent(lab, NatLab.Lending.UPNP);
    }
  },

  /** The receiver is ended under a running transfer and started again, then the sender. */
  RESUME {
    @Override
    Outcome run(NatLab lab, String expected) {
      String room = "files" + NUMBER.incrementAndGet();
      int megabytes = megabytes();
      Path file = LabFile.random(lab.home(1), room + ".bin", megabytes);
      Path copy = lab.home(2).resolve(room + ".bin");
      List<String> send = List.of("send", file.toString(), room, "--name", "ana", "--wait");
      List<String> receive = List.of("receive", room, "--name", "ben");
      lab.pace(1, PACE);
      try (LabProgram ana = lab.puente(1, send.toArray(new String[0]))) {
        String said;
        try (LabProgram ben = lab.puente(2, receive.toArray(new String[0]))) {
          LabFile.awaitPart(lab.home(2), megabytes / 4, PATIENCE);
          ben.kill();
          said = ben.all();
        }
        try (LabProgram ben = lab.puente(2, receive.toArray(new String[0]))) {
          String again = ben.await("going on at", PATIENCE);
          LabFile.awaitPart(lab.home(2), megabytes / 2, PATIENCE);
          ana.end();
          try (LabProgram other = lab.puente(1, send.toArray(new String[0]))) {
            Duration patience = PATIENCE.plusSeconds(4L * megabytes);
            boolean done = other.exit(patience) == 0 && ben.exit(patience) == 0;
            boolean same = done && !again.isEmpty() && LabFile.same(file, copy);
            String all = String.join("\n", ana.all(), said, ben.all(), other.all());
            return new Outcome("twice, " + kind(ben.await("whole", PATIENCE)), -1, same, all);
          }
        }
      } finally {
        lab.pace(1, 0);
        LabFile.delete(file, copy);
      }
    }
  },

  /** Of two receivers one is killed: the sender says who, the other goes on, and who comes back, too. */
  VANISH {
    @Override
    Outcome run(NatLab lab, String expected) {
      return vanish(lab, true);
    }
  },

  /** The same, but who comes under the name of the one that was killed is somebody else. */
  STRANGER {
    @Override
    Outcome run(NatLab lab, String expected) {
      return vanish(lab, false);
    }
  },

  /** A fifth of all packets is lost: nobody is said to have vanished, and all texts arrive. */
  LOSS {
    @Override
    Outcome run(NatLab lab, String expected) {
      String room = "room" + NUMBER.incrementAndGet();
      try (LabProgram ana = lab.puente(1, "chat", room, "--name", "ana");
          LabProgram ben = lab.puente(2, "chat", room, "--name", "ben")) {
        String first = ana.await(": " + expected, PATIENCE);
        lab.lose(1, LOST_PERCENT);
        boolean heard = true;
        long end = System.nanoTime() + Duration.ofSeconds(LOSSY_SECONDS).toNanos();
        for (int i = 0; heard && System.nanoTime() < end; i++) {
          ana.type("text " + i);
          heard = ben.await("<ana> text " + i, PATIENCE).endsWith("text " + i);
          ben.type("answer " + i);
          heard &= ana.await("<ben> answer " + i, PATIENCE).endsWith("answer " + i);
        }
        boolean isCalm =
            ana.await("vanished", Duration.ZERO).isEmpty()
                && ben.await("vanished", Duration.ZERO).isEmpty();
        String said = ana.all() + "\n" + ben.all();
        return new Outcome(kind(first) + ", 20 % lost", -1, heard && isCalm, said);
      } finally {
        lab.lose(1, 0);
      }
    }
  },

  /** No direct path at first: it is there after a while, under a running transfer. */
  UPGRADE {
    @Override
    Outcome run(NatLab lab, String expected) {
      if (!expected.startsWith("direct")) {
        return new Outcome("none to come", -1, true, "");
      }
      lab.pace(1, PACE);
      lab.cut(1, 2);
      try {
        return transfer(
            lab,
            expected,
            (ana, ben) -> {
              ben.await(".bin, ", PATIENCE);
              boolean isRelayed = !ana.await(": relay", PATIENCE).isEmpty();
              lab.mend(1);
              return isRelayed && !ana.await(": " + expected, PATIENCE).isEmpty();
            });
      } finally {
        lab.pace(1, 0);
        lab.mend(1);
      }
    }
  },

  /** The direct path is cut under a running transfer, and mended. */
  SWITCH {
    @Override
    Outcome run(NatLab lab, String expected) {
      if (!expected.startsWith("direct")) {
        return new Outcome("none to cut", -1, true, "");
      }
      lab.pace(1, PACE);
      try {
        return transfer(
            lab,
            expected,
            (ana, ben) -> {
              ben.await(".bin, ", PATIENCE);
              ana.await(": " + expected, PATIENCE);
              LabFile.awaitPart(lab.home(2), megabytes() / 4, PATIENCE);
              int whole = ana.count();
              lab.cut(1, 2);
              boolean isRelayed = !ana.await(": relay", PATIENCE, whole).isEmpty();
              int cut = ana.count();
              lab.mend(1);
              ana.await(": " + expected, PATIENCE, cut);
              return isRelayed;
            });
      } finally {
        lab.pace(1, 0);
        lab.mend(1);
      }
    }
  };

  /** Mbit/s: slow enough that something can happen under way. */
  private static final int PACE = Integer.getInteger("puente.natlab.megabits", 12);

  private static final int LOST_PERCENT = 20;
  private static final int LOSSY_SECONDS = 40;

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
   * @param expected the best path that these NATs allow
   */
  abstract Outcome run(NatLab lab, String expected);

  private static final Pattern KIND = Pattern.compile("(direct (UDP|TCP)|relay)( \\(\\w+\\))?");
  private static final Pattern CODE = Pattern.compile("code (\\d{3} \\d{3})");
  private static final Pattern RATE = Pattern.compile("([0-9.]+ [kMG]?B/s)");
  private static final Pattern PAUSE = Pattern.compile("longest pause ([0-9.]+ s)");

  private static int megabytes() {
    return Integer.getInteger("puente.natlab.megabytes", 100);
  }

  private static Outcome lent(NatLab lab, NatLab.Lending how) {
    if (!NatLab.canLend()) {
      return new Outcome("no miniupnpd here", -1, true, "");
    }
    if (!lab.letsInWhatIsLent(1)) {
      return new Outcome("its filter drops that", -1, true, "");
    }
    Runnable end = lab.lend(1, how);
    try {
      Outcome chat = CHAT.run(lab, "direct UDP");
      boolean isUsed =
          chat.said.contains("lends ports (" + how.word() + ")")
              && chat.path.endsWith("direct UDP");
      return new Outcome(chat.path, chat.tookMs, chat.isGood && isUsed, chat.said);
    } finally {
      end.run();
    }
  }

  private static Outcome vanish(NatLab lab, boolean comesBack) {
    String room = "files" + NUMBER.incrementAndGet();
    int megabytes = megabytes();
    Path file = LabFile.random(lab.home(1), room + ".bin", megabytes);
    Path bens = LabFile.folder(lab.home(2), room + ".ben");
    Path cems = LabFile.folder(lab.home(2), room + ".cem");
    Path others = comesBack ? bens : LabFile.folder(lab.home(2), room + ".other");
    lab.pace(1, PACE);
    LabProgram ben = receiver(lab, room, "ben", bens);
    try (LabProgram cem = receiver(lab, room, "cem", cems)) {
      ben.await("for what somebody sends", PATIENCE);
      cem.await(", code ", PATIENCE);
      try (LabProgram ana = lab.puente(1, "send", file.toString(), room, "--name", "ana")) {
        LabFile.awaitPart(bens, megabytes / 4, PATIENCE);
        ben.kill();
        final long killedAt = System.nanoTime();
        boolean isKnown = !ana.await("ben vanished", PATIENCE).isEmpty();
        final long knownMs = (System.nanoTime() - killedAt) / 1_000_000;
        isKnown &= !cem.await("ben vanished", PATIENCE).isEmpty();
        try (LabProgram back = receiver(lab, room, "ben", others)) {
          Duration patience = PATIENCE.plusSeconds(4L * megabytes);
          boolean done =
              cem.exit(patience) == 0
                  && back.exit(patience) == 0
                  && ana.exit(patience) == (comesBack ? 0 : 1)
                  && !ana.await("another key than the ben before", Duration.ZERO).isEmpty();
          boolean same =
              back.await("going on at", Duration.ZERO).isEmpty() != comesBack
                  && LabFile.same(file, others.resolve(file.getFileName()))
                  && LabFile.same(file, cems.resolve(file.getFileName()));
          String all = String.join("\n", ana.all(), ben.all(), cem.all(), back.all());
          String kind = kind(ana.await("to cem: whole", Duration.ZERO));
          return new Outcome(kind + ", known", knownMs, isKnown && done && same, all);
        }
      }
    } finally {
      ben.close();
      lab.pace(1, 0);
      List.of(bens, cems, others).forEach(LabFile::deleteAll);
      LabFile.delete(file);
    }
  }

  private static LabProgram receiver(NatLab lab, String room, String name, Path into) {
    return lab.puente(2, "receive", room, "--name", name, "--into", into.toString());
  }

  private static Outcome transfer(
      NatLab lab, String expected, BiPredicate<LabProgram, LabProgram> meanwhile) {
    String room = "files" + NUMBER.incrementAndGet();
    int megabytes = megabytes();
    Path file = LabFile.random(lab.home(1), room + ".bin", megabytes);
    Path copy = lab.home(2).resolve(room + ".bin");
    try (LabProgram ben = lab.puente(2, "receive", room, "--name", "ben");
        LabProgram ana = lab.puente(1, "send", file.toString(), room, "--name", "ana", "--wait")) {
      boolean went = meanwhile.test(ana, ben);
      Duration patience = PATIENCE.plusSeconds(4L * megabytes);
      boolean done = ana.exit(patience) == 0 && ben.exit(patience) == 0;
      boolean same = done && went && LabFile.same(file, copy);
      LabFile.delete(file, copy);
      String first = ben.await(", code ", Duration.ZERO);
      String last = ben.await(": " + expected, Duration.ZERO);
      String whole = ben.await("whole", Duration.ZERO);
      Matcher speed = RATE.matcher(whole);
      Matcher pause = PAUSE.matcher(whole);
      String kind =
          steps(first, last)
              + (speed.find() ? ", " + speed.group(1) : "")
              + (pause.find() ? ", pause " + pause.group(1) : "");
      return new Outcome(kind, millis(last), same, ana.all() + "\n" + ben.all());
    }
  }

  /** "relay 900 ms, direct UDP" if the first path was not the last. */
  private static String steps(String first, String last) {
    return kind(first).equals(kind(last)) || last.isEmpty()
        ? kind(first)
        : kind(first) + " " + millis(first) + " ms, " + kind(last);
  }

  private static String kind(String line) {
    Matcher matcher = KIND.matcher(line);
    return matcher.find() ? matcher.group() : "none";
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

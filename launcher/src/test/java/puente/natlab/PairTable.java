package puente.natlab;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Tries pairs of NATs and prints by which path each connected: {@code ./puente natlab [punch|chat|...]
 * [--pairs=KIND/KIND,...]}.
 */
public final class PairTable {
  private static final Path FOLDER = Path.of(System.getProperty("puente.natlab", "target/natlab"));

  private static final Pattern SETTING =
      Pattern.compile("--(megabytes|megabits|outside|loud|nats|star)=(\\S+)");

  private PairTable() {}

  public static void main(String[] arguments) {
    List<String> words = new ArrayList<>();
    for (String word : arguments) {
      Matcher setting = SETTING.matcher(word);
      if (setting.matches()) {
        System.setProperty("puente.natlab." + setting.group(1), setting.group(2));
      } else {
        words.add(word);
      }
    }
    if (words.contains("swarm")) {
      System.exit(swarm() ? 0 : 1);
    }
    List<Trial> trials = new ArrayList<>();
    List<String> pairs = new ArrayList<>();
    for (String word : words) {
      if (word.startsWith("--pairs=")) {
        for (String pair : word.substring("--pairs=".length()).split(",")) {
          pairs.add(pair(pair));
        }
      } else {
        try {
          trials.add(Trial.valueOf(word.toUpperCase(Locale.ROOT)));
        } catch (IllegalArgumentException unknown) {
          usage();
        }
      }
    }
    boolean good;
    try (NatLab lab = NatLab.start(FOLDER, 2)) {
      good = tried(lab, trials.isEmpty() ? List.of(Trial.values()) : trials, pairs);
    }
    System.exit(good ? 0 : 1);
  }

  /** In the order of the table. */
  private static String pair(String words) {
    try {
      String[] kinds = words.toUpperCase(Locale.ROOT).split("/");
      Nat one = Nat.valueOf(kinds[0]);
      Nat other = Nat.valueOf(kinds[1]);
      return one.ordinal() <= other.ordinal() ? name(one, other) : name(other, one);
    } catch (IllegalArgumentException | ArrayIndexOutOfBoundsException unknown) {
      usage();
      return "";
    }
  }

  private static String name(Nat one, Nat other) {
    return (one.name() + "/" + other.name()).toLowerCase(Locale.ROOT);
  }

  private static void usage() {
    System.err.println(
        "puente natlab swarm [--nats=KIND,KIND,...] [--star=no] | [TRIAL...]"
            + " [--pairs=KIND/KIND,...] [--megabytes=N] [--megabits=N] [--outside=a.b.c.]"
            + " [--loud=true]\n"
            + "  trials: "
            + names(Trial.values())
            + "\n  kinds: "
            + names(Nat.values()));
    System.exit(2);
  }

  private static boolean swarm() {
    List<Nat> nats = nats();
    int receivers = nats.size() - 1;
    int megabytes = Integer.getInteger("puente.natlab.megabytes", 20);
    int megabits = Integer.getInteger("puente.natlab.megabits", 20);
    System.out.printf(
        "%d MB to %d receivers, each line %d Mbit/s%n", megabytes, receivers, megabits);
    boolean good = true;
    try (NatLab lab = NatLab.start(FOLDER, receivers + 1)) {
      SwarmTrial trial = new SwarmTrial(lab, nats, megabytes, megabits);
      boolean alsoStar = !"no".equals(System.getProperty("puente.natlab.star"));
      for (boolean isStar : alsoStar ? new boolean[] {false, true} : new boolean[] {false}) {
        SwarmTrial.Outcome outcome = isStar ? trial.star() : trial.together();
        System.out.println(outcome.line(isStar ? "star" : "swarm"));
        good &= outcome.isGood();
        if (!outcome.isGood() || Boolean.getBoolean("puente.natlab.loud")) {
          System.err.println(outcome.said());
        }
      }
    }
    return good;
  }

  /** The sender's, and those of the receivers. */
  private static List<Nat> nats() {
    String words = System.getProperty("puente.natlab.nats", "");
    try {
      return words.isEmpty()
          ? SwarmTrial.NATS
          : Arrays.stream(words.toUpperCase(Locale.ROOT).split(",")).map(Nat::valueOf).toList();
    } catch (IllegalArgumentException unknown) {
      usage();
      return List.of();
    }
  }

  private static String names(Enum<?>[] all) {
    return String.join(", ", Arrays.stream(all).map(Enum::name).toList()).toLowerCase(Locale.ROOT);
  }

  private static boolean tried(NatLab lab, List<Trial> trials, List<String> pairs) {
    boolean good = true;
    System.out.printf("%-12s %-12s", "NAT of one", "of the other");
    trials.forEach(t -> System.out.printf(" %-44s", t.name().toLowerCase(Locale.ROOT)));
    System.out.println();
    for (Nat one : Nat.values()) {
      for (Nat other : Nat.values()) {
        String name = name(one, other);
        if (other.ordinal() < one.ordinal() || !pairs.isEmpty() && !pairs.contains(name)) {
          continue;
        }
        lab.nat(1, one);
        lab.nat(2, other);
        System.out.printf("%-12s %-12s", one.title(), other.title());
        for (Trial trial : trials) {
          Trial.Outcome outcome = trial.run(lab, Nat.path(one, other));
          System.out.printf(" %-44s", outcome.cell());
          System.out.flush();
          good &= outcome.isGood();
          if (!outcome.isGood() || Boolean.getBoolean("puente.natlab.loud")) {
            System.err.println("\n" + outcome.said());
          }
        }
        System.out.println();
      }
    }
    return good;
  }
}

package puente.chaos;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.Locale;

/** What may happen to a cluster. */
enum Scenario {
  KILL("kill -9 of everything on one node, started again", Crashes::kill),
  RESPAWN("kill -9 of the serving process under its supervisor", Crashes::respawn),
  PAUSE("one node stands still for 5 s", Crashes::pause),
  CUT("one node cut off from the others, and healed", Crashes::cut),
  ROLLING("all three drained and restarted, one after the other", Rolling::run),
  STORM("two of three killed and started at once, again and again", Crashes::storm),
  TAKEOVER("one host dies, and another takes its address by a hook", HookedTakeover::run),
  TAKEOVER6("the same by IPv6", HookedTakeover::byIpv6),
  SPLIT(
      "one node cut off, its address taken from it while it lives, and healed",
      HookedTakeover::split),
  QUOTA("300 Allocates at once on three nodes with a quota of 100", Quotas::storm);

  /** How one is played. */
  interface Play {
    void run(Stage stage, Outcome outcome);
  }

  private final String about;
  private final Play play;

  Scenario(String about, Play play) {
    this.about = about;
    this.play = play;
  }

  String word() {
    return name().toLowerCase(Locale.ROOT);
  }

  String about() {
    return about;
  }

  static Scenario of(String word) {
    return Arrays.stream(values())
        .filter(scenario -> scenario.word().equals(word))
        .findFirst()
        .orElseThrow(() -> new IllegalArgumentException("no scenario is called " + word));
  }

  /** Plays it in a lab of its own; what breaks it is a failure, too. */
  Outcome play(Path folder, boolean brief) {
    Outcome outcome = new Outcome(word());
    long start = System.nanoTime();
    try (Stage stage = new Stage(folder.resolve(word()), brief)) {
      play.run(stage, outcome);
    } catch (RuntimeException | AssertionError failure) {
      outcome.expect(false, "%s", String.valueOf(failure.getMessage()));
    }
    outcome.took((System.nanoTime() - start) / 1_000_000);
    return outcome;
  }
}

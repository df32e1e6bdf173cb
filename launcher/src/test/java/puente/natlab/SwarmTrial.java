package puente.natlab;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * One sender and several receivers, each behind a NAT and a line of its own: together, where they
 * serve each other, and as a star, where each gets all from the sender.
 */
final class SwarmTrial {
  static final List<Nat> NATS =
      List.of(
          Nat.PORT_RESTRICTED, // the sender's
          Nat.FULL_CONE,
          Nat.ADDRESS_RESTRICTED,
          Nat.ADDRESS_RESTRICTED,
          Nat.PORT_RESTRICTED,
          Nat.SYMMETRIC);

  private static final Duration PATIENCE = Duration.ofMinutes(4);
  private static final Pattern SECONDS = Pattern.compile("whole, ([0-9.]+) s");
  private static final Pattern SERVED = Pattern.compile("served (.*)");

  private final NatLab lab;
  private final List<Nat> nats;
  private final int receivers;
  private final int megabytes;
  private final int megabits;

  /**
   * @param nats the sender's, and those of the receivers
   * @param megabits of each line
   */
  SwarmTrial(NatLab lab, List<Nat> nats, int megabytes, int megabits) {
    this.lab = lab;
    this.nats = nats;
    receivers = nats.size() - 1;
    this.megabytes = megabytes;
    this.megabits = megabits;
  }

  /**
   * @param seconds the slowest receiver's
   * @param served what each says to have given, the sender first
   */
  record Outcome(boolean isGood, double seconds, List<String> served, String said) {
    String line(String how) {
      String all = String.join("; ", served);
      return String.format(Locale.ROOT, "%s: %.1f s; served: %s", how, seconds, all);
    }
  }

  Outcome together() {
    return run("swarm", 1);
  }

  /** A room, and a program of the sender's, for each receiver. */
  Outcome star() {
    return run("star", receivers);
  }

  private Outcome run(String name, int rooms) {
    Path file = LabFile.random(lab.home(1), name + ".bin", megabytes);
    List<LabProgram> senders = new ArrayList<>();
    List<LabProgram> others = new ArrayList<>();
    for (int host = 1; host <= receivers + 1; host++) {
      lab.nat(host, nats.get(host - 1));
      lab.pace(host, megabits);
    }
    try {
      for (int i = 1; i <= receivers; i++) {
        others.add(lab.puente(1 + i, "receive", name + i % rooms, "--name", "r" + i));
      }
      String ready = rooms == 1 && receivers > 1 ? ", code " : "for what somebody sends";
      others.forEach(one -> one.await(ready, PATIENCE));
      for (int i = 0; i < rooms; i++) {
        senders.add(lab.puente(1, "send", file.toString(), name + i, "--name", "ana", "--wait"));
      }
      return outcome(file, senders, others);
    } finally {
      senders.forEach(LabProgram::close);
      others.forEach(LabProgram::close);
      LabFile.delete(file);
      for (int host = 1; host <= receivers + 1; host++) {
        lab.pace(host, 0);
      }
    }
  }

  private Outcome outcome(Path file, List<LabProgram> senders, List<LabProgram> others) {
    boolean isGood = true;
    double slowest = 0;
    List<String> served = new ArrayList<>();
    StringBuilder said = new StringBuilder();
    List<LabProgram> all = new ArrayList<>(senders);
    all.addAll(others);
    for (LabProgram program : all) {
      isGood &= program.exit(PATIENCE) == 0;
      said.append(program.all()).append('\n');
      Matcher seconds = SECONDS.matcher(program.await("whole, ", Duration.ZERO));
      slowest = seconds.find() ? Math.max(slowest, Double.parseDouble(seconds.group(1))) : slowest;
      Matcher gave = SERVED.matcher(program.await("served ", Duration.ZERO));
      served.add(gave.find() ? gave.group(1) : "nothing");
    }
    for (int i = 1; i <= receivers; i++) {
      Path copy = lab.home(1 + i).resolve(file.getFileName());
      isGood &= LabFile.same(file, copy);
      LabFile.delete(copy);
    }
    return new Outcome(isGood, slowest, served, said.toString());
  }
}

package puente.launcher;

import io.vertx.core.Context;
import io.vertx.core.Vertx;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.Semaphore;
import java.util.concurrent.ThreadLocalRandom;
import puente.doctor.Ping;
import puente.launcher.Alternates.Change;
import puente.launcher.Alternates.Rules;
import puente.launcher.Alternates.Standing;
import puente.net.Addresses;
import puente.net.EventLoops;
import puente.turn.Redirection.Target;

/**
 * Asks the other servers of {@code alternate-server} and its kin from time to time whether they
 * answer, each by the transport that it is listed for. On the control loop; a question waits on a
 * thread of its own.
 */
final class AlternateWatch {

  /** Asks once; empty if nobody answers in time. */
  interface Asking {
    OptionalLong nanos(Target target, int patienceMs);
  }

  /** Of the interval, either way: many nodes with one list do not ask at once. */
  private static final double JITTER = 0.2;

  /** A server of which the last check said the contrary is asked that much more often. */
  private static final int HASTE = 3;

  /** Questions that wait at the same time, however long the list is. */
  private static final int ASKED_MAX = 32;

  private final Vertx vertx;
  private final Context control;
  private final Runnable onChange;
  private final Asking asking;
  private final Semaphore room = new Semaphore(ASKED_MAX);
  private final Alternates alternates = new Alternates();
  private final Map<Target, Long> timerByTarget = new HashMap<>();
  private final Set<Target> asked = new HashSet<>();
  private Duration interval = Duration.ZERO;
  private int patienceMs;
  private Rules rules = new Rules(1, 1);
  private boolean wereAllOut;
  private boolean stopped;
  private volatile List<Standing> standings = List.of();
  private volatile long allOut;

  /**
   * @param onChange whenever other servers are to be used than before
   */
  AlternateWatch(EventLoops loops, Runnable onChange) {
    this(loops, onChange, AlternateWatch::ask);
  }

  AlternateWatch(EventLoops loops, Runnable onChange, Asking asking) {
    vertx = loops.vertx();
    control = loops.control();
    this.onChange = onChange;
    this.asking = asking;
  }

  private static OptionalLong ask(Target target, int patienceMs) {
    InetSocketAddress address = Addresses.of(target.address());
    return Ping.nanos(target.transport(), address, patienceMs);
  }

  // ---- from anywhere

  /** Each server, in the order that was configured. */
  List<Standing> standings() {
    return standings;
  }

  /** How often none was left. */
  long allOut() {
    return allOut;
  }

  // ---- on the control loop

  /** From now on these, by these rules. */
  void list(List<Target> targets, Config config) {
    interval = config.value(DrainSettings.ALTERNATE_CHECK_INTERVAL);
    patienceMs = (int) config.value(DrainSettings.ALTERNATE_CHECK_TIMEOUT).toMillis();
    rules =
        new Rules(
            config.value(DrainSettings.ALTERNATE_CHECK_FALL),
            config.value(DrainSettings.ALTERNATE_CHECK_RISE));
    if (interval.isZero()) {
      alternates.forget();
    }
    alternates.list(targets);
    timerByTarget.values().forEach(vertx::cancelTimer);
    timerByTarget.clear();
    tell();
    if (!interval.isZero()) {
      targets.forEach(this::check);
    }
  }

  List<Target> usable() {
    return alternates.usable();
  }

  void stop() {
    stopped = true;
    timerByTarget.values().forEach(vertx::cancelTimer);
    timerByTarget.clear();
  }

  private void check(Target target) {
    timerByTarget.remove(target);
    if (stopped || interval.isZero() || !alternates.isListed(target) || !asked.add(target)) {
      return;
    }
    int patience = patienceMs;
    Thread.ofVirtual()
        .name("alternate-check")
        .start(
            () -> {
              OptionalLong nanos = OptionalLong.empty();
              room.acquireUninterruptibly();
              try {
                nanos = asking.nanos(target, patience);
              } finally {
                room.release();
                OptionalLong heard = nanos;
                control.runOnContext(go -> heard(target, heard));
              }
            });
  }

  private void heard(Target target, OptionalLong nanos) {
    asked.remove(target);
    if (stopped || interval.isZero() || !alternates.isListed(target)) {
      return;
    }
    List<Target> before = alternates.usable();
    Change change = alternates.heard(target, nanos, rules);
    String server = target.address().toString();
    String transport = NodeMetrics.text(target.transport());
    switch (change) {
      case NONE -> {}
      case IN -> Events.info("alternate-server-in", "server", server, "transport", transport);
      case OUT -> Events.warn("alternate-server-out", "server", server, "transport", transport);
    }
    tell();
    if (!alternates.usable().equals(before)) {
      onChange.run();
    }
    double base = (double) interval.toMillis() / (alternates.isInDoubt(target) ? HASTE : 1);
    double factor = 1 + JITTER * (2 * ThreadLocalRandom.current().nextDouble() - 1);
    long delayMs = Math.max(1, (long) (base * factor));
    timerByTarget.put(
        target, vertx.setTimer(delayMs, due -> control.runOnContext(go -> check(target))));
  }

  private void tell() {
    standings = List.copyOf(alternates.standings());
    boolean areAllOut = alternates.areAllOut();
    if (areAllOut && !wereAllOut) {
      allOut++;
      Events.warn(
          "alternate-servers-all-out",
          "servers",
          standings.size(),
          "meaning",
          "clients are served here until one answers");
    }
    wereAllOut = areAllOut;
  }
}

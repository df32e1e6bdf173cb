package puente.admin;

import java.util.List;
import java.util.Locale;
import java.util.function.ToDoubleFunction;
import puente.admin.Alerts.Rule;
import puente.series.Figure;

/**
 * What is worth a look, of what a node measures each second. The thresholds are those of the
 * alerts for Prometheus where both know the same; the gap to the end of each keeps it quiet.
 */
public final class AlertRules {

  /** A rule and what it looks at. */
  private record Judged(Rule rule, ToDoubleFunction<float[]> value) {}

  private static final int DAY = 86_400;

  public static final Rule CERTIFICATE = certificate("certificate", "warning", -14);
  public static final Rule CERTIFICATE_SOON = certificate("certificate-soon", "critical", -3);

  public static final Rule DRAIN_OVERDUE =
      new Rule(
          "drain-overdue",
          "warning",
          60,
          1,
          1,
          1,
          "#/nodes/{node}",
          seconds -> "The drain's deadline is over, and allocations are left",
          "Drain with a new deadline, or stop the node");

  public static final Rule UNSAFE =
      new Rule(
          "cluster-unsafe",
          "warning",
          1,
          1,
          60,
          5,
          "#/nodes",
          any -> "Its part of the directory has had no copies for a minute",
          "Take no node out until it has");

  private static final Rule EGRESS =
      share("egress", "warning", 0.8, 0.75, 30, "of what it may send is sent")
          .advising("Above the limit packets are dropped: raise bps-capacity, or add a node");

  private static final List<Judged> OF_FIGURES =
      List.of(
          new Judged(
              share("ports", "warning", 0.85, 0.8, 30, "of the relay ports are taken")
                  .advising("Widen min-port to max-port, or add a node"),
              values -> ratio(values, Figure.PORTS_USED, Figure.PORTS_LIMIT)),
          new Judged(
              share("ports-exhausted", "critical", 0.95, 0.9, 5, "of the relay ports are taken")
                  .advising("New clients are refused next: drain it, or add a node now"),
              values -> ratio(values, Figure.PORTS_USED, Figure.PORTS_LIMIT)),
          new Judged(
              share("allocations", "warning", 0.9, 0.85, 30, "of the allocations allowed exist")
                  .advising("Raise total-quota, or add a node"),
              values -> ofQuota(values)),
          new Judged(
              share("processor", "warning", 0.85, 0.75, 60, "of the processors are busy")
                  .advising("Move load away, or add a node: the planner says how many"),
              values -> values[Figure.PROCESSOR.ordinal()]),
          new Judged(
              share("memory", "warning", 0.92, 0.85, 300, "of the memory is in use")
                  .advising("More memory, or fewer allocations for a node (total-quota)"),
              values -> ratio(values, Figure.MEMORY_USED, Figure.MEMORY_LIMIT)),
          new Judged(
              rate("no-port", "critical", 0.1, 3, "Allocates a second are refused with 508")
                  .advising("No relay port is free, and no other node takes them"),
              values -> values[Figure.ANSWERS_508.ordinal()]),
          new Judged(
              rate("kernel-drops", "warning", 1, 10, "datagrams a second are lost in the kernel")
                  .advising("Raise net.core.rmem_max and sock-buf-size, or move load away"),
              values -> values[Figure.KERNEL_DROPS.ordinal()]),
          new Judged(
              rate("auth-storm", "warning", 5, 10, "wrong credentials a second")
                  .advising("The page Security names the sources: ban them, or look at the secret"),
              values -> values[Figure.AUTH_WRONG.ordinal()]),
          new Judged(
              rate("stranger-storm", "warning", 100, 10, "requests a second of unproven sources")
                  .advising("They are dropped; the page Security names the sources"),
              values -> values[Figure.RATE_LIMITED.ordinal()]),
          new Judged(
              new Rule(
                  "loop-lag",
                  "warning",
                  0.1,
                  0.05,
                  5,
                  60,
                  "#/nodes/{node}",
                  late -> String.format(Locale.ROOT, "An event loop is %.0f ms late", 1000 * late),
                  "The machine is short of processor, or something blocks"),
              values -> values[Figure.LOOP_LAG.ordinal()]));

  private AlertRules() {}

  /**
   * Judges the figures of this second.
   *
   * @param egressMax bytes per second that the node may send; 0 if there is no limit
   */
  public static void judge(
      Alerts alerts, String node, float[] values, double egressMax, long nowMs) {
    double egress = values[Figure.RELAY_UP.ordinal()] + values[Figure.RELAY_DOWN.ordinal()];
    alerts.judge(EGRESS, node, egressMax > 0 ? egress / egressMax : Double.NaN, nowMs);
    for (Judged one : OF_FIGURES) {
      alerts.judge(one.rule, node, one.value.applyAsDouble(values), nowMs);
    }
  }

  /**
   * One certificate rings once: the graver alert takes the place of the other.
   *
   * @param expirySeconds since the epoch
   */
  public static void certificate(Alerts alerts, String node, long expirySeconds, long nowMs) {
    double days = (nowMs / 1000.0 - expirySeconds) / DAY;
    alerts.judge(CERTIFICATE_SOON, node, days, nowMs);
    if (alerts.isOpen(CERTIFICATE_SOON, node)) {
      alerts.end(Alerts.key(CERTIFICATE.name(), node), nowMs);
    } else {
      alerts.judge(CERTIFICATE, node, days, nowMs);
    }
  }

  /** Where there is no quota the ports are the limit, and have a rule of their own. */
  private static double ofQuota(float[] values) {
    return values[Figure.ALLOC_LIMIT.ordinal()] < values[Figure.PORTS_LIMIT.ordinal()]
        ? ratio(values, Figure.ALLOC_TOTAL, Figure.ALLOC_LIMIT)
        : Double.NaN;
  }

  private static double ratio(float[] values, Figure used, Figure limit) {
    float all = values[limit.ordinal()];
    return all > 0 ? values[used.ordinal()] / all : Double.NaN;
  }

  /** So many days, below zero, before a certificate ends. */
  private static Rule certificate(String name, String severity, int on) {
    return new Rule(
        name,
        severity,
        on,
        on - 1,
        1,
        1,
        "#/config",
        days -> String.format(Locale.ROOT, "The certificate ends in %.0f days", Math.max(0, -days)),
        "Renew it; a reload takes it over without losing a packet");
  }

  /** Without advice yet. */
  private static Rule share(
      String name, String severity, double on, double off, int seconds, String words) {
    return new Rule(
        name,
        severity,
        on,
        off,
        seconds,
        60,
        "#/capacity",
        share -> Overview.percent(share) + " " + words,
        "");
  }

  /** Ends after a minute of less than half; without advice yet. */
  private static Rule rate(String name, String severity, double on, int seconds, String words) {
    return new Rule(
        name,
        severity,
        on,
        on / 2,
        seconds,
        60,
        "#/security",
        rate -> String.format(Locale.ROOT, rate < 10 ? "%.1f " : "%.0f ", rate) + words,
        "");
  }
}

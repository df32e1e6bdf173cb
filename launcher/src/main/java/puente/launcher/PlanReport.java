package puente.launcher;

import java.time.LocalDate;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import puente.plan.Forecast;
import puente.plan.Plan;
import puente.plan.PlanField;
import puente.plan.Text;

/** A plan for people to read. */
final class PlanReport {
  private final Plan plan;
  private final StringBuilder text = new StringBuilder();

  private PlanReport(Plan plan) {
    this.plan = plan;
  }

  static String text(Plan plan, boolean explain) {
    PlanReport report = new PlanReport(plan);
    report.answer();
    report.demand();
    report.resources();
    report.scenarios();
    report.waiting();
    report.forecasts();
    report.cost();
    report.sensitivities();
    if (explain) {
      report.explanations();
    }
    report.warnings(explain);
    return report.text.toString();
  }

  private void answer() {
    var fleet = plan.fleet();
    String binding =
        plan.resources().stream()
            .filter(Plan.Resource::isBinding)
            .map(Plan.Resource::name)
            .reduce((a, b) -> a + " and " + b)
            .orElse("none");
    line(
        "%d node%s%s    binding: %s",
        fleet.recommended(),
        fleet.recommended() == 1 ? "" : "s",
        fleet.perZone() > 0 ? " (" + fleet.perZone() + " per zone)" : "",
        binding);
    String zones = fleet.perZone() > 0 ? "  zone loss " + fleet.withZoneLoss() : "";
    line("base %d  N+k %d%s", fleet.base(), fleet.withNPlus(), zones);
    if (plan.inputs().has(PlanField.NODES_RUNNING)) {
      int running = (int) plan.inputs().value(PlanField.NODES_RUNNING);
      int missing = fleet.recommended() - running;
      line(
          "%d run%s",
          running,
          missing > 0 ? ": add " + missing : missing < 0 ? ": " + -missing + " spare" : "");
    }
  }

  private void demand() {
    title("Busy hour");
    row("calls", figure("offered.callErlangs"), origin("offered.callErlangs"));
    row("allocations", figure("offered.allocationErlangs"), origin("offered.allocationErlangs"));
    row("relayed calls", figure("offered.relayedErlangs"), origin("offered.relayedErlangs"));
    row("egress", figure("offered.egressBps"), origin("offered.egressBps"));
    row("forwarded", figure("offered.forwardPps"), origin("offered.forwardPps"));
    row("egress a month", figure("offered.egressGbPerMonth"), origin("offered.egressGbPerMonth"));
  }

  private void resources() {
    List<List<String>> table = new ArrayList<>();
    table.add(List.of("Resource", "asked for", "a node takes", "", "nodes", "used of all"));
    for (Plan.Resource one : plan.resources()) {
      table.add(
          List.of(
              one.name() + (one.isBinding() ? " *" : ""),
              Text.number(one.demand()),
              Text.number(one.nodeCapacity()),
              one.unit(),
              Integer.toString(one.nodes()),
              percent(one.utilisation())));
    }
    table(table);
  }

  private void scenarios() {
    List<List<String>> table = new ArrayList<>();
    table.add(
        List.of("What if", "nodes", "ports", "cpu", "egress", "memory", "blocked", "", "needs"));
    for (Plan.Scenario one : plan.scenarios()) {
      Map<String, Double> used = one.utilisation();
      List<String> row = new ArrayList<>(List.of(one.name(), Integer.toString(one.nodes())));
      for (String resource : List.of("ports", "cpu", "egress", "memory")) {
        row.add(used.containsKey(resource) ? percent(used.get(resource)) : "-");
      }
      row.add(percent(one.blocking()));
      row.add(one.isOk() ? "ok" : "NOT ENOUGH");
      row.add(Integer.toString(one.needed()));
      table.add(row);
    }
    table(table);
  }

  private void waiting() {
    List<List<String>> table = new ArrayList<>();
    table.add(List.of("Coming in", "people/s", "wait", "noticeably", "mean or last"));
    for (String name : List.of("joins", "reconnects")) {
      table.add(
          List.of(
              name.equals("joins") ? "in the busy hour" : "when a node is lost",
              Text.number(plan.figure(name + ".perSecond")),
              percent(plan.figure(name + ".waiting")),
              percent(plan.figure(name + ".noticed")),
              Double.isFinite(plan.figure(name + ".lastWaitsSeconds"))
                  ? String.format(
                      Locale.ROOT, "%.1f ms", 1000 * plan.figure(name + ".lastWaitsSeconds"))
                  : "for ever"));
    }
    table(table);
  }

  private void forecasts() {
    if (plan.forecasts().isEmpty()) {
      return;
    }
    List<List<String>> table = new ArrayList<>();
    table.add(List.of("Runs out", "now", "limit", "early", "likely", "late", "by"));
    for (Forecast one : plan.forecasts()) {
      boolean hasDay = one.reason().isEmpty();
      table.add(
          List.of(
              one.resource(),
              Text.number(one.now()),
              Text.number(one.limit()),
              hasDay ? day(one.p10()) : "-",
              hasDay ? day(one.p50()) : "-",
              hasDay ? day(one.p90()) : "-",
              hasDay ? one.model() : one.reason()));
    }
    table(table);
  }

  private void cost() {
    Plan.Cost cost = plan.cost();
    title("A month, " + cost.currency() + ", prices of " + cost.preset() + " of " + cost.asOf());
    row("egress", cost.egress().toPlainString(), Text.number(cost.egressGb()) + " GB");
    row("nodes", cost.nodes().toPlainString(), "");
    row("public addresses", cost.publicIps().toPlainString(), "");
    row("between zones", cost.interZone().toPlainString(), "");
    row(
        "total",
        cost.total().toPlainString(),
        String.format(Locale.ROOT, "%.3f per relayed call hour", cost.perRelayedCallHour()));
    text.append("\n");
    List<List<String>> table = new ArrayList<>();
    table.add(List.of("The same egress at", "", "", "as of", ""));
    for (Plan.Alternative other : cost.alternatives()) {
      table.add(
          List.of(
              other.preset(),
              other.egress().toPlainString(),
              other.currency(),
              other.asOf().toString(),
              other.isVerified() ? "" : "not verified"));
    }
    table(table, false);
  }

  private void sensitivities() {
    List<List<String>> table = new ArrayList<>();
    table.add(List.of("If wrong by", "+/-", "base nodes", "egress"));
    for (Plan.Sensitivity one : plan.sensitivities()) {
      table.add(
          List.of(
              one.input().path(),
              Text.number(one.delta()),
              one.nodes()[0] + " to " + one.nodes()[1],
              one.egress()[0].toPlainString() + " to " + one.egress()[1].toPlainString()));
    }
    table(table);
  }

  private void explanations() {
    title("How each number came about");
    plan.figures()
        .forEach(
            (path, figure) -> {
              line(
                  "%s = %s%s, %s",
                  path,
                  Text.number(figure.value()),
                  figure.unit().isEmpty() ? "" : " " + figure.unit(),
                  figure.origin().word());
              line("    %s", figure.formula());
              figure.inputs().forEach((name, value) -> line("    %s: %s", name, value));
              line("    from: %s", figure.source());
            });
  }

  private void warnings(boolean explained) {
    if (!plan.warnings().isEmpty()) {
      title("Mind");
      plan.warnings().forEach(warning -> line("* %s", warning));
    }
    if (!explained) {
      text.append("\n'--explain' shows the formula and the inputs of each number.\n");
    }
  }

  private String figure(String path) {
    Plan.Figure figure = plan.figures().get(path);
    return figure == null ? "" : Text.number(figure.value()) + " " + figure.unit();
  }

  private String origin(String path) {
    Plan.Figure figure = plan.figures().get(path);
    return figure == null ? "" : figure.origin().word();
  }

  private static String day(@Nullable LocalDate date) {
    return date == null ? "later" : date.toString();
  }

  private static String percent(double share) {
    return share != 0 && share < 1e-5
        ? "<0.001 %"
        : String.format(
            Locale.ROOT, share < 0.01 && share > 0 ? "%.3f %%" : "%.1f %%", share * 100);
  }

  private void title(String title) {
    text.append('\n').append(title).append('\n');
  }

  private void row(String name, String value, String remark) {
    line("  %-17s %-22s %s", name, value, remark);
  }

  private void line(String format, Object... values) {
    text.append(String.format(Locale.ROOT, format, values).stripTrailing()).append('\n');
  }

  private void table(List<List<String>> rows) {
    table(rows, true);
  }

  /** Columns as wide as they must be; all but the first begin two spaces after the one before. */
  private void table(List<List<String>> rows, boolean isApart) {
    if (isApart) {
      text.append('\n');
    }
    int columns = rows.getFirst().size();
    int[] width = new int[columns];
    for (List<String> row : rows) {
      for (int i = 0; i < columns; i++) {
        width[i] = Math.max(width[i], row.get(i).length());
      }
    }
    for (List<String> row : rows) {
      StringBuilder line = new StringBuilder(row == rows.getFirst() ? "" : "  ");
      for (int i = 0; i < columns; i++) {
        int pad = width[i] + (i == 0 && row == rows.getFirst() ? 2 : 0);
        line.append(String.format(Locale.ROOT, "%-" + Math.max(1, pad) + "s  ", row.get(i)));
      }
      text.append(line.toString().stripTrailing()).append('\n');
    }
  }
}

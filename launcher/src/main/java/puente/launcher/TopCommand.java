package puente.launcher;

import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Shows what goes on in the cluster, again and again on a terminal, else once. */
@Command(
    name = "top",
    header = {
      "Show what goes on now, the busiest sessions first.",
      "",
      "  puente top",
      "  puente top --sort bytes --limit 50",
      "  puente top --by user --metric egress --window 300",
      "  puente top --json | jq '.overview.allocations'",
      ""
    },
    sortOptions = false)
final class TopCommand implements Callable<Integer> {
  private static final String CLEAR = "\u001b[H\u001b[2J";

  private final Surroundings surroundings;
  private final BooleanSupplier isTerminal;

  @Mixin private final AdminOptions admin = new AdminOptions();

  @Option(
      names = "--sort",
      paramLabel = "NAME",
      defaultValue = "rate",
      description = "Sessions by rate, up, down, bytes, created or user. Default: rate.")
  private String sort = "rate";

  @Option(
      names = "--by",
      paramLabel = "NAME",
      defaultValue = "session",
      description = "session, user, client (network), peer or realm. Default: session.")
  private String by = "session";

  @Option(
      names = "--metric",
      paramLabel = "NAME",
      defaultValue = "egress",
      description = "Of users, clients, peers and realms: egress, pps, allocs or errors.")
  private String metric = "egress";

  @Option(
      names = "--window",
      paramLabel = "SECONDS",
      defaultValue = "300",
      description = "Over which time, 60 to 3600. Default: 300.")
  private int window = 300;

  @Option(
      names = "--limit",
      paramLabel = "N",
      defaultValue = "20",
      description = "Rows, 1 to 100. Default: 20.")
  private int limit = 20;

  @Option(
      names = "--interval",
      paramLabel = "SECONDS",
      defaultValue = "2",
      description = "Between two looks on a terminal, 1 to 60. Default: 2.")
  private int interval = 2;

  @Option(names = "--once", description = "Look once, on a terminal too.")
  private boolean once;

  @Mixin private final HelpOption help = new HelpOption();

  TopCommand(Surroundings surroundings) {
    this(surroundings, () -> System.console() != null && System.console().isTerminal());
  }

  TopCommand(Surroundings surroundings, BooleanSupplier isTerminal) {
    this.surroundings = surroundings;
    this.isTerminal = isTerminal;
  }

  @Override
  public Integer call() throws StartFailure, InterruptedException {
    check("--limit", limit, 1, 100);
    check("--interval", interval, 1, 60);
    check("--window", window, 60, 3600);
    boolean again = !once && !admin.json() && isTerminal.getAsBoolean();
    do {
      JsonObject look = look();
      String text = admin.json() ? look.encodePrettily() + "\n" : text(look);
      surroundings.out().print(again ? CLEAR + text : text);
      surroundings.out().flush();
      if (again) {
        // What happens, happens in another process, which is asked again after a while.
        new CompletableFuture<Void>().completeOnTimeout(null, interval, TimeUnit.SECONDS).join();
      }
    } while (again);
    return 0;
  }

  private static void check(String name, int value, int min, int max) throws StartFailure {
    if (value < min || value > max) {
      throw StartFailure.configuration(name + ": from " + min + " to " + max);
    }
  }

  private JsonObject look() throws StartFailure, InterruptedException {
    JsonObject look = new JsonObject().put("overview", admin.get("overview", surroundings));
    look.put("nodes", admin.get("nodes", surroundings).getJsonArray("nodes"));
    if (by.equals("session")) {
      boolean isName = sort.equals("user") || sort.equals("created");
      String path = "sessions?limit=" + limit + "&sort=" + (isName ? "" : "-") + encoded(sort);
      return look.put("sessions", admin.get(path, surroundings).getJsonArray("sessions"));
    }
    String path =
        "top?by="
            + encoded(by)
            + "&metric="
            + encoded(metric)
            + "&window="
            + window
            + "&k="
            + limit;
    return look.put("top", admin.get(path, surroundings));
  }

  private static String encoded(String text) {
    return SessionsCommand.encoded(text);
  }

  // ---- text

  private String text(JsonObject look) {
    JsonObject overview = look.getJsonObject("overview");
    JsonObject allocations = overview.getJsonObject("allocations");
    JsonObject traffic = overview.getJsonObject("traffic");
    JsonObject answers = overview.getJsonObject("answers");
    StringBuilder text = new StringBuilder();
    JsonObject verdict = overview.getJsonObject("verdict");
    text.append(SafeText.escape(verdict.getString("text", ""))).append('\n');
    for (Object cause : verdict.getJsonArray("causes", new JsonArray())) {
      text.append("  ! ")
          .append(SafeText.escape(((JsonObject) cause).getString("text", "")))
          .append('\n');
    }
    text.append(
        String.format(
            Locale.ROOT,
            "allocations %d, relaying %d, idle %d   up %s, down %s   granted %.2f %%%n",
            allocations.getLong("total", 0L),
            allocations.getLong("relaying", 0L),
            allocations.getLong("idle", 0L),
            rate(traffic.getDouble("upBytesPerSecond", 0.0)),
            rate(traffic.getDouble("downBytesPerSecond", 0.0)),
            100 * answers.getDouble("successShare", 1.0)));
    nodes(look.getJsonArray("nodes"), text.append('\n'));
    text.append('\n');
    if (look.containsKey("sessions")) {
      sessions(look.getJsonArray("sessions"), text);
    } else {
      top(look.getJsonObject("top"), text);
    }
    return text.toString();
  }

  private static void nodes(JsonArray nodes, StringBuilder text) {
    String row = "%-20s %-14s %12s %14s %8s %10s%n";
    text.append(row.formatted("NODE", "STATE", "ALLOCATIONS", "EGRESS", "CPU", "LAG"));
    for (Object each : nodes) {
      JsonObject node = (JsonObject) each;
      boolean alive = node.getBoolean("alive", false);
      text.append(
          row.formatted(
              SafeText.escape(node.getString("id", "?")),
              alive ? node.getString("state", "?") : "down",
              node.getLong("allocations", 0L),
              rate(node.getDouble("egressBytesPerSecond", 0.0)),
              String.format(Locale.ROOT, "%.0f %%", 100 * node.getDouble("processor", 0.0)),
              String.format(
                  Locale.ROOT, "%.1f ms", 1000 * node.getDouble("loopLagP99Seconds", 0.0))));
    }
  }

  private static void sessions(JsonArray sessions, StringBuilder text) {
    String row = "%-28s %-30s %-12s %-7s %13s %13s %10s%n";
    text.append(row.formatted("USER", "CLIENT", "NODE", "STATE", "UP", "DOWN", "TOTAL"));
    for (Object each : sessions) {
      JsonObject session = (JsonObject) each;
      String client = session.getString("client", "") + " " + session.getString("transport", "");
      text.append(
          row.formatted(
              SafeText.escape(session.getString("user", "")),
              client,
              SafeText.escape(session.getString("node", "")),
              session.getString("state", ""),
              rate(session.getDouble("upBytesPerSecond", 0.0)),
              rate(session.getDouble("downBytesPerSecond", 0.0)),
              bytes(session.getLong("bytesUp", 0L) + session.getLong("bytesDown", 0L))));
    }
  }

  private static void top(JsonObject top, StringBuilder text) {
    String row = "%-48s %16s %8s %8s%n";
    text.append(
        row.formatted(
            top.getString("by", "").toUpperCase(Locale.ROOT),
            top.getString("unit", ""),
            "SHARE",
            "ERRORS"));
    for (Object each : top.getJsonArray("rows")) {
      JsonObject one = (JsonObject) each;
      double value = one.getDouble("value", 0.0);
      boolean isBytes = top.getString("unit", "").equals("bytes/s");
      text.append(
          row.formatted(
              SafeText.escape(one.getString("key", "")),
              isBytes ? rate(value) : String.format(Locale.ROOT, "%.1f", value),
              String.format(Locale.ROOT, "%.1f %%", 100 * one.getDouble("share", 0.0)),
              one.getLong("errors", 0L)));
    }
    if (top.getJsonArray("rows").isEmpty()) {
      text.append("nothing in this window\n");
    }
  }

  private static final Map<String, Double> PREFIXES = Map.of("G", 1e9, "M", 1e6, "k", 1e3);

  /** Bits per second, as networks are sold. */
  private static String rate(double bytesPerSecond) {
    return scaled(8 * bytesPerSecond) + "b/s";
  }

  private static String bytes(long bytes) {
    return scaled(bytes) + "B";
  }

  private static String scaled(double value) {
    for (String prefix : List.of("G", "M", "k")) {
      double unit = PREFIXES.getOrDefault(prefix, 1.0);
      if (value >= unit) {
        return String.format(Locale.ROOT, "%.2f %s", value / unit, prefix);
      }
    }
    return String.format(Locale.ROOT, "%.0f ", value);
  }
}

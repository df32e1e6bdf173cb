package puente.launcher;

import io.vertx.core.json.JsonObject;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** Shows the nodes of the cluster as a running server sees them. */
@Command(
    name = "nodes",
    header = {
      "Show the nodes, their state and load.",
      "",
      "  puente nodes",
      "  puente nodes --admin http://10.0.0.7:9641 --token-file /run/secrets/admin-token",
      "  puente nodes --json | jq '.nodes[] | select(.alive | not)'",
      ""
    },
    sortOptions = false)
final class NodesCommand implements Callable<Integer> {
  private final Surroundings surroundings;

  @Mixin private final AdminOptions admin = new AdminOptions();

  @Mixin private final HelpOption help = new HelpOption();

  NodesCommand(Surroundings surroundings) {
    this.surroundings = surroundings;
  }

  @Override
  public Integer call() throws StartFailure, InterruptedException {
    JsonObject answer = admin.get("nodes", surroundings);
    surroundings.out().print(admin.json() ? answer.encodePrettily() + "\n" : text(answer));
    return 0;
  }

  private static String text(JsonObject answer) {
    StringBuilder text = new StringBuilder();
    text.append(line("NODE", "STATE", "ALLOCATIONS", "CPU", "RELAYED"));
    for (Object each : answer.getJsonArray("nodes")) {
      if (each instanceof JsonObject node) {
        text.append(row(node));
      }
    }
    return text.toString();
  }

  private static String row(JsonObject node) {
    String state = node.getString("state", "?");
    String max =
        node.getInteger("allocationsMax", 0) == 0 ? "" : "/" + node.getInteger("allocationsMax");
    JsonObject drain = node.getJsonObject("drain");
    String row =
        line(
            SafeText.escape(node.getString("id", "?")) + (node.getBoolean("self") ? " *" : ""),
            node.getBoolean("alive") ? state : "gone (" + state + ")",
            node.getInteger("allocations") + max,
            String.format(Locale.ROOT, "%.0f %%", 100 * node.getDouble("processor", 0.0)),
            String.format(
                Locale.ROOT, "%.1f Mbit/s", node.getLong("bytesPerSecond", 0L) * 8 / 1e6));
    return drain == null
        ? row
        : row
            + "  until "
            + drain.getString("deadline")
            + " or "
            + drain.getInteger("minAllocations")
            + " left: "
            + SafeText.escape(drain.getString("reason", ""))
            + "\n";
  }

  private static String line(String... cells) {
    return String.format("%-24s %-14s %14s %6s %14s%n", (Object[]) cells);
  }
}

package puente.launcher;

import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Shows or ends allocations of a running server. */
@Command(
    name = "sessions",
    header = {
      "Show the allocations of the cluster, the oldest first.",
      "",
      "  puente sessions",
      "  puente sessions --user 'acme:*' --transport tcp",
      "  puente sessions --all --json | jq -r '.sessions[].client'",
      "  puente sessions --close ID",
      ""
    },
    sortOptions = false)
final class SessionsCommand implements Callable<Integer> {
  private static final int PAGE_MAX = 1000;

  private final Surroundings surroundings;

  @Mixin private final AdminOptions admin = new AdminOptions();

  @Option(
      names = "--user",
      paramLabel = "NAME",
      description = "Of this user only; NAME* is all whose names begin so.")
  private Optional<String> user = Optional.empty();

  @Option(names = "--client", paramLabel = "IP", description = "From this address only.")
  private Optional<String> client = Optional.empty();

  @Option(names = "--transport", paramLabel = "NAME", description = "udp, tcp, tls or dtls only.")
  private Optional<String> transport = Optional.empty();

  @Option(
      names = "--state",
      paramLabel = "NAME",
      description = "active: with a relayed packet in the last 30 s; or idle.")
  private Optional<String> state = Optional.empty();

  @Option(names = "--peer", paramLabel = "IP", description = "With a permission for this peer.")
  private Optional<String> peer = Optional.empty();

  @Option(
      names = "--node",
      paramLabel = "ID",
      description = "On this node only; self is the one asked.")
  private Optional<String> node = Optional.empty();

  @Option(
      names = "--sort",
      paramLabel = "NAME",
      description = "By created, rate, up, down, bytes or user; -NAME the greatest first.")
  private Optional<String> sort = Optional.empty();

  @Option(
      names = "--limit",
      paramLabel = "N",
      defaultValue = "100",
      description = "At most so many, 1 to 1000. Default: 100.")
  private int limit = 100;

  @Option(names = "--all", description = "All there are, however many.")
  private boolean all;

  @Option(names = "--close", paramLabel = "ID", description = "End this one; may be repeated.")
  private List<String> close = new ArrayList<>();

  @Mixin private final HelpOption help = new HelpOption();

  SessionsCommand(Surroundings surroundings) {
    this.surroundings = surroundings;
  }

  @Override
  public Integer call() throws StartFailure, InterruptedException {
    if (!close.isEmpty()) {
      for (String id : close) {
        admin.send("DELETE", "sessions/" + encoded(id), new JsonObject(), surroundings);
      }
      return 0;
    }
    JsonArray found = new JsonArray();
    Optional<String> next = page(found, Optional.empty());
    while (all && next.isPresent()) {
      next = page(found, next);
    }
    JsonObject answer = new JsonObject().put("sessions", found);
    next.ifPresent(cursor -> answer.put("next", cursor));
    surroundings.out().print(admin.json() ? answer.encodePrettily() + "\n" : text(found));
    if (next.isPresent()) {
      surroundings.err().println("puente: there are more; --all shows them");
    }
    return 0;
  }

  private Optional<String> page(JsonArray found, Optional<String> cursor)
      throws StartFailure, InterruptedException {
    StringBuilder path = new StringBuilder("sessions?limit=").append(all ? PAGE_MAX : limit);
    user.ifPresent(name -> path.append("&user=").append(encoded(name)));
    client.ifPresent(ip -> path.append("&client=").append(encoded(ip)));
    transport.ifPresent(name -> path.append("&transport=").append(encoded(name)));
    state.ifPresent(name -> path.append("&state=").append(encoded(name)));
    peer.ifPresent(ip -> path.append("&peer=").append(encoded(ip)));
    node.ifPresent(id -> path.append("&node=").append(encoded(id)));
    sort.ifPresent(name -> path.append("&sort=").append(encoded(name)));
    cursor.ifPresent(after -> path.append("&cursor=").append(encoded(after)));
    JsonObject answer = admin.get(path.toString(), surroundings);
    found.addAll(answer.getJsonArray("sessions"));
    return Optional.ofNullable(answer.getString("next"));
  }

  static String encoded(String text) {
    return URLEncoder.encode(text, StandardCharsets.UTF_8).replace("+", "%20");
  }

  private static String text(JsonArray sessions) {
    StringBuilder text = new StringBuilder();
    text.append(line("CLIENT", "USER", "RELAYED", "UP", "DOWN", "STATE", "ID"));
    for (Object each : sessions) {
      if (each instanceof JsonObject session) {
        text.append(
            line(
                session.getString("client") + " " + session.getString("transport"),
                SafeText.escape(session.getString("user", "")),
                String.valueOf(session.getJsonArray("relayed").stream().findFirst().orElse("")),
                session.getLong("bytesUp") + " B",
                session.getLong("bytesDown") + " B",
                session.getString("state", ""),
                session.getString("id")));
      }
    }
    return text.toString();
  }

  private static String line(String... cells) {
    return String.format("%-27s %-24s %-22s %12s %12s %-7s %s%n", (Object[]) cells);
  }
}

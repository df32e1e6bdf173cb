package puente.launcher;

import static puente.launcher.Setting.row;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import puente.launcher.Setting.Group;

/** The rows of the table of {@link Settings} that are about sending clients elsewhere. */
final class DrainSettings {
  private static final List<Setting<?>> ROWS = new ArrayList<>();

  static final Setting<Duration> DEADLINE =
      row(
              Group.CLUSTER,
              "drain-deadline",
              Type.duration(Duration.ofSeconds(1), Duration.ofDays(30)),
              "Longest time of a drain; what is left then is ended. Given, SIGTERM drains.")
          .fallback("1h")
          .in(ROWS);
  static final Setting<Integer> MIN_ALLOCATIONS =
      row(
              Group.CLUSTER,
              "drain-min-allocations",
              Type.count(0, 100_000_000),
              "A drain is done when so many allocations are left. Given, SIGTERM drains.")
          .fallback("0")
          .in(ROWS);
  static final Setting<Duration> RECLAIM_IDLE =
      row(
              Group.CLUSTER,
              "drain-reclaim-idle",
              Type.duration(Duration.ZERO, Duration.ofDays(30)),
              "While draining, end allocations that have relayed nothing for so long; 0 ends none.")
          .fallback("0s")
          .in(ROWS);
  static final Setting<String> NODE_DOMAIN =
      row(
              Group.CLUSTER,
              "node-domain",
              Type.TEXT,
              "Name in this node's certificate, told to TLS clients that other nodes send here "
                  + "(ALTERNATE-DOMAIN). Without it: the name that they asked for.")
          .in(ROWS);
  static final Setting<AlternateServer> ALTERNATE_SERVER =
      alternate("alternate-server", "Send UDP and TCP clients to this server, IP[:port].");
  static final Setting<AlternateServer> UDP_ALTERNATE_SERVER =
      alternate("udp-alternate-server", "Send UDP clients to this server.");
  static final Setting<AlternateServer> TCP_ALTERNATE_SERVER =
      alternate("tcp-alternate-server", "Send TCP clients to this server.");
  static final Setting<AlternateServer> TLS_ALTERNATE_SERVER =
      alternate("tls-alternate-server", "Send TLS and DTLS clients to this server.");

  private DrainSettings() {}

  static void addTo(List<Setting<?>> table) {
    table.addAll(ROWS);
  }

  private static Setting<AlternateServer> alternate(String name, String help) {
    return row(
            Group.PROTOCOL,
            name,
            new Type<>("IP, IP:port or [IP]:port", false, AlternateServer::parse),
            help + " Several take turns.")
        .replaces()
        .in(ROWS);
  }
}

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

  static final Setting<Duration> ALTERNATE_CHECK_INTERVAL =
      row(
              Group.PROTOCOL,
              "alternate-check-interval",
              Type.duration(Duration.ZERO, Duration.ofHours(1)),
              "How often each of these servers is asked whether it answers (a Binding request, by "
                  + "the transport it is listed for); 0 asks none and sends clients to all.")
          .fallback("5s")
          .in(ROWS);
  static final Setting<Duration> ALTERNATE_CHECK_TIMEOUT =
      row(
              Group.PROTOCOL,
              "alternate-check-timeout",
              Type.duration(Duration.ofSeconds(1), Duration.ofMinutes(1)),
              "How long an answer to that is waited for, connecting and shaking hands included.")
          .fallback("2s")
          .in(ROWS);
  static final Setting<Integer> ALTERNATE_CHECK_FALL =
      checks("alternate-check-fall", 3, "Such checks in a row that fail before no client is sent.");
  static final Setting<Integer> ALTERNATE_CHECK_RISE =
      checks("alternate-check-rise", 2, "And that succeed before clients are sent there again.");

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

  private static Setting<Integer> checks(String name, int fallback, String help) {
    return row(Group.PROTOCOL, name, Type.count(1, 100), help)
        .fallback(Integer.toString(fallback))
        .in(ROWS);
  }
}

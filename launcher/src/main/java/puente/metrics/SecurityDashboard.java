package puente.metrics;

import static puente.metrics.Panel.lines;
import static puente.metrics.Panel.stack;
import static puente.metrics.Promql.line;
import static puente.metrics.Promql.linesBy;
import static puente.metrics.Promql.of;

import java.util.List;

/** Who is refused, and why. Names and addresses are in the console: here they would never end. */
final class SecurityDashboard {
  private SecurityDashboard() {}

  static Dashboard dashboard() {
    return new Dashboard(
        "puente-security",
        "Puente: security",
        "Who is refused, and why; the console names them.",
        List.of(
            Dashboard.row(
                "Credentials",
                stack(
                    "Judged",
                    "reqps",
                    "By mechanism and result.",
                    linesBy("mechanism, result", Metric.AUTH)),
                stack(
                    "Looked up",
                    "reqps",
                    "Users that the database or the webhook was to be asked for.",
                    linesBy("result", Metric.USER_LOOKUPS)),
                lines(
                    "Who knows users",
                    "short",
                    "Databases and webhooks, by whether they answer.",
                    line(of(Metric.USER_SOURCES), "{{node}} {{state}}")),
                lines(
                    "Refused, by node",
                    "reqps",
                    "A secret rotated on one side looks like an attack.",
                    line(of("node:puente_auth_refused:rate5m"), "{{node}}"))),
            Dashboard.row(
                "Requests",
                stack(
                    "Not answered",
                    "ops",
                    "rate_limited: sources that prove nothing; banned: as you told.",
                    linesBy("reason", Metric.STUN_DROPPED)),
                stack(
                    "Peers denied",
                    "ops",
                    "By the rule that did it.",
                    linesBy("rule", Metric.PEER_DENIED)),
                lines(
                    "Over a quota",
                    "ops",
                    "By what it counts.",
                    linesBy("scope", Metric.QUOTA_REJECTIONS))),
            connections()));
  }

  private static Dashboard.Row connections() {
    return Dashboard.row(
        "Connections",
        lines(
            "TCP, TLS and DTLS",
            "ops",
            "Opened, and refused or closed for a reason.",
            linesBy("event", Metric.STREAM_CONNECTIONS)),
        lines(
            "TCP with peers",
            "ops",
            "Calls to and by peers (tcp-relay), and what became of them.",
            linesBy("event", Metric.TCP)),
        lines(
            "Mobility",
            "ops",
            "Clients that came from elsewhere with a ticket, and tickets refused.",
            linesBy("event", Metric.MOBILITY)),
        lines(
            "TLS handshakes",
            "ops",
            "That failed.",
            linesBy("listener, result", Metric.TLS_HANDSHAKES)),
        lines(
            "Certificates ordered",
            "ops",
            "By outcome; after a failure the former one stays in force.",
            linesBy("result", Metric.ACME_ORDERS)));
  }
}

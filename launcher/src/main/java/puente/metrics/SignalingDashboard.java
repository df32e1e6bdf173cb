package puente.metrics;

import static puente.metrics.Panel.lines;
import static puente.metrics.Panel.stack;
import static puente.metrics.Promql.line;
import static puente.metrics.Promql.linesBy;
import static puente.metrics.Promql.of;
import static puente.metrics.Promql.quantile;
import static puente.metrics.Promql.rate;
import static puente.metrics.Promql.sum;
import static puente.metrics.Promql.sumBy;

import java.util.List;
import puente.metrics.Dashboard.Row;

/** Rooms, peers and the messages between them. */
final class SignalingDashboard {
  private SignalingDashboard() {}

  static Dashboard dashboard() {
    return new Dashboard(
        "puente-signaling",
        "Puente: signaling",
        "Rooms, peers and the messages between them.",
        List.of(who(), messages(), ends()));
  }

  private static Row who() {
    return Dashboard.row(
        "Who is there",
        stack(
            "WebSockets",
            "none",
            "By protocol.",
            line(sumBy("protocol", of(Metric.SIGNAL_CONNECTIONS)), "{{protocol}}")),
        lines(
            "Rooms and peers",
            "none",
            "A room counts on each node that has members of it.",
            line(sum(of(Metric.SIGNAL_ROOMS)), "rooms"),
            line(sum(of(Metric.SIGNAL_PEERS)), "peers"),
            line(sum(of(Metric.SIGNAL_KEPT)), "kept for other nodes")),
        lines(
            "Meetings over UDP",
            "none",
            "Of the rendezvous.",
            line(sum(of(Metric.RENDEZVOUS_MEETINGS)), "meetings"),
            line(sum(of(Metric.RENDEZVOUS_PEERS)), "peers")),
        lines(
            "Rendezvous",
            "reqps",
            "Requests, by what became of them.",
            linesBy("event", Metric.RENDEZVOUS)));
  }

  private static Row messages() {
    return Dashboard.row(
        "Messages",
        lines(
            "Messages",
            "ops",
            "Delivered, and queued for who may come back.",
            linesBy("protocol, direction, kind", Metric.SIGNAL_MESSAGES)),
        lines(
            "Time through a node",
            "s",
            "From frame read to frame written.",
            quantile(0.5, Metric.SIGNAL_DELIVERY),
            quantile(0.99, Metric.SIGNAL_DELIVERY)),
        lines(
            "Queued",
            "none",
            "Characters kept for sessions that may come back.",
            line(sum(of(Metric.SIGNAL_QUEUE)), "queued")),
        lines(
            "Between nodes",
            "ops",
            "Sessions and messages that went to other nodes, or could not.",
            linesBy("event", Metric.SIGNAL_FLEET)));
  }

  private static Row ends() {
    return Dashboard.row(
        "Coming back, refused, closed",
        lines(
            "Came back",
            "ops",
            "Resumed, or too late; and those that never did.",
            linesBy("result", Metric.SIGNAL_RESUMES),
            line(sum(rate(Metric.SIGNAL_EXPIRED)), "never came back")),
        lines(
            "Refused", "ops", "By the code of the error.", linesBy("code", Metric.SIGNAL_REFUSED)),
        lines(
            "WebSockets closed by us",
            "ops",
            "By code, and those whose reader was too slow.",
            linesBy("code", Metric.SIGNAL_CLOSED),
            line(sum(rate(Metric.SIGNAL_SLOW_READERS)), "slow reader")),
        stack("HTTP answers", "reqps", "By status.", linesBy("status", Metric.HTTP_ANSWERS)));
  }
}

package puente.metrics;

import static puente.metrics.Panel.bars;
import static puente.metrics.Panel.figure;
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

/** All nodes together. */
final class OverviewDashboard {

  private static final String EGRESS = of("node:puente_egress_bits:rate1m");

  private OverviewDashboard() {}

  static Dashboard dashboard() {
    return new Dashboard(
        "puente-overview",
        "Puente: overview",
        "Is it healthy, how full is it, who does the work?",
        List.of(now(), full(), work(), refusals(), cluster()));
  }

  private static Row now() {
    String alerts = "ALERTS{alertname=~\"Puente.+\",alertstate=\"firing\",job=~\"$job\"}";
    return Dashboard.row(
        "Now",
        figure(
            "Nodes serving",
            "none",
            "That take new allocations.",
            sum(of(Metric.NODE_STATE, "state=\"serving\""))),
        figure(
            "Relaying",
            "none",
            "Allocations that carried data in the last 30 s.",
            sum(of(Metric.ALLOCATIONS, "state=\"active\""))),
        figure(
            "Idle",
            "none",
            "Allocations held in reserve: each takes a port and nothing else.",
            sum(of(Metric.ALLOCATIONS, "state=\"idle\""))),
        figure("Egress", "bps", "Sent to clients and to peers.", sum(EGRESS)),
        figure(
            "Allocates granted",
            "percentunit",
            "Of those that were not challenged or sent elsewhere.",
            "avg(" + of("node:puente_allocate_granted:ratio5m") + ")"),
        figure("Alerts", "none", "That fire now.", "count(" + alerts + ") or vector(0)"));
  }

  private static Row full() {
    return Dashboard.row(
        "How full",
        bars(
            "Relay ports",
            "Taken, of all. At the end new clients get 508.",
            of("node:puente_ports_taken:ratio")),
        bars(
            "Egress",
            "Of bps-capacity, on nodes that have one.",
            EGRESS + " / (8 * " + sumBy("job, node", of(Metric.EGRESS_LIMIT) + " > 0") + ")"),
        lines(
            "Days until the target is reached",
            "d",
            "By resource, at the present rate; nothing while nothing points there.",
            line(
                "(min by (resource) ("
                    + of(Metric.EXHAUSTION, "quantile=\"0.5\"")
                    + ") - time()) / 86400",
                "{{resource}}")),
        bars("Processors", "Of the whole machine.", of("system_cpu_usage")),
        bars(
            "Heap",
            "In use, what the next collection frees included.",
            sumBy("node", of("jvm_memory_used_bytes", "area=\"heap\""))
                + " / "
                + sumBy("node", of("jvm_memory_max_bytes", "area=\"heap\"") + " > 0")));
  }

  private static Row work() {
    return Dashboard.row(
        "Work",
        stack(
            "Allocations",
            "none",
            "Relaying and idle.",
            line(sumBy("state", of(Metric.ALLOCATIONS)), "{{state}}")),
        lines(
            "Throughput",
            "bps",
            "Clients and peers together.",
            line(sum(EGRESS), "out"),
            line(sum(of("node:puente_ingress_bits:rate1m")), "in")),
        stack("Egress by node", "bps", "Is the load spread?", line(EGRESS, "{{node}}")),
        stack(
            "Packets relayed by node",
            "pps",
            "What the processors work for.",
            line(of("node:puente_relay_packets:rate1m"), "{{node}}")),
        stack(
            "Clients by transport",
            "none",
            "Clients by TCP and TLS lose their allocation when a node dies.",
            line(
                sumBy("transport, family", of(Metric.ALLOCATIONS)) + " > 0",
                "{{transport}} {{family}}")),
        lines(
            "Allocations made and ended",
            "ops",
            "By the reason of the end.",
            line(sum(rate(Metric.ALLOCATIONS_CREATED)), "made"),
            linesBy("reason", Metric.ALLOCATIONS_CLOSED)));
  }

  private static Row refusals() {
    return Dashboard.row(
        "Answers",
        stack(
            "Allocate answers",
            "reqps",
            "401 and 438 are part of every log-in; 486 is a quota, 508 is full.",
            linesBy("code", Metric.STUN_RESPONSES, "method=\"allocate\"")),
        lines("Not relayed", "pps", "By reason.", linesBy("reason", Metric.RELAY_DROPPED)));
  }

  private static Row cluster() {
    return Dashboard.row(
        "Cluster",
        lines(
            "Members",
            "none",
            "As each node sees it: the lines should be one.",
            line(of(Metric.CLUSTER_MEMBERS), "{{node}}")),
        lines(
            "Copies",
            "none",
            "1 when what a node keeps of the directory has its copies.",
            line(of(Metric.CLUSTER_SAFE), "{{node}}")),
        lines(
            "From a change to visible elsewhere",
            "s",
            "What a node that takes over may miss.",
            quantile(0.5, Metric.CLUSTER_WRITE),
            quantile(0.99, Metric.CLUSTER_WRITE)),
        lines(
            "Taken over",
            "ops",
            "Allocations that go on here, from another node or the journal.",
            linesBy("result, reason", Metric.CLUSTER_CLAIMS),
            linesBy("event", Metric.STATE)),
        lines(
            "Forwarded between nodes",
            "pps",
            "Packets that came to another node than their client's.",
            linesBy("event", Metric.CLUSTER_FORWARD),
            linesBy("reason", Metric.CLUSTER_FORWARD_DROPPED)),
        lines(
            "Addresses brought here",
            "ops",
            "What the takeover hook did.",
            linesBy("result", Metric.TAKEOVER_HOOK)),
        lines(
            "Other servers",
            "none",
            "Of alternate-server: 1 as long as clients may be sent there.",
            line(
                "min by (server, transport) (" + of(Metric.ALTERNATE_UP) + ")",
                "{{server}} {{transport}}")),
        lines(
            "Round trips to other servers",
            "s",
            "One that becomes far slower than it was is busy, and spared.",
            line(
                "max by (server, transport) (" + of(Metric.ALTERNATE_ROUND_TRIP) + ")",
                "{{server}} {{transport}}")),
        lines(
            "Checks of other servers",
            "ops",
            "And how often none of them was left.",
            linesBy("result", Metric.ALTERNATE_CHECKS),
            line(sum(rate(Metric.ALTERNATES_OUT)), "all out")));
  }
}

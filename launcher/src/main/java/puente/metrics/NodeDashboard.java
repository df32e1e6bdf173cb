package puente.metrics;

import static puente.metrics.Panel.figure;
import static puente.metrics.Panel.lines;
import static puente.metrics.Panel.stack;
import static puente.metrics.Promql.line;
import static puente.metrics.Promql.linesBy;
import static puente.metrics.Promql.mean;
import static puente.metrics.Promql.of;
import static puente.metrics.Promql.quantile;
import static puente.metrics.Promql.rate;
import static puente.metrics.Promql.sum;
import static puente.metrics.Promql.sumBy;

import java.util.List;
import puente.metrics.Dashboard.Row;

/** One node, resource by resource: how much of it is used, where it queues, what it loses. */
final class NodeDashboard {
  private NodeDashboard() {}

  static Dashboard dashboard() {
    return new Dashboard(
        "puente-node",
        "Puente: node",
        "One node, resource by resource.",
        List.of(state(), relay(), sessions(), machine()));
  }

  private static Row state() {
    return Dashboard.row(
        "State",
        figure("Up for", "s", "Since the process started.", of("process_uptime_seconds")),
        figure(
            "Left to drain", "none", "0 on a node that serves.", sum(of(Metric.DRAIN_REMAINING))),
        figure(
            "Drain ends",
            "dateTimeAsIso",
            "What is left then is ended.",
            "1000 * " + of(Metric.DRAIN_DEADLINE) + " > 0"),
        figure(
            "Certificate ends",
            "dateTimeAsIso",
            "The first of the listeners'.",
            "1000 * min(" + of(Metric.CERTIFICATE_EXPIRY) + ")"),
        figure(
            "Clock",
            "s",
            "Off Prometheus' clock.",
            "max(abs(timestamp(" + of(Metric.CLOCK) + ") - " + of(Metric.CLOCK) + "))"),
        figure(
            "Defects",
            "none",
            "Packets dropped by a mistake of Puente's; please report.",
            sum(of(Metric.DEFECTS))));
  }

  private static Row relay() {
    return Dashboard.row(
        "Relay",
        lines(
            "Bytes relayed",
            "Bps",
            "From and to clients and peers.",
            linesBy("leg, direction", Metric.RELAY_BYTES)),
        lines(
            "Packets relayed",
            "pps",
            "From and to clients and peers.",
            linesBy("leg, direction", Metric.RELAY_PACKETS)),
        stack(
            "Relay ports",
            "none",
            "Used, reserved for the next, and resting before they are used again.",
            line(sumBy("state", of(Metric.PORTS)), "{{state}}"),
            line(sum(of(Metric.PORTS_LIMIT)), "all")),
        lines(
            "Losses",
            "pps",
            "By the kernel, as our sockets were full, and by the relay.",
            line(sum(rate(Metric.SOCKET_DROPS)), "kernel"),
            linesBy("reason", Metric.RELAY_DROPPED)),
        lines(
            "How long datagrams are in here",
            "s",
            "From being read to being sent on, of one batch in 16.",
            quantile(0.5, Metric.RELAY_LATENCY),
            quantile(0.99, Metric.RELAY_LATENCY)),
        lines(
            "How late event loops come round",
            "s",
            "All packets of a loop wait for so long.",
            quantile(0.5, Metric.LOOP_LAG),
            quantile(0.99, Metric.LOOP_LAG)));
  }

  private static Row sessions() {
    return Dashboard.row(
        "Sessions",
        stack("Requests", "reqps", "By method.", linesBy("method", Metric.STUN_REQUESTS)),
        lines(
            "Permissions and channels",
            "none",
            "Alive.",
            line(sum(of(Metric.PERMISSIONS)), "permissions"),
            line(sum(of(Metric.CHANNELS)), "channels")),
        lines(
            "Shared relay ports",
            "ops",
            "Allocations put on them, and private ports opened because two wanted the same peer.",
            linesBy("event", Metric.SHARED_PORTS)),
        lines(
            "How long allocations lived",
            "s",
            "Those that have ended.",
            quantile(0.5, Metric.ALLOCATION_DURATION),
            line(mean(Metric.ALLOCATION_DURATION), "mean")),
        lines(
            "How much allocations relayed",
            "bytes",
            "Those that have ended.",
            quantile(0.5, Metric.ALLOCATION_BYTES),
            line(mean(Metric.ALLOCATION_BYTES), "mean")));
  }

  private static Row machine() {
    return Dashboard.row(
        "Machine",
        lines(
            "Processors",
            "percentunit",
            "Of the whole machine, by this process and by all.",
            line(of("process_cpu_usage"), "{{node}} Puente"),
            line(of("system_cpu_usage"), "{{node}} all")),
        lines(
            "Memory",
            "bytes",
            "Heap, and buffers outside of it.",
            line(sumBy("node", of("jvm_memory_used_bytes", "area=\"heap\"")), "{{node}} heap"),
            line(of("jvm_buffer_memory_used_bytes"), "{{node}} {{id}}")),
        lines(
            "Garbage collection",
            "percentunit",
            "Share of the time that it stopped everything.",
            line(
                sumBy("node", "rate(" + of("jvm_gc_pause_seconds_sum") + "[$__rate_interval])"),
                "{{node}}")),
        lines(
            "File descriptors",
            "none",
            "Each relay port is one.",
            line(of("process_files_open_files"), "{{node}}"),
            line(of("process_files_max_files"), "{{node}} most")),
        lines(
            "Journal",
            "ops",
            "Changes that the disk was too slow for.",
            line(sum(rate(Metric.JOURNAL_LOST)), "lost")));
  }
}

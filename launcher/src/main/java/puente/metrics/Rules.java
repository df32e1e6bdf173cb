package puente.metrics;

import java.util.List;
import java.util.Locale;
import puente.metrics.Rule.Alert;
import puente.metrics.Rule.Recording;
import puente.metrics.Rule.Severity;

/**
 * The rules for Prometheus: what a dashboard asks again and again is worked out once, and what
 * somebody should look at is said.
 */
public final class Rules {

  /** Challenges and redirections are no failures: the client comes again, or elsewhere. */
  private static final String JUDGED = "code!~\"300|401|438\"";

  static final List<Recording> RECORDINGS =
      List.of(
          new Recording(
              "node:puente_allocations:sum", "sum by (job, node, state) (puente_turn_allocations)"),
          new Recording(
              "node:puente_ports_taken:ratio",
              "sum by (job, node) (puente_turn_ports{state=~\"used|reserved\"})"
                  + " / sum by (job, node) (puente_turn_ports_limit > 0)"),
          new Recording(
              "node:puente_egress_bits:rate1m",
              "8 * sum by (job, node) (rate(puente_turn_relay_bytes_total{direction=\"out\"}[1m]))"),
          new Recording(
              "node:puente_ingress_bits:rate1m",
              "8 * sum by (job, node) (rate(puente_turn_relay_bytes_total{direction=\"in\"}[1m]))"),
          new Recording(
              "node:puente_relay_packets:rate1m",
              "sum by (job, node) (rate(puente_turn_relay_packets_total{direction=\"out\"}[1m]))"),
          new Recording(
              "node:puente_relay_dropped:ratio5m",
              "sum by (job, node) (rate(puente_turn_relay_dropped_total[5m]))"
                  + " / (sum by (job, node)"
                  + " (rate(puente_turn_relay_packets_total{direction=\"in\"}[5m])) > 0)"),
          new Recording(
              "node:puente_allocate_granted:ratio5m",
              allocates("code=\"success\"") + " / (" + allocates(JUDGED) + " > 0)"),
          new Recording(
              "node:puente_allocate_noport:ratio5m",
              allocates("code=\"508\"") + " / (" + allocates(JUDGED) + " > 0)"),
          new Recording(
              "node:puente_auth_refused:rate5m",
              "sum by (job, node) (rate(puente_auth_total{result=\"refused\"}[5m]))"),
          new Recording("node:puente_eventloop_lag_seconds:p99_5m", p99(Metric.LOOP_LAG, "5m")),
          new Recording(
              "node:puente_signal_delivery_seconds:p99_5m", p99(Metric.SIGNAL_DELIVERY, "5m")));

  static final List<Alert> ALERTS =
      List.of(
          new Alert(
              "PuenteDown",
              "up{job=~\".*puente.*\"} == 0",
              "1m",
              Severity.CRITICAL,
              "{{ $labels.instance }} does not answer",
              "Its allocations go on elsewhere if another node takes over; start it again."),
          new Alert(
              "PuenteNodeGone",
              "puente_cluster_members < max_over_time(puente_cluster_members[15m])",
              "2m",
              Severity.WARNING,
              "{{ $labels.node }} sees {{ $value }} members, fewer than a quarter of an hour ago",
              "puente nodes says which. One that was taken out is forgotten in 15 minutes."),
          new Alert(
              "PuenteClusterSplit",
              "max by (job) (puente_cluster_members) - min by (job) (puente_cluster_members) > 0",
              "3m",
              Severity.CRITICAL,
              "The nodes of {{ $labels.job }} do not agree on who is a member",
              "Look at the links between the nodes, TCP and UDP on cluster-port."),
          new Alert(
              "PuenteClusterUnsafe",
              "puente_cluster_safe == 0",
              "5m",
              Severity.WARNING,
              "{{ $labels.node }} has not copied its part of the directory for five minutes",
              "Take no node out until puente_cluster_safe is 1 on all."),
          new Alert(
              "PuentePortsFull",
              "node:puente_ports_taken:ratio > 0.85",
              "5m",
              Severity.WARNING,
              "{{ $value | humanizePercentage }} of the relay ports of {{ $labels.node }} are taken",
              "Widen min-port to max-port, or add a node: puente plan says how many."),
          new Alert(
              "PuentePortsExhausted",
              "node:puente_ports_taken:ratio > 0.95",
              "1m",
              Severity.CRITICAL,
              "{{ $value | humanizePercentage }} of the relay ports of {{ $labels.node }} are taken",
              "New clients get 508 next. Drain it, or add a node now."),
          new Alert(
              "PuenteRunsOut",
              "min by (job, resource)"
                  + " (puente_capacity_exhaustion_timestamp_seconds{quantile=\"0.5\"})"
                  + " - time() < 7 * 86400",
              "1h",
              Severity.WARNING,
              "At this rate {{ $labels.resource }} reach their target in {{ $value | humanizeDuration }}",
              "The console's page Capacity says how many nodes are missing."),
          new Alert(
              "PuenteAllocateNoPort",
              "node:puente_allocate_noport:ratio5m > 0.001",
              "5m",
              Severity.CRITICAL,
              "{{ $labels.node }} refuses {{ $value | humanizePercentage }} of all Allocates with 508",
              "There is no free port, or no other node to send clients to."),
          new Alert(
              "PuenteEgressNearLimit",
              "node:puente_egress_bits:rate1m"
                  + " / (8 * sum by (job, node) (puente_turn_egress_limit_bytes_per_second > 0)) > 0.8",
              "5m",
              Severity.WARNING,
              "{{ $labels.node }} sends {{ $value | humanizePercentage }} of what bps-capacity lets it",
              "Above it packets are dropped: raise bps-capacity if the link has more, or add a node."),
          new Alert(
              "PuenteRelayDrops",
              "node:puente_relay_dropped:ratio5m > 0.005",
              "5m",
              Severity.WARNING,
              "{{ $labels.node }} does not relay {{ $value | humanizePercentage }} of the packets",
              "puente_turn_relay_dropped_total has the reasons."),
          new Alert(
              "PuenteKernelDrops",
              "rate(puente_udp_socket_drops_total[5m]) > 0",
              "5m",
              Severity.WARNING,
              "The kernel of {{ $labels.node }} drops {{ $value | humanize }} datagrams a second",
              "Raise net.core.rmem_max and sock-buf-size, or move load away."),
          new Alert(
              "PuenteLoopLag",
              "node:puente_eventloop_lag_seconds:p99_5m > 0.02",
              "10m",
              Severity.WARNING,
              "Event loops of {{ $labels.node }} come {{ $value | humanizeDuration }} late (p99)",
              "The host is short of processor time, or something blocks a loop: take a thread dump."),
          new Alert(
              "PuenteAuthStorm",
              "node:puente_auth_refused:rate5m > 1"
                  + " and node:puente_auth_refused:rate5m"
                  + " > 5 * avg_over_time(node:puente_auth_refused:rate5m[1d] offset 10m)",
              "5m",
              Severity.WARNING,
              "{{ $labels.node }} refuses {{ $value | humanize }} credentials a second,"
                  + " five times what is usual",
              "The console's page Security names the sources. A secret rotated on one side looks the same."),
          new Alert(
              "PuenteCertificateEnds",
              "puente_tls_cert_expiry_timestamp_seconds - time() < 14 * 86400 >= 3 * 86400",
              "1h",
              Severity.WARNING,
              "The certificate of {{ $labels.listener }} on {{ $labels.node }} ends in"
                  + " {{ $value | humanizeDuration }}",
              "Renew it; SIGHUP or a reload takes it over without losing a packet."),
          new Alert(
              "PuenteCertificateEndsSoon",
              "puente_tls_cert_expiry_timestamp_seconds - time() < 3 * 86400",
              "10m",
              Severity.CRITICAL,
              "The certificate of {{ $labels.listener }} on {{ $labels.node }} ends in"
                  + " {{ $value | humanizeDuration }}",
              "Renew it; SIGHUP or a reload takes it over without losing a packet."),
          new Alert(
              "PuenteDrainStuck",
              "puente_drain_remaining_allocations > 0"
                  + " and (time() - (puente_drain_deadline_timestamp_seconds > 0)) > 60",
              "1m",
              Severity.WARNING,
              "{{ $labels.node }} has {{ $value }} allocations left a minute past its drain's deadline",
              "puente drain with a new deadline, or stop the node."),
          new Alert(
              "PuenteClockSkew",
              "abs(timestamp(puente_clock_timestamp_seconds) - puente_clock_timestamp_seconds) > 2",
              "5m",
              Severity.WARNING,
              "The clock of {{ $labels.node }} is {{ $value | humanizeDuration }} off Prometheus'",
              "Time-limited credentials end by this clock, and nodes forward nothing at 30 s."),
          new Alert(
              "PuenteJournalBehind",
              "increase(puente_journal_lost_total[10m]) > 0",
              "0m",
              Severity.WARNING,
              "The disk of {{ $labels.node }} is too slow for its journal",
              "A restart would forget the newest allocations: a faster state-dir, or state-fsync=no."),
          new Alert(
              "PuenteFilesNearLimit",
              "process_files_open_files / process_files_max_files > 0.85",
              "5m",
              Severity.WARNING,
              "{{ $value | humanizePercentage }} of the file descriptors of {{ $labels.node }} are open",
              "Raise LimitNOFILE= or ulimit -n: each relay port is one."),
          new Alert(
              "PuenteHeapNearLimit",
              "sum by (job, node) (jvm_memory_used_bytes{area=\"heap\"})"
                  + " / sum by (job, node) (jvm_memory_max_bytes{area=\"heap\"} > 0) > 0.9",
              "15m",
              Severity.WARNING,
              "{{ $value | humanizePercentage }} of the heap of {{ $labels.node }} is in use",
              "More memory (-Xmx), or fewer allocations for a node (total-quota)."),
          new Alert(
              "PuenteSignalSlow",
              "node:puente_signal_delivery_seconds:p99_5m > 0.25",
              "10m",
              Severity.WARNING,
              "Signaling messages take {{ $value | humanizeDuration }} through {{ $labels.node }} (p99)",
              "Look at its processor and event loops."),
          new Alert(
              "PuenteDefects",
              "increase(puente_defects_total[15m]) > 0",
              "0m",
              Severity.WARNING,
              "{{ $labels.node }} dropped packets by a mistake of Puente's",
              "The log has event=defect; please report it."));

  private static final String HEAD =
      """
      # Rules for Prometheus, made from the table of metrics: ./puente docs.
      # The same for an installed version: puente metrics --rules.
      # They expect scraping jobs whose names contain "puente". Recordings keep the labels job and node.
      groups:
      """;

  private Rules() {}

  /** The file that Prometheus reads. */
  public static String yaml() {
    StringBuilder file = new StringBuilder(HEAD);
    file.append("  - name: puente-recordings\n    interval: 15s\n    rules:\n");
    for (Recording rule : RECORDINGS) {
      file.append("      - record: ").append(rule.name()).append('\n');
      file.append("        expr: ").append(quoted(rule.expression())).append('\n');
    }
    file.append("  - name: puente-alerts\n    rules:\n");
    for (Alert rule : ALERTS) {
      file.append("      - alert: ").append(rule.name()).append('\n');
      file.append("        expr: ").append(quoted(rule.expression())).append('\n');
      file.append("        for: ").append(rule.lasting()).append('\n');
      String severity = rule.severity().name().toLowerCase(Locale.ROOT);
      file.append("        labels:\n          severity: ").append(severity).append('\n');
      file.append("        annotations:\n");
      file.append("          summary: ").append(quoted(rule.summary())).append('\n');
      file.append("          advice: ").append(quoted(rule.advice())).append('\n');
    }
    return file.toString();
  }

  /** In single quotes, where YAML reads nothing into anything. */
  private static String quoted(String text) {
    return "'" + text.replace("'", "''") + "'";
  }

  private static String allocates(String code) {
    return "sum by (job, node) (rate(puente_stun_responses_total{method=\"allocate\","
        + code
        + "}[5m]))";
  }

  private static String p99(Metric histogram, String time) {
    return "histogram_quantile(0.99, sum by (job, node, le) (rate("
        + histogram.exposed()
        + "_bucket["
        + time
        + "])))";
  }
}

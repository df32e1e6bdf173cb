package puente.metrics;

import java.util.List;
import java.util.Set;

/**
 * Every metric of a node, by the name that Prometheus has for it. What registers a metric, the page
 * of them, the rules and the dashboards all take it from here. Each has the label {@code node},
 * too.
 */
public enum Metric {
  STUN_REQUESTS("puente_stun_requests_total", "Requests received", "method transport family"),
  STUN_RESPONSES("puente_stun_responses_total", "Responses sent", "method transport code"),
  STUN_DROPPED("puente_stun_dropped_total", "Messages not answered", "reason"),
  AUTH("puente_auth_total", "Credentials judged", "mechanism result"),
  USER_LOOKUPS(
      "puente_user_lookups_total",
      "Users that the user database or the webhook was to be asked for, and what came of it",
      "result"),
  USER_SOURCES(
      "puente_user_sources", "User databases and webhooks, by whether they answer", "state"),
  QUOTA_REJECTIONS("puente_quota_rejections_total", "Allocations refused by a quota", "scope"),
  TCP("puente_turn_tcp_total", "What became of TCP with peers (RFC 6062)", "event"),
  MOBILITY(
      "puente_turn_mobility_total",
      "Allocations that went over to another five-tuple (RFC 8016), and why some did not",
      "event"),
  STATE("puente_state_total", "Allocations kept over a restart or taken over", "event"),

  ALLOCATIONS(
      "puente_turn_allocations",
      "Relayed addresses alive; active are those that carried data in the last 30 s",
      "transport family state"),
  ALLOCATIONS_CREATED("puente_turn_allocations_created_total", "Allocations made", "transport"),
  ALLOCATIONS_CLOSED("puente_turn_allocations_closed_total", "Allocations ended", "reason"),
  ALLOCATION_DURATION(
      "puente_turn_allocation_duration_seconds",
      Kind.HISTOGRAM,
      "How long allocations lived, when they end",
      ""),
  ALLOCATION_BYTES(
      "puente_turn_allocation_bytes",
      Kind.HISTOGRAM,
      "How much allocations relayed, when they end",
      ""),
  PORTS("puente_turn_ports", "Relay ports not free", "state"),
  SHARED_PORTS(
      "puente_turn_shared_ports_total",
      "Allocations on relay ports that they share, and those that needed their own for a peer",
      "event"),
  PORTS_LIMIT("puente_turn_ports_limit", "Relay ports that there are", ""),
  PERMISSIONS("puente_turn_permissions", "Permissions alive", ""),
  CHANNELS("puente_turn_channels", "Channels alive", ""),
  PEER_DENIED("puente_turn_peer_denied_total", "Peers refused, by the rule that did it", "rule"),

  RELAY_BYTES(
      "puente_turn_relay_bytes_total", "Bytes relayed, as they go", "direction leg transport"),
  RELAY_PACKETS(
      "puente_turn_relay_packets_total", "Packets relayed, as they go", "direction leg transport"),
  RELAY_LATENCY(
      "puente_turn_relay_latency_seconds",
      Kind.HISTOGRAM,
      "How long UDP datagrams are in here: from being read to being sent on, of one batch in 16",
      ""),
  RELAY_DROPPED("puente_turn_relay_dropped_total", "Packets not relayed", "reason"),
  EGRESS_LIMIT(
      "puente_turn_egress_limit_bytes_per_second",
      "What bps-capacity lets this node send, both ways together; 0 without it",
      ""),
  DEFECTS(
      "puente_defects_total", "Packets dropped by a mistake of this program; please report", ""),
  SOCKET_DROPS("puente_udp_socket_drops_total", "Datagrams that the kernel had no room for", ""),
  LOOP_LAG(
      "puente_eventloop_lag_seconds",
      Kind.HISTOGRAM,
      "How late event loops come round, looked at a few times a second",
      ""),
  CLOCK(
      "puente_clock_timestamp_seconds",
      "What this node takes the time to be: credentials end by it",
      ""),

  EXHAUSTION(
      "puente_capacity_exhaustion_timestamp_seconds",
      "When the cluster's use of a resource reaches its target; absent while nothing points there",
      "resource quantile"),

  STREAM_CONNECTIONS(
      "puente_stream_connections_total",
      "TCP, TLS and DTLS connections, opened and refused or closed for a reason",
      "event"),
  TLS_HANDSHAKES("puente_tls_handshakes_total", "TLS and DTLS handshakes", "listener result"),
  CERTIFICATE_EXPIRY(
      "puente_tls_cert_expiry_timestamp_seconds",
      "When the certificate ends, since the epoch",
      "listener"),

  NODE_STATE("puente_node_state", "1 for the state that the node is in", "state"),
  DRAIN_REMAINING(
      "puente_drain_remaining_allocations",
      "Allocations left on a node that drains; 0 on one that serves",
      ""),
  DRAIN_DEADLINE(
      "puente_drain_deadline_timestamp_seconds",
      "When what is left is ended, since the epoch; 0 on a node that serves",
      ""),

  ALTERNATE_UP(
      "puente_alternate_server_up",
      "1 if clients may be sent to this server of alternate-server and its kin, 0 if it is out",
      "server transport"),
  ALTERNATE_ROUND_TRIP(
      "puente_alternate_server_round_trip_seconds",
      "What its answers to checks usually take; not there before the first",
      "server transport"),
  ALTERNATE_CHECKS(
      "puente_alternate_server_checks_total",
      "Checks of it: answered or failed",
      "server transport result"),
  ALTERNATES_OUT(
      "puente_alternate_servers_all_out_total",
      "Times that the last of these servers went out, and clients were served here",
      ""),

  CLUSTER_MEMBERS("puente_cluster_members", "Nodes that are members now, this one included", ""),
  CLUSTER_SAFE(
      "puente_cluster_safe", "1 if what this node keeps of the directory has its copies", ""),
  CLUSTER_WRITE(
      "puente_cluster_write_seconds",
      Kind.TIMER,
      "From a change of an allocation to when the other nodes can see it",
      ""),
  CLUSTER_CLAIMS(
      "puente_cluster_claims_total",
      "Attempts to take over the allocations of other nodes, and what came of them",
      "result reason"),
  CLUSTER_FORWARD(
      "puente_cluster_forward_total",
      "Packets of clients that speak to another node than the one they are at home on",
      "event"),
  CLUSTER_FORWARD_DROPPED(
      "puente_cluster_forward_dropped_total", "Packets not forwarded between nodes", "reason"),
  JOURNAL_LOST("puente_journal_lost_total", "Changes that the journal had no room for", ""),
  TAKEOVER_HOOK(
      "puente_takeover_hook_total",
      "Addresses that this node was to take from dead nodes, to keep or to release",
      "result"),
  ACME_ORDERS(
      "puente_acme_orders_total",
      "Certificates of acme-domain: issued, failed, or taken from another node",
      "result"),

  SIGNAL_CONNECTIONS("puente_signal_connections", "Open WebSockets", "protocol"),
  SIGNAL_ROOMS("puente_signal_rooms", "Rooms with members here", ""),
  SIGNAL_PEERS("puente_signal_peers", "Sessions, those that may come back included", ""),
  SIGNAL_KEPT("puente_signal_kept", "Sessions of other nodes that go on here if those die", ""),
  SIGNAL_QUEUE("puente_signal_queue_depth", "Characters kept for sessions that may come back", ""),
  SIGNAL_DELIVERY(
      "puente_signal_delivery_seconds",
      Kind.TIMER,
      "Time of messages through this node, from frame read to frame written",
      ""),
  SIGNAL_MESSAGES(
      "puente_signal_messages_total", "Messages of peers to peers", "protocol direction kind"),
  SIGNAL_EXPIRED("puente_signal_expired_total", "Sessions that did not come back in time", ""),
  SIGNAL_RESUMES("puente_signal_resumes_total", "Clients that came back", "result"),
  SIGNAL_REFUSED(
      "puente_signal_refused_total", "Requests refused, by the code of the error", "code"),
  SIGNAL_CLOSED("puente_signal_closed_total", "WebSockets that the gateway closed", "code"),
  SIGNAL_SLOW_READERS(
      "puente_signal_slow_readers_total",
      "WebSockets closed because their readers were too slow",
      ""),
  SIGNAL_FLEET(
      "puente_signal_fleet_total",
      "Sessions and messages that went to other nodes, or could not",
      "event"),
  HTTP_ANSWERS("puente_http_answers_total", "HTTP answers of the gateway", "status"),
  RENDEZVOUS(
      "puente_rendezvous_total", "Requests of the rendezvous, by what became of them", "event"),
  RENDEZVOUS_MEETINGS("puente_rendezvous_meetings", "Meetings over UDP", ""),
  RENDEZVOUS_PEERS("puente_rendezvous_peers", "Peers in meetings over UDP", "");

  /** How Prometheus sees it. */
  public enum Kind {
    COUNTER,
    GAUGE,
    /** Of our own making. */
    HISTOGRAM,
    /** Micrometer's: a histogram, and the greatest of late as {@code _max}. */
    TIMER
  }

  private static final String COUNTED = "_total";
  private static final String TIMED = "_seconds";

  private final String exposed;
  private final Kind kind;
  private final String help;
  private final List<String> labels;

  Metric(String exposed, String help, String labels) {
    this(exposed, exposed.endsWith(COUNTED) ? Kind.COUNTER : Kind.GAUGE, help, labels);
  }

  Metric(String exposed, Kind kind, String help, String labels) {
    this.exposed = exposed;
    this.kind = kind;
    this.help = help;
    this.labels = labels.isEmpty() ? List.of() : List.of(labels.split(" "));
  }

  /** As Prometheus spells it. */
  public String exposed() {
    return exposed;
  }

  /** As Micrometer wants it: it adds what ends the exposed name. */
  public String meter() {
    String stem =
        switch (kind) {
          case COUNTER -> cut(COUNTED);
          case TIMER -> cut(TIMED);
          case GAUGE, HISTOGRAM -> exposed;
        };
    return stem.replace('_', '.');
  }

  private String cut(String ending) {
    return exposed.substring(0, exposed.length() - ending.length());
  }

  public Kind kind() {
    return kind;
  }

  public String help() {
    return help;
  }

  /** Without {@code node}, which all have, and {@code le} of histograms. */
  public List<String> labels() {
    return labels;
  }

  /** The names of its series. */
  public Set<String> series() {
    return switch (kind) {
      case COUNTER, GAUGE -> Set.of(exposed);
      case HISTOGRAM -> Set.of(exposed + "_bucket", exposed + "_sum", exposed + "_count");
      case TIMER ->
          Set.of(exposed + "_bucket", exposed + "_sum", exposed + "_count", exposed + "_max");
    };
  }
}

package puente.turn;

import puente.turn.store.AllocationStore;

/**
 * Facts that are only counted, by the name of their metric and of its label's value (see {@link
 * Counters}). Every silent drop has one.
 */
public enum Counter {
  // puente_stun_dropped_total{reason}
  RATE_LIMITED(Metric.STUN_DROPPED),
  AMPLIFICATION(Metric.STUN_DROPPED),
  MALFORMED(Metric.STUN_DROPPED),
  BAD_FINGERPRINT(Metric.STUN_DROPPED),
  BANNED(Metric.STUN_DROPPED),
  /** {@code allowed-client-ip} and {@code denied-client-ip}. */
  CLIENT_DENIED(Metric.STUN_DROPPED),
  QUEUE_FULL(Metric.STUN_DROPPED),
  /** A method or class that a server has no answer for. */
  UNEXPECTED(Metric.STUN_DROPPED),
  /** A method that the configuration switched off. */
  DISABLED(Metric.STUN_DROPPED),
  /** Another protocol's packet (RFC 7983). */
  NOT_STUN(Metric.STUN_DROPPED),
  /** A header of the PROXY protocol that cannot be read, or of who is not believed. */
  PROXY_HEADER(Metric.STUN_DROPPED),
  /** More clients come by proxies than are remembered. */
  PROXY_FULL(Metric.STUN_DROPPED),
  /** A request sent again while its first copy is still being worked on. */
  RETRANSMISSION(Metric.STUN_DROPPED),
  /** About an allocation that may be another node's; the next copy will show. */
  CLAIMING(Metric.STUN_DROPPED),
  /** Who knows the user is asked too much at once. */
  LOOKUP_BUSY(Metric.STUN_DROPPED),
  /** More comes than can be handled, see {@link Overload}. */
  OVERLOAD(Metric.STUN_DROPPED),
  /** Somebody new, by a listener that was taken out and goes on for its allocations only. */
  LISTENER_RETIRED(Metric.STUN_DROPPED),

  // puente_turn_relay_dropped_total{reason}
  NO_PERMISSION(Metric.RELAY_DROPPED),
  /** {@code max-bps} of the allocation. */
  BANDWIDTH_QUOTA(Metric.RELAY_DROPPED),
  /** {@code user-bps}: this node's part of it. */
  USER_BANDWIDTH(Metric.RELAY_DROPPED),
  /** {@code bps-capacity}, or this node's part of {@code cluster-bps-capacity}. */
  SERVER_BANDWIDTH(Metric.RELAY_DROPPED),
  NO_CHANNEL(Metric.RELAY_DROPPED),
  /** Several allocations on a shared port permit the peer, and none has sent to it. */
  AMBIGUOUS_PEER(Metric.RELAY_DROPPED),
  /** The peer is another's on the shared port, and there is no private one for it, or not yet. */
  NO_PRIVATE_PORT(Metric.RELAY_DROPPED),
  NO_ALLOCATION(Metric.RELAY_DROPPED),
  PEER_DENIED(Metric.RELAY_DROPPED),
  SEND_BUFFER(Metric.RELAY_DROPPED),
  MTU(Metric.RELAY_DROPPED),
  /** A Send indication without its attributes, ChannelData longer than its packet. */
  BAD_INDICATION(Metric.RELAY_DROPPED),
  /** ICMP of a type that is not relayed, or the same again at once. */
  ICMP(Metric.RELAY_DROPPED),

  // puente_auth_total{mechanism,result}
  REST_ACCEPTED(Metric.AUTH),
  REST_REFUSED(Metric.AUTH),
  STATIC_ACCEPTED(Metric.AUTH),
  STATIC_REFUSED(Metric.AUTH),
  OAUTH_ACCEPTED(Metric.AUTH),
  OAUTH_REFUSED(Metric.AUTH),
  DIRECTORY_ACCEPTED(Metric.AUTH),
  DIRECTORY_REFUSED(Metric.AUTH),

  // puente_quota_rejections_total{scope}
  QUOTA_USER(Metric.QUOTA),
  QUOTA_REALM(Metric.QUOTA),
  QUOTA_IP(Metric.QUOTA),
  QUOTA_GLOBAL(Metric.QUOTA),

  // puente_state_total{event}
  /** An allocation of a former process, or of another node, goes on. */
  RESTORED(Metric.STATE),
  /** One could not: it had expired, or its address is not ours or another's. */
  NOT_RESTORED(Metric.STATE),
  /** A packet that came to another shard than the one that has its client's allocation. */
  STRAY(Metric.STATE),

  // puente_turn_shared_ports_total{event}
  /** An allocation is on a shared port. */
  SHARED_ALLOCATED(Metric.SHARED),
  /** A peer was another's there, or one more than an allocation may have: it got its own port. */
  SHARED_PRIVATE_PORT(Metric.SHARED),

  // puente_turn_tcp_total{event}
  /** Connect: the peer has taken the call. */
  TCP_CONNECTED(Metric.TCP),
  TCP_CONNECT_FAILED(Metric.TCP),
  /** A peer has called, and its client was told. */
  TCP_ACCEPTED(Metric.TCP),
  /** ConnectionBind: client and peer are joined. */
  TCP_BOUND(Metric.TCP),
  /** No client has come for it within 30 seconds. */
  TCP_UNBOUND(Metric.TCP),
  /** A peer has called one that has as many connections as it may. */
  TCP_TOO_MANY(Metric.TCP),

  // puente_turn_mobility_total{event}
  /** Refresh with a ticket: the allocation may be spoken to from there, too. */
  MOBILITY_GRANTED(Metric.MOBILITY),
  /** The same Refresh once more. */
  MOBILITY_REPEATED(Metric.MOBILITY),
  /** The old five-tuple is over: data has come from the new one, or the old one has closed. */
  MOBILITY_SWITCHED(Metric.MOBILITY),
  /** The client's connection has ended; its allocation waits for it. */
  MOBILITY_DETACHED(Metric.MOBILITY),
  /** {@code mobility} is off, or the allocation is one of TCP. */
  MOBILITY_FORBIDDEN(Metric.MOBILITY),
  /** Forged, or sealed with another key. */
  MOBILITY_BAD_TICKET(Metric.MOBILITY),
  /** Where none belongs: in an Allocate, or to delete. */
  MOBILITY_MISPLACED_TICKET(Metric.MOBILITY),
  /** Its client was given another one since. */
  MOBILITY_OLD_TICKET(Metric.MOBILITY),
  /** The client has not moved. */
  MOBILITY_SAME_PLACE(Metric.MOBILITY),
  /** The new five-tuple has an allocation of its own. */
  MOBILITY_OCCUPIED(Metric.MOBILITY),
  /** Its allocation has ended. */
  MOBILITY_NO_ALLOCATION(Metric.MOBILITY),
  /** Its allocation is another user's. */
  MOBILITY_OTHER_USER(Metric.MOBILITY);

  /** The metrics that these facts belong to. */
  public enum Metric {
    STUN_DROPPED("puente_stun_dropped_total"),
    RELAY_DROPPED("puente_turn_relay_dropped_total"),
    AUTH("puente_auth_total"),
    QUOTA("puente_quota_rejections_total"),
    STATE("puente_state_total"),
    SHARED("puente_turn_shared_ports_total"),
    TCP("puente_turn_tcp_total"),
    MOBILITY("puente_turn_mobility_total");

    private final String name;

    Metric(String name) {
      this.name = name;
    }

    /** As Prometheus spells it. */
    public String metricName() {
      return name;
    }
  }

  private final Metric metric;

  Counter(Metric metric) {
    this.metric = metric;
  }

  public Metric metric() {
    return metric;
  }

  static Counter ofQuota(AllocationStore.Scope scope) {
    return switch (scope) {
      case USER -> QUOTA_USER;
      case REALM -> QUOTA_REALM;
      case IP -> QUOTA_IP;
      case GLOBAL -> QUOTA_GLOBAL;
    };
  }
}

package puente.launcher;

import java.util.List;
import java.util.function.Function;
import java.util.function.ToLongFunction;
import org.jspecify.annotations.Nullable;
import puente.net.DatagramCounters;
import puente.stun.ErrorCode;
import puente.stun.Family;
import puente.stun.Method;
import puente.stun.Transport;
import puente.turn.Counter;
import puente.turn.Counters;
import puente.turn.Counters.Direction;
import puente.turn.Counters.Leg;

/**
 * The same numbers by coturn's names, so that its dashboards go on. Two differences are on purpose:
 * traffic counts as it flows, where coturn adds it when a session ends; and no user is named. What
 * coturn says of its rate limiter's hash table means nothing here and is left out.
 */
final class NodeMetricsCoturn {

  private static final List<Transport> TRANSPORTS = List.of(Transport.values());

  private final NodeMetrics.Sources sources;
  private final StringBuilder text = new StringBuilder(4096);

  NodeMetricsCoturn(NodeMetrics.Sources sources) {
    this.sources = sources;
  }

  /** Prometheus' text format; Micrometer cannot spell counters without "_total". */
  String text() {
    writeStun();
    writeAllocations();
    writeTraffic("turn_traffic", realmLabel());
    writeTraffic("turn_total_traffic", "");
    writePackets();
    return text.toString();
  }

  private void writeStun() {
    counter("stun_binding_request", "Incoming STUN Binding requests", requests(Method.BINDING));
    counter(
        "stun_binding_response",
        "Outgoing STUN Binding responses",
        ofTransports(transport -> shard -> shard.responses(Method.BINDING, transport, null)));
    long errors = 0;
    long unauthorized = 0;
    for (ErrorCode error : ErrorCode.values()) {
      errors += responses(Method.BINDING, error);
    }
    for (Method method : Method.values()) {
      unauthorized += responses(method, ErrorCode.UNAUTHORIZED);
    }
    long dropped = sources.sum(shard -> shard.total(Counter.RATE_LIMITED));
    counter("stun_binding_error", "STUN Binding errors", errors);
    counter(
        "turn_unauthenticated_401_requests",
        "Requests without valid credentials",
        unauthorized + dropped);
    counter("turn_unauthenticated_401_responses", "401 responses sent", unauthorized);
    counter("turn_unauthenticated_401_dropped_responses", "401 responses not sent", dropped);
  }

  private void writeAllocations() {
    head("turn_total_allocations", "Current allocations", "gauge");
    for (Transport transport : TRANSPORTS) {
      long alive = 0;
      for (Family family : Family.values()) {
        alive += sources.sum(shard -> shard.allocations(transport, family));
      }
      sample("turn_total_allocations", "{type=\"" + type(transport) + "\"}", alive);
    }
  }

  private void writeTraffic(String prefix, @Nullable String labels) {
    if (labels == null) {
      return;
    }
    for (Leg leg : Leg.values()) {
      String name = prefix + (leg == Leg.PEER ? "_peer_" : "_");
      for (Direction direction : Direction.values()) {
        String way = direction == Direction.IN ? "rcv" : "sent";
        String said = (direction == Direction.IN ? "received from " : "sent to ") + side(leg);
        head(name + way + "p", "Packets " + said, "counter");
        sample(
            name + way + "p",
            labels,
            ofTransports(transport -> shard -> shard.relayPackets(leg, direction, transport)));
        head(name + way + "b", "Bytes " + said, "counter");
        sample(
            name + way + "b",
            labels,
            ofTransports(transport -> shard -> shard.relayBytes(leg, direction, transport)));
      }
    }
  }

  private void writePackets() {
    long processed = 0;
    for (Method method : Method.values()) {
      processed += requests(method);
    }
    for (Leg leg : Leg.values()) {
      processed +=
          ofTransports(transport -> shard -> shard.relayPackets(leg, Direction.IN, transport));
    }
    long dropped = 0;
    for (Counter fact : Counter.values()) {
      dropped +=
          switch (fact.metric()) {
            case STUN_DROPPED, RELAY_DROPPED -> sources.sum(shard -> shard.total(fact));
            case AUTH, QUOTA, STATE, SHARED, TCP, MOBILITY -> 0;
          };
    }
    counter("turn_packet_processed", "Incoming packets processed", processed);
    counter("turn_packet_dropped", "Incoming packets dropped", dropped);
    counter(
        "turn_udp_recvmmsg_calls",
        "recvmmsg calls that returned datagrams",
        sources.sumDatagrams(DatagramCounters.Fact.RECEIVE_CALLS));
    counter(
        "turn_udp_recvmmsg_packets",
        "Datagrams received by recvmmsg",
        sources.sumDatagrams(DatagramCounters.Fact.RECEIVED));
    counter(
        "turn_udp_sendmmsg_flushes",
        "Flushes of waiting datagrams",
        sources.sumDatagrams(DatagramCounters.Fact.SEND_CALLS));
    counter(
        "turn_udp_sendmmsg_datagrams",
        "Datagrams sent in batches",
        sources.sumDatagrams(DatagramCounters.Fact.SENT));
    counter(
        "turn_udp_sendmmsg_gso_datagrams",
        "Datagrams sent inside coalesced ones",
        sources.sumDatagrams(DatagramCounters.Fact.SENT_SEGMENTS));
  }

  private long requests(Method method) {
    long sum = 0;
    for (Family family : Family.values()) {
      sum += ofTransports(transport -> shard -> shard.requests(method, transport, family));
    }
    return sum;
  }

  private long responses(Method method, ErrorCode error) {
    return ofTransports(transport -> shard -> shard.responses(method, transport, error));
  }

  private long ofTransports(Function<Transport, ToLongFunction<Counters>> count) {
    return TRANSPORTS.stream().mapToLong(transport -> sources.sum(count.apply(transport))).sum();
  }

  private @Nullable String realmLabel() {
    String realm = sources.realm();
    if (realm == null) {
      return null;
    }
    String escaped = realm.replace("\\", "\\\\").replace("\"", "\\\"").replace("\n", "\\n");
    return "{realm=\"" + escaped + "\"}";
  }

  private static String side(Leg leg) {
    return leg == Leg.CLIENT ? "clients" : "peers";
  }

  /** Coturn's word for it. */
  private static String type(Transport transport) {
    return switch (transport) {
      case UDP -> "UDP";
      case TCP -> "TCP";
      case TLS -> "TLS/TCP";
      case DTLS -> "DTLS";
    };
  }

  private void counter(String name, String help, long value) {
    head(name, help, "counter");
    sample(name, "", value);
  }

  private void head(String name, String help, String type) {
    text.append("# HELP ").append(name).append(' ').append(help).append('\n');
    text.append("# TYPE ").append(name).append(' ').append(type).append('\n');
  }

  private void sample(String name, String labels, long value) {
    text.append(name).append(labels).append(' ').append(value).append('\n');
  }
}

package puente.launcher;

import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import java.util.function.ToDoubleFunction;
import java.util.stream.IntStream;
import puente.metrics.Metric;
import puente.signal.GatewayFleet;
import puente.signal.GatewayServer;
import puente.signal.PeerJsServer;
import puente.signal.RendezvousDesk;
import puente.signal.Rooms;
import puente.signal.SignalingServer;
import puente.signal.YWebrtcServer;

/** The gateway's metrics, under the names of docs/SIGNALING.md. */
final class NodeMetricsSignal {
  private static final List<Integer> STATUSES =
      List.of(200, 201, 204, 304, 400, 401, 403, 404, 405, 413, 429, 500);
  private static final List<Integer> CLOSES =
      List.of(1000, 1003, 1007, 1009, 1012, 1013, 4000, 4001, 4003, 4008, 4009, 4029);

  private static final Duration[] DELIVERY_BOUNDS =
      IntStream.of(100, 250, 500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 500_000)
          .mapToObj(micros -> Duration.ofNanos(1000L * micros))
          .toArray(Duration[]::new);

  /** What the machine refused, each under a name of its own. */
  private static final List<Rooms.Event> REFUSALS =
      List.of(
          Rooms.Event.PEER_UNAVAILABLE,
          Rooms.Event.BAD_REQUEST,
          Rooms.Event.UNAUTHORIZED,
          Rooms.Event.FORBIDDEN,
          Rooms.Event.RATE_LIMITED,
          Rooms.Event.ROOM_FULL,
          Rooms.Event.REVOKED);

  private NodeMetricsSignal() {}

  static void bind(MeterRegistry registry, NodeSignaling node) {
    node.signaling().ifPresent(signaling -> bind(registry, signaling));
    node.peerJs().ifPresent(one -> connections(registry, "peerjs", one, PeerJsServer::connections));
    node.yWebrtc()
        .ifPresent(one -> connections(registry, "y-webrtc", one, YWebrtcServer::connections));
    node.rendezvous().ifPresent(desk -> bind(registry, desk));
    node.fleet().ifPresent(fleet -> bind(registry, fleet));
    node.gateway().ifPresent(gateway -> bind(registry, gateway));
  }

  private static <T> void connections(
      MeterRegistry registry, String protocol, T server, ToDoubleFunction<T> count) {
    NodeMeters.gauge(Metric.SIGNAL_CONNECTIONS, server, count)
        .tag("protocol", protocol)
        .register(registry);
  }

  private static void bind(MeterRegistry registry, RendezvousDesk desk) {
    NodeMeters.gauge(Metric.RENDEZVOUS_MEETINGS, desk, RendezvousDesk::meetings).register(registry);
    NodeMeters.gauge(Metric.RENDEZVOUS_PEERS, desk, RendezvousDesk::peers).register(registry);
    for (String event : desk.events().keySet()) {
      NodeMeters.counter(Metric.RENDEZVOUS, desk, one -> one.events().getOrDefault(event, 0L))
          .tag("event", event)
          .register(registry);
    }
  }

  /** What happens between the gateways of the nodes. */
  private static void bind(MeterRegistry registry, GatewayFleet fleet) {
    for (String event : fleet.events().keySet()) {
      NodeMeters.counter(Metric.SIGNAL_FLEET, fleet, one -> one.events().getOrDefault(event, 0L))
          .tag("event", event)
          .register(registry);
    }
  }

  private static void bind(MeterRegistry registry, SignalingServer signaling) {
    NodeMeters.gauge(Metric.SIGNAL_KEPT, signaling, SignalingServer::kept).register(registry);
    connections(registry, "puente", signaling, SignalingServer::connections);
    NodeMeters.gauge(Metric.SIGNAL_ROOMS, signaling, SignalingServer::rooms).register(registry);
    NodeMeters.gauge(Metric.SIGNAL_PEERS, signaling, SignalingServer::peers).register(registry);
    NodeMeters.gauge(Metric.SIGNAL_QUEUE, signaling, SignalingServer::queued).register(registry);
    Timer deliveries =
        NodeMeters.timer(Metric.SIGNAL_DELIVERY)
            .serviceLevelObjectives(DELIVERY_BOUNDS)
            .register(registry);
    signaling.onDelivery(nanos -> deliveries.record(nanos, TimeUnit.NANOSECONDS));
    messages(registry, signaling, Rooms.Event.MESSAGE_DELIVERED, "delivered");
    messages(registry, signaling, Rooms.Event.MESSAGE_QUEUED, "queued");
    event(signaling, Metric.SIGNAL_EXPIRED, Rooms.Event.EXPIRED).register(registry);
    event(signaling, Metric.SIGNAL_RESUMES, Rooms.Event.RESUMED)
        .tag("result", "resumed")
        .register(registry);
    event(signaling, Metric.SIGNAL_RESUMES, Rooms.Event.RESUME_EXPIRED)
        .tag("result", "expired")
        .register(registry);
    for (Rooms.Event refusal : REFUSALS) {
      event(signaling, Metric.SIGNAL_REFUSED, refusal)
          .tag("code", refusal.name().toLowerCase(Locale.ROOT))
          .register(registry);
    }
  }

  private static void messages(
      MeterRegistry registry, SignalingServer signaling, Rooms.Event event, String kind) {
    event(signaling, Metric.SIGNAL_MESSAGES, event)
        .tag("protocol", "puente")
        .tag("direction", "out")
        .tag("kind", kind)
        .register(registry);
  }

  private static FunctionCounter.Builder<SignalingServer> event(
      SignalingServer signaling, Metric metric, Rooms.Event event) {
    return NodeMeters.counter(metric, signaling, one -> one.events().getOrDefault(event, 0L));
  }

  private static void bind(MeterRegistry registry, GatewayServer gateway) {
    for (int status : STATUSES) {
      NodeMeters.counter(
              Metric.HTTP_ANSWERS,
              gateway,
              one -> one.counters().answers().getOrDefault(status, 0L))
          .tag("status", Integer.toString(status))
          .register(registry);
    }
    for (int code : CLOSES) {
      NodeMeters.counter(
              Metric.SIGNAL_CLOSED, gateway, one -> one.counters().closed().getOrDefault(code, 0L))
          .tag("code", Integer.toString(code))
          .register(registry);
    }
    NodeMeters.counter(Metric.SIGNAL_SLOW_READERS, gateway, one -> one.counters().slowReaders())
        .register(registry);
  }
}

package puente.launcher;

import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import java.util.function.ToDoubleFunction;
import java.util.stream.IntStream;
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
          Rooms.Event.ROOM_FULL);

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
    Gauge.builder("puente.signal.connections", server, count)
        .tag("protocol", protocol)
        .description("Open WebSockets")
        .register(registry);
  }

  private static void bind(MeterRegistry registry, RendezvousDesk desk) {
    Gauge.builder("puente.rendezvous.meetings", desk, RendezvousDesk::meetings)
        .description("Meetings over UDP")
        .register(registry);
    Gauge.builder("puente.rendezvous.peers", desk, RendezvousDesk::peers)
        .description("Peers in meetings over UDP")
        .register(registry);
    for (String event : desk.events().keySet()) {
      FunctionCounter.builder(
              "puente.rendezvous", desk, one -> one.events().getOrDefault(event, 0L))
          .tag("event", event)
          .description("Requests of the rendezvous, by what became of them")
          .register(registry);
    }
  }

  /** What happens between the gateways of the nodes. */
  private static void bind(MeterRegistry registry, GatewayFleet fleet) {
    for (String event : fleet.events().keySet()) {
      FunctionCounter.builder(
              "puente.signal.fleet", fleet, one -> one.events().getOrDefault(event, 0L))
          .tag("event", event)
          .description("Sessions and messages that went to other nodes, or could not")
          .register(registry);
    }
  }

  private static void bind(MeterRegistry registry, SignalingServer signaling) {
    Gauge.builder("puente.signal.kept", signaling, SignalingServer::kept)
        .description("Sessions of other nodes that go on here if those die")
        .register(registry);
    connections(registry, "puente", signaling, SignalingServer::connections);
    Gauge.builder("puente.signal.rooms", signaling, SignalingServer::rooms)
        .description("Rooms with members here")
        .register(registry);
    Gauge.builder("puente.signal.peers", signaling, SignalingServer::peers)
        .description("Sessions, those that may come back included")
        .register(registry);
    Gauge.builder("puente.signal.queue.depth", signaling, SignalingServer::queued)
        .description("Characters kept for sessions that may come back")
        .register(registry);
    Timer deliveries =
        Timer.builder("puente.signal.delivery")
            .description("Time of messages through this node, from frame read to frame written")
            .serviceLevelObjectives(DELIVERY_BOUNDS)
            .register(registry);
    signaling.onDelivery(nanos -> deliveries.record(nanos, TimeUnit.NANOSECONDS));
    messages(registry, signaling, Rooms.Event.MESSAGE_DELIVERED, "delivered");
    messages(registry, signaling, Rooms.Event.MESSAGE_QUEUED, "queued");
    event(signaling, "puente.signal.expired", Rooms.Event.EXPIRED)
        .description("Sessions that did not come back in time")
        .register(registry);
    event(signaling, "puente.signal.resumes", Rooms.Event.RESUMED)
        .tag("result", "resumed")
        .description("Clients that came back")
        .register(registry);
    event(signaling, "puente.signal.resumes", Rooms.Event.RESUME_EXPIRED)
        .tag("result", "expired")
        .description("Clients that came back")
        .register(registry);
    for (Rooms.Event refusal : REFUSALS) {
      event(signaling, "puente.signal.refused", refusal)
          .tag("code", refusal.name().toLowerCase(Locale.ROOT))
          .description("Requests refused, by the code of the error")
          .register(registry);
    }
  }

  private static void messages(
      MeterRegistry registry, SignalingServer signaling, Rooms.Event event, String kind) {
    event(signaling, "puente.signal.messages", event)
        .tag("protocol", "puente")
        .tag("direction", "out")
        .tag("kind", kind)
        .description("Messages of peers to peers")
        .register(registry);
  }

  private static FunctionCounter.Builder<SignalingServer> event(
      SignalingServer signaling, String name, Rooms.Event event) {
    return FunctionCounter.builder(name, signaling, one -> one.events().getOrDefault(event, 0L));
  }

  private static void bind(MeterRegistry registry, GatewayServer gateway) {
    for (int status : STATUSES) {
      FunctionCounter.builder(
              "puente.http.answers",
              gateway,
              one -> one.counters().answers().getOrDefault(status, 0L))
          .tag("status", Integer.toString(status))
          .description("HTTP answers of the gateway")
          .register(registry);
    }
    for (int code : CLOSES) {
      FunctionCounter.builder(
              "puente.signal.closed",
              gateway,
              one -> one.counters().closed().getOrDefault(code, 0L))
          .tag("code", Integer.toString(code))
          .description("WebSockets that the gateway closed")
          .register(registry);
    }
    FunctionCounter.builder(
            "puente.signal.slow.readers", gateway, one -> one.counters().slowReaders())
        .description("WebSockets closed because their readers were too slow")
        .register(registry);
  }
}

package puente.launcher;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.vertx.core.json.DecodeException;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Semaphore;
import java.util.function.Supplier;
import puente.admin.OperationsView.Knock;
import puente.admin.OperationsView.Probe;
import puente.doctor.Ping;
import puente.net.Addresses;
import puente.stun.Transport;
import puente.turn.RelayAddress;

/**
 * Whether this node's ports are open to the world, seen from the other nodes: each sends a word to
 * some relay ports, where this node waits for it, and connects to the listeners.
 */
final class NodeProbe {
  static final String SUBJECT = "probe";
  private static final Set<String> KINDS = Set.of("udp", "tcp", "tls", "http", "https");
  private static final int RELAYS = 8;
  private static final int PORTS_MAX = 32;
  private static final int REPEATS = 3;
  private static final int CONNECT_MS = 500;

  /** What is on its way when the other node has answered arrives within this. */
  private static final long LATE_NANOS = 1_000_000_000;

  private static final Duration PATIENCE = Duration.ofSeconds(3);

  /** The doctor waits for them. */
  private static final int NODES_MAX = 2;

  /** One question at a time, so that nobody makes this node knock without end. */
  private final Semaphore knocking = new Semaphore(1);

  private final Cluster cluster;
  private final Supplier<Config> config;
  private final Supplier<List<Listening>> listening;

  NodeProbe(Cluster cluster, Supplier<Config> config, Supplier<List<Listening>> listening) {
    this.cluster = cluster;
    this.config = config;
    this.listening = listening;
    cluster.messages().answer(SUBJECT, this::answer);
  }

  /** What each of the other nodes reaches of this one; blocks for seconds. */
  List<Probe> probe() {
    List<Probe> probes = new ArrayList<>();
    List<NodeState> others =
        cluster.nodes().stream()
            .filter(node -> node.alive() && !node.id().equals(cluster.nodeId()))
            .limit(NODES_MAX)
            .toList();
    for (NodeState node : others) {
      NodeAddresses.relay(config.get()).stream()
          .findFirst()
          .ifPresent(relay -> probes.add(probe(node.id(), relay)));
    }
    return probes;
  }

  private Probe probe(String node, RelayAddress relay) {
    InetAddress seen = Addresses.of(relay.advertised()).getAddress();
    byte[] word = new byte[16];
    new SecureRandom().nextBytes(word);
    Map<Integer, DatagramSocket> waiting = open(Addresses.of(relay.local()).getAddress());
    try {
      JsonObject question =
          new JsonObject()
              .put("address", seen.getHostAddress())
              .put("word", HexFormat.of().formatHex(word))
              .put("relays", new JsonArray(List.copyOf(waiting.keySet())))
              .put("doors", doors(seen));
      List<Knock> knocks = new ArrayList<>(knocks(node, question));
      long end = System.nanoTime() + LATE_NANOS;
      waiting.forEach(
          (port, socket) -> knocks.add(new Knock("relay", port, arrives(socket, word, end))));
      return new Probe(node, seen.getHostAddress(), knocks);
    } finally {
      waiting.values().forEach(DatagramSocket::close);
    }
  }

  private List<Knock> knocks(String node, JsonObject question) {
    try {
      byte[] answer =
          cluster
              .messages()
              .ask(node, SUBJECT, question.encode().getBytes(UTF_8), PATIENCE)
              .toCompletableFuture()
              .join();
      List<Knock> knocks = new ArrayList<>();
      for (Object each : new JsonArray(new String(answer, UTF_8))) {
        if (each instanceof JsonObject one) {
          knocks.add(
              new Knock(one.getString("kind"), one.getInteger("port"), one.getBoolean("reached")));
        }
      }
      return knocks;
    } catch (CompletionException | DecodeException unanswered) {
      Events.warn("probe", "node", node, "reason", String.valueOf(unanswered.getMessage()));
      return List.of();
    }
  }

  /** Some free relay ports over the whole range; those in use are passed over. */
  private Map<Integer, DatagramSocket> open(InetAddress local) {
    int min = config.get().value(Settings.MIN_PORT);
    int max = config.get().value(Settings.MAX_PORT);
    int step = Math.max(1, (max - min) / RELAYS);
    Map<Integer, DatagramSocket> open = new TreeMap<>();
    for (int port = min; port <= max && open.size() < RELAYS; port += step) {
      try {
        open.put(port, new DatagramSocket(new InetSocketAddress(local, port)));
      } catch (IOException taken) {
        // An allocation has it; the next one tells as much.
      }
    }
    return open;
  }

  private static boolean arrives(DatagramSocket socket, byte[] word, long end) {
    DatagramPacket packet = new DatagramPacket(new byte[64], 64);
    try {
      for (int attempt = 0; attempt < REPEATS; attempt++) {
        socket.setSoTimeout((int) Math.max(1, (end - System.nanoTime()) / 1_000_000));
        socket.receive(packet);
        if (Arrays.equals(Arrays.copyOf(packet.getData(), packet.getLength()), word)) {
          return true;
        }
      }
    } catch (IOException silent) {
      return false;
    }
    return false;
  }

  /** What listens for the world; a listener on loopback is for this host alone. */
  private JsonArray doors(InetAddress seen) {
    JsonArray doors = new JsonArray();
    for (Listening door : listening.get()) {
      boolean isInner =
          door.address().getAddress().isLoopbackAddress() && !seen.isLoopbackAddress();
      if (KINDS.contains(door.transport()) && !isInner) {
        doors.add(
            new JsonObject().put("kind", door.transport()).put("port", door.address().getPort()));
      }
    }
    return doors;
  }

  // ---- on the node that knocks

  private CompletionStage<byte[]> answer(String from, byte[] body) {
    CompletableFuture<byte[]> answer = new CompletableFuture<>();
    if (!knocking.tryAcquire()) {
      answer.completeExceptionally(new IllegalStateException("another probe is on its way"));
      return answer;
    }
    Thread.ofVirtual()
        .name("puente-probe")
        .start(
            () -> {
              try {
                answer.complete(
                    knock(new JsonObject(new String(body, UTF_8))).encode().getBytes(UTF_8));
              } catch (IOException | RuntimeException foreign) {
                // Another version's question may lack or hold anything.
                answer.completeExceptionally(new IllegalArgumentException("no probe", foreign));
              } finally {
                knocking.release();
              }
            });
    return answer;
  }

  private static JsonArray knock(JsonObject question) throws IOException {
    InetAddress address = InetAddress.ofLiteral(question.getString("address"));
    byte[] word = HexFormat.of().parseHex(question.getString("word"));
    try (DatagramSocket socket = new DatagramSocket()) {
      for (int repeat = 0; repeat < REPEATS; repeat++) {
        for (Object port : question.getJsonArray("relays").stream().limit(PORTS_MAX).toList()) {
          socket.send(
              new DatagramPacket(
                  word, word.length, new InetSocketAddress(address, ((Number) port).intValue())));
        }
      }
    }
    JsonArray knocks = new JsonArray();
    for (Object each : question.getJsonArray("doors").stream().limit(PORTS_MAX).toList()) {
      JsonObject door = (JsonObject) each;
      InetSocketAddress there = new InetSocketAddress(address, door.getInteger("port"));
      boolean reached =
          door.getString("kind").equals("udp")
              ? Ping.nanos(Transport.UDP, there, CONNECT_MS).isPresent()
              : connects(there);
      knocks.add(door.copy().put("reached", reached));
    }
    return knocks;
  }

  private static boolean connects(InetSocketAddress door) {
    try (Socket socket = new Socket()) {
      socket.connect(door, CONNECT_MS);
      return true;
    } catch (IOException closed) {
      return false;
    }
  }
}

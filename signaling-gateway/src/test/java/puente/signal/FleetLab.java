package puente.signal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Several nodes in virtual time, with a network between them that loses and swaps. */
final class FleetLab {
  private static final long STEP_MS = 10;
  private static final long NOTICED_MS = 600;

  /** One body on its way. */
  private record Flight(long dueMs, long order, String from, String to, byte[] body) {}

  /** A node with its clients. Its clock is its own. */
  final class Node implements Fleet.Wire {
    final String name;
    final long offset;
    final Fleet fleet;
    final RoomsLab lab;
    boolean isAlive = true;

    Node(int number, RoomLimits limits) {
      name = "n" + number;
      offset = number * 1_000_000_000L;
      fleet = new Fleet(name, 1000 + now, limits.resumeWindowMs(), this);
      lab = new RoomsLab(seed * 100 + number, limits, name, fleet);
      lab.now = time();
    }

    long time() {
      return now + offset;
    }

    @Override
    public boolean send(String node, byte[] body) {
      if (random.nextDouble() >= loss) {
        long late = 1 + (jitterMs == 0 ? 0 : random.nextLong(jitterMs));
        flights.add(new Flight(now + late, ++flown, name, node, body));
      }
      return true;
    }

    @Override
    public void soon() {}

    RoomsLab.Client joins(String id, String room) {
      return lab.joins(id, room);
    }

    Set<String> membersOf(String room) {
      return lab.rooms.members().everybody(room);
    }
  }

  final long seed;
  final List<Node> nodes = new ArrayList<>();
  long now = 1_000_000;
  double loss;
  long jitterMs;
  private final Random random;
  private final PriorityQueue<Flight> flights =
      new PriorityQueue<>(
          (a, b) ->
              a.dueMs != b.dueMs ? Long.compare(a.dueMs, b.dueMs) : Long.compare(a.order, b.order));
  private final Set<Set<String>> cuts = new HashSet<>();
  private final List<Runnable> later = new ArrayList<>();
  private final List<Long> laterAt = new ArrayList<>();
  private long flown;

  FleetLab(long seed, int count) {
    this(seed, count, RoomsLab.LIMITS);
  }

  FleetLab(long seed, int count, RoomLimits limits) {
    this.seed = seed;
    random = new Random(seed);
    for (int number = 1; number <= count; number++) {
      nodes.add(new Node(number, limits));
    }
    noticed();
    runs(500);
  }

  Node node(int number) {
    return nodes.get(number - 1);
  }

  /** All that can see each other know that they can. */
  private void noticed() {
    for (Node node : nodes) {
      if (node.isAlive) {
        Set<String> living =
            nodes.stream()
                .filter(other -> other.isAlive && !isCut(node.name, other.name))
                .map(other -> other.name)
                .collect(Collectors.toSet());
        node.fleet.onNodes(living, node.time());
      }
    }
  }

  private boolean isCut(String one, String other) {
    return !one.equals(other) && cuts.contains(Set.of(one, other));
  }

  /** Like a power cut: its clients are cut off at once, the others notice a little later. */
  void dies(Node node) {
    node.isAlive = false;
    noticeIn(NOTICED_MS);
  }

  void cuts(Node one, Node other) {
    cuts.add(Set.of(one.name, other.name));
    noticeIn(NOTICED_MS);
  }

  void heals() {
    cuts.clear();
    noticeIn(NOTICED_MS);
  }

  private void noticeIn(long ms) {
    later.add(this::noticed);
    laterAt.add(now + ms);
  }

  void runs(long ms) {
    for (long end = now + ms; now < end; ) {
      now += STEP_MS;
      nodes.forEach(node -> node.lab.now = node.time());
      for (int i = later.size() - 1; i >= 0; i--) {
        if (laterAt.get(i) <= now) {
          laterAt.remove(i);
          later.remove(i).run();
        }
      }
      deliver();
      for (Node node : nodes) {
        if (node.isAlive) {
          if (now % 100 == 0) {
            node.fleet.onTime(node.time());
          }
          if (now % 1000 == 0) {
            node.lab.rooms.onTime(node.time(), node.lab);
          }
          node.fleet.flush(node.time());
        }
      }
    }
  }

  private void deliver() {
    while (!flights.isEmpty() && flights.peek().dueMs <= now) {
      Flight flight = flights.remove();
      Node from = nodeOf(flight.from);
      Node to = nodeOf(flight.to);
      if (from.isAlive && to.isAlive && !isCut(flight.from, flight.to)) {
        to.fleet.onBody(flight.from, flight.body, to.time());
      }
    }
  }

  private Node nodeOf(String name) {
    return nodes.stream().filter(node -> node.name.equals(name)).findFirst().orElseThrow();
  }

  /** Everybody agrees on who is in the room. */
  void agree(String room, String... members) {
    for (Node node : nodes) {
      if (node.isAlive) {
        assertEquals(
            new TreeSet<>(List.of(members)), node.membersOf(room), node.name + " seed " + seed);
      }
    }
  }

  /** What a client was told of others' messages, in order: {@code from text}. */
  static List<String> messages(RoomsLab.Client client) {
    List<String> messages = new ArrayList<>();
    for (Map<String, @Nullable Object> frame : client.heard) {
      if ("msg".equals(frame.get("t"))) {
        messages.add(frame.get("from") + " " + RoomsLab.data(frame).get("x"));
      }
    }
    return messages;
  }

  static void heardOnly(RoomsLab.Client client, String... types) {
    Set<String> allowed = Set.of(types);
    for (Map<String, @Nullable Object> frame : client.heard) {
      assertTrue(allowed.contains(String.valueOf(frame.get("t"))), frame.toString());
    }
  }
}

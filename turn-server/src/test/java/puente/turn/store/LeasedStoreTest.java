package puente.turn.store;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.IntConsumer;
import org.junit.jupiter.api.Test;
import puente.stun.FiveTuple;
import puente.stun.Transport;
import puente.stun.TransportAddress;
import puente.turn.store.AllocationStore.Granted;
import puente.turn.store.AllocationStore.Reserve;

/** Three nodes and the table between them: late answers, repeated words, answers that get lost. */
class LeasedStoreTest {
  private static final int QUOTA = 20;
  private static final int SEEDS = 500;

  @Test
  void togetherNodesNeverExceedTheQuota() {
    for (int seed = 0; seed < SEEDS; seed++) {
      World world = new World(new Random(seed));
      for (int step = 0; step < 300; step++) {
        world.step();
        assertTrue(world.alive() <= QUOTA, "seed " + seed + " step " + step);
      }
    }
  }

  @Test
  void inTheEndAllOfTheQuotaCanBeUsed() {
    World world = new World(new Random(1));
    for (int step = 0; step < 300; step++) {
      world.step();
    }
    world.quiet();
    for (int i = 0; i < 3; i++) {
      world.nodes.get(i).store.tick();
      world.nodes.get(i).store.tick();
      world.quiet();
    }
    for (int more = 0; more < QUOTA; more++) {
      world.reserve(world.nodes.getFirst());
      world.quiet();
    }
    assertEquals(QUOTA, world.alive());
  }

  @Test
  void whatWasGrantedOnceCountsEvenBeyond() {
    World world = new World(new Random(2));
    Node node = world.nodes.getFirst();
    for (int i = 0; i < QUOTA + 5; i++) {
      FiveTuple client = world.client();
      node.store.ask(
          new AllocationStore.Readmit(client, "u", "r"), answer -> node.clients.add(client));
    }
    world.quiet();
    assertEquals(QUOTA + 5, world.table("total").lent());
    world.reserve(world.nodes.get(1));
    world.quiet();
    assertEquals(0, world.nodes.get(1).clients.size());
  }

  /** A source has its quota over all nodes, whatever its ports and users are. */
  @Test
  void aSourceHasItsQuotaOverAllNodes() {
    World world = new World(new Random(3), new LocalStore.Quotas(0, 0, QUOTA, 0));
    world.repeats = false;
    TransportAddress server = TransportAddress.ipv4(1, 3478);
    List<AllocationStore.Answer> answers = new ArrayList<>();
    for (int i = 0; i < 3 * QUOTA; i++) {
      TransportAddress source = TransportAddress.ipv4(0x0b00_0001, 1000 + i);
      FiveTuple client = new FiveTuple(Transport.UDP, source, server, 0, null);
      world.nodes.get(i % 3).store.ask(new Reserve(client, "u" + i, "r"), answers::add);
    }
    world.quiet();
    long granted = answers.stream().filter(Granted.class::isInstance).count();
    assertTrue(granted <= QUOTA && granted >= QUOTA - 6, "granted " + granted);
    assertEquals(3 * QUOTA - granted, refusedBy(AllocationStore.Scope.IP, answers));
    world.reserve(world.nodes.getFirst());
    world.quiet();
    assertEquals(1, world.alive(), "another source");
  }

  /** Each realm has its own, over all nodes and users. */
  @Test
  void aRealmHasItsQuotaOverAllNodes() {
    World world = new World(new Random(5), new LocalStore.Quotas(0, QUOTA, 0, 0));
    world.repeats = false;
    List<AllocationStore.Answer> answers = new ArrayList<>();
    for (int i = 0; i < 3 * QUOTA; i++) {
      AllocationStore store = world.nodes.get(i % 3).store;
      store.ask(new Reserve(world.client(), "u" + i, "full"), answers::add);
    }
    world.quiet();
    long granted = answers.stream().filter(Granted.class::isInstance).count();
    assertTrue(granted <= QUOTA && granted >= QUOTA - 6, "granted " + granted);
    assertEquals(3 * QUOTA - granted, refusedBy(AllocationStore.Scope.REALM, answers));
    world.reserve(world.nodes.getFirst());
    world.quiet();
    assertEquals(1, world.alive(), "another realm");
  }

  private static long refusedBy(AllocationStore.Scope scope, List<AllocationStore.Answer> answers) {
    return answers.stream()
        .filter(AllocationStore.Refused.class::isInstance)
        .filter(answer -> ((AllocationStore.Refused) answer).scope() == scope)
        .count();
  }

  /** Three nodes that reach nobody: each has its even part, all together the quota and no more. */
  @Test
  void whoReachesNobodyLendsItselfItsEvenPart() {
    World world = new World(new Random(4));
    world.reachable = false;
    for (Node node : world.nodes) {
      for (int i = 0; i < QUOTA; i++) {
        world.reserve(node);
      }
    }
    int even = (QUOTA + 2) / 3;
    world.nodes.forEach(node -> assertEquals(even, node.clients.size()));
    world.reachable = true;
    world.nodes.forEach(node -> node.store.declare());
    world.quiet();
    world.reserve(world.nodes.getFirst());
    world.quiet();
    assertEquals(3 * even, world.alive(), "what was granted beyond counts");
  }

  @Test
  void theTableIsReadAsItWasWritten() {
    LeaseTable table = new LeaseTable();
    assertEquals(3, table.settle("a", 1, 0, 3, 10, 1));
    assertEquals(0, table.settle("a", 1, 0, 3, 10, 1), "said again");
    assertEquals(7, table.settle("b", 1, 0, 9, 10, 1));
    assertEquals(10, LeaseTable.decode(table.encode()).lent());
    LeaseTable other = new LeaseTable();
    other.settle("a", 2, 1, 0, 10, 1);
    table.merge(other);
    assertEquals(8, table.lent());
    table.forget("b");
    assertEquals(1, table.lent());
  }

  private static final class Node implements LeasedStore.Lender {
    final String name;
    final World world;
    final LeasedStore store;
    final List<FiveTuple> clients = new ArrayList<>();
    long number;

    Node(String name, World world, LocalStore.Quotas quotas) {
      this.name = name;
      this.world = world;
      store = new LeasedStore(new LocalStore(quotas), this);
    }

    @Override
    public int nodes() {
      return 3;
    }

    @Override
    public void settle(String scope, int held, int want, int limit, IntConsumer granted) {
      if (!world.reachable) {
        granted.accept(UNREACHABLE);
        return;
      }
      long saying = ++number;
      Runnable word =
          () -> {
            int more = world.table(scope).settle(name, saying, held, want, limit, 6);
            world.flying.add(() -> granted.accept(more));
          };
      world.flying.add(word);
      if (world.repeats && world.random.nextInt(4) == 0) {
        // The same word again, which may come late: nobody waits for its answer.
        world.flying.add(() -> world.table(scope).settle(name, saying, held, want, limit, 6));
      }
    }
  }

  private static final class World {
    final Random random;
    final Map<String, LeaseTable> tableByScope = new HashMap<>();
    final List<Runnable> flying = new ArrayList<>();
    final List<Node> nodes;
    boolean reachable = true;
    boolean repeats = true;
    private int last;

    World(Random random) {
      this(random, new LocalStore.Quotas(0, 0, 0, QUOTA));
    }

    World(Random random, LocalStore.Quotas quotas) {
      this.random = random;
      nodes =
          List.of(
              new Node("a", this, quotas),
              new Node("b", this, quotas),
              new Node("c", this, quotas));
    }

    LeaseTable table(String scope) {
      return tableByScope.computeIfAbsent(scope, unused -> new LeaseTable());
    }

    void step() {
      Node node = nodes.get(random.nextInt(3));
      switch (random.nextInt(8)) {
        case 0, 1, 2 -> reserve(node);
        case 3 -> release(node);
        case 4 -> node.store.tick();
        default -> deliver();
      }
    }

    void reserve(Node node) {
      FiveTuple client = client();
      node.store.ask(
          new Reserve(client, "u", "r"),
          answer -> {
            if (answer instanceof Granted) {
              node.clients.add(client);
            }
          });
    }

    private void release(Node node) {
      if (!node.clients.isEmpty()) {
        node.store.release(node.clients.remove(random.nextInt(node.clients.size())));
      }
    }

    private void deliver() {
      if (!flying.isEmpty()) {
        flying.remove(random.nextInt(flying.size())).run();
      }
    }

    void quiet() {
      while (!flying.isEmpty()) {
        deliver();
      }
    }

    int alive() {
      return nodes.stream().mapToInt(node -> node.clients.size()).sum();
    }

    FiveTuple client() {
      TransportAddress server = TransportAddress.ipv4(1, 3478);
      return new FiveTuple(
          Transport.UDP, TransportAddress.ipv4(0x0a00_0000 + ++last, 1), server, 0, null);
    }
  }
}

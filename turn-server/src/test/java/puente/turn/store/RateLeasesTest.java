package puente.turn.store;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.function.Consumer;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

/** Three nodes and the table between them: late, repeated and lost words and answers. */
class RateLeasesTest {
  private static final long LIMIT = 900;
  private static final int NODES = 3;
  private static final long EVEN = LIMIT / NODES;
  private static final int SEEDS = 500;

  /** Before a change has gone round: never more than the limit and the others' even parts. */
  @Test
  void togetherNodesNeverUseTwiceTheLimit() {
    for (int seed = 0; seed < SEEDS; seed++) {
      World world = new World(new Random(seed));
      for (int step = 0; step < 300; step++) {
        world.step();
        assertTrue(world.rates() <= LIMIT + (NODES - 1) * EVEN, "seed " + seed + " step " + step);
      }
    }
  }

  /** Some rounds after the last change: the limit, shared fairly, all of it where it is wanted. */
  @Test
  void whenWishesStayAsTheyAreTheLimitHolds() {
    for (int seed = 0; seed < SEEDS; seed++) {
      World world = new World(new Random(seed));
      for (int step = 0; step < 100; step++) {
        world.step();
      }
      world.settle(8);
      assertTrue(world.used() <= LIMIT, "seed " + seed + ": " + world);
      long[] fair = fair(world.nodes.stream().mapToLong(node -> node.wanted).toArray());
      for (int i = 0; i < NODES; i++) {
        long got = world.nodes.get(i).used();
        // The rest of a division may go to nobody.
        assertTrue(Math.abs(got - fair[i]) <= NODES, "seed " + seed + ": " + world);
      }
    }
  }

  @Test
  void oneNodeGetsAllThatTheOthersDoNotWant() {
    World world = new World(new Random(1));
    world.nodes.get(0).wanted = LIMIT;
    world.settle(3);
    assertEquals(LIMIT, world.nodes.get(0).rate);
    world.nodes.get(1).wanted = LIMIT;
    assertEquals(EVEN, world.nodes.get(1).rate, "without asking anybody");
    world.settle(4);
    assertEquals(LIMIT / 2, world.nodes.get(0).rate);
    assertEquals(LIMIT / 2, world.nodes.get(1).rate);
  }

  @Test
  void whoReachesNobodyUsesItsEvenPart() {
    World world = new World(new Random(2));
    world.nodes.get(0).wanted = LIMIT;
    world.settle(3);
    world.reachable = false;
    world.settle(1);
    assertEquals(EVEN, world.nodes.get(0).rate);
    world.reachable = true;
    world.lost = true;
    world.settle(5);
    assertEquals(EVEN, world.nodes.get(0).rate, "who is not answered, too");
    world.lost = false;
    world.settle(5);
    assertEquals(LIMIT, world.nodes.get(0).rate);
  }

  @Test
  void whatADeadNodeUsedIsFree() {
    World world = new World(new Random(3));
    world.nodes.get(0).wanted = LIMIT;
    world.settle(3);
    world.table.forget("a");
    world.nodes.get(0).dead = true;
    world.nodes.get(1).wanted = LIMIT;
    world.settle(3);
    assertEquals(LIMIT, world.nodes.get(1).rate);
  }

  /** Who wants nothing any more leaves nothing in the table. */
  @Test
  void silenceLeavesNothingBehind() {
    World world = new World(new Random(4));
    world.nodes.forEach(node -> node.wanted = 100);
    world.settle(3);
    world.nodes.get(0).wanted = 0;
    world.nodes.get(1).wanted = 0;
    world.nodes.get(2).gone = true;
    world.settle(3);
    assertTrue(world.table.isEmpty());
    int words = world.words;
    world.settle(20);
    assertEquals(words, world.words, "and says nothing");
  }

  @Test
  void aloneANodeHasAllOfItAndAsksNobody() {
    World world = new World(new Random(5));
    world.among = 1;
    world.nodes.get(0).wanted = LIMIT;
    world.settle(3);
    assertEquals(LIMIT, world.nodes.get(0).rate);
    assertEquals(0, world.words);
  }

  @Test
  void theTableIsReadAsItWasWritten() {
    RateTable table = new RateTable();
    RateTable.Word word = new RateTable.Word(0, 500, LIMIT, EVEN);
    assertEquals(500, table.settle("a", 2, word));
    assertEquals(500, table.settle("a", 1, new RateTable.Word(0, 0, LIMIT, EVEN)), "too late");
    assertEquals(400, table.settle("b", 1, new RateTable.Word(0, 600, LIMIT, EVEN)));
    assertEquals(900, RateTable.decode(table.encode()).held());
    RateTable other = new RateTable();
    other.settle("a", 3, new RateTable.Word(0, 100, LIMIT, EVEN));
    table.merge(other);
    assertEquals(500, table.held());
    assertTrue(RateTable.decode(new byte[] {9, 9}).isEmpty());
  }

  /** Max-min: who wants little gets it, the others share what is left. */
  private static long[] fair(long[] wanted) {
    long left = LIMIT;
    long[] sorted = wanted.clone();
    Arrays.sort(sorted);
    long part = LIMIT;
    for (int i = 0; i < sorted.length; i++) {
      part = left / (sorted.length - i);
      if (sorted[i] > part) {
        break;
      }
      left -= sorted[i];
      part = LIMIT;
    }
    long most = part;
    return LongStream.of(wanted).map(each -> Math.min(each, most)).toArray();
  }

  private static final class Node implements RateLeases.Lender, RateLeases.Claimant {
    final String name;
    final World world;
    final RateLeases leases = new RateLeases(this);
    long wanted;
    long rate = EVEN;
    boolean dead;
    boolean gone;
    long number;

    Node(String name, World world) {
      this.name = name;
      this.world = world;
    }

    void tick() {
      if (!dead) {
        leases.tick(gone ? Map.of() : Map.of("user", this), 0);
      }
    }

    long used() {
      return dead || gone ? 0 : Math.min(wanted, rate);
    }

    @Override
    public int nodes() {
      return world.among;
    }

    @Override
    public long limit() {
      return LIMIT;
    }

    @Override
    public long demand(long nowMs) {
      return wanted;
    }

    @Override
    public void rate(long perSecond) {
      rate = perSecond;
    }

    @Override
    public void settle(
        Map<String, RateTable.Word> words, Consumer<Optional<Map<String, Long>>> answer) {
      if (!world.reachable) {
        answer.accept(Optional.empty());
        return;
      }
      long saying = ++number;
      world.words++;
      Runnable said =
          () -> {
            Map<String, Long> granted = new HashMap<>();
            words.forEach(
                (scope, word) -> granted.put(scope, world.table.settle(name, saying, word)));
            if (!world.lost) {
              world.flying.add(() -> answer.accept(Optional.of(granted)));
            }
          };
      world.flying.add(said);
      if (world.random.nextInt(4) == 0) {
        world.flying.add(
            () -> words.values().forEach(word -> world.table.settle(name, saying, word)));
      }
    }
  }

  private static final class World {
    final Random random;
    final RateTable table = new RateTable();
    final List<Runnable> flying = new ArrayList<>();
    final List<Node> nodes = List.of(new Node("a", this), new Node("b", this), new Node("c", this));
    int among = NODES;
    int words;
    boolean reachable = true;
    boolean lost;

    World(Random random) {
      this.random = random;
    }

    void step() {
      Node node = nodes.get(random.nextInt(NODES));
      switch (random.nextInt(8)) {
        case 0 -> node.wanted = random.nextInt(3) == 0 ? LIMIT : random.nextLong(LIMIT);
        case 1, 2 -> node.tick();
        case 3 -> {
          // An answer, or a word, that never comes.
          if (!flying.isEmpty() && random.nextInt(4) == 0) {
            flying.remove(random.nextInt(flying.size()));
          }
        }
        default -> deliver();
      }
    }

    /** So many rounds in which everything arrives. */
    void settle(int rounds) {
      for (int i = 0; i < rounds; i++) {
        nodes.forEach(Node::tick);
        while (!flying.isEmpty()) {
          deliver();
        }
      }
    }

    private void deliver() {
      if (!flying.isEmpty()) {
        flying.remove(random.nextInt(flying.size())).run();
      }
    }

    long rates() {
      return nodes.stream().mapToLong(node -> node.rate).sum();
    }

    long used() {
      return nodes.stream().mapToLong(Node::used).sum();
    }

    @Override
    public String toString() {
      StringBuilder text = new StringBuilder();
      nodes.forEach(
          node -> text.append(node.wanted).append(" wanted, ").append(node.rate).append("; "));
      return text.toString();
    }
  }
}

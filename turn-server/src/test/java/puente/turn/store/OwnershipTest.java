package puente.turn.store;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import puente.stun.Transport;
import puente.stun.TransportAddress;

/**
 * Three nodes, one allocation, a directory that may split in two: messages overtake each other and
 * come twice, nodes die between any two steps, and in the end one node serves the allocation.
 */
class OwnershipTest {
  private static final int SEEDS = 3000;
  private static final int STEPS = 60;

  /** What the simulation asks, so that a wrong answer can be tried. */
  private interface Rules {
    boolean outdoes(Snapshot one, Snapshot other);

    default Snapshot kept(@Nullable Snapshot there, Snapshot saved) {
      return there != null && outdoes(there, saved) ? there : saved;
    }

    default @Nullable Snapshot claimed(@Nullable Snapshot there, long seen, String claimant) {
      return Ownership.claimed(there, seen, claimant);
    }

    default boolean mustLetGo(Snapshot own, @Nullable Snapshot there) {
      return there != null && !there.node().equals(own.node()) && outdoes(there, own);
    }
  }

  private static final Rules RIGHT = Ownership::outdoes;

  /** The halves of a split network make the same epoch, and each thinks it wins. */
  private static final Rules NO_TIE_BREAK = (one, other) -> one.epoch() > other.epoch();

  private static final Rules NO_FENCING =
      new Rules() {
        @Override
        public boolean outdoes(Snapshot one, Snapshot other) {
          return Ownership.outdoes(one, other);
        }

        @Override
        public @Nullable Snapshot claimed(@Nullable Snapshot there, long seen, String claimant) {
          return there == null ? null : there.ownedBy(claimant, there.epoch());
        }
      };

  private static final Rules NEVER_LETS_GO =
      new Rules() {
        @Override
        public boolean outdoes(Snapshot one, Snapshot other) {
          return Ownership.outdoes(one, other);
        }

        @Override
        public boolean mustLetGo(Snapshot own, @Nullable Snapshot there) {
          return false;
        }
      };

  @Test
  void oneNodeServesInTheEnd() {
    int moved = 0;
    for (int seed = 0; seed < SEEDS; seed++) {
      World world = new World(new Random(seed), RIGHT);
      world.run();
      assertEquals(null, world.complaint(), "seed " + seed);
      moved += world.claims > 0 ? 1 : 0;
    }
    assertTrue(moved > SEEDS / 4, "the simulation does what it is for: " + moved);
  }

  static Stream<Rules> broken() {
    return Stream.of(NO_TIE_BREAK, NO_FENCING, NEVER_LETS_GO);
  }

  @ParameterizedTest
  @MethodSource("broken")
  void aBrokenRuleIsFound(Rules rules) {
    for (int seed = 0; seed < SEEDS; seed++) {
      World world = new World(new Random(seed), rules);
      world.run();
      if (world.complaint() != null) {
        return;
      }
    }
    throw new AssertionError("not found in " + SEEDS + " runs");
  }

  @Test
  void claimsAreForWhoCanServe() {
    Snapshot there = record("a", 1);
    Ownership.Owner dead = new Ownership.Owner(false, false);
    Ownership.Owner moved = new Ownership.Owner(true, true);
    Ownership.Owner neighbour = new Ownership.Owner(true, false);
    assertTrue(Ownership.mayClaim(there, "b", dead, true, 0));
    assertTrue(Ownership.mayClaim(there, "b", moved, true, 0));
    assertTrue(Ownership.mayClaim(there, "a", neighbour, true, 0));
    assertFalse(Ownership.mayClaim(there, "b", neighbour, true, 0));
    assertFalse(Ownership.mayClaim(there, "b", dead, false, 0));
    assertFalse(Ownership.mayClaim(there, "b", dead, true, there.expiresMs()));
  }

  @Test
  void onlyTheOwnerEndsARecord() {
    assertTrue(Ownership.mayEnd(record("a", 5), "a", 5));
    assertFalse(Ownership.mayEnd(record("a", 6), "a", 5), "a newer allocation of its own");
    assertFalse(Ownership.mayEnd(record("b", 5), "a", 5));
  }

  private static Snapshot record(String node, long epoch) {
    TransportAddress address = TransportAddress.ipv4(0x0a00_0001, 4000);
    return new Snapshot(
        new AllocationKey(Transport.UDP, address, address),
        node,
        epoch,
        0,
        new Snapshot.LoginState("u", "u", "r", "SECRET", false, false, 0),
        new Snapshot.BirthState(0, 0, 0, 600, null, null, null),
        List.of(new Snapshot.RelayState(address, address, 1000)),
        List.of(),
        List.of());
  }

  private static Snapshot refreshed(Snapshot old) {
    return new Snapshot(
        old.key(),
        old.node(),
        old.epoch(),
        old.revision() + 1,
        old.login(),
        old.birth(),
        old.relays(),
        List.of(),
        List.of());
  }

  /** One node: what it serves, and on which side of the network it is. */
  private static final class Host {
    final String name;
    boolean up = true;
    int side;
    @Nullable Snapshot serves;

    Host(String name) {
      this.name = name;
    }
  }

  private static final class World {
    private final Random random;
    private final Rules rules;
    private final List<Host> hosts = List.of(new Host("a"), new Host("b"), new Host("c"));
    private final @Nullable Snapshot[] directory = new @Nullable Snapshot[2];
    private final List<Runnable> flying = new ArrayList<>();
    private boolean split;
    private boolean claimUndone;
    int claims;

    World(Random random, Rules rules) {
      this.random = random;
      this.rules = rules;
    }

    void run() {
      Host first = hosts.get(random.nextInt(3));
      first.serves = record(first.name, 100);
      save(first);
      for (int step = 0; step < STEPS; step++) {
        step();
      }
      settle();
    }

    private void step() {
      Host host = hosts.get(random.nextInt(3));
      switch (random.nextInt(12)) {
        case 0, 1, 2, 3 -> deliver();
        case 4 -> duplicate();
        case 5 -> crash(host);
        case 6 -> host.up = true;
        case 7, 8 -> packetAt(host);
        case 9 -> refresh(host);
        case 10 -> splitOrHeal();
        default -> reconcile(host);
      }
    }

    private void deliver() {
      if (!flying.isEmpty()) {
        flying.remove(random.nextInt(flying.size())).run();
      }
    }

    private void duplicate() {
      if (!flying.isEmpty()) {
        flying.add(flying.get(random.nextInt(flying.size())));
      }
    }

    private static void crash(Host host) {
      host.up = false;
      host.serves = null;
    }

    private void refresh(Host host) {
      if (host.serves != null) {
        host.serves = refreshed(host.serves);
        save(host);
      }
    }

    private void save(Host host) {
      Snapshot saved = host.serves;
      int side = host.side;
      if (saved != null) {
        flying.add(() -> keep(side(side), saved));
      }
    }

    /**
     * Only a claim changes the owner: what a former one still writes must not. While the network is
     * split, a claim of one half may be news to the other.
     */
    private void keep(int side, Snapshot saved) {
      Snapshot there = directory[side];
      Snapshot kept = rules.kept(there, saved);
      claimUndone |= !split && there != null && !there.node().equals(kept.node());
      directory[side] = kept;
    }

    /** A side that is no more has become the other one. */
    private int side(int wanted) {
      return split ? wanted : 0;
    }

    private void packetAt(Host host) {
      Snapshot seen = directory[side(host.side)];
      if (!host.up || host.serves != null || seen == null || looksAlive(seen.node(), host)) {
        return;
      }
      int side = host.side;
      flying.add(() -> claim(host, side, seen.epoch()));
    }

    /** Other nodes look dead from the other side of the network. */
    private boolean looksAlive(String name, Host from) {
      return hosts.stream()
          .anyMatch(
              host -> host != from && host.name.equals(name) && host.up && host.side == from.side);
    }

    private void claim(Host host, int side, long seen) {
      Snapshot claimed = rules.claimed(directory[side(side)], seen, host.name);
      if (claimed == null) {
        return;
      }
      Snapshot before = directory[side(side)];
      directory[side(side)] = claimed;
      claims++;
      flying.add(() -> answered(host, claimed));
      if (before != null) {
        hosts.forEach(other -> flying.add(() -> lost(other, claimed)));
      }
    }

    /** An answer of a claim comes once: to who still waits for it. */
    private static void answered(Host host, Snapshot claimed) {
      if (host.up && host.serves == null) {
        host.serves = claimed;
      }
    }

    private void lost(Host host, Snapshot claimed) {
      if (host.serves != null && rules.mustLetGo(host.serves, claimed)) {
        host.serves = null;
      }
    }

    private void splitOrHeal() {
      if (split) {
        heal();
        return;
      }
      split = true;
      directory[1] = directory[0];
      hosts.forEach(host -> host.side = random.nextInt(2));
    }

    private void heal() {
      Snapshot one = directory[0];
      Snapshot other = directory[1];
      split = false;
      directory[1] = null;
      hosts.forEach(host -> host.side = 0);
      if (one == null || other == null) {
        directory[0] = one == null ? other : one;
      } else {
        directory[0] = rules.outdoes(other, one) ? other : one;
      }
    }

    private void reconcile(Host host) {
      Snapshot mine = host.serves;
      if (mine == null) {
        return;
      }
      int side = side(host.side);
      Snapshot there = directory[side];
      if (rules.mustLetGo(mine, there)) {
        host.serves = null;
      } else if (there == null || rules.outdoes(mine, there)) {
        keep(side, mine);
      }
    }

    private void settle() {
      if (split) {
        heal();
      }
      while (!flying.isEmpty()) {
        deliver();
      }
      for (int round = 0; round < 2; round++) {
        hosts.forEach(this::reconcile);
      }
    }

    @Nullable String complaint() {
      List<Host> serving = hosts.stream().filter(host -> host.serves != null).toList();
      if (serving.size() > 1) {
        return "served by " + serving.size();
      }
      Snapshot there = directory[0];
      if (claimUndone) {
        return "a former owner has undone a claim";
      }
      if (there == null) {
        return "the record is gone";
      }
      boolean agree = serving.isEmpty() || serving.getFirst().name.equals(there.node());
      return agree ? null : "the directory names another node";
    }
  }
}

package puente.turn.store;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import puente.stun.Transport;
import puente.stun.TransportAddress;
import puente.turn.store.Snapshot.PermissionState;

/**
 * Three nodes, one allocation, a directory that may split in two: messages overtake each other and
 * come twice, nodes die between any two steps and come back with what is in their journal, which is
 * behind or lost. In the end one node serves the allocation, and no change of it is forgotten.
 */
class OwnershipTest {
  private static final int SEEDS = 3000;
  private static final int STEPS = 150;

  /** What the simulation asks, so that a wrong answer can be tried. */
  private interface Rules {
    default boolean outdoes(Snapshot one, Snapshot other) {
      return Ownership.outdoes(one, other);
    }

    default Snapshot kept(@Nullable Snapshot there, Snapshot saved) {
      return there != null && outdoes(there, saved) ? there : saved;
    }

    default @Nullable Snapshot claimed(@Nullable Snapshot there, long seen, String claimant) {
      return Ownership.claimed(there, seen, claimant);
    }

    default boolean mustLetGo(Snapshot own, @Nullable Snapshot there) {
      return there != null && !there.node().equals(own.node()) && outdoes(there, own);
    }

    default boolean hasMore(Snapshot there, Snapshot own, long journalled) {
      return Ownership.hasMore(there, own, journalled);
    }

    /** What a node serves that begins with this in its journal. */
    default Snapshot begun(Snapshot journal) {
      return journal;
    }

    /** Whether a node that has just begun compares before it writes. */
    default boolean looksFirst() {
      return true;
    }
  }

  private static final Rules RIGHT = new Rules() {};

  /** The halves of a split network make the same epoch, and each thinks it wins. */
  private static final Rules NO_TIE_BREAK =
      new Rules() {
        @Override
        public boolean outdoes(Snapshot one, Snapshot other) {
          return one.epoch() > other.epoch();
        }
      };

  private static final Rules NO_FENCING =
      new Rules() {
        @Override
        public @Nullable Snapshot claimed(@Nullable Snapshot there, long seen, String claimant) {
          return there == null ? null : there.ownedBy(claimant, there.epoch());
        }
      };

  private static final Rules NEVER_LETS_GO =
      new Rules() {
        @Override
        public boolean mustLetGo(Snapshot own, @Nullable Snapshot there) {
          return false;
        }
      };

  /**
   * Each life of a node as a new owner: as good an epoch as the one of who has claimed meanwhile.
   */
  private static final Rules NEW_EPOCH_AT_START =
      new Rules() {
        @Override
        public Snapshot begun(Snapshot journal) {
          return journal.ownedBy(journal.node(), journal.epoch() + 1);
        }
      };

  private static final Rules NEVER_LEARNS =
      new Rules() {
        @Override
        public boolean hasMore(Snapshot there, Snapshot own, long journalled) {
          return false;
        }
      };

  /** What the journal has not is overwritten by what happens next. */
  private static final Rules WRITES_FIRST =
      new Rules() {
        @Override
        public boolean looksFirst() {
          return false;
        }
      };

  @Test
  void oneNodeServesInTheEnd() {
    int moved = 0;
    int learned = 0;
    int returned = 0;
    int robbed = 0;
    for (int seed = 0; seed < SEEDS; seed++) {
      World world = new World(new Random(seed), RIGHT);
      world.run();
      assertEquals(null, world.complaint(), "seed " + seed);
      moved += world.claims > 0 ? 1 : 0;
      learned += world.learned > 0 ? 1 : 0;
      returned += world.returned > 0 ? 1 : 0;
      robbed += world.robbed > 0 ? 1 : 0;
    }
    assertTrue(moved > SEEDS / 4, "the simulation does what it is for: " + moved);
    assertTrue(learned > SEEDS / 100, "journals are behind: " + learned);
    assertTrue(returned > SEEDS / 20, "former owners come back: " + returned);
    assertTrue(robbed > SEEDS / 4, "addresses leave nodes that live: " + robbed);
  }

  static Stream<Rules> broken() {
    return Stream.of(
        NO_TIE_BREAK, NO_FENCING, NEVER_LETS_GO, NEW_EPOCH_AT_START, NEVER_LEARNS, WRITES_FIRST);
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

  /** The same with one more fact, as by a request of its client. */
  private static Snapshot changed(Snapshot old, int fact) {
    TransportAddress ip = TransportAddress.ipv4(fact, 0);
    return with(old, old.epoch(), old.revision() + 1, List.of(new PermissionState(ip, 1000)));
  }

  /** The same with all that a record of it knows, as a server learns it. */
  private static Snapshot learned(Snapshot own, Snapshot there) {
    long epoch = Math.max(own.epoch(), there.epoch());
    long revision = Math.max(own.revision(), there.revision()) + 1;
    return with(own, epoch, revision, there.permissions());
  }

  private static Snapshot with(
      Snapshot old, long epoch, long revision, List<PermissionState> facts) {
    Set<PermissionState> all = new LinkedHashSet<>(old.permissions());
    all.addAll(facts);
    return new Snapshot(
        old.key(),
        old.node(),
        epoch,
        revision,
        old.login(),
        old.birth(),
        old.relays(),
        List.copyOf(all),
        List.of());
  }

  /** A message on its way; what a node has sent goes with it when it dies, or has arrived. */
  private record Flight(Host from, Runnable arrives) {}

  /** One node: what it serves, what its disk has, and on which side of the network it is. */
  private static final class Host {
    final String name;
    boolean up = true;
    int side;
    @Nullable Snapshot serves;
    @Nullable Snapshot journal;
    long journalled = Long.MAX_VALUE;

    /** It has begun with what was in its journal, and has not compared it yet. */
    boolean young;

    Host(String name) {
      this.name = name;
    }
  }

  private static final class World {
    private final Random random;
    private final Rules rules;
    private final List<Host> hosts = List.of(new Host("a"), new Host("b"), new Host("c"));
    private final @Nullable Snapshot[] directory = new @Nullable Snapshot[2];
    private final List<Flight> flying = new ArrayList<>();
    private boolean split;
    private boolean claimUndone;
    private boolean forgotten;
    private boolean existed;
    private int facts;
    int claims;
    int learned;
    int returned;
    int robbed;

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
      switch (random.nextInt(15)) {
        case 0, 1, 2, 3 -> deliver();
        case 4 -> duplicate();
        case 5 -> crash(host);
        case 6 -> start(host);
        case 7, 8, 12 -> claimFrom(host);
        case 13, 14 -> hosts.forEach(each -> each.journal = written(each));
        case 9 -> refresh(host);
        case 10 -> splitOrHeal();
        default -> reconcile(host);
      }
    }

    private void deliver() {
      if (!flying.isEmpty()) {
        flying.remove(random.nextInt(flying.size())).arrives.run();
      }
    }

    private void duplicate() {
      if (!flying.isEmpty()) {
        flying.add(flying.get(random.nextInt(flying.size())));
      }
    }

    /** Its journal is written by another thread, some time later. */
    private @Nullable Snapshot written(Host host) {
      return host.up && random.nextBoolean() ? host.serves : host.journal;
    }

    /** What it has sent by then has arrived, or never will; its journal stays, or its disk dies. */
    private void crash(Host host) {
      List<Flight> own = flying.stream().filter(flight -> flight.from == host).toList();
      flying.removeAll(own);
      own.stream().filter(flight -> random.nextBoolean()).forEach(flight -> flight.arrives.run());
      host.up = false;
      host.serves = null;
      if (random.nextInt(8) == 0) {
        host.journal = null;
      }
    }

    /** It serves at once what is in its journal; whose that is by now, it learns later. */
    private void start(Host host) {
      if (host.up) {
        return;
      }
      host.up = true;
      Snapshot left = host.journal;
      if (left != null) {
        host.serves = rules.begun(left);
        host.journalled = left.revision();
        host.young = rules.looksFirst();
        Snapshot there = directory[side(host.side)];
        returned += there != null && !there.node().equals(host.name) ? 1 : 0;
      }
    }

    private void refresh(Host host) {
      if (host.serves != null) {
        host.serves = changed(host.serves, ++facts);
        save(host);
      }
    }

    private void save(Host host) {
      Snapshot saved = host.serves;
      int side = host.side;
      if (saved != null && !host.young) {
        flying.add(new Flight(host, () -> keep(side(side), saved)));
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
      forgotten |= there != null && isForgetful(there, kept);
      directory[side] = kept;
      existed = true;
    }

    /** Whether an owner's own record knows less than it did. */
    private static boolean isForgetful(Snapshot before, Snapshot after) {
      return before.node().equals(after.node())
          && before.epoch() == after.epoch()
          && !after.permissions().containsAll(before.permissions());
    }

    /** A side that is no more has become the other one. */
    private int side(int wanted) {
      return split ? wanted : 0;
    }

    /** One by one or in bulk: from who looks dead, or lives and has lost its address to this one. */
    private void claimFrom(Host host) {
      Snapshot seen = directory[side(host.side)];
      if (!host.up || host.serves != null || seen == null) {
        return;
      }
      boolean lives = looksAlive(seen.node(), host);
      if (lives && random.nextInt(4) > 0) {
        return;
      }
      robbed += lives ? 1 : 0;
      int side = host.side;
      flying.add(new Flight(host, () -> claim(host, side, seen.epoch())));
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
      flying.add(new Flight(host, () -> answered(host, claimed)));
      if (before != null) {
        hosts.forEach(other -> flying.add(new Flight(host, () -> lost(other, claimed))));
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
      long journalled = host.journalled;
      host.young = false;
      host.journalled = Long.MAX_VALUE;
      if (rules.mustLetGo(mine, there)) {
        host.serves = null;
      } else if (there != null && rules.hasMore(there, mine, journalled)) {
        learned++;
        host.serves = learned(mine, there);
        save(host);
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
        while (!flying.isEmpty()) {
          deliver();
        }
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
      if (forgotten) {
        return "a change is forgotten";
      }
      if (there == null) {
        return existed ? "the record is gone" : null;
      }
      boolean agree = serving.isEmpty() || serving.getFirst().name.equals(there.node());
      return agree ? null : "the directory names another node";
    }
  }
}

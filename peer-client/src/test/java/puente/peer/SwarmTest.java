package puente.peer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Collections;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.function.BiPredicate;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class SwarmTest {
  private static final int BLOCKS = 200;
  private static final int RECEIVERS = 5;

  /** Where all reach each other by equal lines, nobody gives a quarter more or less than his share. */
  @Test
  void senderAndReceiversShareTheLoad() {
    for (int seed = 1; seed <= 10; seed++) {
      World world = new World(seed, (a, b) -> true);
      world.run(5 * BLOCKS);
      String what = "seed " + seed + ": " + world;
      assertTrue(world.ticks <= BLOCKS * 115 / 100, what); // nothing is faster than BLOCKS
      int sender = world.members.getFirst().served;
      assertTrue(sender <= BLOCKS * 11 / 10, what);
      int share = (RECEIVERS * BLOCKS - sender) / RECEIVERS;
      for (Member receiver : world.receivers()) {
        assertTrue(receiver.served <= share * 125 / 100, what);
        assertTrue(receiver.served >= share * 75 / 100, what);
        assertEquals(BLOCKS, receiver.received, what);
      }
    }
  }

  /** Where the sender is reached by a relay alone, the relay carries each block about once. */
  @Test
  void relaysCarryWhatNobodyElseHas() {
    for (int seed = 1; seed <= 10; seed++) {
      World world = new World(seed, (a, b) -> a != 0 && b != 0);
      world.run(5 * BLOCKS);
      assertTrue(world.relayed <= BLOCKS * 12 / 10, "seed " + seed + ": " + world);
    }
  }

  /** Who is reached by a relay alone costs it each block once, not more. */
  @Test
  void oneBehindRelaysCostsEachBlockOnce() {
    for (int seed = 1; seed <= 10; seed++) {
      World world = new World(seed, (a, b) -> a != RECEIVERS && b != RECEIVERS);
      world.run(5 * BLOCKS);
      assertEquals(BLOCKS, world.relayed, "seed " + seed + ": " + world);
    }
  }

  /**
   * The laboratory's mix: one receiver reaches the sender and another by a relay alone. It has less to
   * give, but whatever it has is asked of it where nobody else was asked; and the relay stays spared.
   */
  @Test
  void whoIsReachedByFewIsIdleForLackOfWhatIsWantedAlone() {
    Set<Integer> far = Set.of(0, RECEIVERS - 1);
    for (int seed = 1; seed <= 10; seed++) {
      World world =
          new World(
              seed,
              (a, b) -> !(a == RECEIVERS && far.contains(b) || b == RECEIVERS && far.contains(a)));
      world.run(5 * BLOCKS);
      String what = "seed " + seed + ": " + world;
      assertTrue(world.ticks <= BLOCKS * 130 / 100, what);
      assertTrue(world.relayed <= BLOCKS * 2 / 100, what);
      assertTrue(world.members.get(RECEIVERS).idleThoughWanted <= BLOCKS / 100, what);
    }
  }

  @Test
  void asksAnotherWhenOneIsSilent() {
    BitSet both = new BitSet();
    both.set(0, 2);
    Swarm<String> swarm = new Swarm<>(2, new BitSet(), new Random(1));
    swarm.has("silent", 0, both);
    assertEquals(2, swarm.next(0).size());
    swarm.has("other", 0, both);
    assertEquals(List.of(), swarm.next(Swarm.STALE_MS));
    List<Swarm.Request<String>> again = swarm.next(Swarm.STALE_MS + 1);
    assertEquals(2, again.size());
    assertTrue(again.stream().allMatch(request -> request.of().equals("other")));
    assertTrue(swarm.isAsked("silent", 0)); // should it come after all, it is welcome
    swarm.arrived(0);
    swarm.arrived(1);
    assertEquals(false, swarm.isAsked("silent", 0));
    assertEquals(false, swarm.isHopeful());
  }

  /** Whoever vanished is not waited for: neither for what it was asked nor for what it fetches. */
  @Test
  void doesWithoutWhoVanished() {
    BitSet both = new BitSet();
    both.set(0, 2);
    Swarm<String> swarm = new Swarm<>(2, new BitSet(), new Random(1));
    BitSet first = new BitSet();
    first.set(0);
    swarm.has("vanished", 0, first);
    assertEquals(List.of(new Swarm.Request<>("vanished", 0)), swarm.next(0));
    swarm.fetches("vanished", 1);
    swarm.has("sender", 0, both);
    assertEquals(List.of(), swarm.next(1));
    swarm.away("vanished", true);
    assertEquals(2, swarm.next(2).size());
    swarm.arrived(0);
    swarm.failed("sender", 1);
    assertTrue(swarm.isHopeful()); // it may come back with what is missing
    swarm.away("vanished", false);
    swarm.has("vanished", 1, first);
    assertEquals(List.of(new Swarm.Request<>("vanished", 1)), swarm.next(3));
  }

  @Test
  void hopesWhileSomebodyHasWhatIsMissing() {
    BitSet first = new BitSet();
    first.set(0);
    Swarm<String> swarm = new Swarm<>(2, first, new Random(1));
    swarm.has("a", 0, first);
    assertEquals(false, swarm.isHopeful());
    swarm.fetches("a", 1);
    assertTrue(swarm.isHopeful());
    swarm.gone("a");
    assertEquals(false, swarm.isHopeful());
  }

  private static final class Member {
    final int number;
    final BitSet has = new BitSet();
    final Swarm<Integer> swarm;
    final Deque<Swarm.Request<Integer>> queue = new ArrayDeque<>();
    int served;
    int received;
    int idleThoughWanted;

    Member(int number, long seed) {
      this.number = number;
      if (number == 0) {
        has.set(0, BLOCKS);
      }
      swarm = new Swarm<>(BLOCKS, has, new Random(seed * 31 + number));
    }

    /** The first request of somebody whose line is free; his others come after those of the rest. */
    Swarm.@Nullable Request<Integer> next(Set<Integer> busy) {
      for (Swarm.Request<Integer> one : queue) {
        if (!busy.contains(one.of())) {
          List<Swarm.Request<Integer>> others =
              queue.stream().filter(other -> other != one && other.of().equals(one.of())).toList();
          queue.remove(one);
          queue.removeAll(others);
          queue.addAll(others);
          return one;
        }
      }
      return null;
    }
  }

  /**
   * A line carries one block a tick up, and one down; who gives serves those who asked in turn. A
   * request's {@code of} is here who asked.
   */
  private static final class World {
    final List<Member> members = new ArrayList<>();
    final BiPredicate<Integer, Integer> direct;
    final Random random;
    int ticks;
    int relayed;

    World(long seed, BiPredicate<Integer, Integer> direct) {
      random = new Random(seed);
      this.direct = direct;
      for (int i = 0; i <= RECEIVERS; i++) {
        members.add(new Member(i, seed));
      }
      for (Member receiver : receivers()) {
        for (Member other : members) {
          if (other != receiver) {
            receiver.swarm.path(other.number, direct.test(receiver.number, other.number));
            receiver.swarm.has(other.number, 0, other.has);
          }
        }
      }
    }

    List<Member> receivers() {
      return members.subList(1, members.size());
    }

    void run(int most) {
      while (receivers().stream().anyMatch(member -> member.received < BLOCKS)) {
        assertTrue(ticks++ < most, this::toString);
        receivers().forEach(this::ask);
        List<Runnable> arrivals = new ArrayList<>();
        Set<Integer> busy = new HashSet<>();
        List<Member> givers = new ArrayList<>(members);
        Collections.shuffle(givers, random);
        for (Member giver : givers) {
          Swarm.Request<Integer> next = giver.next(busy);
          if (next != null) {
            busy.add(next.of());
            giver.served++;
            arrivals.add(() -> arrive(giver, members.get(next.of()), next.block()));
          } else if (isWanted(giver)) {
            giver.idleThoughWanted++;
          }
        }
        arrivals.forEach(Runnable::run);
      }
    }

    /** Whether somebody whom it reaches directly lacks what it has, and asked nobody for it. */
    private boolean isWanted(Member giver) {
      for (Member receiver : receivers()) {
        BitSet missing = (BitSet) giver.has.clone();
        missing.andNot(receiver.has);
        boolean reaches = receiver != giver && direct.test(giver.number, receiver.number);
        if (reaches && missing.stream().anyMatch(block -> hasAskedNobody(receiver, block))) {
          return true;
        }
      }
      return false;
    }

    private boolean hasAskedNobody(Member receiver, int block) {
      return members.stream().noneMatch(of -> receiver.swarm.isAsked(of.number, block));
    }

    private void ask(Member receiver) {
      for (Swarm.Request<Integer> request : receiver.swarm.next(100L * ticks)) {
        Member source = members.get(request.of());
        source.queue.add(new Swarm.Request<>(receiver.number, request.block()));
        for (Member other : receivers()) {
          if (other != receiver && other != source) {
            other.swarm.fetches(receiver.number, request.block());
          }
        }
      }
    }

    private void arrive(Member from, Member to, int block) {
      relayed += direct.test(from.number, to.number) ? 0 : 1;
      to.swarm.progress(from.number, 100L * ticks);
      to.swarm.arrived(block);
      to.has.set(block);
      to.received = to.has.cardinality();
      BitSet one = new BitSet();
      one.set(0);
      for (Member other : receivers()) {
        if (other != to) {
          other.swarm.has(to.number, block, one);
        }
      }
    }

    @Override
    public String toString() {
      return ticks
          + " ticks, relayed "
          + relayed
          + ", idle though wanted "
          + members.stream().map(member -> member.idleThoughWanted).toList()
          + ", served "
          + members.stream().map(member -> member.served).toList();
    }
  }
}

package puente.turn;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** The ports of one shard: none twice, none lost. */
class PortPoolTest {

  /** Every port of the range belongs to exactly one shard, and pairs stay together. */
  @Test
  void shardsShareTheRange() {
    for (int shards = 1; shards <= 5; shards++) {
      Set<Integer> all = new HashSet<>();
      for (int shard = 0; shard < shards; shard++) {
        PortPool pool = new PortPool(50001, 50042, shard, shards, new Random(1));
        int owned = pool.owned();
        for (int i = 0; i < owned; i++) {
          int port = pool.take(0);
          assertTrue(port >= 50001 && port <= 50042);
          assertEquals(shard, port / 2 % shards);
          assertTrue(all.add(port), "twice");
        }
        assertEquals(PortPool.NONE, pool.take(0));
      }
      assertEquals(42, all.size());
    }
  }

  /** A port rests before its next use, unless nothing else is left: then the longest rested. */
  @Test
  void portsRest() {
    PortPool pool = new PortPool(50000, 50003, 0, 1, new Random(1));
    int first = pool.take(0);
    pool.giveBack(first, 1000);
    for (int i = 0; i < 3; i++) {
      assertTrue(pool.take(0) != first);
    }
    assertEquals(first, pool.take(0));
    pool.giveBack(50002, 3000);
    pool.giveBack(50000, 4000);
    assertEquals(50002, pool.take(0));
    assertEquals(4000, pool.nextRestedAtMs());
    pool.endRests(4000);
    assertEquals(0, pool.quarantined());
  }

  /** Even ports and pairs are found in quarantine too, when they are nowhere else. */
  @Test
  void pairsAreFoundInQuarantine() {
    PortPool pool = new PortPool(50000, 50003, 0, 1, new Random(1));
    for (int i = 0; i < 4; i++) {
      pool.take(0);
    }
    assertEquals(PortPool.NONE, pool.takeEven(0));
    pool.giveBack(50001, 1000);
    assertEquals(PortPool.NONE, pool.takeEven(0));
    assertEquals(PortPool.NONE, pool.takePair(0));
    pool.giveBack(50000, 1000);
    assertEquals(50000, pool.takePair(0));
    pool.giveBack(50001, 2000);
    pool.giveBack(50000, 2000);
    assertEquals(50000, pool.takeEven(0));
  }

  @Test
  void whatWasNotTakenCannotBeGivenBack() {
    PortPool pool = new PortPool(50000, 50003, 0, 1, new Random(1));
    assertThrows(IllegalStateException.class, () -> pool.giveBack(50000, 0));
    assertThrows(IllegalArgumentException.class, () -> pool.giveBack(49999, 0));
    assertThrows(IllegalArgumentException.class, () -> pool.giveBack(50004, 0));
  }

  /** A long churn of all three ways of taking: the sum of all states stays the range. */
  @Test
  void churnLosesNothing() {
    Random random = new Random(99);
    PortPool pool = new PortPool(50000, 50100, 1, 3, random);
    List<Integer> held = new ArrayList<>();
    long now = 0;
    for (int i = 0; i < 200_000; i++) {
      now += random.nextInt(3);
      int choice = random.nextInt(6);
      if (choice < 3) {
        int port =
            choice == 0 ? pool.take(now) : choice == 1 ? pool.takeEven(now) : pool.takePair(now);
        if (port != PortPool.NONE) {
          assertTrue(!held.contains(port));
          held.add(port);
          if (choice == 2) {
            assertTrue(!held.contains(port + 1));
            held.add(port + 1);
          }
          assertTrue(choice == 0 || port % 2 == 0);
        }
      } else if (!held.isEmpty()) {
        pool.giveBack(held.remove(random.nextInt(held.size())), now + 20);
      }
      assertEquals(held.size(), pool.held());
    }
    for (int port : held) {
      pool.giveBack(port, now);
    }
    pool.endRests(now + 20);
    for (int i = 0; i < pool.owned(); i++) {
      assertTrue(pool.take(now) != PortPool.NONE);
    }
  }
}

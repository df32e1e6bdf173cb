package puente.stun;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The map on every packet's road does what java.util.HashMap does. */
class AddressMapTest {

  private record Key(long hi, long lo, int number) {}

  /** STYLE 16: a model, a seed; few keys, so that slots collide and gaps close all the time. */
  @ParameterizedTest
  @ValueSource(longs = {0, 1, 42, -1, Long.MIN_VALUE})
  void doesWhatHashMapDoes(long seed) {
    Random random = new Random(seed);
    for (int round = 0; round < 40; round++) {
      AddressMap<Object> map = new AddressMap<>(seed + round);
      Map<Key, Object> model = new HashMap<>();
      int keys = 1 + random.nextInt(200);
      for (int step = 0; step < 2_000; step++) {
        Key key = key(random, keys);
        if (random.nextInt(5) < 3) {
          Object value = new Object();
          map.put(key.hi, key.lo, key.number, value);
          model.put(key, value);
        } else {
          assertSame(model.remove(key), map.remove(key.hi, key.lo, key.number));
        }
        Key other = key(random, keys);
        assertSame(model.get(other), map.find(other.hi, other.lo, other.number));
        assertEquals(model.size(), map.size());
      }
      assertSameContent(model, map);
    }
  }

  private static Key key(Random random, int keys) {
    int i = random.nextInt(keys);
    // IPv4, IPv6 and the number alone in turn.
    return switch (i % 3) {
      case 0 -> new Key(0, TransportAddress.mapped(i), 1);
      case 1 -> new Key((long) i << 32, i, i);
      default -> new Key(0, 0, i);
    };
  }

  private static void assertSameContent(Map<Key, Object> model, AddressMap<Object> map) {
    Set<Object> seen = new HashSet<>();
    map.forEach(value -> assertTrue(seen.add(value)));
    assertEquals(new HashSet<>(model.values()), seen);
    assertEquals(model.isEmpty(), map.isEmpty());
    for (Map.Entry<Key, Object> entry : model.entrySet()) {
      Key key = entry.getKey();
      assertSame(entry.getValue(), map.find(key.hi, key.lo, key.number));
    }
  }

  /** STYLE 16: keys that share one slot of the smallest table, taken out in every order. */
  @Test
  void collidingSlots() {
    List<Long> colliding = new ArrayList<>();
    for (long lo = 0; colliding.size() < 3; lo++) {
      AddressMap<String> probe = new AddressMap<>(7);
      if (probe.slot(0, lo, 0, 3) == 3) {
        colliding.add(lo);
      }
    }
    for (int first = 0; first < 3; first++) {
      AddressMap<Long> map = new AddressMap<>(7);
      colliding.forEach(lo -> map.put(0, lo, 0, lo));
      map.remove(0, colliding.get(first), 0);
      for (int i = 0; i < 3; i++) {
        long lo = colliding.get(i);
        if (i == first) {
          assertNull(map.find(0, lo, 0));
        } else {
          assertEquals(lo, map.find(0, lo, 0));
        }
      }
    }
  }

  /** STYLE 12: addresses in a row, or differing in one place only, spread over the slots. */
  @Test
  void spreads() {
    int mask = (1 << 16) - 1;
    for (long seed : new long[] {0, 1, 99}) {
      AddressMap<String> map = new AddressMap<>(seed);
      for (int shift = 0; shift < 48; shift += 8) {
        assertSpread(map, mask, shift);
      }
    }
  }

  private static void assertSpread(AddressMap<String> map, int mask, int shift) {
    int[] byLo = new int[mask + 1];
    int[] byHi = new int[mask + 1];
    int worst = 0;
    for (long i = 0; i < mask; i++) {
      worst = Math.max(worst, ++byLo[map.slot(0, i << shift, 3478, mask)]);
      worst = Math.max(worst, ++byHi[map.slot(i << shift, 1, 3478, mask)]);
    }
    assertTrue(worst < 40, "up to " + worst + " in one slot, shifted by " + shift);
  }
}

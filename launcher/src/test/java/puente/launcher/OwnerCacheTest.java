package puente.launcher;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import org.junit.jupiter.api.Test;
import puente.stun.Transport;
import puente.stun.TransportAddress;
import puente.turn.store.AllocationKey;

class OwnerCacheTest {
  private final OwnerCache cache = new OwnerCache();

  @Test
  void anOwnerIsBelievedForAMoment() {
    cache.put(key(1), "a", 1000);
    assertEquals("a", cache.find(key(1), 2999));
    assertNull(cache.find(key(1), 3000));
    assertEquals(0, cache.size());
  }

  @Test
  void whatHasChangedIsForgotten() {
    cache.put(key(1), "a", 0);
    cache.put(key(2), "a", 0);
    cache.forget(key(1));
    assertNull(cache.find(key(1), 0));
    cache.clear();
    assertNull(cache.find(key(2), 0));
  }

  @Test
  void theLeastAskedForGoesFirst() {
    cache.put(key(0), "a", 0);
    for (int i = 1; i < 5000; i++) {
      cache.put(key(i), "a", 0);
      assertEquals("a", cache.find(key(0), 0));
    }
    assertEquals(4096, cache.size());
    assertNull(cache.find(key(1), 0));
  }

  private static AllocationKey key(int number) {
    TransportAddress address = TransportAddress.ipv4(number, 1);
    return new AllocationKey(Transport.UDP, address, address);
  }
}

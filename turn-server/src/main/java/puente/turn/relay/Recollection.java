package puente.turn.relay;

import org.jspecify.annotations.Nullable;
import puente.stun.AddressMap;
import puente.stun.TransportAddress;

/** What is remembered of clients, the oldest forgotten first. */
final class Recollection<V> {
  private record Entry<V>(TransportAddress client, V value) {}

  private final AddressMap<Entry<V>> byClient;
  private final @Nullable Entry<V>[] ring;
  private int next;

  @SuppressWarnings({"unchecked", "rawtypes"})
  Recollection(long seed, int max) {
    byClient = new AddressMap<>(seed);
    ring = new Entry[max];
  }

  boolean isEmpty() {
    return byClient.isEmpty();
  }

  @Nullable V find(TransportAddress client) {
    Entry<V> entry = byClient.find(client.hi(), client.lo(), client.port());
    return entry == null ? null : entry.value;
  }

  void remove(TransportAddress client) {
    remove(client.hi(), client.lo(), client.port());
  }

  void remove(long hi, long lo, int port) {
    byClient.remove(hi, lo, port);
  }

  void put(TransportAddress client, V value) {
    Entry<V> former = ring[next];
    if (former != null && find(former) == former) {
      remove(former.client);
    }
    Entry<V> entry = new Entry<>(client, value);
    ring[next] = entry;
    next = (next + 1) % ring.length;
    byClient.put(client.hi(), client.lo(), client.port(), entry);
  }

  private @Nullable Entry<V> find(Entry<V> entry) {
    return byClient.find(entry.client.hi(), entry.client.lo(), entry.client.port());
  }
}

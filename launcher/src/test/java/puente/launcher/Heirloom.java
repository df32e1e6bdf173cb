package puente.launcher;

import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import puente.stun.TransportAddress;
import puente.turn.store.AllocationKey;
import puente.turn.store.Snapshot;

/** An heir without sockets: it can serve what is on its addresses, and remembers what it was told. */
final class Heirloom implements Heir {
  final Queue<Snapshot> lost = new ConcurrentLinkedQueue<>();
  final Queue<String> looks = new ConcurrentLinkedQueue<>();
  final Map<AllocationKey, Snapshot> going = new ConcurrentHashMap<>();
  volatile Set<TransportAddress> relays = Set.of(TransportAddress.ipv4(0x7f00_0001, 0));
  volatile Set<TransportAddress> arrived = Set.of();
  final String name;

  Heirloom(String name) {
    this.name = name;
  }

  @Override
  public boolean canServe(Snapshot record) {
    return HazelcastClusterInheritance.isOn(record, relays);
  }

  @Override
  public Set<TransportAddress> relays() {
    return relays;
  }

  @Override
  public Set<TransportAddress> arrived() {
    return arrived;
  }

  @Override
  public void look(String why) {
    looks.add(why);
  }

  @Override
  public CompletionStage<Void> goOn(List<Snapshot> records) {
    records.forEach(record -> going.put(record.key(), record));
    return CompletableFuture.completedStage(null);
  }

  @Override
  public void letGo(Snapshot claimed) {
    lost.add(claimed);
  }
}

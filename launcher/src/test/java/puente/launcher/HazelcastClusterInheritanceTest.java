package puente.launcher;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static puente.launcher.ClusterLab.SECRET;
import static puente.launcher.ClusterLab.until;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import puente.stun.Transport;
import puente.stun.TransportAddress;
import puente.turn.store.AllocationKey;
import puente.turn.store.LocalStore;
import puente.turn.store.Snapshot;
import puente.turn.store.SnapshotCodec;

/** What a dead node has left, taken over at once; and what it finds when it comes back. */
@Tag("slow")
@Timeout(120)
class HazelcastClusterInheritanceTest {
  private static final int MANY = 2000;
  private static final TransportAddress RELAY = TransportAddress.ipv4(0x7f00_0001, 0);
  private static final TransportAddress SERVER = TransportAddress.ipv4(0x7f00_0009, 3478);

  private final ClusterLab lab = new ClusterLab();

  @AfterEach
  void stop() {
    lab.stop();
  }

  @Test
  void theDeadAreInheritedOnceAndComeBackToFindIt() {
    List<HazelcastCluster> nodes = lab.nodes(3, LocalStore.Quotas.NONE);
    HazelcastCluster first = nodes.get(0);
    HazelcastCluster second = nodes.get(1);
    HazelcastCluster third = nodes.get(2);
    List<Snapshot> journal = records("n1", 5, 7);
    first.sink().save(journal, List.of());
    until(() -> all(second).size() == MANY, 20);
    assertEquals(List.of(), second.inherit(), "the owner lives");

    first.terminate();
    until(() -> lab.heirOf(second).looks.contains("node-lost"), 10);
    lab.heirOf(third).relays = Set.of(TransportAddress.ipv4(0x7f00_0003, 0));
    assertEquals(List.of(), third.inherit(), "its address is not there");
    lab.heirOf(third).relays = Set.of(RELAY);
    assertSharedByTwo(second, third);
    assertEquals(List.of(), second.inherit(), "nothing is left");

    // The former owner comes back with what was on its disk, and learns that it is not its own.
    HazelcastCluster again = lab.node(1, SECRET, LocalStore.Quotas.NONE, journal);
    until(() -> lab.heirOf(again).lost.size() == MANY, 40);
    assertEquals(List.of(), again.inherit());
    assertTrue(all(second).stream().noneMatch(record -> record.node().equals("n1")));
    assertEquals(MANY, again.claims().value(ClaimCounters.Fact.LOST));
  }

  private static void assertSharedByTwo(HazelcastCluster one, HazelcastCluster other) {
    CompletableFuture<List<Snapshot>> here = CompletableFuture.supplyAsync(one::inherit);
    CompletableFuture<List<Snapshot>> there = CompletableFuture.supplyAsync(other::inherit);
    Map<AllocationKey, Snapshot> taken = new HashMap<>();
    List<Snapshot> both = new ArrayList<>(here.join());
    both.addAll(there.join());
    both.forEach(record -> taken.put(record.key(), record));
    assertEquals(MANY, taken.size(), "all of it");
    assertEquals(MANY, both.size(), "none twice");
    assertTrue(both.stream().allMatch(record -> record.epoch() == 6));
    both.forEach(
        record ->
            (record.node().equals("n2") ? one : other).sink().save(List.of(record), List.of()));
  }

  @Test
  void aNodeThatComesBackHasWhatItsJournalHasNot() {
    List<HazelcastCluster> nodes = lab.nodes(2, LocalStore.Quotas.NONE);
    HazelcastCluster first = nodes.get(0);
    HazelcastCluster second = nodes.get(1);
    first.sink().save(records("n1", 5, 7), List.of());
    until(() -> all(second).size() == MANY, 20);
    first.terminate();
    until(() -> ClusterLab.alive(second) == 1, 10);

    // Half of its journal was lost, and a tenth is behind.
    List<Snapshot> journal = new ArrayList<>(records("n1", 5, 7).subList(0, MANY / 2));
    List<Snapshot> behind = records("n1", 5, 6).subList(0, MANY / 10);
    journal.subList(0, MANY / 10).clear();
    journal.addAll(behind);
    HazelcastCluster again = lab.node(1, SECRET, LocalStore.Quotas.NONE, journal);
    Heirloom heir = lab.heirOf(again);
    until(() -> heir.looks.contains("joined"), 40);
    assertEquals(MANY / 10, heir.going.size());
    assertTrue(heir.going.values().stream().allMatch(record -> record.revision() == 7));
    List<Snapshot> left = again.inherit();
    assertEquals(MANY / 2, left.size());
    assertTrue(left.stream().allMatch(record -> record.node().equals("n1")));
    assertEquals(0, heir.lost.size());
  }

  /** A network that heals brings back what one part of it has not seen the end of. */
  @Test
  void whatHasEndedIsNotInheritedFromAnotherPart() {
    List<HazelcastCluster> nodes = lab.nodes(2, LocalStore.Quotas.NONE);
    HazelcastCluster first = nodes.get(0);
    HazelcastCluster second = nodes.get(1);
    List<Snapshot> records = records("n1", 5, 7);
    first.sink().save(records, List.of());
    until(() -> all(second).size() == MANY, 20);
    first.sink().save(List.of(), records.stream().map(Snapshot::key).toList());
    until(() -> all(second).isEmpty(), 20);

    Map<String, byte[]> merged = new HashMap<>();
    records.forEach(
        record ->
            merged.put(HazelcastClusterRecords.text(record.key()), SnapshotCodec.encode(record)));
    second.directory().map().setAll(merged);
    until(() -> all(first).size() == MANY, 20);
    assertEquals(List.of(), first.inherit());
    until(() -> all(second).isEmpty(), 20);

    // The same client with a new allocation is another matter.
    first.sink().save(records("n1", 6, 1), List.of());
    until(() -> all(second).size() == MANY, 20);
    first.terminate();
    until(() -> lab.heirOf(second).looks.contains("node-lost"), 10);
    assertEquals(MANY, second.inherit().size());
  }

  /** An address that came here while we ran is nobody else's, even if its former owner lives. */
  @Test
  void anAddressThatMovesTakesItsAllocationsAlong() {
    List<HazelcastCluster> nodes = lab.nodes(2, LocalStore.Quotas.NONE);
    HazelcastCluster first = nodes.get(0);
    HazelcastCluster second = nodes.get(1);
    first.sink().save(records("n1", 5, 7), List.of());
    until(() -> all(second).size() == MANY, 20);
    assertEquals(List.of(), second.inherit());
    lab.heirOf(second).arrived = Set.of(RELAY);
    assertEquals(MANY, second.inherit().size());
    until(() -> lab.heirOf(first).lost.size() == MANY, 10);
  }

  private static List<Snapshot> all(HazelcastCluster node) {
    try {
      return node.directory().page(Optional.empty(), Optional.empty(), "", 2 * MANY);
    } catch (RuntimeException moving) {
      return List.of();
    }
  }

  private static List<Snapshot> records(String node, long epoch, long revision) {
    List<Snapshot> records = new ArrayList<>();
    for (int i = 0; i < MANY; i++) {
      TransportAddress relay = RELAY.withPort(49_152 + i);
      AllocationKey key =
          new AllocationKey(Transport.UDP, TransportAddress.ipv4(0x0a00_0000 + i, 5000), SERVER);
      records.add(
          new Snapshot(
              key,
              node,
              epoch,
              revision,
              new Snapshot.LoginState("u", "u", "puente", "SECRET", true, true, 0),
              new Snapshot.BirthState(1, 2, 3, 600, null, null, null),
              List.of(new Snapshot.RelayState(relay, relay, System.currentTimeMillis() + 600_000)),
              List.of(),
              List.of()));
    }
    return records;
  }
}

package puente.turn.relay;

import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import puente.net.UdpSocket;
import puente.stun.FiveTuple;
import puente.stun.Transport;
import puente.turn.Allocation;
import puente.turn.CloseReason;
import puente.turn.Counter;
import puente.turn.Restored;
import puente.turn.store.AllocationKey;
import puente.turn.store.AllocationStore;
import puente.turn.store.Ownership;
import puente.turn.store.Snapshot;

/** How one shard goes on with allocations that it did not make. For the shard's loop. */
final class ShardRestoration {

  private static final Logger LOG = LoggerFactory.getLogger("puente.turn");

  private final Shard shard;
  private final Changes changes;
  private final StrayDesk strays;
  private final List<@Nullable UdpSocket> listeners;
  private final int index;
  private List<Shard> shards = List.of();

  /**
   * @param listeners the shard's, by the number of their endpoint
   */
  ShardRestoration(
      Shard shard,
      Changes changes,
      StrayDesk strays,
      List<@Nullable UdpSocket> listeners,
      int index) {
    this.shard = shard;
    this.changes = changes;
    this.strays = strays;
    this.listeners = listeners;
    this.index = index;
  }

  /** All shards, this one among them. */
  void meet(List<Shard> all) {
    shards = List.copyOf(all);
    strays.meet(all.stream().map(Shard::strays).toList());
  }

  /** The shard that owns the port of a snapshot's first relayed address; see {@code PortPool}. */
  static int shardOf(Snapshot snapshot, int count) {
    List<Snapshot.RelayState> relays = snapshot.relays();
    return relays.isEmpty() ? 0 : (relays.get(0).local().port() >> 1) % count;
  }

  /** From now on these are where; those of this shard go on here. Nobody is kept waiting more. */
  void resume(Strays known, List<Snapshot> own) {
    strays.expect(known, strays.holds());
    try {
      restore(own);
    } finally {
      strays.open();
    }
  }

  private void restore(List<Snapshot> snapshots) {
    for (Snapshot snapshot : snapshots) {
      Restored outcome = restore(snapshot);
      if (outcome != Restored.TUPLE_TAKEN) {
        shard.counters().count(outcome == Restored.YES ? Counter.RESTORED : Counter.NOT_RESTORED);
      }
      if (outcome != Restored.YES && outcome != Restored.TUPLE_TAKEN) {
        changes.ended(snapshot.key());
      }
      shard.settle();
    }
  }

  private Restored restore(Snapshot snapshot) {
    FiveTuple client = tupleOf(snapshot.key());
    try {
      return client == null
          ? Restored.NO_SUCH_ADDRESS
          : shard.server().restore(snapshot, client, shard.now(), shard);
    } catch (RuntimeException | AssertionError defect) {
      // The others are not to suffer for it.
      LOG.error("event=defect where=restore meaning=\"please report\"", defect);
      return Restored.NO_SUCH_ADDRESS;
    }
  }

  /** The same way to the client as before: by our socket on the address that it knows. */
  private @Nullable FiveTuple tupleOf(AllocationKey key) {
    for (int number = 0; number < listeners.size(); number++) {
      UdpSocket socket = listeners.get(number);
      if (key.transport() == Transport.UDP
          && socket != null
          && socket.local().equals(key.server())) {
        return new FiveTuple(Transport.UDP, key.client(), key.server(), number, socket);
      }
    }
    return null;
  }

  /**
   * Another node has this now. It ends here in silence, unless its client has made a new one since.
   *
   * @return whether it was here
   */
  boolean letGo(Snapshot claimed, String node) {
    FiveTuple client = tupleOf(claimed.key());
    Allocation here = client == null ? null : shard.server().allocationOf(client);
    if (here == null
        || !here.isActive()
        || !Ownership.mustLetGo(shard.server().snapshotOf(here, node), claimed)) {
      return false;
    }
    shard.evict(here.client(), CloseReason.TAKEN_OVER);
    return true;
  }

  /** Whether what was claimed has gone to the shard that owns its port, and is not this one. */
  boolean passOn(AllocationStore.Claimed claimed) {
    int owner = shardOf(claimed.snapshot(), shards.size());
    if (owner == index) {
      return false;
    }
    if (strays.claimed(claimed.client(), owner)) {
      Shard other = shards.get(owner);
      List<Snapshot> one = List.of(claimed.snapshot());
      other.loop().eventLoop().execute(() -> other.restoration().restore(one));
    } else {
      changes.ended(claimed.snapshot().key());
    }
    return true;
  }
}

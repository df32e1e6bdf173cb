package puente.launcher;

import com.hazelcast.map.EntryProcessor;
import com.hazelcast.map.IMap;
import com.hazelcast.nio.ObjectDataInput;
import com.hazelcast.nio.ObjectDataOutput;
import com.hazelcast.query.Predicate;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import puente.stun.Family;
import puente.stun.TransportAddress;
import puente.turn.store.Ownership;
import puente.turn.store.Snapshot;
import puente.turn.store.SnapshotCodec;

/**
 * Takes over all at once what dead nodes, and former processes of this one, have left on relayed
 * addresses that are this node's now. Where the records are, they are only compared and swapped:
 * two nodes that try the same share it between them.
 */
final class HazelcastClusterInheritance {
  private static final int BATCH = 256;

  private final String node;
  private final HazelcastClusterDirectory directory;

  HazelcastClusterInheritance(String node, HazelcastClusterDirectory directory) {
    this.node = node;
    this.directory = directory;
  }

  /**
   * The records that are now this node's; asks the other nodes, and takes its time.
   *
   * @param living the other nodes that are members now
   */
  List<Snapshot> take(Heir heir, Set<String> living) {
    IMap<String, byte[]> map = directory.map();
    Map<String, Long> seen = new HashMap<>();
    List<Snapshot> over = new ArrayList<>();
    long now = System.currentTimeMillis();
    for (byte[] bytes : map.values(new Left(living, heir.relays(), heir.arrived()))) {
      Snapshot record = SnapshotCodec.decode(bytes);
      if (record != null && directory.isOver(record)) {
        over.add(record);
      } else if (record != null && isLeft(record, heir, living, now)) {
        seen.put(HazelcastClusterRecords.text(record.key()), record.epoch());
      }
    }
    directory.endAgain(over);
    List<Snapshot> taken = new ArrayList<>();
    List<String> keys = List.copyOf(seen.keySet());
    for (int from = 0; from < keys.size(); from += BATCH) {
      Set<String> batch = new HashSet<>(keys.subList(from, Math.min(keys.size(), from + BATCH)));
      Map<String, Long> epochs = new HashMap<>();
      batch.forEach(key -> epochs.put(key, seen.get(key)));
      for (byte[] bytes : map.executeOnKeys(batch, new ClaimAll(node, epochs)).values()) {
        Snapshot record = SnapshotCodec.decode(bytes);
        if (record != null) {
          taken.add(record);
        }
      }
    }
    if (!heir.arrived().isEmpty()) {
      taken.forEach(directory::tellLoser);
    }
    return taken;
  }

  private boolean isLeft(Snapshot record, Heir heir, Set<String> living, long now) {
    boolean lives = living.contains(record.node());
    Ownership.Owner owner = new Ownership.Owner(lives, isOn(record, heir.arrived()));
    return !directory.isServed(record.key())
        && Ownership.mayClaim(record, node, owner, heir.canServe(record), now);
  }

  /** Whether all relayed addresses of a record are among these. */
  static boolean isOn(Snapshot record, Set<TransportAddress> addresses) {
    for (Snapshot.RelayState relay : record.relays()) {
      if (!addresses.contains(relay.local().withPort(0))) {
        return false;
      }
    }
    return !record.relays().isEmpty();
  }

  /** Records on some relayed addresses that no living node has, or that have lost their node. */
  @SuppressWarnings("serial")
  static final class Left extends HazelcastClusterRecords.Numbered
      implements Predicate<String, byte[]> {
    private Set<String> living;
    private Set<TransportAddress> relays;
    private Set<TransportAddress> arrived;

    Left(Set<String> living, Set<TransportAddress> relays, Set<TransportAddress> arrived) {
      super(HazelcastClusterRecords.LEFT);
      this.living = living;
      this.relays = relays;
      this.arrived = arrived;
    }

    @Override
    public boolean apply(Map.Entry<String, byte[]> entry) {
      Snapshot there = SnapshotCodec.decode(entry.getValue());
      return there != null
          && isOn(there, relays)
          && (!living.contains(there.node()) || isOn(there, arrived));
    }

    @Override
    public void writeData(ObjectDataOutput out) throws IOException {
      out.writeStringArray(living.toArray(String[]::new));
      write(relays, out);
      write(arrived, out);
    }

    private static void write(Set<TransportAddress> addresses, ObjectDataOutput out)
        throws IOException {
      out.writeInt(addresses.size());
      for (TransportAddress address : addresses) {
        out.writeBoolean(address.family() == Family.IPV6);
        out.writeLong(address.hi());
        out.writeLong(address.lo());
      }
    }

    @Override
    public void readData(ObjectDataInput in) throws IOException {
      String[] nodes = in.readStringArray();
      living = nodes == null ? Set.of() : Set.of(nodes);
      relays = read(in);
      arrived = read(in);
    }

    private static Set<TransportAddress> read(ObjectDataInput in) throws IOException {
      Set<TransportAddress> addresses = new HashSet<>();
      for (int left = in.readInt(); left > 0; left--) {
        Family family = in.readBoolean() ? Family.IPV6 : Family.IPV4;
        addresses.add(new TransportAddress(family, in.readLong(), in.readLong(), 0));
      }
      return addresses;
    }
  }

  /** Makes a node the owner of records that are still of the epochs it has seen. */
  @SuppressWarnings("serial")
  static final class ClaimAll extends HazelcastClusterRecords.Numbered
      implements EntryProcessor<String, byte[], byte[]> {
    private String claimant;
    private Map<String, Long> seenEpochs;

    ClaimAll(String claimant, Map<String, Long> seenEpochs) {
      super(HazelcastClusterRecords.CLAIM_ALL);
      this.claimant = claimant;
      this.seenEpochs = seenEpochs;
    }

    @Override
    @SuppressWarnings("NullAway") // No result is how "not this one" is said.
    public byte @Nullable [] process(Map.Entry<String, byte[]> entry) {
      Long seen = seenEpochs.get(entry.getKey());
      byte[] bytes = entry.getValue();
      Snapshot there = bytes == null ? null : SnapshotCodec.decode(bytes);
      Snapshot claimed = seen == null ? null : Ownership.claimed(there, seen, claimant);
      if (claimed == null) {
        return null;
      }
      byte[] record = SnapshotCodec.encode(claimed);
      entry.setValue(record);
      return record;
    }

    @Override
    public void writeData(ObjectDataOutput out) throws IOException {
      out.writeString(claimant);
      out.writeInt(seenEpochs.size());
      for (Map.Entry<String, Long> seen : seenEpochs.entrySet()) {
        out.writeString(seen.getKey());
        out.writeLong(seen.getValue());
      }
    }

    @Override
    public void readData(ObjectDataInput in) throws IOException {
      claimant = String.valueOf(in.readString());
      seenEpochs = new HashMap<>();
      for (int left = in.readInt(); left > 0; left--) {
        seenEpochs.put(String.valueOf(in.readString()), in.readLong());
      }
    }
  }
}

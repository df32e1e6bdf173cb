package puente.launcher;

import com.hazelcast.config.SerializationConfig;
import com.hazelcast.map.EntryProcessor;
import com.hazelcast.map.MapInterceptor;
import com.hazelcast.nio.ObjectDataInput;
import com.hazelcast.nio.ObjectDataOutput;
import com.hazelcast.nio.serialization.IdentifiedDataSerializable;
import com.hazelcast.query.Predicate;
import com.hazelcast.spi.merge.MergingValue;
import com.hazelcast.spi.merge.SplitBrainMergePolicy;
import java.io.IOException;
import java.util.Comparator;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import puente.turn.store.AllocationKey;
import puente.turn.store.LeaseTable;
import puente.turn.store.Ownership;
import puente.turn.store.Snapshot;
import puente.turn.store.SnapshotCodec;

/**
 * What travels to the records of allocations instead of the records travelling: each carries out a
 * rule of {@link Ownership} where the record is. They have a form of their own on the wire; Java's
 * serialization is not used.
 */
final class HazelcastClusterRecords {
  static final int FACTORY = 0x50_4e_54;

  static final int LEFT = 20;
  static final int CLAIM_ALL = 21;

  private static final int FENCE = 1;
  private static final int CLAIM = 2;
  private static final int END = 3;
  private static final int FILTER = 4;
  private static final int BY_KEY = 5;
  private static final int MERGE = 6;
  private static final int SETTLE = 7;
  private static final int FORGET = 8;
  private static final int MERGE_LEASES = 9;
  static final int TELL_RATES = 10;
  static final int FORGET_RATES = 11;
  static final int MERGE_RATES = 12;

  private static final Map<Integer, Supplier<IdentifiedDataSerializable>> CLASSES =
      Map.ofEntries(
          Map.entry(FENCE, Fence::new),
          Map.entry(CLAIM, () -> new Claim("", 0)),
          Map.entry(END, () -> new End("", 0)),
          Map.entry(FILTER, () -> new Filter(Optional.empty(), Optional.empty(), "")),
          Map.entry(BY_KEY, ByKey::new),
          Map.entry(MERGE, Merge::new),
          Map.entry(SETTLE, () -> new Settle("", 0, 0, 0, 0, 0)),
          Map.entry(FORGET, () -> new Forget("")),
          Map.entry(MERGE_LEASES, MergeLeases::new),
          Map.entry(LEFT, () -> new HazelcastClusterInheritance.Left(Set.of(), Set.of(), Set.of())),
          Map.entry(CLAIM_ALL, () -> new HazelcastClusterInheritance.ClaimAll("", Map.of())),
          Map.entry(TELL_RATES, () -> new HazelcastClusterRates.Tell("", 0, Map.of())),
          Map.entry(FORGET_RATES, () -> new HazelcastClusterRates.Forget("")),
          Map.entry(MERGE_RATES, HazelcastClusterRates.Merge::new));

  private HazelcastClusterRecords() {}

  static void register(SerializationConfig serialization) {
    serialization.addDataSerializableFactory(FACTORY, HazelcastClusterRecords::create);
  }

  private static IdentifiedDataSerializable create(int id) {
    Supplier<IdentifiedDataSerializable> known = CLASSES.get(id);
    if (known == null) {
      throw new IllegalArgumentException("no record of number " + id);
    }
    return known.get();
  }

  /** The key of a map: short text, which the tools of an operator can show. */
  static String text(AllocationKey key) {
    return key.transport() + " " + key.client() + " " + key.server();
  }

  private static @Nullable Snapshot snapshot(@Nullable Object value) {
    return value instanceof byte[] bytes ? SnapshotCodec.decode(bytes) : null;
  }

  /** What has a number of ours and, unless it says so, nothing more to tell. */
  abstract static class Numbered implements IdentifiedDataSerializable {
    private final int number;

    Numbered(int number) {
      this.number = number;
    }

    @Override
    public final int getFactoryId() {
      return FACTORY;
    }

    @Override
    public final int getClassId() {
      return number;
    }

    @Override
    public void writeData(ObjectDataOutput out) throws IOException {}

    @Override
    public void readData(ObjectDataInput in) throws IOException {}
  }

  /** Lets no save of a former owner overwrite the record of the owner. */
  @SuppressWarnings("serial")
  static final class Fence extends Numbered implements MapInterceptor {
    Fence() {
      super(FENCE);
    }

    @Override
    public Object interceptPut(@Nullable Object there, Object saved) {
      Snapshot before = snapshot(there);
      Snapshot after = snapshot(saved);
      boolean stale = before != null && after != null && Ownership.kept(before, after) == before;
      return stale && there != null ? there : saved;
    }

    @Override
    public @Nullable Object interceptGet(Object value) {
      return null;
    }

    @Override
    public void afterGet(Object value) {}

    @Override
    public void afterPut(Object value) {}

    @Override
    public @Nullable Object interceptRemove(Object value) {
      return null;
    }

    @Override
    public void afterRemove(Object value) {}

    /** There is one for a map: Hazelcast tells interceptors apart by class and hash. */
    @Override
    public int hashCode() {
      return FENCE;
    }

    @Override
    public boolean equals(@Nullable Object other) {
      return other instanceof Fence;
    }
  }

  /** Makes the record the claimant's, if it is still as the claimant saw it. */
  @SuppressWarnings("serial")
  static final class Claim extends Numbered
      implements EntryProcessor<String, byte[], byte @Nullable []> {
    private String claimant;
    private long seenEpoch;

    Claim(String claimant, long seenEpoch) {
      super(CLAIM);
      this.claimant = claimant;
      this.seenEpoch = seenEpoch;
    }

    @Override
    public byte @Nullable [] process(Map.Entry<String, byte[]> entry) {
      Snapshot claimed = Ownership.claimed(snapshot(entry.getValue()), seenEpoch, claimant);
      if (claimed == null) {
        return null;
      }
      byte[] bytes = SnapshotCodec.encode(claimed);
      entry.setValue(bytes);
      return bytes;
    }

    @Override
    public void writeData(ObjectDataOutput out) throws IOException {
      out.writeString(claimant);
      out.writeLong(seenEpoch);
    }

    @Override
    public void readData(ObjectDataInput in) throws IOException {
      claimant = String.valueOf(in.readString());
      seenEpoch = in.readLong();
    }
  }

  /** Deletes records that are still their former owner's. */
  @SuppressWarnings("serial")
  static final class End extends Numbered implements EntryProcessor<String, byte[], Boolean> {
    private String node;
    private long epochMax;

    End(String node, long epochMax) {
      super(END);
      this.node = node;
      this.epochMax = epochMax;
    }

    @Override
    @SuppressWarnings("NullAway") // setValue(null) is how an entry is removed.
    public Boolean process(Map.Entry<String, byte[]> entry) {
      Snapshot there = snapshot(entry.getValue());
      boolean ends = there != null && Ownership.mayEnd(there, node, epochMax);
      if (ends) {
        entry.setValue(null);
      }
      return ends;
    }

    @Override
    public void writeData(ObjectDataOutput out) throws IOException {
      out.writeString(node);
      out.writeLong(epochMax);
    }

    @Override
    public void readData(ObjectDataInput in) throws IOException {
      node = String.valueOf(in.readString());
      epochMax = in.readLong();
    }
  }

  /** Records of a node, of a user, after a key. */
  @SuppressWarnings("serial")
  static final class Filter extends Numbered implements Predicate<String, byte[]> {
    private Optional<String> node;
    private Optional<String> user;
    private String after;

    Filter(Optional<String> node, Optional<String> user, String after) {
      super(FILTER);
      this.node = node;
      this.user = user;
      this.after = after;
    }

    @Override
    public boolean apply(Map.Entry<String, byte[]> entry) {
      if (entry.getKey().compareTo(after) <= 0) {
        return false;
      }
      if (node.isEmpty() && user.isEmpty()) {
        return true;
      }
      Snapshot there = snapshot(entry.getValue());
      return there != null
          && (node.isEmpty() || node.get().equals(there.node()))
          && (user.isEmpty() || user.get().equals(there.login().quotaUser()));
    }

    @Override
    public void writeData(ObjectDataOutput out) throws IOException {
      out.writeString(node.orElse(null));
      out.writeString(user.orElse(null));
      out.writeString(after);
    }

    @Override
    public void readData(ObjectDataInput in) throws IOException {
      node = Optional.ofNullable(in.readString());
      user = Optional.ofNullable(in.readString());
      after = String.valueOf(in.readString());
    }
  }

  /** So that pages follow each other. */
  @SuppressWarnings("serial")
  static final class ByKey extends Numbered
      implements Comparator<Map.Entry<String, byte[]>>, java.io.Serializable {
    ByKey() {
      super(BY_KEY);
    }

    @Override
    public int compare(Map.Entry<String, byte[]> one, Map.Entry<String, byte[]> other) {
      return one.getKey().compareTo(other.getKey());
    }
  }

  /** What becomes of a record that both halves of a split network have: the one that counts. */
  @SuppressWarnings("serial")
  static final class Merge extends Numbered
      implements SplitBrainMergePolicy<Object, MergingValue<Object>, Object> {
    Merge() {
      super(MERGE);
    }

    @Override
    public Object merge(MergingValue<Object> merging, @Nullable MergingValue<Object> existing) {
      if (existing == null) {
        return merging.getRawValue();
      }
      Snapshot one = snapshot(merging.getDeserializedValue());
      Snapshot other = snapshot(existing.getDeserializedValue());
      boolean wins = one != null && (other == null || Ownership.outdoes(one, other));
      return wins ? merging.getRawValue() : existing.getRawValue();
    }
  }

  /** What a node says that it holds, and how much more it wants. */
  @SuppressWarnings("serial")
  static final class Settle extends Numbered implements EntryProcessor<String, byte[], Integer> {
    private String node;
    private long number;
    private int held;
    private int want;
    private int limit;
    private int share;

    Settle(String node, long number, int held, int want, int limit, int share) {
      super(SETTLE);
      this.node = node;
      this.number = number;
      this.held = held;
      this.want = want;
      this.limit = limit;
      this.share = share;
    }

    @Override
    @SuppressWarnings("NullAway") // setValue(null) is how an entry is removed.
    public Integer process(Map.Entry<String, byte[]> entry) {
      LeaseTable table = LeaseTable.decode(entry.getValue());
      int granted = table.settle(node, number, held, want, limit, share);
      entry.setValue(table.lent() == 0 ? null : table.encode());
      return granted;
    }

    @Override
    public void writeData(ObjectDataOutput out) throws IOException {
      out.writeString(node);
      out.writeLong(number);
      out.writeInt(held);
      out.writeInt(want);
      out.writeInt(limit);
      out.writeInt(share);
    }

    @Override
    public void readData(ObjectDataInput in) throws IOException {
      node = String.valueOf(in.readString());
      number = in.readLong();
      held = in.readInt();
      want = in.readInt();
      limit = in.readInt();
      share = in.readInt();
    }
  }

  /** A node holds nothing any more. */
  @SuppressWarnings("serial")
  static final class Forget extends Numbered implements EntryProcessor<String, byte[], Boolean> {
    private String node;

    Forget(String node) {
      super(FORGET);
      this.node = node;
    }

    @Override
    @SuppressWarnings("NullAway") // setValue(null) is how an entry is removed.
    public Boolean process(Map.Entry<String, byte[]> entry) {
      LeaseTable table = LeaseTable.decode(entry.getValue());
      table.forget(node);
      entry.setValue(table.lent() == 0 ? null : table.encode());
      return true;
    }

    @Override
    public void writeData(ObjectDataOutput out) throws IOException {
      out.writeString(node);
    }

    @Override
    public void readData(ObjectDataInput in) throws IOException {
      node = String.valueOf(in.readString());
    }
  }

  /** Leases of both halves of a split network: each node's own latest word. */
  @SuppressWarnings("serial")
  static final class MergeLeases extends Numbered
      implements SplitBrainMergePolicy<Object, MergingValue<Object>, Object> {
    MergeLeases() {
      super(MERGE_LEASES);
    }

    @Override
    public Object merge(MergingValue<Object> merging, @Nullable MergingValue<Object> existing) {
      if (existing == null
          || !(merging.getDeserializedValue() instanceof byte[] one)
          || !(existing.getDeserializedValue() instanceof byte[] other)) {
        return merging.getRawValue();
      }
      LeaseTable table = LeaseTable.decode(one);
      table.merge(LeaseTable.decode(other));
      return table.encode();
    }
  }
}

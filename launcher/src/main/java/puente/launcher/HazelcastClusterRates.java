package puente.launcher;

import com.hazelcast.config.Config;
import com.hazelcast.config.MergePolicyConfig;
import com.hazelcast.core.HazelcastException;
import com.hazelcast.core.HazelcastInstance;
import com.hazelcast.map.EntryProcessor;
import com.hazelcast.map.IMap;
import com.hazelcast.nio.ObjectDataInput;
import com.hazelcast.nio.ObjectDataOutput;
import com.hazelcast.spi.merge.MergingValue;
import com.hazelcast.spi.merge.SplitBrainMergePolicy;
import java.io.IOException;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import puente.turn.store.RateLeases;
import puente.turn.store.RateTable;

/** The tables of rates, on two nodes each, changed where they are; one call for many of them. */
final class HazelcastClusterRates implements RateLeases.Lender {
  private static final String MAP = "rates";

  /** Whoever holds a part says so more often than this. */
  private static final int LIFE_SECONDS = 60;

  private final String node;
  // Greater than what a former process of this node has used, as long as its clock goes on.
  private final AtomicLong number = new AtomicLong(System.currentTimeMillis() << 20);
  private volatile @Nullable HazelcastInstance instance;
  private volatile int nodes;

  /**
   * @param expected how many nodes there are, as long as none of the others was seen
   */
  HazelcastClusterRates(String node, int expected) {
    this.node = node;
    nodes = expected;
  }

  static void configure(Config config) {
    config.addMapConfig(
        HazelcastClusterConfig.records(MAP, LIFE_SECONDS)
            .setMergePolicyConfig(new MergePolicyConfig(Merge.class.getName(), 256)));
  }

  /** What a former process of this node held is free. */
  void start(HazelcastInstance running) {
    instance = running;
    forget(node);
  }

  void nodes(int alive) {
    nodes = alive;
  }

  @Override
  public int nodes() {
    return nodes;
  }

  @Override
  public void settle(
      Map<String, RateTable.Word> words, Consumer<Optional<Map<String, Long>>> answer) {
    HazelcastInstance running = instance;
    if (running == null) {
      answer.accept(Optional.empty());
      return;
    }
    try {
      running
          .<String, byte[]>getMap(MAP)
          .submitToKeys(words.keySet(), new Tell(node, number.incrementAndGet(), words))
          .whenComplete(
              (granted, failure) ->
                  answer.accept(failure == null ? Optional.ofNullable(granted) : Optional.empty()));
    } catch (HazelcastException | IllegalStateException unreachable) {
      answer.accept(Optional.empty());
    }
  }

  /** A dead node relays nothing; one that is cut off has a table of its own. */
  void forget(String dead) {
    HazelcastInstance running = instance;
    if (running == null) {
      return;
    }
    try {
      IMap<String, byte[]> rates = running.getMap(MAP);
      rates.executeOnEntries(new Forget(dead));
    } catch (HazelcastException | IllegalStateException unreachable) {
      // Its parts run out after LIFE_SECONDS.
      Events.warn(
          "cluster-rates", "node", dead, "warning", String.valueOf(unreachable.getMessage()));
    }
  }

  /** What a node says of many rates at once. */
  @SuppressWarnings("serial")
  static final class Tell extends HazelcastClusterRecords.Numbered
      implements EntryProcessor<String, byte[], Long> {
    private String node;
    private long number;
    private Map<String, RateTable.Word> words;

    Tell(String node, long number, Map<String, RateTable.Word> words) {
      super(HazelcastClusterRecords.TELL_RATES);
      this.node = node;
      this.number = number;
      this.words = words;
    }

    @Override
    @SuppressWarnings("NullAway") // setValue(null) is how an entry is removed.
    public Long process(Map.Entry<String, byte[]> entry) {
      RateTable.Word word = words.get(entry.getKey());
      if (word == null) {
        return 0L;
      }
      RateTable table = RateTable.decode(entry.getValue());
      long granted = table.settle(node, number, word);
      entry.setValue(table.isEmpty() ? null : table.encode());
      return granted;
    }

    @Override
    public void writeData(ObjectDataOutput out) throws IOException {
      out.writeString(node);
      out.writeLong(number);
      out.writeInt(words.size());
      for (Map.Entry<String, RateTable.Word> entry : words.entrySet()) {
        out.writeString(entry.getKey());
        out.writeLong(entry.getValue().held());
        out.writeLong(entry.getValue().wanted());
        out.writeLong(entry.getValue().limit());
        out.writeLong(entry.getValue().even());
      }
    }

    @Override
    public void readData(ObjectDataInput in) throws IOException {
      node = String.valueOf(in.readString());
      number = in.readLong();
      words = new HashMap<>();
      for (int left = in.readInt(); left > 0; left--) {
        words.put(
            String.valueOf(in.readString()),
            new RateTable.Word(in.readLong(), in.readLong(), in.readLong(), in.readLong()));
      }
    }
  }

  /** A node uses nothing any more. */
  @SuppressWarnings("serial")
  static final class Forget extends HazelcastClusterRecords.Numbered
      implements EntryProcessor<String, byte[], Boolean> {
    private String node;

    Forget(String node) {
      super(HazelcastClusterRecords.FORGET_RATES);
      this.node = node;
    }

    @Override
    @SuppressWarnings("NullAway") // setValue(null) is how an entry is removed.
    public Boolean process(Map.Entry<String, byte[]> entry) {
      RateTable table = RateTable.decode(entry.getValue());
      table.forget(node);
      entry.setValue(table.isEmpty() ? null : table.encode());
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

  /** Rates of both halves of a split network: each node's own latest word. */
  @SuppressWarnings("serial")
  static final class Merge extends HazelcastClusterRecords.Numbered
      implements SplitBrainMergePolicy<Object, MergingValue<Object>, Object> {
    Merge() {
      super(HazelcastClusterRecords.MERGE_RATES);
    }

    @Override
    public Object merge(MergingValue<Object> merging, @Nullable MergingValue<Object> existing) {
      if (existing == null
          || !(merging.getDeserializedValue() instanceof byte[] one)
          || !(existing.getDeserializedValue() instanceof byte[] other)) {
        return merging.getRawValue();
      }
      RateTable table = RateTable.decode(one);
      table.merge(RateTable.decode(other));
      return table.encode();
    }
  }
}

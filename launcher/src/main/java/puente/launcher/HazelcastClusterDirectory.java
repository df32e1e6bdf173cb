package puente.launcher;

import com.hazelcast.config.Config;
import com.hazelcast.config.InMemoryFormat;
import com.hazelcast.config.MapConfig;
import com.hazelcast.config.MergePolicyConfig;
import com.hazelcast.core.HazelcastException;
import com.hazelcast.core.HazelcastInstance;
import com.hazelcast.map.IMap;
import com.hazelcast.query.Predicates;
import com.hazelcast.topic.ITopic;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;
import java.util.function.LongConsumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.event.Level;
import puente.turn.store.AllocationKey;
import puente.turn.store.Ownership;
import puente.turn.store.Snapshot;
import puente.turn.store.SnapshotCodec;
import puente.turn.store.SnapshotSink;

/**
 * The directory of all allocations of all nodes, written behind. A shard hands over what has
 * changed and goes on; one thread writes it, newest state only, in batches that grow with the load.
 * What this node owns is kept here too, so that records lost with another node, or outdone by a
 * stale one, can be put right.
 */
final class HazelcastClusterDirectory implements SnapshotSink {
  private static final String MAP = "allocations";
  private static final String LOST = "lost";
  private static final int BATCH = 1024;
  private static final long RETRY_MS = 1000;

  /** Ended ones are told of late rather than kept in any number; records expire by themselves. */
  private static final int PENDING_MAX = 1_000_000;

  /**
   * What has become of an allocation.
   *
   * @param state empty if it has ended
   * @param sinceNanos when that was said
   */
  private record Change(Optional<Snapshot> state, long sinceNanos) {}

  private final String node;
  private final OwnerCache owners = new OwnerCache();
  private final ClaimCounters counters;
  private final Map<AllocationKey, Change> pending = new LinkedHashMap<>();

  /** Ended, and not yet among what is {@link #pending}. */
  private final Set<AllocationKey> ending = new HashSet<>();

  /** Between there and {@link #own}: neither has it then. */
  private Map<AllocationKey, Change> leaving = Map.of();

  private final Map<String, byte[]> own = new HashMap<>();
  private final EndedRecords over = new EndedRecords();
  private final Thread writer =
      Thread.ofPlatform().daemon().name("puente-directory").unstarted(this::write);

  /** What a former process of this node left, by its journal: the revision of each allocation. */
  private final Map<String, Long> journalled = new HashMap<>();

  private volatile Heir heir = Heir.NOBODY;
  private volatile @Nullable HazelcastInstance instance;
  private volatile LongConsumer written = ageNanos -> {};
  private boolean reconcile;
  private boolean looked;
  private boolean closed;
  private volatile long dropped;

  HazelcastClusterDirectory(String node, ClaimCounters counters) {
    this.node = node;
    this.counters = counters;
  }

  /** Who goes on with what is another's no more, and ends what is this node's no more. */
  void heir(Heir newHeir, List<Snapshot> fromJournal) {
    heir = newHeir;
    synchronized (own) {
      for (Snapshot snapshot : fromJournal) {
        journalled.put(HazelcastClusterRecords.text(snapshot.key()), snapshot.revision());
      }
    }
  }

  static void configure(Config config, int lifeSeconds) {
    HazelcastClusterRecords.register(config.getSerializationConfig());
    MapConfig records =
        HazelcastClusterConfig.records(MAP, lifeSeconds)
            .setInMemoryFormat(InMemoryFormat.BINARY)
            .setMergePolicyConfig(
                new MergePolicyConfig(HazelcastClusterRecords.Merge.class.getName(), BATCH));
    config.addMapConfig(records);
  }

  /** The cluster is there: from now on what is saved is written, and what was saved before. */
  synchronized void start(HazelcastInstance running) {
    instance = running;
    ITopic<byte[]> lost = running.getTopic(LOST);
    lost.addMessageListener(message -> onClaimed(message.getMessageObject()));
    reconcileSoon();
    if (writer.getState() == Thread.State.NEW) {
      writer.start();
    }
  }

  /** A node was lost, or another part of the cluster was found: looks whether all is right. */
  synchronized void reconcileSoon() {
    reconcile = true;
    notifyAll();
  }

  synchronized void close() {
    closed = true;
    notifyAll();
  }

  @Override
  public synchronized void ending(AllocationKey key) {
    ending.add(key);
  }

  @Override
  public synchronized void save(List<Snapshot> changed, List<AllocationKey> ended) {
    ended.forEach(ending::remove);
    if (pending.size() > PENDING_MAX) {
      dropped += changed.size() + ended.size();
      reconcile = true;
      return;
    }
    long now = System.nanoTime();
    ended.forEach(key -> put(key, new Change(Optional.empty(), now)));
    changed.forEach(snapshot -> put(snapshot.key(), new Change(Optional.of(snapshot), now)));
    notifyAll();
  }

  /** The newest state, in the place and of the age of the oldest one that waits. */
  private void put(AllocationKey key, Change change) {
    pending.merge(key, change, (before, after) -> new Change(after.state, before.sinceNanos));
  }

  /** Runs on the writer's thread, with the age of each change that has been written. */
  void onWritten(LongConsumer listener) {
    written = listener;
  }

  /** What could not be taken because nothing could be written for long. */
  long dropped() {
    return dropped;
  }

  /** Allocations of this node. */
  int owned() {
    synchronized (own) {
      return own.size();
    }
  }

  /** Whether this node serves it, as far as the shards have said. */
  boolean isServed(AllocationKey key) {
    return lives(key).orElseGet(() -> ownRecord(HazelcastClusterRecords.text(key)) != null);
  }

  /** What the shards have said of it that is not written yet. */
  private synchronized Optional<Boolean> lives(AllocationKey key) {
    if (ending.contains(key)) {
      return Optional.of(false);
    }
    Change waiting = pending.containsKey(key) ? pending.get(key) : leaving.get(key);
    return Optional.ofNullable(waiting).map(change -> change.state.isPresent());
  }

  /** Whether this is of an allocation that has ended here since. */
  boolean isOver(Snapshot record) {
    boolean ends = record.node().equals(node) && !lives(record.key()).orElse(true);
    return ends || over.isOver(HazelcastClusterRecords.text(record.key()), record);
  }

  /** These have come back after their end. */
  void endAgain(List<Snapshot> records) {
    Set<String> keys = new HashSet<>();
    long epochMax = 0;
    for (Snapshot record : records) {
      keys.add(HazelcastClusterRecords.text(record.key()));
      epochMax = Math.max(epochMax, record.epoch());
    }
    if (!keys.isEmpty()) {
      map().executeOnKeys(keys, new HazelcastClusterRecords.End(node, epochMax));
    }
  }

  boolean isStarted() {
    return instance != null;
  }

  // ---- the writer

  private void write() {
    while (true) {
      Map<AllocationKey, Change> batch;
      boolean all;
      synchronized (this) {
        try {
          while (pending.isEmpty() && !reconcile && !closed) {
            wait();
          }
        } catch (InterruptedException stop) {
          return;
        }
        if (closed) {
          return;
        }
        all = reconcile;
        batch = take(all ? Integer.MAX_VALUE : BATCH);
        reconcile = false;
      }
      if (!written(batch, all)) {
        retryLater(batch, all);
      }
    }
  }

  private Map<AllocationKey, Change> take(int most) {
    Map<AllocationKey, Change> batch = new LinkedHashMap<>();
    var left = pending.entrySet().iterator();
    while (left.hasNext() && batch.size() < most) {
      var next = left.next();
      batch.put(next.getKey(), next.getValue());
      left.remove();
    }
    leaving = batch;
    return batch;
  }

  private boolean written(Map<AllocationKey, Change> batch, boolean all) {
    try {
      writeBatch(batch, all);
      long now = System.nanoTime();
      batch.values().forEach(change -> written.accept(now - change.sinceNanos));
      return true;
    } catch (HazelcastException | IllegalStateException unreachable) {
      Events.limited(
          "cluster-directory",
          Level.WARN,
          "cluster-directory",
          "warning",
          "allocations cannot be told to the other nodes now",
          "reason",
          String.valueOf(unreachable.getMessage()));
      return false;
    }
  }

  private synchronized void retryLater(Map<AllocationKey, Change> batch, boolean all) {
    batch.forEach(pending::putIfAbsent);
    reconcile |= all;
    try {
      if (!closed) {
        wait(RETRY_MS);
      }
    } catch (InterruptedException stop) {
      closed = true;
    }
  }

  /**
   * @param all everything else of this node is compared with its record as well; what is new is not
   *     written over the record of a new owner unseen, but compared like the rest
   */
  private void writeBatch(Map<AllocationKey, Change> batch, boolean all) {
    Map<String, byte[]> saved = new HashMap<>();
    Set<String> ended = new HashSet<>();
    long epochMax = 0;
    synchronized (own) {
      for (var change : batch.entrySet()) {
        String key = HazelcastClusterRecords.text(change.getKey());
        Optional<Snapshot> snapshot = change.getValue().state;
        if (snapshot.isPresent()) {
          byte[] bytes = SnapshotCodec.encode(snapshot.get());
          own.put(key, bytes);
          over.forget(key);
          saved.put(key, bytes);
        } else {
          byte[] last = own.remove(key);
          Snapshot before = last == null ? null : SnapshotCodec.decode(last);
          epochMax = Math.max(epochMax, before == null ? Long.MAX_VALUE : before.epoch());
          if (before != null) {
            over.add(key, before, System.currentTimeMillis());
          }
          ended.add(key);
        }
      }
    }
    synchronized (this) {
      leaving = Map.of();
    }
    if (all) {
      reconcile();
    } else if (!saved.isEmpty()) {
      map().setAll(saved);
    }
    if (!ended.isEmpty()) {
      map().executeOnKeys(ended, new HazelcastClusterRecords.End(node, epochMax));
    }
  }

  /** Each allocation of this node against its record: lets go, or puts the record right. */
  private void reconcile() {
    map().addInterceptor(new HazelcastClusterRecords.Fence());
    List<String> keys;
    synchronized (own) {
      keys = List.copyOf(own.keySet());
    }
    List<Snapshot> newer = new ArrayList<>();
    for (int from = 0; from < keys.size(); from += BATCH) {
      reconcile(new HashSet<>(keys.subList(from, Math.min(keys.size(), from + BATCH))), newer);
    }
    synchronized (own) {
      journalled.clear();
    }
    if (!newer.isEmpty()) {
      Events.info("cluster-newer", "allocations", newer.size());
      heir.goOn(newer);
    }
    if (!looked) {
      looked = true;
      heir.look("joined");
    }
  }

  private void reconcile(Set<String> keys, List<Snapshot> newer) {
    Map<String, byte[]> there = map().getAll(keys);
    Map<String, byte[]> missing = new HashMap<>();
    for (String key : keys) {
      byte[] bytes = ownRecord(key);
      Snapshot mine = bytes == null ? null : SnapshotCodec.decode(bytes);
      if (mine == null || bytes == null) {
        continue;
      }
      byte[] record = there.get(key);
      Snapshot other = record == null ? null : SnapshotCodec.decode(record);
      if (other != null && Ownership.mustLetGo(mine, other)) {
        letGo(key, other);
      } else {
        if (other != null && Ownership.hasMore(other, mine, journalledRevision(key))) {
          newer.add(other);
        }
        if (other == null || Ownership.outdoes(mine, other)) {
          missing.put(key, bytes);
        }
      }
    }
    if (!missing.isEmpty()) {
      map().setAll(missing);
    }
  }

  /** What the journal knew of it when this process began; else this process knows it all. */
  private long journalledRevision(String key) {
    synchronized (own) {
      return journalled.getOrDefault(key, Long.MAX_VALUE);
    }
  }

  private byte @Nullable [] ownRecord(String key) {
    synchronized (own) {
      return own.get(key);
    }
  }

  private void onClaimed(byte[] bytes) {
    Snapshot claimed = SnapshotCodec.decode(bytes);
    if (claimed == null) {
      return;
    }
    owners.forget(claimed.key());
    String key = HazelcastClusterRecords.text(claimed.key());
    byte[] record = ownRecord(key);
    Snapshot mine = record == null ? null : SnapshotCodec.decode(record);
    if (mine != null && Ownership.mustLetGo(mine, claimed)) {
      letGo(key, claimed);
    } else if (mine == null && isServed(claimed.key())) {
      reconcileSoon();
    }
  }

  private void letGo(String key, Snapshot claimed) {
    synchronized (own) {
      own.remove(key);
    }
    counters.count(ClaimCounters.Fact.LOST);
    heir.letGo(claimed);
  }

  // ---- questions

  /** The record of an allocation, whoever has it. */
  CompletionStage<Optional<Snapshot>> find(AllocationKey key) {
    return asked(map -> map.getAsync(HazelcastClusterRecords.text(key)))
        .thenApply(HazelcastClusterDirectory::snapshot);
  }

  /** Whose it is, or was a moment ago. */
  CompletionStage<Optional<String>> ownerOf(AllocationKey key) {
    String known = owners.find(key, System.currentTimeMillis());
    if (known != null) {
      return CompletableFuture.completedStage(Optional.of(known));
    }
    return find(key)
        .thenApply(
            found -> {
              found.ifPresent(record -> owners.put(key, record.node(), System.currentTimeMillis()));
              return found.map(Snapshot::node);
            });
  }

  /** A node has come or gone: owners may be others now. */
  void membersChanged() {
    owners.clear();
  }

  /**
   * Takes an allocation over, if it is still as it was seen; its former owner is told.
   *
   * @return the record that is now this node's; empty if somebody else was faster
   */
  CompletionStage<Optional<Snapshot>> claim(Snapshot seen) {
    String key = HazelcastClusterRecords.text(seen.key());
    var claim = new HazelcastClusterRecords.Claim(node, seen.epoch());
    return asked(map -> map.submitToKey(key, claim))
        .thenApply(
            bytes -> {
              Optional<Snapshot> claimed = snapshot(bytes);
              if (!seen.node().equals(node)) {
                claimed.ifPresent(this::tellLoser);
              }
              return claimed;
            });
  }

  /** This node has it now; its former owner may live. */
  void tellLoser(Snapshot claimed) {
    HazelcastInstance running = Objects.requireNonNull(instance);
    running.<byte[]>getTopic(LOST).publishAsync(SnapshotCodec.encode(claimed));
  }

  /**
   * A page of all allocations of all nodes, ordered by key. Asks the other nodes: not for a shard's
   * thread.
   *
   * @param after the key of the last one of the page before; empty for the first page
   */
  List<Snapshot> page(Optional<String> ofNode, Optional<String> ofUser, String after, int size) {
    var filter = new HazelcastClusterRecords.Filter(ofNode, ofUser, after);
    Collection<byte[]> records =
        map().values(Predicates.pagingPredicate(filter, new HazelcastClusterRecords.ByKey(), size));
    List<Snapshot> page = new ArrayList<>();
    records.forEach(bytes -> snapshot(bytes).ifPresent(page::add));
    return page;
  }

  private static Optional<Snapshot> snapshot(byte @Nullable [] bytes) {
    return Optional.ofNullable(bytes == null ? null : SnapshotCodec.decode(bytes));
  }

  IMap<String, byte[]> map() {
    HazelcastInstance running = instance;
    if (running == null) {
      throw new IllegalStateException("not in a cluster yet");
    }
    return running.getMap(MAP);
  }

  private CompletionStage<byte @Nullable []> asked(
      Function<IMap<String, byte[]>, CompletionStage<byte[]>> question) {
    try {
      return question.apply(map()).thenApply(bytes -> bytes);
    } catch (HazelcastException | IllegalStateException unreachable) {
      return CompletableFuture.failedStage(unreachable);
    }
  }
}

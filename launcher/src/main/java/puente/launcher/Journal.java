package puente.launcher;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import puente.stun.Transport;
import puente.turn.store.AllocationKey;
import puente.turn.store.Snapshot;
import puente.turn.store.SnapshotCodec;
import puente.turn.store.SnapshotSink;

/**
 * The allocations of a node on its own disk, so that the next process goes on with them. Changes
 * are appended to a file by one thread; shards only put them into a queue, where a newer state of
 * an allocation takes the place of the one that still waits. What is written is safe from the death
 * of the process, and with {@code state-fsync} from that of the host.
 *
 * <p>When a file has grown to several times of what is alive, that is written to a new one and the
 * old one removed. A disk that refuses is said once and tried again; the server goes on without.
 */
final class Journal implements SnapshotSink, AutoCloseable {

  /** Allocations that may wait to be written; the disk would be behind by that many changes. */
  static final int WAITING_MAX = 1 << 18;

  /** How long a disk that refuses is left alone. */
  private static final int RETRY_MS = 5000;

  /** A file smaller than this is not worth a new one. */
  private static final long SMALL = 1 << 20;

  /** The old file may be so many times what is alive. */
  private static final int WASTE = 4;

  private static final Optional<Snapshot> GONE = Optional.empty();

  private final Path directory;
  private final boolean fsync;
  private final int waitingMax;
  private final int retryMs;
  private final Thread writer;
  private final JournalReader reader;
  private List<Snapshot> left = List.of();

  /** What waits, the oldest first; guarded by this journal. */
  private Map<AllocationKey, Optional<Snapshot>> waiting = new LinkedHashMap<>();

  private long lost;
  private boolean closing;

  // The writer's own from here.
  private List<Snapshot> known = List.of();
  private final Map<AllocationKey, byte[]> alive = new HashMap<>();
  private final List<Path> old = new ArrayList<>();
  private long aliveBytes;
  private long number;
  private @Nullable JournalFile file;
  private long retryAtNanos = System.nanoTime();
  private boolean broken;

  private Journal(Path directory, boolean fsync, int waitingMax, int retryMs) {
    this.directory = directory;
    this.fsync = fsync;
    this.waitingMax = waitingMax;
    this.retryMs = retryMs;
    reader = new JournalReader(directory);
    writer = Thread.ofPlatform().name("puente-journal").daemon().unstarted(this::run);
  }

  /** Reads what a former process left in this directory, and goes on from there. */
  static Journal open(Path directory, boolean fsync) throws StartFailure {
    return open(directory, fsync, WAITING_MAX, RETRY_MS);
  }

  static Journal open(Path directory, boolean fsync, int waitingMax, int retryMs)
      throws StartFailure {
    Journal journal = new Journal(directory, fsync, waitingMax, retryMs);
    journal.readRest();
    journal.begin();
    return journal;
  }

  /** Reads what is there already, though a former process may still write. */
  static Journal ahead(Path directory, boolean fsync) throws StartFailure {
    Journal journal = new Journal(directory, fsync, WAITING_MAX, RETRY_MS);
    try {
      journal.reader.ahead();
    } catch (IOException e) {
      throw journal.unreadable(e);
    }
    return journal;
  }

  /** Reads what is new since, when nobody else writes any more. */
  void readRest() throws StartFailure {
    try {
      left = reader.rest();
    } catch (IOException e) {
      throw unreadable(e);
    }
    number = reader.number();
    old.addAll(reader.files());
    known = left;
  }

  private StartFailure unreadable(IOException e) {
    return new StartFailure(
        StartFailure.Kind.PERMISSION, directory + ": the journal cannot be read", e);
  }

  /** Writes from now on, what has been saved before as well. */
  void begin() {
    writer.start();
  }

  /** The allocations that a former process left; asked once, and then let go of. */
  List<Snapshot> takeLeft() {
    List<Snapshot> taken = left;
    left = List.of();
    return taken;
  }

  /** Changes that were not written because too many waited. */
  synchronized long lost() {
    return lost;
  }

  /** Whether something still waits to be written. */
  synchronized boolean isBehind() {
    return !waiting.isEmpty();
  }

  @Override
  public synchronized void save(List<Snapshot> changed, List<AllocationKey> ended) {
    for (AllocationKey key : ended) {
      put(key, GONE);
    }
    for (Snapshot snapshot : changed) {
      put(snapshot.key(), Optional.of(snapshot));
    }
    notifyAll();
  }

  private void put(AllocationKey key, Optional<Snapshot> state) {
    if (key.transport() != Transport.UDP) {
      // Its connection does not outlive the process.
      return;
    }
    if (waiting.size() >= waitingMax && !waiting.containsKey(key)) {
      waiting.remove(waiting.keySet().iterator().next());
      lost++;
    }
    waiting.put(key, state);
  }

  /** Writes what waits and stops. */
  @Override
  public void close() {
    synchronized (this) {
      closing = true;
      notifyAll();
    }
    try {
      writer.join();
    } catch (InterruptedException stopped) {
      Thread.currentThread().interrupt();
    }
  }

  // ---- writing, on the writer's thread

  private void run() {
    known.forEach(snapshot -> live(snapshot.key(), SnapshotCodec.encode(snapshot)));
    known = List.of();
    Map<AllocationKey, Optional<Snapshot>> batch = Map.of();
    while (batch != null) {
      try {
        write(batch);
      } catch (IOException refused) {
        failed(refused);
      }
      batch = next();
    }
    closeFile();
  }

  /** What has come up since, or null at the end. */
  private synchronized @Nullable Map<AllocationKey, Optional<Snapshot>> next() {
    try {
      while (waiting.isEmpty() && !closing) {
        if (broken) {
          wait(retryMs);
          break;
        }
        wait();
      }
    } catch (InterruptedException stopped) {
      Thread.currentThread().interrupt();
      return null;
    }
    if (waiting.isEmpty() && closing) {
      return null;
    }
    Map<AllocationKey, Optional<Snapshot>> batch = waiting;
    waiting = new LinkedHashMap<>();
    return batch;
  }

  private void write(Map<AllocationKey, Optional<Snapshot>> batch) throws IOException {
    JournalFile to = file;
    // What the file does not take is alive all the same, and in the next file from the beginning.
    IOException refused = null;
    for (Map.Entry<AllocationKey, Optional<Snapshot>> next : batch.entrySet()) {
      try {
        write(next.getKey(), next.getValue().orElse(null), refused == null ? to : null);
      } catch (IOException e) {
        refused = e;
      }
    }
    if (refused != null) {
      throw refused;
    }
    if (to != null) {
      to.flush();
    }
    boolean due = to == null || to.size() > Math.max(SMALL, WASTE * aliveBytes);
    if (due && System.nanoTime() - retryAtNanos >= 0) {
      renew();
    }
  }

  private void write(AllocationKey key, @Nullable Snapshot state, @Nullable JournalFile to)
      throws IOException {
    byte[] bytes = state == null ? null : SnapshotCodec.encode(state);
    boolean known = live(key, bytes);
    if (to == null) {
      return;
    }
    if (bytes != null) {
      to.add(JournalFile.SNAPSHOT, bytes);
    } else if (known) {
      to.add(JournalFile.ENDED, SnapshotCodec.encode(key));
    }
  }

  /** Whether this allocation was alive before. */
  private boolean live(AllocationKey key, byte @Nullable [] bytes) {
    byte[] before = bytes == null ? alive.remove(key) : alive.put(key, bytes);
    aliveBytes += (bytes == null ? 0 : bytes.length) - (before == null ? 0 : before.length);
    return before != null;
  }

  /** Writes what is alive to a new file; the old ones go when it is whole. */
  private void renew() throws IOException {
    closeFile();
    Path next = directory.resolve("allocations-" + (number + 1) + ".journal");
    Path unfinished = directory.resolve("allocations.new");
    Files.deleteIfExists(unfinished);
    JournalFile whole = JournalFile.create(unfinished, fsync);
    try {
      for (byte[] bytes : alive.values()) {
        whole.add(JournalFile.SNAPSHOT, bytes);
      }
      whole.flush();
      Files.move(unfinished, next, StandardCopyOption.ATOMIC_MOVE);
    } catch (IOException refused) {
      whole.close();
      Files.deleteIfExists(unfinished);
      throw refused;
    }
    file = whole;
    number++;
    for (Path path : old) {
      Files.deleteIfExists(path);
    }
    old.clear();
    old.add(next);
    if (broken) {
      broken = false;
      Events.info("journal", "works", "again");
    }
  }

  private void failed(IOException refused) {
    closeFile();
    retryAtNanos = System.nanoTime() + retryMs * 1_000_000L;
    if (!broken) {
      broken = true;
      Events.warn(
          "journal",
          "reason",
          refused.toString(),
          "meaning",
          "until it can be written again, a restart ends what is new by now");
    }
  }

  private void closeFile() {
    JournalFile open = file;
    file = null;
    if (open != null) {
      try {
        open.close();
      } catch (IOException e) {
        // What could be written is written.
      }
    }
  }
}

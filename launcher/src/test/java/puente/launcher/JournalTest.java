package puente.launcher;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import puente.stun.Transport;
import puente.stun.TransportAddress;
import puente.turn.store.AllocationKey;
import puente.turn.store.Snapshot;
import puente.turn.store.Snapshot.BirthState;
import puente.turn.store.Snapshot.ChannelState;
import puente.turn.store.Snapshot.LoginState;
import puente.turn.store.Snapshot.PermissionState;
import puente.turn.store.Snapshot.RelayState;

/** What one process wrote the next one reads, however the first one ended. */
@Timeout(60)
class JournalTest {

  @TempDir private Path directory;

  @Test
  void whatIsAliveComesBack() throws Exception {
    Map<AllocationKey, Snapshot> model = new HashMap<>();
    Random random = new Random(5);
    for (int life = 0; life < 5; life++) {
      try (Journal journal = Journal.open(directory, life == 3)) {
        assertEquals(new HashSet<>(model.values()), new HashSet<>(journal.takeLeft()));
        assertTrue(journal.takeLeft().isEmpty());
        for (int i = 0; i < 2000; i++) {
          Snapshot snapshot = snapshot(random.nextInt(300), random.nextInt(1000));
          if (random.nextInt(3) > 0) {
            model.put(snapshot.key(), snapshot);
            journal.save(List.of(snapshot), List.of());
          } else {
            model.remove(snapshot.key());
            journal.save(List.of(), List.of(snapshot.key()));
          }
        }
      }
      assertEquals(1, files().size(), "one file is left");
    }
  }

  @Test
  void aNewAllocationOutlivesTheEndOfTheFormerOne() throws Exception {
    Snapshot next = snapshot(1, 2);
    write(snapshot(1, 1));
    try (Journal journal = Journal.open(directory, false)) {
      journal.save(List.of(next), List.of(next.key()));
    }
    assertEquals(List.of(next), left());
  }

  @Test
  void streamsAreNotKept() throws Exception {
    Snapshot udp = snapshot(1, 1);
    AllocationKey tcp = new AllocationKey(Transport.TCP, udp.key().client(), udp.key().server());
    write(
        new Snapshot(tcp, "n", 1, 1, udp.login(), udp.birth(), udp.relays(), List.of(), List.of()));
    assertEquals(List.of(), left());
  }

  /** Whatever was seen of it before: what counts is how the former process left it. */
  @Test
  void whatChangesAfterALookAheadCounts() throws Exception {
    Map<AllocationKey, Snapshot> model = new HashMap<>();
    Random random = new Random(7);
    for (int life = 0; life < 40; life++) {
      Journal next;
      if (life % 2 == 0) {
        // It begins a new file in any case, and the one that was seen is gone.
        next = Journal.ahead(directory, false);
        try (Journal former = Journal.open(directory, false)) {
          change(former, model, random);
        }
      } else {
        try (Journal former = Journal.open(directory, false)) {
          change(former, model, random);
          next = Journal.ahead(directory, false);
          change(former, model, random);
        }
      }
      next.readRest();
      assertEquals(new HashSet<>(model.values()), new HashSet<>(next.takeLeft()), "life " + life);
      // What is saved before it writes is written as well.
      change(next, model, random);
      next.begin();
      next.close();
    }
  }

  private static void change(Journal journal, Map<AllocationKey, Snapshot> model, Random random) {
    for (int i = 0; i < 100; i++) {
      Snapshot snapshot = snapshot(random.nextInt(60), random.nextInt(1000));
      if (random.nextBoolean()) {
        model.put(snapshot.key(), snapshot);
        journal.save(List.of(snapshot), List.of());
      } else {
        model.remove(snapshot.key());
        journal.save(List.of(), List.of(snapshot.key()));
      }
    }
  }

  /** The former process may be in the middle of a record, and goes on. */
  @Test
  void whatIsHalfWrittenAtALookAheadIsReadLater() throws Exception {
    write(snapshot(1, 1), snapshot(2, 1), snapshot(3, 1));
    Path file = files().get(0);
    byte[] whole = Files.readAllBytes(file);
    for (int length = whole.length; length >= 0; length--) {
      Files.write(file, Arrays.copyOf(whole, length));
      Journal next = Journal.ahead(directory, false);
      Files.write(file, whole);
      next.readRest();
      assertEquals(3, next.takeLeft().size(), "read ahead: " + length + " bytes");
    }
  }

  /** A damaged file that a newer one followed: what is behind the damage is older all the same. */
  @Test
  void aLookAheadReadsInOrder() throws Exception {
    Snapshot newer = snapshot(2, 2);
    try (Journal journal = Journal.open(directory, false)) {
      journal.save(List.of(snapshot(1, 1)), List.of());
      awaitWritten(journal);
      journal.save(List.of(snapshot(2, 1)), List.of());
    }
    Path first = files().get(0);
    byte[] damaged = Files.readAllBytes(first);
    damaged[20] ^= 1;
    write(newer);
    Files.write(first, damaged);
    Journal next = Journal.ahead(directory, false);
    next.readRest();
    assertEquals(
        Set.of(snapshot(1, 1), newer), new HashSet<>(next.takeLeft()), "of two files in a row");
  }

  /** The process may die after any byte. */
  @Test
  void anyTornTailLosesOnlyItself() throws Exception {
    write(snapshot(1, 1), snapshot(2, 1), snapshot(3, 1));
    Path file = files().get(0);
    byte[] whole = Files.readAllBytes(file);
    int fewest = 3;
    for (int length = whole.length; length >= 0; length--) {
      Files.write(file, Arrays.copyOf(whole, length));
      Map<AllocationKey, Snapshot> alive = new HashMap<>();
      JournalFile.read(file, alive);
      assertTrue(alive.size() <= fewest);
      fewest = alive.size();
    }
    assertEquals(0, fewest);
  }

  @Test
  void aDamagedRecordLosesOnlyItself() throws Exception {
    write(snapshot(1, 1), snapshot(2, 1), snapshot(3, 1));
    Path file = files().get(0);
    byte[] whole = Files.readAllBytes(file);
    Random random = new Random(6);
    int most = 0;
    for (int i = 0; i < 2000; i++) {
      byte[] damaged = whole.clone();
      damaged[8 + random.nextInt(whole.length - 8)] ^= (byte) (1 + random.nextInt(255));
      Files.write(file, damaged);
      Map<AllocationKey, Snapshot> alive = new HashMap<>();
      JournalFile.read(file, alive);
      assertTrue(alive.size() < 3);
      most = Math.max(most, alive.size());
    }
    assertEquals(2, most);
    Files.write(file, new byte[0], StandardOpenOption.TRUNCATE_EXISTING);
    assertEquals(-1, JournalFile.read(file, new HashMap<>()));
  }

  @Test
  void filesOfOthersAreLeftAlone() throws Exception {
    write(snapshot(1, 1));
    Path foreign = directory.resolve("allocations-77.journal");
    Files.writeString(foreign, "somebody's diary");
    Files.writeString(directory.resolve("allocations-x.journal"), "another's");
    assertEquals(1, left().size());
    assertEquals("somebody's diary", Files.readString(foreign));
  }

  @Test
  void aFileThatGrowsIsRenewed() throws Exception {
    try (Journal journal = Journal.open(directory, false)) {
      for (int i = 0; i < 40_000; i++) {
        journal.save(List.of(snapshot(i % 10, i)), List.of());
        if (i % 100 == 0) {
          awaitWritten(journal);
        }
      }
    }
    List<Path> files = files();
    assertEquals(1, files.size());
    assertTrue(Files.size(files.get(0)) < 2 << 20);
    assertEquals(10, left().size());
  }

  /** A full disk, say: said once, survived, and made up for. */
  @Test
  void aDiskThatRefusesIsTriedAgain() throws Exception {
    Path inTheWay = Files.createDirectories(directory.resolve("allocations.new/full"));
    try (Journal journal = Journal.open(directory, false, 100, 20)) {
      journal.save(List.of(snapshot(1, 1), snapshot(2, 1)), List.of());
      journal.save(List.of(), List.of(snapshot(2, 1).key()));
      awaitWritten(journal);
      assertTrue(files().isEmpty());
      Files.delete(inTheWay);
      Files.delete(directory.resolve("allocations.new"));
      while (files().isEmpty()) {
        Thread.onSpinWait();
      }
      journal.save(List.of(snapshot(3, 1)), List.of());
    }
    assertEquals(Set.of(snapshot(1, 1), snapshot(3, 1)), new HashSet<>(left()));
  }

  /** When the disk is behind, what is newest is kept, and the loss is counted. */
  @Test
  void aFullQueueKeepsTheNewest() throws Exception {
    Journal journal = Journal.open(directory, false, 10, 20);
    synchronized (journal) {
      // The writer cannot take anything meanwhile.
      for (int i = 0; i < 25; i++) {
        journal.save(List.of(snapshot(i, 1)), List.of());
      }
      journal.save(List.of(snapshot(24, 2)), List.of());
      assertEquals(15, journal.lost());
    }
    journal.close();
    List<Snapshot> left = left();
    assertEquals(10, left.size());
    assertTrue(left.contains(snapshot(24, 2)));
    assertFalse(left.contains(snapshot(14, 1)));
  }

  @Test
  void oneProcessAtATime() throws Exception {
    StateLock first = StateLock.take(directory);
    StartFailure taken = assertThrows(StartFailure.class, () -> StateLock.take(directory));
    assertEquals(3, taken.kind().exitCode());
    assertTrue(taken.line().contains("(" + ProcessHandle.current().pid() + ")"), taken.line());
    first.close();
    StateLock.take(directory).close();
  }

  private void write(Snapshot... snapshots) throws StartFailure {
    try (Journal journal = Journal.open(directory, false)) {
      journal.save(List.of(snapshots), List.of());
    }
  }

  private List<Snapshot> left() throws StartFailure {
    try (Journal journal = Journal.open(directory, false)) {
      return journal.takeLeft();
    }
  }

  private static void awaitWritten(Journal journal) {
    while (journal.isBehind()) {
      Thread.onSpinWait();
    }
  }

  private List<Path> files() throws IOException {
    try (Stream<Path> all = Files.list(directory)) {
      return all.filter(file -> file.toString().endsWith(".journal")).sorted().toList();
    }
  }

  static Snapshot snapshot(int client, int revision) {
    long now = 1_800_000_000_000L;
    TransportAddress peer = TransportAddress.ipv4(0xc6336407, 7000);
    return new Snapshot(
        new AllocationKey(
            Transport.UDP,
            TransportAddress.ipv4(0xc0000200 + client, 4000),
            TransportAddress.ipv4(0xc6336401, 3478)),
        "node",
        now,
        revision,
        new LoginState("1800000000:ana", "ana", "example.org", "REST", false, false, now),
        new BirthState(now, 1, 2, 600, null, null, null),
        List.of(
            new RelayState(
                TransportAddress.ipv4(0xc6336401, 50_000 + client),
                TransportAddress.ipv4(0xc6336401, 50_000 + client),
                now + 600_000)),
        List.of(new PermissionState(peer.withPort(0), now + 300_000)),
        List.of(new ChannelState(0x4000, peer, now + 600_000)));
  }
}

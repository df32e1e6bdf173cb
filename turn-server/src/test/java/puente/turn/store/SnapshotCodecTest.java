package puente.turn.store;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import puente.stun.ErrorCode;
import puente.stun.Family;
import puente.stun.Transport;
import puente.stun.TransportAddress;
import puente.turn.store.Snapshot.BirthState;
import puente.turn.store.Snapshot.ChannelState;
import puente.turn.store.Snapshot.FlowState;
import puente.turn.store.Snapshot.LoginState;
import puente.turn.store.Snapshot.PermissionState;
import puente.turn.store.Snapshot.RelayState;

/** What one process writes another reads, and nothing makes a reader fail. */
class SnapshotCodecTest {

  private static final TransportAddress CLIENT = TransportAddress.ipv4(0xc0000207, 4000);
  private static final TransportAddress SERVER = TransportAddress.ipv4(0xc6336401, 3478);
  private static final TransportAddress RELAY = TransportAddress.ipv4(0x0a000001, 50000);
  private static final TransportAddress PUBLIC = TransportAddress.ipv4(0xc6336401, 50000);
  private static final TransportAddress PEER = TransportAddress.ipv6(0x20010db800000000L, 1, 7000);

  /** A snapshot with one of everything, as version 1 and version 2 wrote it. */
  private static final String V1 =
      "01 00 01c00002070fa0 01c63364010d96 0006 6e6f64652d31 0000000000000005 0000000000000007"
          + " 000c 313830303030303030303a78 0001 78 0004 52455354 03 000001a319bfa400"
          + " 000001a3185c5000 0102030405060708 090a0b0c 00000258 01 00000000deadbeef 02 01b8"
          + " 01 010a000001c350 01c6336401c350 000001a3186577c0"
          + " 00000001 0220010db80000000000000000000000010000 000001a31860e3e0"
          + " 00000001 4000 0220010db80000000000000000000000011b58 000001a3186577c0";

  private static final String V2 =
      V1.replaceFirst("^01", "02")
          .replace("0001 78 0004", "0001 78 000b 6578616d706c652e6f7267 0004");

  @Test
  void bytesAreAsWritten() {
    assertEquals(HexFormat.of().formatHex(hex(V2)), HexFormat.of().formatHex(encoded(sample())));
    assertEquals(sample(), SnapshotCodec.decode(hex(V2)));
  }

  /** What a version gains stands at its end, where readers of before have stopped. */
  @Test
  void sharedPortsStandAfterTheRest() {
    Snapshot plain = sample();
    Snapshot shared = withFlows(plain, List.of(new RelayState(RELAY, PUBLIC, 1, true, PUBLIC)));
    byte[] bytes = encoded(shared);
    assertEquals(shared, SnapshotCodec.decode(bytes));
    byte[] before =
        encoded(withFlows(plain, List.of(new RelayState(RELAY, PUBLIC, 1, false, null))));
    assertArrayEquals(before, Arrays.copyOf(bytes, before.length));
    assertNull(SnapshotCodec.decode(Arrays.copyOf(bytes, bytes.length - 1)));
  }

  private static Snapshot withFlows(Snapshot of, List<RelayState> relays) {
    return new Snapshot(
        of.key(),
        of.node(),
        of.epoch(),
        of.revision(),
        of.login(),
        of.birth(),
        relays,
        of.permissions(),
        of.channels(),
        relays.get(0).shared() ? List.of(new FlowState(PEER, false)) : List.of(),
        null);
  }

  @Test
  void thePreviousVersionIsRead() {
    Snapshot read = decoded(hex(V1));
    assertEquals("", read.login().realm());
    assertEquals(sample().channels(), read.channels());
    assertEquals(sample().birth(), read.birth());
  }

  @Test
  void otherVersionsAreNoSnapshots() {
    byte[] bytes = hex(V2);
    for (int version : new int[] {0, 3, 0x7f, 0xff}) {
      bytes[0] = (byte) version;
      assertNull(SnapshotCodec.decode(bytes));
      assertNull(SnapshotCodec.decodeKey(bytes));
    }
    assertNull(SnapshotCodec.decode(new byte[0]));
  }

  @Test
  void fieldsOfTheFutureAreSkipped() {
    byte[] bytes = hex(V2);
    assertEquals(sample(), SnapshotCodec.decode(Arrays.copyOf(bytes, bytes.length + 9)));
  }

  @Test
  void everyTruncationIsNoSnapshot() {
    byte[] bytes = hex(V2);
    for (int length = 0; length < bytes.length; length++) {
      assertNull(SnapshotCodec.decode(Arrays.copyOf(bytes, length)), "length " + length);
    }
    byte[] key = SnapshotCodec.encode(sample().key());
    assertEquals(sample().key(), SnapshotCodec.decodeKey(key));
    for (int length = 0; length < key.length; length++) {
      assertNull(SnapshotCodec.decodeKey(Arrays.copyOf(key, length)));
    }
  }

  /** A key alone is at the head of its snapshot. */
  @Test
  void aSnapshotBeginsWithItsKey() {
    assertEquals(sample().key(), SnapshotCodec.decodeKey(hex(V2)));
  }

  @Test
  void anySnapshotComesBack() {
    Random random = new Random(3);
    for (int i = 0; i < 2000; i++) {
      Snapshot snapshot = random(random);
      byte[] bytes = encoded(snapshot);
      assertEquals(snapshot, SnapshotCodec.decode(bytes), "snapshot " + i);
      assertArrayEquals(bytes, encoded(decoded(bytes)));
    }
  }

  @Test
  @Timeout(60)
  void noBytesMakeAReaderFail() {
    Random random = new Random(4);
    int read = 0;
    for (int i = 0; i < 100_000; i++) {
      byte[] bytes = hexOrRandom(random);
      for (int n = random.nextInt(4); n >= 0; n--) {
        bytes[random.nextInt(bytes.length)] = (byte) random.nextInt();
      }
      Snapshot snapshot = SnapshotCodec.decode(bytes);
      if (snapshot != null) {
        read++;
        assertEquals(snapshot, SnapshotCodec.decode(encoded(snapshot)));
      }
    }
    assertTrue(read > 0, "mutations never reached the fields");
  }

  @Test
  void theNewerOneCounts() {
    Snapshot first = sample();
    Snapshot taken = first.ownedBy("node-2", first.epoch() + 1);
    assertTrue(taken.isNewerThan(first));
    assertFalse(first.isNewerThan(taken));
    assertFalse(first.isNewerThan(first));
  }

  private static byte[] encoded(Snapshot snapshot) {
    return SnapshotCodec.encode(snapshot);
  }

  private static Snapshot decoded(byte[] bytes) {
    Snapshot snapshot = SnapshotCodec.decode(bytes);
    assertNotNull(snapshot);
    return snapshot;
  }

  private static byte[] hex(String text) {
    return HexFormat.of().parseHex(text.replace(" ", ""));
  }

  private static byte[] hexOrRandom(Random random) {
    if (random.nextInt(10) > 0) {
      return encoded(random(random));
    }
    byte[] bytes = new byte[1 + random.nextInt(300)];
    random.nextBytes(bytes);
    bytes[0] = SnapshotCodec.VERSION;
    return bytes;
  }

  static Snapshot sample() {
    long now = 1_800_000_000_000L;
    return new Snapshot(
        new AllocationKey(Transport.UDP, CLIENT, SERVER),
        "node-1",
        5,
        7,
        new LoginState("1800000000:x", "x", "example.org", "REST", true, true, now + 23_286_784),
        new BirthState(
            now,
            0x0102030405060708L,
            0x090a0b0c,
            600,
            0xdeadbeefL,
            Family.IPV6,
            ErrorCode.ADDRESS_FAMILY_NOT_SUPPORTED),
        List.of(new RelayState(RELAY, PUBLIC, now + 600_000)),
        List.of(new PermissionState(PEER.withPort(0), now + 300_000)),
        List.of(new ChannelState(0x4000, PEER, now + 600_000)));
  }

  static Snapshot random(Random random) {
    List<RelayState> relays = new ArrayList<>();
    for (int i = random.nextInt(3); i > 0; i--) {
      relays.add(new RelayState(address(random), address(random), random.nextLong()));
    }
    List<PermissionState> permissions = new ArrayList<>();
    for (int i = random.nextInt(4); i > 0; i--) {
      permissions.add(new PermissionState(address(random), random.nextLong()));
    }
    List<ChannelState> channels = new ArrayList<>();
    for (int i = random.nextInt(4); i > 0; i--) {
      channels.add(new ChannelState(random.nextInt(0x10000), address(random), random.nextLong()));
    }
    Transport transport = Transport.values()[random.nextInt(4)];
    return new Snapshot(
        new AllocationKey(transport, address(random), address(random)),
        text(random),
        random.nextLong(),
        random.nextLong(),
        new LoginState(
            text(random),
            text(random),
            text(random),
            text(random),
            random.nextBoolean(),
            random.nextBoolean(),
            random.nextLong()),
        new BirthState(
            random.nextLong(),
            random.nextLong(),
            random.nextInt(),
            random.nextInt(Integer.MAX_VALUE),
            random.nextBoolean() ? random.nextLong() : null,
            random.nextBoolean() ? Family.IPV6 : null,
            random.nextBoolean() ? ErrorCode.INSUFFICIENT_CAPACITY : null),
        relays,
        permissions,
        channels);
  }

  private static TransportAddress address(Random random) {
    int port = random.nextInt(0x10000);
    return random.nextBoolean()
        ? TransportAddress.ipv4(random.nextInt(), port)
        : TransportAddress.ipv6(random.nextLong(), random.nextLong(), port);
  }

  private static String text(Random random) {
    StringBuilder text = new StringBuilder();
    for (int i = random.nextInt(20); i > 0; i--) {
      text.appendCodePoint(random.nextBoolean() ? 'a' + random.nextInt(26) : 0x1f600 + i);
    }
    return text.toString();
  }
}

package puente.launcher.e2e;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Objects;
import java.util.Random;

/**
 * Makes broken messages out of captured ones, the same for the same seed. Part of them is signed
 * with valid credentials after the damage, so that they get past authentication.
 */
final class Mutator {

  /** With which a message gets past the door; the nonce is the server's and may change. */
  record Identity(byte[] user, byte[] realm, byte[] nonce, byte[] key) {}

  private static final int LARGEST = 1_400;
  private static final int[] EDGES = {0, 1, 3, 4, 7, 8, 19, 20, 21, 0x7F, 0x80, 0xFF};
  private static final int[] ATTRIBUTES = {
    0x0001, 0x0003, 0x0006, 0x0008, 0x0009, 0x000A, 0x000C, 0x000D, 0x0012, 0x0013, 0x0014, 0x0015,
    0x0016, 0x0017, 0x0018, 0x0019, 0x001A, 0x001C, 0x001D, 0x001E, 0x0020, 0x0022, 0x0024, 0x0025,
    0x0026, 0x0027, 0x002A, 0x8000, 0x8001, 0x8002, 0x8003, 0x8004, 0x8022, 0x8023, 0x8028, 0x802B,
    0x802C, 0x8032
  };

  private static final List<byte[]> CAPTURED = captured();

  private final Random random;
  private final int peerPort;

  /** Half of the peers named in signed messages are 127.0.0.1 and this port. */
  Mutator(long seed, int peerPort) {
    this.random = new Random(seed);
    this.peerPort = peerPort;
  }

  private static List<byte[]> captured() {
    var resource = Mutator.class.getResourceAsStream("/e2e/captured.txt");
    try (var lines =
        new BufferedReader(
            new InputStreamReader(Objects.requireNonNull(resource), StandardCharsets.UTF_8))) {
      return lines
          .lines()
          .filter(line -> !line.startsWith("#"))
          .map(HexFormat.of()::parseHex)
          .toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  byte[] next(Identity identity) {
    return switch (random.nextInt(10)) {
      case 0, 1, 2 -> damaged(captive());
      case 3 -> spliced(captive(), captive());
      case 4 -> damaged(dressed(captive(), identity));
      case 5 -> noise();
      default -> dressed(rearranged(captive()), identity);
    };
  }

  private byte[] captive() {
    var message = CAPTURED.get(random.nextInt(CAPTURED.size())).clone();
    if (Stun.isStun(message) && random.nextInt(4) != 0) {
      ByteBuffer.wrap(message).putLong(8, random.nextLong()).putInt(16, random.nextInt());
    }
    return message;
  }

  private byte[] noise() {
    var bytes = new byte[random.nextInt(200)];
    random.nextBytes(bytes);
    return bytes;
  }

  /** A few bytes changed, cut off, repeated or put in, anywhere. */
  private byte[] damaged(byte[] message) {
    var bytes = message;
    for (int change = 1 + random.nextInt(4); change > 0 && bytes.length > 0; change--) {
      int at = random.nextInt(bytes.length);
      switch (random.nextInt(7)) {
        case 0 -> bytes[at] ^= (byte) (1 << random.nextInt(8));
        case 1 -> bytes[at] = (byte) random.nextInt(256);
        case 2 -> bytes[at] = (byte) EDGES[random.nextInt(EDGES.length)];
        case 3 -> bytes = Arrays.copyOf(bytes, at);
        case 4 -> bytes = joined(bytes, at, noise(), at);
        case 5 -> bytes = joined(bytes, at, new byte[0], random.nextInt(bytes.length));
        default -> bytes = withLength(bytes);
      }
    }
    return Arrays.copyOf(bytes, Math.min(bytes.length, LARGEST));
  }

  /** The length in the header says what is there, or nearly. */
  private byte[] withLength(byte[] bytes) {
    if (bytes.length >= 4) {
      int length = bytes.length - Stun.HEADER + (random.nextInt(3) - 1) * random.nextInt(8);
      ByteBuffer.wrap(bytes).putShort(2, (short) length);
    }
    return bytes;
  }

  private byte[] spliced(byte[] one, byte[] other) {
    return joined(one, random.nextInt(one.length + 1), new byte[0], random.nextInt(other.length));
  }

  private static byte[] joined(byte[] bytes, int until, byte[] middle, int from) {
    int rest = Math.max(0, bytes.length - from);
    var whole = ByteBuffer.allocate(until + middle.length + rest).put(bytes, 0, until).put(middle);
    return whole.put(bytes, bytes.length - rest, rest).array();
  }

  /** The attributes of a request before its credentials: values changed, doubled, swapped, added. */
  private byte[] rearranged(byte[] message) {
    if (!Stun.isStun(message)) {
      return message;
    }
    var whole = ByteBuffer.allocate(4 * LARGEST).put(message, 0, Stun.HEADER);
    var view = ByteBuffer.wrap(message);
    for (int at = Stun.HEADER; at + 4 <= message.length; ) {
      int type = view.getShort(at) & 0xFFFF;
      int length = view.getShort(at + 2) & 0xFFFF;
      if (isCredential(type) || at + 4 + length > message.length) {
        break;
      }
      for (int times = random.nextInt(12) == 0 ? random.nextInt(3) : 1; times > 0; times--) {
        put(whole, type, Arrays.copyOfRange(message, at + 4, at + 4 + length));
      }
      at += 4 + (length + 3 & ~3);
    }
    while (random.nextInt(3) == 0 && whole.position() < LARGEST) {
      var value = new byte[random.nextBoolean() ? 4 : random.nextInt(40)];
      random.nextBytes(value);
      put(whole, ATTRIBUTES[random.nextInt(ATTRIBUTES.length)], value);
    }
    if (random.nextInt(12) == 0) {
      whole.putShort(0, (short) random.nextInt(0x4000));
    }
    return Arrays.copyOf(whole.array(), Math.min(whole.position(), LARGEST));
  }

  private void put(ByteBuffer whole, int type, byte[] value) {
    var bytes = value;
    if (random.nextInt(8) == 0 && bytes.length > 0) {
      bytes[random.nextInt(bytes.length)] = (byte) EDGES[random.nextInt(EDGES.length)];
    }
    if (random.nextInt(20) == 0) {
      bytes = Arrays.copyOf(bytes, random.nextInt(bytes.length + 8));
    }
    if (type == Stun.XOR_PEER_ADDRESS && bytes.length == 8 && random.nextBoolean()) {
      int port = peerPort ^ Stun.COOKIE >>> 16;
      ByteBuffer.wrap(bytes).putShort(0, (short) 1).putShort(2, (short) port);
      ByteBuffer.wrap(bytes).putInt(4, 0x7F000001 ^ Stun.COOKIE);
    }
    if (whole.position() + bytes.length + 8 < LARGEST) {
      whole.putShort((short) type).putShort((short) bytes.length).put(bytes);
      whole.position(whole.position() + (-bytes.length & 3));
    }
  }

  private static boolean isCredential(int type) {
    return type == Stun.USERNAME
        || type == Stun.REALM
        || type == Stun.NONCE
        || type == Stun.MESSAGE_INTEGRITY
        || type == Stun.FINGERPRINT;
  }

  /** Credentials of now in place of those of the capture. */
  private byte[] dressed(byte[] message, Identity identity) {
    if (!Stun.isStun(message)) {
      return message;
    }
    var view = ByteBuffer.wrap(message);
    int end = Stun.HEADER;
    while (end + 4 <= message.length && !isCredential(view.getShort(end) & 0xFFFF)) {
      end += 4 + ((view.getShort(end + 2) & 0xFFFF) + 3 & ~3);
    }
    var whole = ByteBuffer.allocate(end + 1_024).put(Arrays.copyOf(message, end));
    attribute(whole, Stun.USERNAME, identity.user);
    attribute(whole, Stun.REALM, identity.realm);
    attribute(whole, Stun.NONCE, identity.nonce);
    var signed = Stun.sign(Arrays.copyOf(whole.array(), whole.position()), identity.key);
    return random.nextBoolean() ? Stun.fingerprinted(signed) : signed;
  }

  private static void attribute(ByteBuffer whole, int type, byte[] value) {
    whole.putShort((short) type).putShort((short) value.length).put(value);
    whole.position(whole.position() + (-value.length & 3));
  }
}

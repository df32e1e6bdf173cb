package puente.stun;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/**
 * Mutated datagrams and streams against the whole codec: no exception, nothing read outside, an
 * answer of bounded size. {@code -Dfuzz.runs=1000000} runs longer, {@code -Dfuzz.seed} elsewhere.
 */
class FuzzTest {

  private static final int RUNS = Integer.getInteger("fuzz.runs", 30_000);
  private static final long SEED = Long.getLong("fuzz.seed", 8489L);
  private static final int STREAM_LENGTH_MAX = 2_000;

  /**
   * Header, four IPv4 addresses, and small SOFTWARE, PADDING and FINGERPRINT; an unknown attribute
   * is 4 bytes in a request and 2 in its answer.
   */
  private static final int ANSWER_LENGTH_MAX = 20 + 4 * 12 + 8 + 4 + 8;

  /** Behind every datagram lies something that must never be seen. */
  private static final byte SECRET = (byte) 0xa5;

  private static final IntegrityKey KEY = IntegrityKey.shortTerm("VOkJxbRl1RmTxUk/WvJxBt");
  private static final Nonce.Keys NONCE_KEYS = new Nonce.Keys(KEY, KEY);
  private static final BindingConfig.Square SQUARE =
      new BindingConfig.Square(Messages.SERVER, TransportAddress.ipv4(0x0a00_0001, 3479));

  private final List<byte[]> corpus = new ArrayList<>();
  private final Random random = new Random(SEED);
  private final Message message = new Message();
  private final Integrity integrity = new Integrity();
  private final Nonce nonce = new Nonce(Nonce.PASSWORD_ALGORITHMS, 600_000);
  private final MessageBuilder out = new MessageBuilder();
  private final List<BindingServer> servers =
      List.of(
          new BindingServer(BindingConfig.PLAIN),
          new BindingServer(new BindingConfig("ours", true, true, true, List.of(SQUARE), null)),
          new BindingServer(new BindingConfig(null, false, true, false, List.of(), null)));

  FuzzTest() {
    Hex.text("corpus/datagrams.txt")
        .lines()
        .filter(line -> !line.startsWith("#"))
        .forEach(line -> corpus.add(Hex.of(line.substring(line.lastIndexOf(':') + 1))));
    for (String vector :
        List.of("5769-2.1-request", "5769-2.4-long-term", "8489-b.1-erratum-6268")) {
      corpus.add(Hex.resource("vectors/rfc" + vector + ".hex"));
    }
  }

  /** RFC 8489 §6.3: every seed as it is. */
  @Test
  void seeds() {
    for (byte[] seed : corpus) {
      feed(seed);
    }
    assertTrue(corpus.size() > 60);
  }

  /** RFC 8489 §6.3: whatever comes as a datagram is answered, or not, and that is all. */
  @Test
  void datagrams() {
    int wellFormed = 0;
    for (int run = 0; run < RUNS; run++) {
      byte[] bytes = mutated();
      try {
        wellFormed += feed(bytes) ? 1 : 0;
      } catch (RuntimeException | AssertionError failure) {
        String hex = HexFormat.of().formatHex(bytes);
        throw new AssertionError("seed " + SEED + ", run " + run + ": " + hex, failure);
      }
    }
    // A fuzz test that nothing gets through tests nothing.
    assertTrue(wellFormed > RUNS / 5, wellFormed + " of " + RUNS + " are well-formed");
  }

  /** RFC 8489 §6.2.2: whatever comes on a stream moves forward, waits or ends it. */
  @Test
  void streams() {
    for (int run = 0; run < RUNS / 20; run++) {
      ByteBuffer stream = ByteBuffer.allocate(1 << 16);
      while (stream.remaining() > STREAM_LENGTH_MAX) {
        byte[] bytes = mutated();
        stream.put(bytes, 0, Math.min(bytes.length, STREAM_LENGTH_MAX));
      }
      int from = 0;
      int to = 0;
      int length = 0;
      while (to < stream.position() && length != StreamFramer.BROKEN) {
        to = Math.min(stream.position(), to + 1 + random.nextInt(700));
        length = StreamFramer.next(stream, from, to, STREAM_LENGTH_MAX);
        while (length > 0) {
          from += length;
          assertTrue(from <= to && length <= STREAM_LENGTH_MAX);
          length = StreamFramer.next(stream, from, to, STREAM_LENGTH_MAX);
        }
        assertTrue(length == StreamFramer.BROKEN || to - from < STREAM_LENGTH_MAX);
      }
    }
  }

  /** Whether it was a well-formed message. */
  private boolean feed(byte[] datagram) {
    byte[] scratch = new byte[datagram.length + 64];
    Arrays.fill(scratch, SECRET);
    System.arraycopy(datagram, 0, scratch, 0, datagram.length);
    if (message.parse(scratch, datagram.length) != Message.Shape.WELL_FORMED) {
      return false;
    }
    readAll();
    assertTrue(MessageText.of(message).indexOf('\n') < 0);
    integrity.verify(message, KEY, Integrity.SHA256_LENGTH_MIN);
    integrity.hasWrongFingerprint(message);
    for (Transport transport : Transport.values()) {
      FiveTuple client = Messages.client(transport);
      int at = message.find(AttributeType.NONCE);
      if (at >= 0) {
        assertEquals(Nonce.Verdict.FORGED, nonce.check(message, at, client, NONCE_KEYS, 0));
        Nonce.features(message.bytes(), message.valueAt(at), message.lengthAt(at));
      }
      for (BindingServer server : servers) {
        answer(server, client);
      }
    }
    assertEquals(SECRET, scratch[datagram.length], "the message was written behind");
    return true;
  }

  private void readAll() {
    assertTrue(message.count() <= Message.ATTRIBUTES_MAX);
    for (int i = 0; i < message.count(); i++) {
      assertTrue(message.valueAt(i) + message.lengthAt(i) <= message.length());
      assertEquals(message.lengthAt(i), message.valueBytes(i).length);
      message.textAt(i);
      message.xorAddressAt(i);
      message.addressAt(i);
    }
  }

  private void answer(BindingServer server, FiveTuple client) {
    BindingServer.Answer answer = server.answer(message, client, out);
    if (answer == null) {
      return;
    }
    assertEquals(MessageClass.REQUEST, message.messageClass());
    assertTrue(answer.to().sameIp(client.client().hi(), client.client().lo()));
    int sizeMax = Math.max(message.length(), ANSWER_LENGTH_MAX + message.length() / 2);
    assertTrue(out.length() <= sizeMax, "amplified");
    Message response = new Message();
    assertEquals(Message.Shape.WELL_FORMED, response.parse(out.bytes(), out.length()));
    assertFalse(integrity.hasWrongFingerprint(response));
  }

  private byte[] mutated() {
    byte[] bytes = corpus.get(random.nextInt(corpus.size())).clone();
    int mutations = random.nextInt(4);
    for (int i = 0; i < mutations; i++) {
      bytes = mutate(bytes);
    }
    if (bytes.length >= Message.HEADER_LENGTH && random.nextInt(4) > 0) {
      // Most mutants would end at the length check.
      bytes = Arrays.copyOf(bytes, bytes.length + 3 & ~3);
      Message.U16.set(bytes, 2, (short) (bytes.length - Message.HEADER_LENGTH));
      bytes[0] &= 0x3f;
    }
    return bytes;
  }

  private byte[] mutate(byte[] bytes) {
    if (bytes.length == 0) {
      return new byte[] {(byte) random.nextInt()};
    }
    byte[] other = corpus.get(random.nextInt(corpus.size()));
    int at = random.nextInt(bytes.length);
    switch (random.nextInt(7)) {
      case 0 -> bytes[at] ^= (byte) (1 << random.nextInt(8));
      case 1 -> bytes[at] = (byte) random.nextInt();
      case 2 -> bytes[at] = (byte) (random.nextBoolean() ? 0xff : 0);
      case 3 -> {
        return Arrays.copyOf(bytes, at);
      }
      case 4 -> {
        return joined(bytes, at & ~3, other, random.nextInt(other.length) & ~3);
      }
      case 5 -> {
        return joined(bytes, bytes.length, other, Math.min(other.length, 20));
      }
      default -> {
        return joined(bytes, at & ~3, bytes, Math.min(bytes.length, at + 4 & ~3));
      }
    }
    return bytes;
  }

  /** The head of one and the tail of another. */
  private static byte[] joined(byte[] head, int headLength, byte[] tail, int tailFrom) {
    byte[] all = Arrays.copyOf(head, headLength + tail.length - tailFrom);
    System.arraycopy(tail, tailFrom, all, headLength, tail.length - tailFrom);
    return all;
  }
}

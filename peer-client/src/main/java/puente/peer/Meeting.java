package puente.peer;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The datagrams between a peer and the rendezvous, drawn in docs/SIGNALING.md, and those between two
 * peers who punch a hole:
 *
 * <pre>
 *  0               4       5               8              16              24
 * +---------------+-------+---------------+--------------+---------------+
 * | D0 50 4E 50   | type  |  0            | own nonce    | other's nonce | text or name ...
 * +---------------+-------+---------------+--------------+---------------+
 * </pre>
 */
final class Meeting {
  static final int SERVER_MAGIC = 0xD0504E54;
  static final int PEER_MAGIC = 0xD0504E50;

  static final int MEET = 1;
  static final int LEAVE = 2;
  static final int COOKIE = 0x81;
  static final int HERE = 0x82;
  static final int REFUSED = 0x83;

  static final int COOKIE_BYTES = 16;
  static final int NOTE_MAX = 32;
  static final int TEXT_MAX = 1000;
  private static final int REQUEST_MIN = 48;
  private static final int HEAD = 24;

  /** What the server says. */
  sealed interface Answer {
    long transaction();
  }

  record Cookie(long transaction, byte[] cookie) implements Answer {}

  record Refused(long transaction, int code) implements Answer {}

  record Here(long transaction, int lifeSeconds, InetSocketAddress own, List<Seen> others)
      implements Answer {}

  /** Another peer, as the server sees it. */
  record Seen(InetSocketAddress address, String name) {}

  /** What peers say to each other. */
  enum Word {
    /** Opens the own NAT, and asks whether this way is open. */
    KNOCK,
    /** The answer: it is, at least towards me. */
    OPEN,
    TEXT,
    ALIVE,
    BYE
  }

  record Said(Word word, long nonce, long yours, byte[] rest) {
    String text() {
      return new String(rest, StandardCharsets.UTF_8);
    }
  }

  private Meeting() {}

  static byte[] request(int type, long transaction, byte[] cookie, byte[] token, byte[] note) {
    int length = 32 + 2 + token.length + 1 + note.length;
    return ByteBuffer.allocate(Math.max(REQUEST_MIN, length))
        .putInt(SERVER_MAGIC)
        .put((byte) type)
        .position(8)
        .putLong(transaction)
        .put(cookie)
        .putShort((short) token.length)
        .put(token)
        .put((byte) note.length)
        .put(note)
        .array();
  }

  /** Null if it is none. */
  static @Nullable Answer answer(byte[] datagram) {
    ByteBuffer in = ByteBuffer.wrap(datagram);
    try {
      if (in.getInt() != SERVER_MAGIC) {
        return null;
      }
      int type = in.get() & 0xFF;
      int code = in.get() & 0xFF;
      in.getShort();
      long transaction = in.getLong();
      return switch (type) {
        case COOKIE -> new Cookie(transaction, take(in, COOKIE_BYTES));
        case REFUSED -> new Refused(transaction, code);
        case HERE -> here(transaction, in);
        default -> null;
      };
    } catch (BufferUnderflowException | UnknownHostException cut) {
      return null;
    }
  }

  private static Here here(long transaction, ByteBuffer in) throws UnknownHostException {
    int life = in.getShort() & 0xFFFF;
    int count = in.get() & 0xFF;
    in.get();
    InetSocketAddress own = address(in);
    List<Seen> others = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      in.getLong();
      InetSocketAddress address = address(in);
      byte[] note = take(in, in.get() & 0xFF);
      others.add(new Seen(address, new String(note, StandardCharsets.UTF_8)));
    }
    return new Here(transaction, life, own, others);
  }

  /** Hidden from NATs that replace every address they see. */
  private static InetSocketAddress address(ByteBuffer in) throws UnknownHostException {
    byte[] bytes = take(in, in.get() == 1 ? 6 : 18);
    for (int i = 0; i < bytes.length; i++) {
      bytes[i] ^= (byte) (SERVER_MAGIC >>> 24 - 8 * (i % 4));
    }
    int port = ByteBuffer.wrap(bytes).getShort() & 0xFFFF;
    return new InetSocketAddress(
        InetAddress.getByAddress(Arrays.copyOfRange(bytes, 2, bytes.length)), port);
  }

  static byte[] said(Word word, long nonce, long yours, byte[] rest) {
    return ByteBuffer.allocate(HEAD + rest.length)
        .putInt(PEER_MAGIC)
        .put((byte) word.ordinal())
        .position(8)
        .putLong(nonce)
        .putLong(yours)
        .put(rest)
        .array();
  }

  /** Null if it is none. */
  static @Nullable Said said(byte[] datagram) {
    if (datagram.length < HEAD || datagram.length > HEAD + TEXT_MAX) {
      return null;
    }
    ByteBuffer in = ByteBuffer.wrap(datagram);
    int magic = in.getInt();
    int word = in.get() & 0xFF;
    if (magic != PEER_MAGIC || word >= Word.values().length) {
      return null;
    }
    in.position(8);
    long nonce = in.getLong();
    long yours = in.getLong();
    return new Said(Word.values()[word], nonce, yours, take(in, in.remaining()));
  }

  private static byte[] take(ByteBuffer in, int count) {
    if (count > in.remaining()) {
      throw new BufferUnderflowException();
    }
    byte[] bytes = new byte[count];
    in.get(bytes);
    return bytes;
  }
}

package puente.signal;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import puente.stun.TransportAddress;

/**
 * The client's side of the rendezvous, as docs/SIGNALING.md describes it: written from the page, not
 * with the server's code. Bytes in, bytes out: whoever owns the socket sends and receives.
 */
final class RendezvousClient {
  static final int MAGIC = 0xD0504E54;

  /** Another peer: its address as the server sees it, and what it said of itself. */
  record Other(TransportAddress address, String note) {}

  final Map<String, Other> others = new TreeMap<>();
  final List<Integer> refusals = new ArrayList<>();
  @Nullable TransportAddress own;
  int answers;
  private final byte[] token;
  private final byte[] note;
  private byte[] cookie = new byte[16];
  private long transaction;

  RendezvousClient(byte[] token, String note) {
    this.token = token;
    this.note = note.getBytes();
  }

  /** To be sent every ten seconds, and again whenever {@link #hears} says so. */
  byte[] meet() {
    return request(1);
  }

  byte[] leave() {
    return request(2);
  }

  private byte[] request(int type) {
    ByteBuffer request = ByteBuffer.allocate(Math.max(48, 35 + token.length + note.length));
    request.putInt(MAGIC).put((byte) type).put(new byte[3]).putLong(++transaction).put(cookie);
    request.putShort((short) token.length).put(token).put((byte) note.length).put(note);
    return request.array();
  }

  /** Answers whether the request is to be sent once more, now with the cookie. */
  boolean hears(byte[] datagram) {
    ByteBuffer in = ByteBuffer.wrap(datagram);
    if (in.getInt() != MAGIC) {
      return false;
    }
    int type = in.get() & 0xFF;
    int code = in.get();
    in.getShort();
    long re = in.getLong();
    if (re != 0 && re != transaction) {
      return false;
    }
    answers++;
    switch (type) {
      case 0x81 -> {
        cookie = Arrays.copyOfRange(datagram, 16, 32);
        return true;
      }
      case 0x82 -> here(in);
      case 0x83 -> refusals.add(code);
      default -> throw new AssertionError("type " + type);
    }
    return false;
  }

  private void here(ByteBuffer in) {
    in.getShort();
    int count = in.get();
    in.get();
    own = address(in);
    others.clear();
    for (int i = 0; i < count; i++) {
      String peer = Long.toHexString(in.getLong());
      TransportAddress address = address(in);
      byte[] text = new byte[in.get()];
      in.get(text);
      others.put(peer, new Other(address, new String(text)));
    }
  }

  private static TransportAddress address(ByteBuffer in) {
    boolean four = in.get() == 1;
    byte[] bytes = new byte[four ? 6 : 18];
    in.get(bytes);
    byte[] mask = {(byte) 0xD0, 0x50, 0x4E, 0x54};
    for (int i = 0; i < bytes.length; i++) {
      bytes[i] ^= mask[i % 4];
    }
    ByteBuffer plain = ByteBuffer.wrap(bytes);
    int port = plain.getShort() & 0xFFFF;
    return four
        ? TransportAddress.ipv4(plain.getInt(), port)
        : TransportAddress.ipv6(plain.getLong(), plain.getLong(), port);
  }
}

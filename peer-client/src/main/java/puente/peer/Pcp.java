package puente.peer;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.util.Arrays;

/**
 * The Port Control Protocol (RFC 6887), which follows NAT-PMP on the same port: of it, one message.
 *
 * <pre>
 *  0       1       2               4               8               24
 * +-------+-------+---------------+---------------+---------------+
 * | 2     | 1 MAP | 0             | lifetime      | own address   |
 * +-------+-------+---------------+---------------+---------------+
 *  24              36      37      40              42              44              60
 * +---------------+-------+-------+---------------+---------------+---------------+
 * | nonce         | UDP   | 0     | own port      | outer port    | outer address |
 * +---------------+-------+-------+---------------+---------------+---------------+
 * </pre>
 *
 * In an answer 0x80 is added to the MAP, and byte 3 is the result.
 */
final class Pcp {
  static final int NONCE_BYTES = 12;
  static final int VERSION = 2;
  private static final int ANNOUNCE = 0;
  private static final int MAP = 1;
  private static final int HEAD_BYTES = 24;
  private static final int MAP_BYTES = 60;
  private static final int NONCE_AT = 24;
  private static final int PORT_AT = 40;
  private static final int OUTER_PORT_AT = 42;
  private static final int OUTER_ADDRESS_AT = 44;
  private static final int UDP = 17;
  private static final int TCP = 6;

  private final InetSocketAddress router;
  private final InetAddress own;
  private final byte[] nonce;

  /**
   * @param own address, as the router sees it
   * @param nonce random: who knows it may end what is lent (RFC 6887 §11.2)
   */
  Pcp(InetSocketAddress router, InetAddress own, byte[] nonce) {
    this.router = router;
    this.own = own;
    this.nonce = nonce.clone();
  }

  /** Whether somebody speaks it there (RFC 6887 §14.1): anybody may ask, nothing changes. */
  void greet() throws IOException {
    NatPmp.ask(router, head(ANNOUNCE, 0, HEAD_BYTES).array(), HEAD_BYTES);
  }

  /** The router's address and port for this one of ours (RFC 6887 §11.2). */
  InetSocketAddress map(boolean tcp, int port, int seconds) throws IOException {
    ByteBuffer answer = NatPmp.ask(router, request(tcp, port, seconds, port), MAP_BYTES);
    byte[] echoed = Arrays.copyOfRange(answer.array(), NONCE_AT, NONCE_AT + NONCE_BYTES);
    if (!Arrays.equals(echoed, nonce) || (answer.getShort(PORT_AT) & 0xFFFF) != port) {
      throw new IOException("the router speaks of another port"); // RFC 6887 §11.4
    }
    byte[] outer = Arrays.copyOfRange(answer.array(), OUTER_ADDRESS_AT, MAP_BYTES);
    return new InetSocketAddress(
        InetAddress.getByAddress(outer), answer.getShort(OUTER_PORT_AT) & 0xFFFF);
  }

  /** RFC 6887 §15: a lifetime of 0 gives it back. */
  void giveBack(boolean tcp, int port) throws IOException {
    NatPmp.ask(router, request(tcp, port, 0, 0), MAP_BYTES);
  }

  private byte[] request(boolean tcp, int port, int seconds, int wish) {
    return head(MAP, seconds, MAP_BYTES)
        .put(nonce)
        .putInt((tcp ? TCP : UDP) << 24)
        .putShort((short) port)
        .putShort((short) wish)
        .put(mapped(new byte[own.getAddress().length])) // whichever outer address
        .array();
  }

  /** RFC 6887 §7.1. */
  private ByteBuffer head(int code, int seconds, int length) {
    return ByteBuffer.allocate(length)
        .put((byte) VERSION)
        .put((byte) code)
        .putShort((short) 0)
        .putInt(seconds)
        .put(mapped(own.getAddress()));
  }

  /** RFC 6887 §5: all addresses have 128 bits. */
  private static byte[] mapped(byte[] address) {
    if (address.length == 16) {
      return address;
    }
    return ByteBuffer.allocate(16)
        .putLong(0)
        .putShort((short) 0)
        .putShort((short) 0xFFFF)
        .put(address)
        .array();
  }
}

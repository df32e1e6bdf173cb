package puente.turn;

import puente.stun.Packet;

/**
 * The names in an ICE connectivity check (RFC 8445 §7.2.2): a Binding request whose USERNAME is
 * {@code checked:checking}, a username fragment each. Read where it lies, and kept as hashes.
 */
final class IceCheck {

  private static final int BINDING_REQUEST = 0x0001;
  private static final int MAGIC_COOKIE = 0x2112_a442;
  private static final int USERNAME = 0x0006;
  private static final int HEADER_LENGTH = 20;

  /** RFC 8445 §5.3: two fragments of up to 256 characters. */
  private static final int USERNAME_MAX = 513;

  private final long seed;
  private long checked;
  private long checking;

  /**
   * @param seed any number that the outside cannot know
   */
  IceCheck(long seed) {
    this.seed = seed | 1;
  }

  /** Whether these bytes of the packet are a check. */
  boolean reads(Packet packet, int from, int length) {
    if (length <= HEADER_LENGTH
        || packet.u16(from) != BINDING_REQUEST
        || packet.i32(from + 4) != MAGIC_COOKIE) {
      return false;
    }
    int end = from + Math.min(length, HEADER_LENGTH + packet.u16(from + 2));
    for (int at = from + HEADER_LENGTH; at + 4 <= end; ) {
      int size = packet.u16(at + 2);
      if (packet.u16(at) == USERNAME) {
        return size <= USERNAME_MAX && at + 4 + size <= end && splits(packet, at + 4, size);
      }
      at += 4 + (size + 3 & ~3);
    }
    return false;
  }

  private boolean splits(Packet packet, int from, int length) {
    checked = seed;
    checking = 0;
    for (int i = from; i < from + length; i++) {
      int next = packet.u8(i);
      if (next == ':' && checking == 0) {
        checking = seed;
      } else if (checking == 0) {
        checked = mixed(checked, next);
      } else {
        checking = mixed(checking, next);
      }
    }
    return checking != 0;
  }

  private long mixed(long hash, int next) {
    long product = hash ^ ((next + 1L) << 32) ^ next;
    return product * seed ^ Math.unsignedMultiplyHigh(product, seed) + 1;
  }

  /** Whom the check is for. */
  long checked() {
    return checked;
  }

  /** Whose check it is. */
  long checking() {
    return checking;
  }
}

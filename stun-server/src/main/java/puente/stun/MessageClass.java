package puente.stun;

/** The four classes of STUN messages (RFC 8489 §5), in the order of their two bits. */
public enum MessageClass {
  REQUEST,
  INDICATION,
  SUCCESS,
  ERROR;

  private static final MessageClass[] BY_BITS = values();

  /** The class bits C1 and C0 of a message type: bits 8 and 4. */
  public static MessageClass ofType(int type) {
    return BY_BITS[type >> 7 & 2 | type >> 4 & 1];
  }

  /** The method bits of a message type (RFC 8489 §5, figure 3). */
  public static int methodOfType(int type) {
    return type & 0x000f | type >> 1 & 0x0070 | type >> 2 & 0x0f80;
  }

  /** The message type of a method in this class. */
  public int typeOf(int method) {
    return method & 0x000f
        | (method & 0x0070) << 1
        | (method & 0x0f80) << 2
        | (ordinal() & 1) << 4
        | (ordinal() & 2) << 7;
  }
}

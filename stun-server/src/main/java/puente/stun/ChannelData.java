package puente.stun;

/**
 * ChannelData messages (RFC 8656 §12.4):
 *
 * <pre>
 *  |         Channel Number        |            Length             |
 *  |       application data, padded to 32 bits on streams only
 * </pre>
 */
public final class ChannelData {

  public static final int HEADER_LENGTH = 4;

  /** Channel numbers, RFC 8656 §12: 0x4000 to 0x4FFF. */
  public static final int FIRST_CHANNEL = 0x4000;

  public static final int LAST_CHANNEL = 0x4fff;

  /** RFC 5766 §11 went on to here; RFC 8656 §12 reserves the rest and discards what uses it. */
  public static final int LAST_RFC5766_CHANNEL = 0x7fff;

  private ChannelData() {}

  /** Whether a message that starts with this number is laid out as ChannelData. */
  public static boolean isFramed(int number) {
    return number >= FIRST_CHANNEL && number <= LAST_RFC5766_CHANNEL;
  }

  /** Whether a client may bind this number. */
  public static boolean isChannel(int number) {
    return number >= FIRST_CHANNEL && number <= LAST_CHANNEL;
  }
}

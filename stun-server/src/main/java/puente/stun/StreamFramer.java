package puente.stun;

import java.nio.ByteBuffer;

/**
 * Finds the frames of STUN messages and ChannelData on a byte stream (RFC 8489 §6.2.2, RFC 8656
 * §12.5). The first four bytes of a frame tell its length; what they do not tell is neither, and
 * the connection cannot be understood any further.
 */
public final class StreamFramer {

  /** Neither STUN nor ChannelData, or longer than allowed: close the connection. */
  public static final int BROKEN = -1;

  /** More bytes must come before anything can be said. */
  public static final int INCOMPLETE = 0;

  /** Bytes that are needed to know a frame's length. */
  public static final int PREFIX_LENGTH = 4;

  private StreamFramer() {}

  /** Bytes of the whole frame on the stream, padding included, or {@link #BROKEN}. */
  public static int frameLength(int firstWord) {
    int length = firstWord & 0xffff;
    if (ChannelData.isFramed(firstWord >>> 16)) {
      return ChannelData.HEADER_LENGTH + (length + 3 & ~3);
    }
    return firstWord >>> 30 == 0 && (length & 3) == 0 ? Message.HEADER_LENGTH + length : BROKEN;
  }

  /**
   * The length of the frame that starts at {@code from}, if bytes up to {@code to} hold all of it;
   * else {@link #INCOMPLETE} or {@link #BROKEN}. The buffer is big-endian.
   *
   * @param lengthMax the longest frame that is waited for
   */
  public static int next(ByteBuffer buffer, int from, int to, int lengthMax) {
    if (to - from < PREFIX_LENGTH) {
      return INCOMPLETE;
    }
    int length = frameLength(buffer.getInt(from));
    if (length > lengthMax) {
      return BROKEN;
    }
    return length <= to - from ? length : INCOMPLETE;
  }
}

package puente.load;

/**
 * What one allocation carries, each way.
 *
 * @param packetsPerSecond of one allocation
 * @param payload bytes that the relay carries in each
 * @param burst packets that leave at once, as those of a video frame do
 */
public record Profile(String name, double packetsPerSecond, int payload, int burst) {

  /** Room for what {@link Payload} writes. */
  public static final int PAYLOAD_MIN = Payload.HEADER_LENGTH;

  public static final int PAYLOAD_MAX = 1900;
  public static final int BURST_MAX = 64;

  /** UDP 8, IPv4 20 and ChannelData 4 bytes with each payload. */
  private static final int AROUND = 32;

  private static final double VIDEO_FRAMES_PER_SECOND = 30;

  /**
   * A kind of call as the capacity planner knows it.
   *
   * @param kbps on the wire of the client's side, with headers
   * @param isVideo packets of a frame leave together
   */
  public static Profile ofCall(String name, double kbps, double pps, boolean isVideo) {
    int payload = (int) Math.round(kbps * 1000 / 8 / pps) - AROUND;
    int burst = isVideo ? (int) Math.max(1, Math.round(pps / VIDEO_FRAMES_PER_SECOND)) : 1;
    return new Profile(name, pps, Math.clamp(payload, PAYLOAD_MIN, PAYLOAD_MAX), burst);
  }

  /** On the wire of the client's side, one way. */
  public double kbps() {
    return packetsPerSecond * (payload + AROUND) * 8 / 1000;
  }
}

package puente.plan;

import java.util.List;
import java.util.Optional;

/**
 * A kind of call and what it takes of a relay.
 *
 * @param share of all relayed calls
 * @param kbps on the wire, per direction
 * @param pps packets a second, per direction
 * @param isOneWay media flow one way only
 */
public record CallClass(String name, double share, double kbps, double pps, boolean isOneWay) {

  /** On the wire: RTP 12, SRTP tag 10, UDP 8, IPv4 20 and ChannelData 4 bytes with each payload. */
  static final List<CallClass> PRESETS =
      List.of(
          new CallClass("voice", 1, 54, 50, false),
          new CallClass("av360p", 1, 660, 120, false),
          new CallClass("av720p", 1, 1313, 186, false),
          new CallClass("av1080p", 1, 3100, 360, false),
          new CallClass("screen", 1, 1200, 130, false),
          new CallClass("data", 1, 200, 30, false),
          new CallClass("camera", 1, 1500, 170, true));

  public static final List<CallClass> DEFAULT_MIX =
      List.of(preset("av720p").orElseThrow().times(0.6), preset("voice").orElseThrow().times(0.4));

  public static Optional<CallClass> preset(String name) {
    return PRESETS.stream().filter(one -> one.name.equals(name)).findFirst();
  }

  /** With this share of the calls. */
  public CallClass times(double newShare) {
    return new CallClass(name, newShare, kbps, pps, isOneWay);
  }

  /** A relay sends on what it gets: both directions of a call, or its only one. */
  int directions() {
    return isOneWay ? 1 : 2;
  }

  static List<CallClass> checked(List<CallClass> mix) {
    BadInput.within("demand.mix", mix.size(), 1, 50);
    double sum = 0;
    for (int i = 0; i < mix.size(); i++) {
      String field = "demand.mix[" + i + "].";
      sum += BadInput.within(field + "share", mix.get(i).share, 0, 1);
      BadInput.within(field + "kbps", mix.get(i).kbps, 0, 1e9);
      BadInput.within(field + "pps", mix.get(i).pps, 0, 1e9);
    }
    if (Math.abs(sum - 1) > 1e-6) {
      throw new BadInput("demand.mix", "the shares add up to " + (float) sum + ", not 1");
    }
    return List.copyOf(mix);
  }
}

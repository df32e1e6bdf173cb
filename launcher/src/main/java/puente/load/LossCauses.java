package puente.load;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** Where what was lost went, from what the server, this host and the generator counted. */
public final class LossCauses {

  private static final String KERNEL = "puente_udp_socket_drops_total";

  private static final Map<String, String> WORDS =
      Map.of(
          "puente_turn_relay_dropped_total", "dropped by the server",
          "puente_stun_dropped_total", "not answered by the server",
          "puente_quota_rejections_total", "refused by a quota of the server");

  private LossCauses() {}

  /**
   * One line for each cause, the largest first; empty if nothing was lost.
   *
   * @param server what its counters say of the counted time; empty if it was not to be asked
   */
  public static List<String> of(LoadResult result, Map<String, Double> server) {
    long lost = result.tally().sent - result.tally().received;
    if (lost <= 0) {
      return List.of();
    }
    record Cause(double count, String text) {}
    List<Cause> causes = new ArrayList<>();
    double kernel = Math.max(server.getOrDefault(KERNEL, 0.0), result.serverDrops());
    if (kernel > 0) {
      String advice = "did not fit the server's receive buffers: more CPU for it, or buffers";
      causes.add(new Cause(kernel, advice + " (net.core.rmem_max)"));
    }
    server.forEach(
        (key, count) -> {
          int cut = key.indexOf('/');
          String words = WORDS.get(cut < 0 ? key : key.substring(0, cut));
          if (words != null) {
            String reason = cut < 0 ? "" : ": " + key.substring(cut + 1).replace('_', ' ');
            causes.add(new Cause(count, words + reason));
          }
        });
    if (result.sendDrops() + result.receiveDrops() > 0) {
      String own = "did not fit the generator's own buffers";
      causes.add(new Cause(result.sendDrops() + result.receiveDrops(), own));
    }
    if (causes.isEmpty() && lost > result.tally().refusedInAll() + result.tally().timedOut) {
      String nobody = "counted neither by the server nor by this host: lost on the way, or late";
      causes.add(new Cause(lost, nobody));
    }
    return causes.stream()
        .sorted((one, other) -> Double.compare(other.count, one.count))
        .map(cause -> String.format(Locale.ROOT, "%,.0f %s", cause.count, cause.text))
        .toList();
  }
}

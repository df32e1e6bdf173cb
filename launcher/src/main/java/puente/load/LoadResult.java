package puente.load;

import java.util.Locale;

/**
 * What came of a load.
 *
 * @param tally of all loops
 * @param seconds that were counted
 * @param busiest share of its time that the busiest loop of the generator was busy
 * @param sendDrops datagrams that the generator's own sockets could not send
 * @param receiveDrops datagrams that the kernel had no room for at the generator's own sockets
 * @param serverDrops the same at all other sockets of this host that were there
 * @param serverCpuNanos used by the server's process in the counted time; 0 if not asked for
 */
public record LoadResult(
    Tally tally,
    double seconds,
    double busiest,
    long sendDrops,
    long receiveDrops,
    long serverDrops,
    long serverCpuNanos) {

  private static final double BUSY_MAX = 0.9;
  private static final double LATE_MAX = 0.01;

  LoadResult with(Tally counted) {
    return new LoadResult(
        counted, seconds, busiest, sendDrops, receiveDrops, serverDrops, serverCpuNanos);
  }

  public double sentPerSecond() {
    return tally.sent / seconds;
  }

  public double receivedPerSecond() {
    return tally.received / seconds;
  }

  public double lostPercent() {
    return tally.sent == 0 ? 0 : 100.0 * Math.max(0, tally.sent - tally.received) / tally.sent;
  }

  public double latePercent() {
    return tally.paced == 0 ? 0 : 100.0 * tally.late / tally.paced;
  }

  /** Why the figures may be the generator's own and not the server's; empty if they are not. */
  public String doubt() {
    StringBuilder doubt = new StringBuilder();
    if (busiest > BUSY_MAX) {
      say(doubt, "a loop of it was busy %.0f %% of the time", 100 * busiest);
    }
    if (latePercent() > 100 * LATE_MAX) {
      say(doubt, "%.1f %% was begun more than 10 ms late", latePercent());
    }
    if (tally.unsent > 0) {
      say(doubt, "%,d were never sent", tally.unsent);
    }
    if (sendDrops > 0) {
      say(doubt, "%,d did not fit its send buffers", sendDrops);
    }
    if (receiveDrops > 0) {
      say(doubt, "%,d did not fit its receive buffers", receiveDrops);
    }
    if (tally.starved > 0) {
      say(doubt, "%,d allocations had to wait for a free socket", tally.starved);
    }
    if (tally.noSocket > 0) {
      say(doubt, "%,d sockets could not be opened", tally.noSocket);
    }
    return doubt.toString();
  }

  private static void say(StringBuilder doubt, String form, Object value) {
    doubt.append(doubt.isEmpty() ? "" : "; ");
    doubt.append(String.format(Locale.ROOT, form, value));
  }
}

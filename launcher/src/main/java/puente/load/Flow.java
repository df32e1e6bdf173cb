package puente.load;

import org.HdrHistogram.Histogram;

/** The packets of one allocation, each way. */
final class Flow {

  final Client client;

  /** What arrived at the peer, or at the other client of a pair. */
  final SequenceWindow up = new SequenceWindow();

  /** What arrived at the client. */
  final SequenceWindow down = new SequenceWindow();

  long upSent;
  long downSent;
  private double jitter;
  private long lastTransit;
  private boolean hasTransit;

  Flow(Client client) {
    this.client = client;
  }

  /** RFC 3550 §6.4.1, in nanoseconds, against when packets were due. */
  void transit(long nanos) {
    if (hasTransit) {
      jitter += (Math.abs(nanos - lastTransit) - jitter) / 16;
    }
    hasTransit = true;
    lastTransit = nanos;
  }

  void jitterTo(Histogram histogram) {
    if (hasTransit) {
      Tally.record(histogram, (long) jitter);
    }
  }
}

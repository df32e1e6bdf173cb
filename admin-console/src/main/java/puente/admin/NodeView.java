package puente.admin;

import java.util.List;

/**
 * All that the admin server sees of the node it belongs to. {@link #liveness} and {@link
 * #readiness} are asked on the control loop and answer at once; {@link #metrics} is asked on a
 * worker thread, one call at a time.
 */
public interface NodeView {

  /** Whose names the metrics have. */
  enum MetricNames {
    PUENTE,
    COTURN
  }

  /**
   * One thing that was looked at.
   *
   * @param name what, in a few fixed words: {@code udp listener}
   * @param detail how it was found, in one line; shown to those who may see details
   */
  record Check(String name, boolean passed, String detail) {}

  /** Metrics as text, and its type. */
  record Exposition(String contentType, String text) {}

  /** Whether the process works at all: what fails here is mended by a restart. */
  List<Check> liveness();

  /** Whether clients may be sent here now. */
  List<Check> readiness();

  /**
   * Reads all metrics.
   *
   * @param openMetrics whether the reader understands OpenMetrics, else the older text format
   */
  Exposition metrics(MetricNames names, boolean openMetrics);
}

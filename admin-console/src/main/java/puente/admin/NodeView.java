package puente.admin;

import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletionStage;

/**
 * All that the admin server sees of the node it belongs to, and may do with it. {@link #metrics} is
 * asked on a worker thread, one call at a time; all else is asked on the control loop, and answers
 * at once or by a stage.
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

  /**
   * A node of the cluster.
   *
   * @param own whether it is this one
   * @param alive whether it is a member now; else these are its last words
   * @param phase {@code serving}, {@code draining}, {@code drained} or {@code stopping}
   * @param allocationsMax 0 is unknown
   * @param processor share of its machine's processors in use, 0 to 1
   * @param drain the plan that the node follows
   */
  record NodeInfo(
      String id,
      boolean own,
      boolean alive,
      String phase,
      int allocations,
      int allocationsMax,
      long bytesPerSecond,
      double processor,
      Optional<DrainInfo> drain) {}

  /** A drain under way or done. */
  record DrainInfo(String reason, long sinceMs, long deadlineMs, int minAllocations) {}

  /** What a drain is to be like; what is left out is as configured. */
  record DrainOrder(Optional<Duration> deadline, Optional<Integer> minAllocations, String reason) {}

  /** What became of an order to a node. */
  enum Outcome {
    DONE,
    /** It is stopping, and nothing brings it back. */
    TOO_LATE,
    /** There is no such node. */
    UNKNOWN,
    /** It is another node's, and that node does not answer. */
    UNREACHABLE
  }

  /** Every node known, this one included. */
  List<NodeInfo> nodes();

  /** Lets a node take no new allocations; drained again, it goes by the newer order. */
  CompletionStage<Outcome> drain(String node, DrainOrder order);

  /** Lets a node take new allocations again. */
  CompletionStage<Outcome> undrain(String node);

  /** All that moves. */
  LiveView live();
}

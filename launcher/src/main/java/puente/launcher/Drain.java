package puente.launcher;

import java.util.Optional;
import puente.launcher.NodeState.Phase;

/**
 * How far a node is on its way out: serving, draining, drained, stopping. Draining, it takes no new
 * allocations; what exists goes on until it ends by itself or the deadline comes. For one thread.
 */
final class Drain {
  /**
   * How to leave.
   *
   * @param reason whose wish it is, for people
   * @param deadlineMs when what is left is ended, in epoch milliseconds
   * @param minAllocations it is done when no more than these are left
   */
  record Plan(String reason, long sinceMs, long deadlineMs, int minAllocations) {}

  /** What a look at the remaining allocations asks for. */
  enum Need {
    NOTHING,
    /** The deadline is here: end what is left. */
    END_ALL,
    /** It has just become drained. */
    TELL
  }

  private Phase phase = Phase.SERVING;
  private Optional<Plan> plan = Optional.empty();

  Phase phase() {
    return phase;
  }

  /** The plan that is followed, or was until it was drained. */
  Optional<Plan> plan() {
    return plan;
  }

  /** Starts, or goes on by another plan; answers whether it is not too late for that. */
  boolean start(Plan newPlan) {
    if (phase == Phase.STOPPING) {
      return false;
    }
    phase = Phase.DRAINING;
    plan = Optional.of(newPlan);
    return true;
  }

  /** Serves again; answers whether it is not too late for that. */
  boolean undo() {
    if (phase == Phase.STOPPING) {
      return false;
    }
    phase = Phase.SERVING;
    plan = Optional.empty();
    return true;
  }

  /** The process is about to end. */
  void stopping() {
    phase = Phase.STOPPING;
  }

  /** Looks how far it is. */
  Need look(int allocations, long nowMs) {
    if (phase != Phase.DRAINING || plan.isEmpty()) {
      return Need.NOTHING;
    }
    if (allocations <= plan.get().minAllocations()) {
      phase = Phase.DRAINED;
      return Need.TELL;
    }
    return nowMs >= plan.get().deadlineMs() ? Need.END_ALL : Need.NOTHING;
  }
}

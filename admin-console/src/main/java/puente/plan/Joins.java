package puente.plan;

/**
 * People who come to one node and wait in line for an event loop to take them in: TLS handshake,
 * signaling join, first Allocate. A queue, so Erlang C.
 *
 * @param perSecond who come
 * @param waiting the share that waits at all
 * @param meanWaitSeconds of all of them; infinite when more come than are taken in
 * @param noticed the share that waits longer than is noticed
 * @param lastWaitsSeconds how long the last of them waits, when they come all at once for a while
 */
record Joins(
    double perSecond,
    double waiting,
    double meanWaitSeconds,
    double noticed,
    double lastWaitsSeconds) {

  /** In the busy hour, at the busiest of so many nodes. */
  static Joins inBusyHour(PlanInputs in, Offered offered, int nodes) {
    return of(in, busiest(in, perSecond(in, offered), nodes), Double.POSITIVE_INFINITY);
  }

  /** Those of a node that is lost come back to the others, besides who come anyway. */
  static Joins afterALoss(PlanInputs in, Offered offered, int nodes) {
    double seconds = in.value(PlanField.RECONNECT_SECONDS);
    double people = offered.callErlangs() * in.value(PlanField.PARTICIPANTS);
    int left = Math.max(1, nodes - 1);
    double back = busiest(in, people, nodes) / left / seconds;
    return of(in, busiest(in, perSecond(in, offered), left) + back, seconds);
  }

  private static double busiest(PlanInputs in, double all, int nodes) {
    return in.value(PlanField.SKEW) * all / nodes;
  }

  private static double perSecond(PlanInputs in, Offered offered) {
    double hold = in.value(PlanField.HOLD_SECONDS);
    double calls =
        in.has(PlanField.CONCURRENT_CALLS)
            ? hold > 0 ? offered.callErlangs() / hold : 0
            : in.value(PlanField.BHCA) / 3600;
    return calls * in.value(PlanField.PARTICIPANTS);
  }

  private static Joins of(PlanInputs in, double perSecond, double forSeconds) {
    int loops = (int) in.value(PlanField.JOIN_LOOPS);
    double hold = in.value(PlanField.JOIN_MS) / 1000;
    double erlangs = perSecond * hold;
    double noticed = in.value(PlanField.JOIN_WAIT_MS) / 1000;
    double meanWait = ErlangC.meanWait(erlangs, loops, hold);
    // More than are taken in: a line grows for as long as they come.
    double lastWaits = erlangs < loops ? meanWait : forSeconds * (erlangs / loops - 1);
    return new Joins(
        perSecond,
        ErlangC.waiting(erlangs, loops),
        meanWait,
        ErlangC.waitingLonger(erlangs, loops, hold, noticed),
        lastWaits);
  }
}

package puente.plan;

/**
 * What the busy hour asks of all nodes together.
 *
 * @param egressBps what cards send, hairpins included
 * @param egressGbPerMonth what is billed, hairpins not included
 * @param relayedHoursPerMonth hours of relayed calls
 */
record Offered(
    double callErlangs,
    double allocationErlangs,
    double relayedErlangs,
    double egressBps,
    double forwardPps,
    double egressGbPerMonth,
    double hairpinGbPerMonth,
    double relayedHoursPerMonth) {

  private static final double SECONDS_PER_HOUR = 3600;
  private static final double BITS_PER_GB = 8e9;

  static Offered of(PlanInputs in) {
    double calls =
        in.has(PlanField.CONCURRENT_CALLS)
            ? in.value(PlanField.CONCURRENT_CALLS)
            : in.value(PlanField.BHCA) / SECONDS_PER_HOUR * in.value(PlanField.HOLD_SECONDS);
    double allocations =
        in.has(PlanField.ALLOCATIONS)
            ? in.value(PlanField.ALLOCATIONS)
            : calls
                * in.value(PlanField.PARTICIPANTS)
                * in.value(PlanField.TURN_URLS)
                * in.value(PlanField.INTERFACES);
    BadInput.within("demand", allocations, 0, 1e12);
    double relayed = in.value(PlanField.RELAY_RATIO) * calls;
    double bps = 0;
    double pps = 0;
    for (CallClass one : in.mix()) {
      bps += relayed * one.share() * one.directions() * one.kbps() * 1000;
      pps += relayed * one.share() * one.directions() * one.pps();
    }
    double hairpin = in.value(PlanField.HAIRPIN_SHARE);
    double busyHours = in.value(PlanField.ACTIVE_DAYS) / in.value(PlanField.BUSY_HOUR_SHARE);
    double monthlyGb = bps * SECONDS_PER_HOUR / BITS_PER_GB * busyHours;
    return new Offered(
        calls,
        allocations,
        relayed,
        bps * (1 + hairpin),
        pps * (1 + hairpin),
        monthlyGb,
        monthlyGb * hairpin,
        relayed * busyHours);
  }
}

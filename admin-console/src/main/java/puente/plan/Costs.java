package puente.plan;

import java.math.BigDecimal;
import java.math.RoundingMode;
import puente.plan.Plan.Alternative;
import puente.plan.Plan.Cost;

/** What a fleet costs in a month. */
final class Costs {
  /** 365.25 days in 12 months, as clouds count. */
  static final double HOURS_PER_MONTH = 730;

  private Costs() {}

  static Cost of(PlanInputs in, Offered offered, Fleet fleet) {
    PricePreset preset = in.preset();
    BigDecimal egress = preset.egress(offered.egressGbPerMonth());
    int nodes = fleet.recommended();
    BigDecimal machines = cents(nodes * in.value(PlanField.NODE_HOUR) * HOURS_PER_MONTH);
    BigDecimal publicIps =
        cents(
            nodes
                * in.value(PlanField.RELAY_IPS)
                * or(in, PlanField.PUBLIC_IP_HOUR, preset.publicIpHour())
                * HOURS_PER_MONTH);
    double zones = in.value(PlanField.ZONES);
    // Of two nodes taken at random, (Z-1)/Z are in different zones; both sides of the way are
    // billed.
    BigDecimal interZone =
        cents(
            offered.hairpinGbPerMonth()
                * (zones - 1)
                / zones
                * 2
                * or(in, PlanField.INTER_ZONE_GB, preset.interZonePerGb()));
    BigDecimal total = egress.add(machines).add(publicIps).add(interZone);
    double hours = offered.relayedHoursPerMonth();
    return new Cost(
        preset.id(),
        preset.currency(),
        preset.asOf(),
        preset.source(),
        offered.egressGbPerMonth(),
        egress,
        machines,
        publicIps,
        interZone,
        total,
        hours == 0 ? 0 : total.doubleValue() / hours,
        in.alternatives().stream()
            .filter(other -> !other.id().equals(preset.id()))
            .map(other -> alternative(other, offered.egressGbPerMonth()))
            .toList());
  }

  private static Alternative alternative(PricePreset other, double gb) {
    return new Alternative(
        other.id(), other.currency(), other.asOf(), other.isVerified(), other.egress(gb));
  }

  private static double or(PlanInputs in, PlanField field, double ofPreset) {
    return in.has(field) ? in.value(field) : ofPreset;
  }

  private static BigDecimal cents(double amount) {
    return BigDecimal.valueOf(amount).setScale(2, RoundingMode.HALF_UP);
  }
}

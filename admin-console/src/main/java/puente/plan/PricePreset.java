package puente.plan;

import java.math.BigDecimal;
import java.math.RoundingMode;
import java.time.LocalDate;
import java.util.List;

/**
 * What a provider asks, as of a day.
 *
 * @param isVerified somebody compared it with {@code source}
 * @param publicIpHour of one public IPv4 address
 * @param interZonePerGb each way
 */
public record PricePreset(
    String id,
    String name,
    String currency,
    LocalDate asOf,
    String source,
    String note,
    boolean isVerified,
    List<Tier> egress,
    double publicIpHour,
    double interZonePerGb) {

  /**
   * A step of a staircase of prices.
   *
   * @param gb how many GB it holds; infinite for the last
   */
  public record Tier(double gb, double perGb) {}

  public PricePreset {
    BadInput.within("price." + id + ".egress", egress.size(), 1, 50);
    for (Tier tier : egress) {
      BadInput.notNegative("price." + id + ".egress.perGB", tier.perGb);
      if (!(tier.gb > 0)) {
        throw new BadInput("price." + id + ".egress.gb", tier.gb + " is not above 0");
      }
    }
    if (egress.getLast().gb != Double.POSITIVE_INFINITY) {
      throw new BadInput("price." + id + ".egress", "the last step must be without end");
    }
    egress = List.copyOf(egress);
  }

  /** To the cent. */
  public BigDecimal egress(double gb) {
    BadInput.notNegative("gb", gb);
    BigDecimal left = BigDecimal.valueOf(gb);
    BigDecimal sum = BigDecimal.ZERO;
    for (Tier tier : egress) {
      BigDecimal here = tier.gb >= left.doubleValue() ? left : BigDecimal.valueOf(tier.gb);
      sum = sum.add(here.multiply(BigDecimal.valueOf(tier.perGb)));
      left = left.subtract(here);
    }
    return sum.setScale(2, RoundingMode.HALF_UP);
  }
}

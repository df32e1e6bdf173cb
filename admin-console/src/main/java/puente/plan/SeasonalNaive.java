package puente.plan;

import java.util.Arrays;

/** As a season ago: what every better method has to beat. */
final class SeasonalNaive implements Walk {
  private final double[] season;
  private int at;

  private SeasonalNaive(double[] season, int at) {
    this.season = season;
    this.at = at;
  }

  /** After the first season. */
  static SeasonalNaive start(double[] y, int period) {
    return new SeasonalNaive(Arrays.copyOf(y, period), 0);
  }

  @Override
  public double expected() {
    return season[at];
  }

  @Override
  public void observe(double value) {
    season[at] = value;
    at = at + 1 == season.length ? 0 : at + 1;
  }

  @Override
  public double slope() {
    return 0;
  }

  @Override
  public void damp(double factor) {}

  @Override
  public SeasonalNaive copy() {
    return new SeasonalNaive(season.clone(), at);
  }
}

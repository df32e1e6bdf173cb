package puente.series;

/**
 * What one node measured in one step of a tier.
 *
 * @param step the number of the step since the epoch
 * @param mean by {@link Figure}; NaN where it is not known
 * @param max the greatest in it
 */
public record Point(Tier tier, long step, float[] mean, float[] max) {

  /** When it begins, in epoch seconds. */
  public long second() {
    return step * tier.seconds();
  }
}

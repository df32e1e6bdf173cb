package puente.plan;

/**
 * A forecasting method part of the way along a series: it says what it expects next, and learns what
 * came. Fed with its own expectations it forecasts; fed with drawn errors it makes a possible future.
 */
sealed interface Walk permits Holt, HoltWinters, TheilSen, SeasonalNaive {

  /** The next value, as far as is known now. */
  double expected();

  void observe(double value);

  /** What it gains per step. */
  double slope();

  /** Lets the trend fade: far ahead no trend goes on as it is. */
  void damp(double factor);

  Walk copy();
}

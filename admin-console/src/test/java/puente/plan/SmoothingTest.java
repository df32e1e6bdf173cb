package puente.plan;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import puente.plan.HoltWinters.Season;
import puente.plan.HoltWinters.Smoothing;

/** Exponential smoothing against the published numbers of fpp2, statsmodels and R. */
class SmoothingTest {
  private static final double[] OIL =
      numbers(
          "446.6565229 454.4733065 455.662974 423.6322388 456.2713279 440.5880501 425.3325201"
              + " 485.1494479 506.0481621 526.7919833 514.268889 494.2110193");
  private static final double[] AUSAIR =
      numbers(
          "17.5534 21.8601 23.8866 26.9293 26.8885 28.8314 30.0751 30.9535 30.1857 31.5797"
              + " 32.577569 33.477398 39.021581 41.386432 41.596552");
  private static final double[] TOURISTS =
      numbers(
          "41.727458 24.04185 32.328103 37.328708 46.213153 29.346326 36.48291 42.977719 48.901525"
              + " 31.180221 37.717881 40.420211 51.206863 31.887228 40.978263 43.772491 55.558567"
              + " 33.850915 42.076383 45.642292 59.76678 35.191877 44.319737 47.913736");
  private static final double[] PASSENGERS =
      numbers(
          "112 118 132 129 121 135 148 148 136 119 104 118 115 126 141 135 125 149 170 170 158 133"
              + " 114 140 145 150 178 163 172 178 199 199 184 162 146 166 171 180 193 181 183 218"
              + " 230 242 209 191 172 194 196 196 236 235 229 243 264 272 237 211 180 201 204 188"
              + " 235 227 234 264 302 293 259 229 203 229 242 233 267 269 270 315 364 347 312 274"
              + " 237 278 284 277 317 313 318 374 413 405 355 306 271 306 315 301 356 348 355 422"
              + " 465 467 404 347 305 336 340 318 362 348 363 435 491 505 404 359 310 337 360 342"
              + " 406 396 420 472 548 559 463 407 362 405 417 391 419 461 472 535 622 606 508 461"
              + " 390 432");

  @ParameterizedTest
  @CsvSource({"0.2, 484.802468", "0.6, 501.837461"})
  void simple(double alpha, double expected) {
    assertEquals(expected, new SimpleSmoothing(alpha, OIL[0]).level(OIL), 1e-6);
  }

  @Test
  void simpleAtItsBest() {
    SimpleSmoothing best = SimpleSmoothing.fit(OIL);
    assertEquals(0.891998, best.alpha(), 1e-5);
    assertEquals(496.493543, best.level(OIL), 1e-4);
    assertThrows(BadInput.class, () -> SimpleSmoothing.fit(new double[0]));
  }

  @Test
  void holt() {
    Holt holt = Holt.start(AUSAIR, 0.8, 0.2, 1);
    double[][] first = {{18.4147, 3.6176}, {21.8946, 3.5901}, {24.2062, 3.3344}};
    for (int t = 0; t < AUSAIR.length; t++) {
      holt.observe(AUSAIR[t]);
      if (t < first.length) {
        assertEquals(first[t][0], holt.level(), 5e-5);
        assertEquals(first[t][1], holt.slope(), 5.1e-5);
      }
    }
    assertEquals(41.9204, holt.level(), 5e-5);
    assertEquals(1.8366, holt.slope(), 5e-5);
    assertArrayEquals(numbers("43.7570 45.5935 47.4301 49.2666 51.1032"), ahead(holt, 5), 5.1e-5);
  }

  @Test
  void dampedHoltApproachesALimit() {
    Holt holt = Holt.start(AUSAIR, 0.8, 0.2, 0.9);
    run(holt, AUSAIR);
    double limit = holt.level() + holt.slope() * 0.9 / (1 - 0.9);
    assertEquals(limit, ahead(holt, 500)[499], 1e-9);
    double second = holt.level() + holt.slope() * (0.9 + 0.81);
    assertEquals(second, ahead(holt, 2)[1], 1e-9);
  }

  @ParameterizedTest
  @CsvSource({"1, 1", "2, 1.9216", "5, 6.888"})
  void holtVariance(int h, double factor) {
    assertEquals(factor, Holt.varianceFactor(0.8, 0.2, h), 1e-9);
  }

  @Test
  void holtWintersAdditive() {
    HoltWinters walk =
        HoltWinters.start(TOURISTS, 4, Season.ADDITIVE, new Smoothing(0.3, 0.1, 0.2));
    assertEquals(33.2132978, walk.level(), 5e-8);
    assertEquals(1.2077387, walk.slope(), 5e-8);
    assertArrayEquals(numbers("9.3183018 -8.7740025 -2.1605665 1.6162672"), walk.figures(), 5.1e-8);
    double sse = run(walk, Arrays.copyOfRange(TOURISTS, 4, TOURISTS.length));
    assertEquals(48.1296154, walk.level(), 5.1e-8);
    assertEquals(0.6509642, walk.slope(), 5.1e-8);
    assertEquals(110.266838, sse, 5.1e-7);
    assertArrayEquals(
        numbers("58.740696 39.229054 47.196303 51.263770 61.344553 41.832910 49.800160 53.867627"),
        ahead(walk, 8),
        1e-6);
  }

  @Test
  void holtWintersMultiplicative() {
    Smoothing ofR = new Smoothing(0.2755925, 0.03269295, 0.8707292);
    HoltWinters walk = HoltWinters.start(PASSENGERS, 12, Season.MULTIPLICATIVE, ofR);
    assertEquals(124.316919, walk.level(), 5e-7);
    assertEquals(1.145688, walk.slope(), 5e-7);
    double sse = run(walk, Arrays.copyOfRange(PASSENGERS, 12, PASSENGERS.length));
    assertEquals(469.3232, walk.level(), 1e-3);
    assertEquals(3.0215391, walk.slope(), 1e-5);
    assertEquals(16570.78, sse, 1e-2);
    assertArrayEquals(
        numbers(
            ".9464611 .8829239 .9717369 1.0304825 1.0476884 1.1805272 1.3590777 1.3331706 1.1083381"
                + " .9868813 .8361333 .9209877"),
        walk.figures(),
        1e-6);
    assertArrayEquals(
        numbers(
            "447.0559 419.7123 464.8671 496.0839 507.5326 575.4509 666.5923 657.9137 550.3088"
                + " 492.9853 420.2073 465.6345"),
        ahead(walk, 12),
        1e-3);
  }

  @Test
  void nonsenseIsRefused() {
    Smoothing half = new Smoothing(0.5, 0.5, 0.5);
    assertThrows(BadInput.class, () -> new Smoothing(1.1, 0, 0));
    assertThrows(BadInput.class, () -> HoltWinters.start(new double[13], 7, Season.ADDITIVE, half));
    assertThrows(
        BadInput.class, () -> HoltWinters.start(new double[14], 7, Season.MULTIPLICATIVE, half));
    assertThrows(BadInput.class, () -> Holt.start(new double[] {1}, 0.5, 0.5, 1));
    assertThrows(BadInput.class, () -> Holt.start(new double[] {1, Double.NaN}, 0.5, 0.5, 1));
  }

  /** Through the values; answers the sum of squared errors. */
  private static double run(Walk walk, double[] values) {
    double sse = 0;
    for (double value : values) {
      sse += Math.pow(value - walk.expected(), 2);
      walk.observe(value);
    }
    return sse;
  }

  private static double[] ahead(Walk walk, int steps) {
    Walk future = walk.copy();
    double[] ahead = new double[steps];
    for (int i = 0; i < steps; i++) {
      ahead[i] = future.expected();
      future.observe(ahead[i]);
    }
    return ahead;
  }

  private static double[] numbers(String text) {
    return Arrays.stream(text.split(" ")).mapToDouble(Double::parseDouble).toArray();
  }
}

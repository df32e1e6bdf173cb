package puente.plan;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Fits against those that R's usl package publishes. */
class UslTest {
  private static final double[] SPEC_N = {1, 18, 36, 72, 108, 144, 216};
  private static final double[] SPEC_X = {64.9, 995.9, 1652.4, 1853.2, 1828.9, 1775.0, 1702.2};

  @Test
  void specsdm91() {
    Usl fit = Usl.fit(points(SPEC_N, SPEC_X));
    assertEquals(0.0277285, fit.alpha(), 5e-7);
    assertEquals(0.0001044, fit.beta(), 5e-7);
    assertEquals(89.995233, fit.gamma(), 1e-3);
    assertEquals(82.8, fit.sigma(), 0.05);
    assertEquals(3246, fit.limit(), 0.5);
    assertEquals(96.51956, fit.peakLoad(), 1e-3);
    assertEquals(1884, fit.peakThroughput(), 0.5);
    assertEquals(36.06, fit.optimalLoad(), 5e-3);
    assertEquals(1542, fit.throughput(fit.optimalLoad()), 0.7);
    double[] predicted = Arrays.stream(SPEC_N).map(fit::throughput).toArray();
    assertArrayEquals(new double[] {90, 1078, 1541, 1850, 1879, 1822, 1646}, predicted, 0.51);
    assertTrue(fit.rSquared() > 0.98);
  }

  @Test
  void raytracerStaysOnTheBound() {
    List<Usl.Point> measured =
        points(
            new double[] {1, 4, 8, 12, 16, 20, 24, 28, 32, 48, 64},
            new double[] {20, 78, 130, 170, 190, 200, 210, 230, 260, 280, 310});
    Usl fit = Usl.fit(measured);
    assertEquals(0.0577708, fit.alpha(), 1e-6);
    assertEquals(0, fit.beta(), 1e-12);
    assertEquals(21.848843, fit.gamma(), 1e-3);
    assertEquals(378.20, fit.limit(), 1e-2);
    assertEquals(17.31, fit.optimalLoad(), 5e-3);
    assertEquals(Double.POSITIVE_INFINITY, fit.peakLoad());
    assertTrue(fit.doubts(measured).isEmpty());
  }

  @Test
  void synthetic() {
    Usl fit =
        Usl.fit(
            points(
                new double[] {1, 2, 4, 6, 8, 10},
                new double[] {1, 1.8868, 3.0769, 3.5294, 3.5398, 3.3557}));
    assertEquals(0.02, fit.alpha(), 1e-3);
    assertEquals(0.02, fit.beta(), 1e-3);
    assertEquals(1, fit.gamma(), 1e-3);
  }

  @Test
  void peak() {
    assertEquals(316.0696, new Usl(0.001, 1e-5, 1).peakLoad(), 5e-5);
    assertEquals(1, new Usl(1.5, 0.1, 1).peakLoad(), "contention alone serialises");
  }

  @Test
  void noNeighbourFitsBetter() {
    List<Usl.Point> measured = points(SPEC_N, SPEC_X);
    Usl fit = Usl.fit(measured);
    for (int i = 0; i < 27; i++) {
      Usl near =
          new Usl(
              fit.alpha() * (1 + (i % 3 - 1) * 1e-3),
              fit.beta() * (1 + (i / 3 % 3 - 1) * 1e-3),
              fit.gamma() * (1 + (i / 9 - 1) * 1e-3));
      double sse =
          measured.stream().mapToDouble(p -> Math.pow(p.x() - near.throughput(p.n()), 2)).sum();
      assertTrue(sse >= fit.sse() - 1e-9);
    }
  }

  @Test
  void doubtsAreTold() {
    List<Usl.Point> superlinear =
        points(new double[] {1, 2, 3, 4, 5, 6}, new double[] {10, 25, 40, 55, 70, 85});
    assertFalse(Usl.fit(superlinear).doubts(superlinear).isEmpty());
  }

  @Test
  void tooFewOrNonsenseIsRefused() {
    assertThrows(BadInput.class, () -> Usl.fit(points(new double[5], new double[5])));
    double[] n = {1, 2, 3, 4, 5, Double.NaN};
    BadInput refusal =
        assertThrows(BadInput.class, () -> Usl.fit(points(n, new double[] {1, 2, 3, 4, 5, 6})));
    assertEquals("usl.points[5].n", refusal.field());
    double[] noOne = {2, 3, 4, 5, 6, 7};
    assertEquals(
        "usl.points: one measurement must be at N=1",
        assertThrows(BadInput.class, () -> Usl.fit(points(noOne, noOne))).getMessage());
  }

  private static List<Usl.Point> points(double[] n, double[] x) {
    List<Usl.Point> points = new ArrayList<>();
    for (int i = 0; i < n.length; i++) {
      points.add(new Usl.Point(n[i], x[i]));
    }
    return points;
  }
}

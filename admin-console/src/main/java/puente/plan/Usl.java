package puente.plan;

import java.util.ArrayList;
import java.util.List;

/**
 * The Universal Scalability Law, X(N) = γN / (1 + α(N-1) + βN(N-1)): what contention (α) and
 * crosstalk (β) leave of throughput. N. J. Gunther, Guerrilla Capacity Planning, 2007.
 *
 * @param sse sum of squared residuals
 * @param points how many measurements
 */
public record Usl(
    double alpha, double beta, double gamma, double sse, double rSquared, int points) {

  /** With fewer, three parameters fit anything. */
  static final int POINTS_MIN = 6;

  private static final int POINTS_MAX = 10_000;
  private static final double R_SQUARED_MIN = 0.9;

  /** Better than linear by more than noise: something else was measured. */
  private static final double EFFICIENCY_MAX = 1.05;

  private static final int ROUNDS = 2000;

  public Usl(double alpha, double beta, double gamma) {
    this(alpha, beta, gamma, 0, 1, 0);
  }

  /** A measurement: load or threads, and what came through. */
  public record Point(double n, double x) {}

  /** Fits by Levenberg and Marquardt, no parameter below 0. */
  public static Usl fit(List<Point> points) {
    check(points);
    double[] parameters = {0.02, 1e-4, points.stream().mapToDouble(p -> p.x / p.n).max().orElse(1)};
    double sse = sse(points, parameters);
    double lambda = 1e-3;
    for (int round = 0; round < ROUNDS && lambda < 1e20; round++) {
      double[] next = step(points, parameters, lambda);
      double nextSse = sse(points, next);
      if (nextSse < sse) {
        boolean settled = sse - nextSse <= 1e-15 * sse;
        parameters = next;
        sse = nextSse;
        lambda = Math.max(lambda / 10, 1e-15);
        if (settled) {
          break;
        }
      } else {
        lambda *= 10;
      }
    }
    double mean = points.stream().mapToDouble(Point::x).average().orElse(0);
    double spread = points.stream().mapToDouble(p -> (p.x - mean) * (p.x - mean)).sum();
    double rSquared = spread == 0 ? 0 : 1 - sse / spread;
    return new Usl(parameters[0], parameters[1], parameters[2], sse, rSquared, points.size());
  }

  public double throughput(double n) {
    return throughput(n, new double[] {alpha, beta, gamma});
  }

  /** Where throughput is greatest; infinite without crosstalk. */
  public double peakLoad() {
    if (alpha >= 1) {
      return 1;
    }
    return beta == 0 ? Double.POSITIVE_INFINITY : Math.sqrt((1 - alpha) / beta);
  }

  /** The most that comes through at any load; with β = 0 the limit that is never reached. */
  public double peakThroughput() {
    return beta == 0 ? limit() : throughput(Math.max(1, peakLoad()));
  }

  /** Amdahl's limit, what contention alone would leave. */
  public double limit() {
    return alpha == 0 ? Double.POSITIVE_INFINITY : gamma / alpha;
  }

  /** The load at which linear growth would reach Amdahl's limit. */
  public double optimalLoad() {
    return alpha == 0 ? Double.POSITIVE_INFINITY : 1 / alpha;
  }

  /** The standard error of the residuals. */
  public double sigma() {
    return Math.sqrt(sse / Math.max(1, points - 3));
  }

  /** What speaks against trusting this fit; empty if nothing. */
  public List<String> doubts(List<Point> measured) {
    List<String> doubts = new ArrayList<>();
    if (rSquared < R_SQUARED_MIN) {
      doubts.add(String.format("R² is %.3f, below %.1f", rSquared, R_SQUARED_MIN));
    }
    double single =
        measured.stream().filter(p -> p.n == 1).mapToDouble(Point::x).findFirst().orElse(gamma);
    for (Point point : measured) {
      if (point.x / (point.n * single) > EFFICIENCY_MAX) {
        doubts.add(String.format("efficiency above 1 at N=%s", point.n));
      }
    }
    return doubts;
  }

  private static void check(List<Point> points) {
    BadInput.within("usl.points", points.size(), POINTS_MIN, POINTS_MAX);
    for (int i = 0; i < points.size(); i++) {
      String field = "usl.points[" + i + "]";
      BadInput.within(field + ".n", points.get(i).n, 1, 1e12);
      BadInput.within(field + ".x", points.get(i).x, 1e-12, 1e15);
    }
    if (points.stream().noneMatch(point -> point.n == 1)) {
      throw new BadInput("usl.points", "one measurement must be at N=1");
    }
  }

  private static double throughput(double n, double[] p) {
    return p[2] * n / (1 + p[0] * (n - 1) + p[1] * n * (n - 1));
  }

  private static double sse(List<Point> points, double[] p) {
    double sum = 0;
    for (Point point : points) {
      double error = point.x - throughput(point.n, p);
      sum += error * error;
    }
    return sum;
  }

  /** A step along the damped normal equations; a parameter at 0 that would fall below is held. */
  private static double[] step(List<Point> points, double[] p, double lambda) {
    double[][] normal = new double[3][3];
    double[] right = new double[3];
    for (Point point : points) {
      double n = point.n;
      double divisor = 1 + p[0] * (n - 1) + p[1] * n * (n - 1);
      double x = p[2] * n / divisor;
      double[] slope = {-x * (n - 1) / divisor, -x * n * (n - 1) / divisor, n / divisor};
      for (int i = 0; i < 3; i++) {
        right[i] += slope[i] * (point.x - x);
        for (int j = 0; j < 3; j++) {
          normal[i][j] += slope[i] * slope[j];
        }
      }
    }
    boolean[] isFree = new boolean[3];
    double[] scale = new double[3];
    for (int i = 0; i < 3; i++) {
      isFree[i] = p[i] > 0 || right[i] > 0;
      scale[i] = normal[i][i] == 0 ? 1 : Math.sqrt(normal[i][i]);
    }
    for (int i = 0; i < 3; i++) {
      right[i] /= scale[i];
      for (int j = 0; j < 3; j++) {
        normal[i][j] /= scale[i] * scale[j];
      }
      normal[i][i] += lambda;
    }
    double[] delta = LinearSystem.solve(normal, right, isFree);
    double[] next = p.clone();
    for (int i = 0; delta != null && i < 3; i++) {
      next[i] = Math.max(0, p[i] + delta[i] / scale[i]);
    }
    return next;
  }
}

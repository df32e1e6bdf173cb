package puente.plan;

import java.util.Arrays;
import java.util.List;

/** What each kind of work costs the processor, learnt from live minutes. */
public record CpuModel(
    List<String> kinds, double[] costs, double rSquared, List<Double> observedMax) {

  /** Beyond it a prediction is a guess about load never seen. */
  private static final double EXTRAPOLATION = 1.5;

  /**
   * Fits cpu = c0 + c1 work1 + c2 work2 + ..., all costs 0 or more.
   *
   * @param kinds what the columns of {@code work} are: kpps, allocations/s, TLS Mb/s, ...
   */
  public static CpuModel fit(List<String> kinds, double[][] work, double[] cpu) {
    double[][] rows = new double[work.length][];
    double[] max = new double[kinds.size()];
    for (int i = 0; i < work.length; i++) {
      if (work[i].length != kinds.size()) {
        throw new BadInput("work[" + i + "]", "needs " + kinds.size() + " values");
      }
      rows[i] = new double[kinds.size() + 1];
      rows[i][0] = 1;
      for (int k = 0; k < kinds.size(); k++) {
        rows[i][k + 1] = work[i][k];
        max[k] = Math.max(max[k], work[i][k]);
      }
    }
    double[] costs = NonNegativeLeastSquares.solve(rows, cpu);
    List<Double> seen = Arrays.stream(max).boxed().toList();
    return new CpuModel(List.copyOf(kinds), costs, rSquared(rows, costs, cpu), seen);
  }

  /** The processor's load under this work. */
  public double predict(double[] work) {
    double cpu = costs[0];
    for (int k = 0; k < work.length; k++) {
      cpu += costs[k + 1] * work[k];
    }
    return cpu;
  }

  /** Whether some work exceeds by half what was ever observed. */
  public boolean isExtrapolation(double[] work) {
    for (int k = 0; k < work.length; k++) {
      if (work[k] > EXTRAPOLATION * observedMax.get(k)) {
        return true;
      }
    }
    return false;
  }

  private static double rSquared(double[][] rows, double[] costs, double[] cpu) {
    double mean = 0;
    for (double one : cpu) {
      mean += one / cpu.length;
    }
    double error = 0;
    double spread = 0;
    for (int i = 0; i < rows.length; i++) {
      double predicted = 0;
      for (int j = 0; j < costs.length; j++) {
        predicted += costs[j] * rows[i][j];
      }
      error += (cpu[i] - predicted) * (cpu[i] - predicted);
      spread += (cpu[i] - mean) * (cpu[i] - mean);
    }
    return spread == 0 ? 0 : 1 - error / spread;
  }
}

package puente.plan;

/**
 * Calls that find every server taken are turned away: Erlang's loss formula, the model of relay
 * ports. A. K. Erlang, 1917; ITU-T E.501.
 */
public final class ErlangB {
  /** Beyond it the blocking is below the smallest double that means anything. */
  private static final double CERTAINTY = 1e300;

  private static final int BISECTIONS = 100;
  private static final int RETRY_ROUNDS_MAX = 1_000;

  /** More would never come to rest: nearly every blocked call comes back. */
  static final double RECALL_MAX = 0.95;

  /** Where a search gives up. */
  static final int SERVERS_MAX = 100_000_000;

  private ErlangB() {}

  /**
   * The share of calls that are blocked.
   *
   * <p>1/B = 1 + N/A + N(N-1)/A² + ..., the recursion I(n) = 1 + (n/A) I(n-1) unrolled from its
   * end. All terms are positive and none can underflow; it ends after about |N-A| + 10 sqrt(A).
   */
  public static double blocking(double erlangs, int servers) {
    BadInput.notNegative("erlangs", erlangs);
    BadInput.within("servers", servers, 0, SERVERS_MAX);
    if (erlangs == 0) {
      return servers == 0 ? 1 : 0;
    }
    double sum = 1;
    double term = 1;
    for (int n = servers; n > 0; n--) {
      double ratio = n / erlangs;
      term *= ratio;
      sum += term;
      if (sum > CERTAINTY) {
        return 0;
      }
      if (ratio < 1 && term < sum * 1e-18 * (1 - ratio)) {
        break;
      }
    }
    return 1 / sum;
  }

  /** The fewest servers that block at most this share. */
  public static int servers(double erlangs, double blockingMax) {
    BadInput.notNegative("erlangs", erlangs);
    BadInput.within("blocking", blockingMax, 1e-15, 1);
    double inverse = 1;
    for (int n = 0; n <= SERVERS_MAX; n++) {
      if (1 / inverse <= blockingMax || erlangs == 0 && n > 0) {
        return n;
      }
      inverse = 1 + (n + 1) / erlangs * inverse;
    }
    throw new BadInput("erlangs", erlangs + " need more than " + SERVERS_MAX + " servers");
  }

  /** The most erlangs that so many servers take while they block at most this share. */
  public static double load(int servers, double blockingMax) {
    BadInput.within("servers", servers, 0, SERVERS_MAX);
    BadInput.within("blocking", blockingMax, 1e-15, 0.999_999);
    double low = 0;
    // At most N of A are carried: B >= 1 - N/A.
    double high = servers / (1 - blockingMax);
    for (int i = 0; i < BISECTIONS && low < high; i++) {
      double middle = (low + high) / 2;
      if (middle <= low || middle >= high) {
        // Nothing is between them.
        break;
      }
      if (blocking(middle, servers) <= blockingMax) {
        low = middle;
      } else {
        high = middle;
      }
    }
    return low;
  }

  /**
   * Extended Erlang B: of the blocked, the share {@code recall} tries again. A' = A + r A' B(A').
   *
   * @return the load with the retries in it
   */
  public static double loadWithRetries(double erlangs, int servers, double recall) {
    BadInput.within("recall", recall, 0, RECALL_MAX);
    double load = BadInput.notNegative("erlangs", erlangs);
    for (int i = 0; i < RETRY_ROUNDS_MAX; i++) {
      double next = erlangs + recall * load * blocking(load, servers);
      if (Math.abs(next - load) <= 1e-9 * Math.max(1, erlangs) * (1 - recall)) {
        return next;
      }
      load = next;
    }
    return load;
  }

  /** The share of all tries that are blocked when the blocked try again. */
  public static double blocking(double erlangs, int servers, double recall) {
    return blocking(loadWithRetries(erlangs, servers, recall), servers);
  }
}

package puente.plan;

/** Calls that find every server taken wait in line: for worker pools and stores, not for ports. */
public final class ErlangC {
  private ErlangC() {}

  /** The share of calls that wait; 1 when more comes than can be served. */
  public static double waiting(double erlangs, int servers) {
    double blocked = ErlangB.blocking(erlangs, servers);
    if (erlangs >= servers) {
      return 1;
    }
    return servers * blocked / (servers - erlangs * (1 - blocked));
  }

  /** The mean wait of all calls, in the unit of the hold time; infinite under overload. */
  public static double meanWait(double erlangs, int servers, double hold) {
    BadInput.notNegative("hold", hold);
    double waiting = waiting(erlangs, servers);
    return erlangs >= servers ? Double.POSITIVE_INFINITY : waiting * hold / (servers - erlangs);
  }

  /** The share of calls that wait longer than {@code time}. */
  public static double waitingLonger(double erlangs, int servers, double hold, double time) {
    BadInput.notNegative("time", time);
    if (!(hold > 0 && hold < Double.POSITIVE_INFINITY)) {
      throw new BadInput("hold", hold + " is not a time above 0");
    }
    double waiting = waiting(erlangs, servers);
    return erlangs >= servers ? 1 : waiting * Math.exp(-(servers - erlangs) * time / hold);
  }
}

package puente.series;

/** How finely the past is remembered: the longer ago, the coarser. */
public enum Tier {
  SECOND(1, 900),
  TEN_SECONDS(10, 2160),
  MINUTE(60, 10_080),
  QUARTER(900, 8640),
  HOUR(3600, 9600);

  private final int seconds;
  private final int points;

  Tier(int seconds, int points) {
    this.seconds = seconds;
    this.points = points;
  }

  /** How long one point stands for. */
  public int seconds() {
    return seconds;
  }

  /** How many points there are at most. */
  public int points() {
    return points;
  }

  /** How far back it goes. */
  public long reachSeconds() {
    return (long) seconds * points;
  }

  /** Whether it outlives the process. */
  public boolean isKept() {
    return seconds >= 60;
  }

  /** Whether other nodes have it too. */
  public boolean isShared() {
    return seconds >= 900;
  }
}

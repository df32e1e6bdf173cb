package puente.turn;

/**
 * How many relay ports are taken, in cells of neighbours: to see whether they are spread evenly.
 * All relay addresses and all shards are added up in one.
 */
public final class PortMap {

  /** Cells of the whole range. */
  private static final int CELLS = 128;

  private final int min;
  private final int max;
  private final int cellPorts;
  private final int[] used;
  private final int[] resting;

  public PortMap(int min, int max) {
    this.min = min;
    this.max = max;
    cellPorts = Math.max(1, Math.ceilDiv(max - min + 1, CELLS));
    int cells = Math.ceilDiv(max - min + 1, cellPorts);
    used = new int[cells];
    resting = new int[cells];
  }

  void use(int port) {
    used[(port - min) / cellPorts]++;
  }

  void rest(int port) {
    resting[(port - min) / cellPorts]++;
  }

  /** Adds what another shard has. */
  public PortMap plus(PortMap other) {
    for (int i = 0; i < used.length; i++) {
      used[i] += other.used[i];
      resting[i] += other.resting[i];
    }
    return this;
  }

  public int min() {
    return min;
  }

  public int max() {
    return max;
  }

  /** Ports of one cell; the last may have fewer. */
  public int cellPorts() {
    return cellPorts;
  }

  /** By cell; reserved ones too. */
  public int[] used() {
    return used.clone();
  }

  /** By cell: those in quarantine. */
  public int[] resting() {
    return resting.clone();
  }
}

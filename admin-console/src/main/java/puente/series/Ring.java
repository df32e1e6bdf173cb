package puente.series;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** The points of one tier, the newest instead of the oldest. Memory is taken as it fills. */
final class Ring {

  private static final int BLOCK = 240;

  private final Tier tier;
  private final @Nullable Point[] @Nullable [] blocks;
  private long newest = -1;

  Ring(Tier tier) {
    this.tier = tier;
    blocks = new Point[(tier.points() + BLOCK - 1) / BLOCK][];
  }

  void put(Point point) {
    int slot = (int) (point.step() % tier.points());
    @Nullable Point[] block = blocks[slot / BLOCK];
    if (block == null) {
      block = new Point[BLOCK];
      blocks[slot / BLOCK] = block;
    }
    block[slot % BLOCK] = point;
    newest = Math.max(newest, point.step());
  }

  @Nullable Point at(long step) {
    if (step < 0 || step <= newest - tier.points()) {
      return null;
    }
    int slot = (int) (step % tier.points());
    @Nullable Point[] block = blocks[slot / BLOCK];
    Point point = block == null ? null : block[slot % BLOCK];
    return point != null && point.step() == step ? point : null;
  }

  /** The last step with a point; -1 if there is none. */
  long newest() {
    return newest;
  }

  void clear() {
    Arrays.fill(blocks, null);
    newest = -1;
  }
}

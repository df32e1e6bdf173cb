package puente.launcher;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

/** When the old generation is worth a collection. */
class OldSpaceTest {

  private static final long MIB = 1 << 20;

  private long used;
  private long alive;
  private int collections;
  private final OldSpace space =
      new OldSpace(
          () -> used,
          () -> alive,
          () -> {
            collections++;
            used = alive;
          });

  @Test
  void garbageIsCollectedBeforeItIsMuch() {
    used = OldSpace.ROOM_BYTES;
    space.look();
    assertEquals(0, collections);
    used++;
    space.look();
    assertEquals(1, collections);
    space.look();
    assertEquals(1, collections);
  }

  /** A collection takes as long as there is alive, so that it must be worth more then. */
  @Test
  void whereMuchIsAliveTheGarbageMayBeMore() {
    alive = 500 * MIB;
    used = 1000 * MIB;
    space.look();
    assertEquals(0, collections);
    used = 1001 * MIB;
    space.look();
    assertEquals(1, collections);
  }
}

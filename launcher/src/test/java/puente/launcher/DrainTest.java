package puente.launcher;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import puente.launcher.Drain.Need;
import puente.launcher.NodeState.Phase;

/** From serving to drained, and back. */
class DrainTest {
  private final Drain drain = new Drain();

  @Test
  void isDoneWhenFewAreLeft() {
    drain.start(new Drain.Plan("update", 0, 1000, 2));
    assertEquals(Phase.DRAINING, drain.phase());
    assertEquals(Need.NOTHING, drain.look(3, 500));
    assertEquals(Need.TELL, drain.look(2, 600));
    assertEquals(Phase.DRAINED, drain.phase());
    assertEquals(Need.NOTHING, drain.look(0, 2000));
  }

  @Test
  void endsWhatIsLeftAtTheDeadline() {
    drain.start(new Drain.Plan("update", 0, 1000, 0));
    assertEquals(Need.NOTHING, drain.look(3, 999));
    assertEquals(Need.END_ALL, drain.look(3, 1000));
    assertEquals(Phase.DRAINING, drain.phase());
    assertEquals(Need.TELL, drain.look(0, 1001));
  }

  @Test
  void isTakenBackAtAnyTime() {
    drain.start(new Drain.Plan("update", 0, 1000, 9));
    assertTrue(drain.undo());
    assertEquals(Phase.SERVING, drain.phase());
    assertEquals(Need.NOTHING, drain.look(0, 5000));
    drain.start(new Drain.Plan("again", 0, 1000, 9));
    drain.look(0, 1);
    assertTrue(drain.undo());
    assertTrue(drain.plan().isEmpty());
  }

  @Test
  void nothingBringsAStoppingNodeBack() {
    drain.stopping();
    assertFalse(drain.start(new Drain.Plan("update", 0, 1000, 0)));
    assertFalse(drain.undo());
    assertEquals(Phase.STOPPING, drain.phase());
  }

  @Test
  void theNewerPlanCounts() {
    drain.start(new Drain.Plan("update", 0, 1000, 0));
    drain.start(new Drain.Plan("sooner", 0, 10, 5));
    assertEquals(Need.TELL, drain.look(5, 1));
  }
}

package puente.launcher;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;
import puente.launcher.NodeState.Phase;
import puente.launcher.TakeoverRules.Majority;
import puente.launcher.TakeoverRules.Word;

/** Who takes the address of a dead node. */
class TakeoverRulesTest {

  private static final NodeState A = NodeState.serving("a");
  private static final NodeState B = NodeState.serving("b");
  private static final NodeState C = NodeState.serving("c");

  private static NodeState dead(NodeState node) {
    return node.withAlive(false);
  }

  private static Word word(boolean hook, String present) {
    return new Word(hook, Set.of(present), Set.of("10.0.0.1", "10.0.0.2", "10.0.0.3"));
  }

  private final Map<String, Word> words =
      Map.of("a", word(true, "10.0.0.1"), "b", word(true, "10.0.0.2"), "c", word(true, "10.0.0.3"));

  @Test
  void theFirstByNameOfTheLivingTakesIt() {
    assertEquals(
        Optional.of("b"), TakeoverRules.elected("10.0.0.1", List.of(dead(A), B, C), words));
    assertEquals(
        Optional.of("a"), TakeoverRules.elected("10.0.0.3", List.of(A, B, dead(C)), words));
  }

  @Test
  void whoHasNoHookOrCouldNotServeIsPassedOver() {
    Map<String, Word> some =
        Map.of(
            "a", word(false, "10.0.0.1"),
            "b", new Word(true, Set.of("10.0.0.2"), Set.of("10.0.0.2")),
            "c", word(true, "10.0.0.3"));
    assertEquals(
        Optional.of("c"),
        TakeoverRules.elected(
            "10.0.0.9",
            List.of(A, B, C),
            Map.of("c", new Word(true, Set.of(), Set.of("10.0.0.9")))));
    assertEquals(Optional.of("c"), TakeoverRules.elected("10.0.0.1", List.of(A, B, C), some));
    assertEquals(Optional.empty(), TakeoverRules.elected("10.0.0.8", List.of(A, B, C), some));
  }

  @Test
  void whoSeesTheLesserPartTakesNothing() {
    assertEquals(Majority.YES, TakeoverRules.majority(List.of(dead(A), B, C), Set.of()));
    assertEquals(Majority.NO, TakeoverRules.majority(List.of(dead(A), dead(B), C), Set.of()));
    assertEquals(Majority.HALF, TakeoverRules.majority(List.of(dead(A), B), Set.of()));
    List<NodeState> oneLost = List.of(dead(A), B, C);
    assertEquals(Majority.NO, TakeoverRules.majority(oneLost, Set.of("b")), "b may be dead, too");
    NodeState left = dead(A).withPhase(Phase.STOPPING);
    assertEquals(Majority.HALF, TakeoverRules.majority(List.of(left, dead(B), C), Set.of()));
    assertFalse(TakeoverRules.isMissed(left));
    assertTrue(TakeoverRules.isMissed(dead(B)));
    assertFalse(TakeoverRules.isMissed(C));
  }

  @Test
  void aWordSurvivesTheWay() {
    Word word = new Word(true, Set.of("10.0.0.1"), Set.of("10.0.0.1", "2001:db8:0:0:0:0:0:1"));
    assertEquals(Optional.of(word), Word.decode(word.encode()));
    Word none = new Word(false, Set.of(), Set.of());
    assertEquals(Optional.of(none), Word.decode(none.encode()));
    byte[] later =
        (new String(word.encode(), StandardCharsets.US_ASCII) + "\nmore")
            .getBytes(StandardCharsets.US_ASCII);
    assertEquals(Optional.of(word), Word.decode(later));
    assertEquals(Optional.empty(), Word.decode("nonsense".getBytes(StandardCharsets.US_ASCII)));
  }
}

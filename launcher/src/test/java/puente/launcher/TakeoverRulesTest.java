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
    return new Word(hook, Set.of(present), Set.of("10.0.0.1", "10.0.0.2", "10.0.0.3"), Map.of());
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
            "b", new Word(true, Set.of("10.0.0.2"), Set.of("10.0.0.2"), Map.of()),
            "c", word(true, "10.0.0.3"));
    assertEquals(
        Optional.of("c"),
        TakeoverRules.elected(
            "10.0.0.9",
            List.of(A, B, C),
            Map.of("c", new Word(true, Set.of(), Set.of("10.0.0.9"), Map.of()))));
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
    String ipv6 = "2001:db8:0:0:0:0:0:1";
    Set<String> both = Set.of("10.0.0.1", ipv6);
    Word word = new Word(true, both, both, Map.of("10.0.0.1", 3L, ipv6, Long.MAX_VALUE / 10));
    assertEquals(Optional.of(word), Word.decode(word.encode()));
    Word none = new Word(false, Set.of(), Set.of(), Map.of());
    assertEquals(Optional.of(none), Word.decode(none.encode()));
    byte[] later =
        (new String(word.encode(), StandardCharsets.US_ASCII) + "\nmore")
            .getBytes(StandardCharsets.US_ASCII);
    assertEquals(Optional.of(word), Word.decode(later));
    byte[] older = "hook\n10.0.0.1\n10.0.0.1".getBytes(StandardCharsets.US_ASCII);
    assertEquals(0, Word.decode(older).orElseThrow().term("10.0.0.1"));
    byte[] odd = "-\n\n\n10.0.0.1 =3 10.0.0.2=x 10.0.0.3=7".getBytes(StandardCharsets.US_ASCII);
    assertEquals(Map.of("10.0.0.3", 7L), Word.decode(odd).orElseThrow().termByAddress());
    assertEquals(Optional.empty(), Word.decode("nonsense".getBytes(StandardCharsets.US_ASCII)));
  }

  @Test
  void whoHasTakenAnAddressLastKeepsIt() {
    String address = "10.0.0.1";
    List<NodeState> all = List.of(A, B, C);
    assertEquals(Optional.of("b"), TakeoverRules.keeper(address, all, having(0L, 1L)));
    assertEquals(Optional.of("a"), TakeoverRules.keeper(address, all, having(2L, 1L)));
    assertEquals(Optional.of("a"), TakeoverRules.keeper(address, all, having(1L, 1L)), "a < b");
    assertEquals(Optional.empty(), TakeoverRules.keeper(address, all, having(0L, 0L)), "anycast");
    List<NodeState> oneDead = List.of(dead(A), B, C);
    assertEquals(Optional.empty(), TakeoverRules.keeper(address, oneDead, having(0L, 1L)));
    assertEquals(Optional.empty(), TakeoverRules.keeper("10.0.0.2", all, having(0L, 1L)));
  }

  /** a and b have the address, by these terms. */
  private static Map<String, Word> having(long a, long b) {
    return Map.of("a", having(a), "b", having(b), "c", word(true, "10.0.0.3"));
  }

  private static Word having(long term) {
    Set<String> one = Set.of("10.0.0.1");
    return new Word(true, one, one, term == 0 ? Map.of() : Map.of("10.0.0.1", term));
  }
}

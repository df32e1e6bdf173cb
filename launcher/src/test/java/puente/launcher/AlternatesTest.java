package puente.launcher;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;
import puente.launcher.Alternates.Change;
import puente.launcher.Alternates.Rules;
import puente.stun.Transport;
import puente.stun.TransportAddress;
import puente.turn.Redirection.Target;

/** Which of the configured servers clients are sent to, by their answers. */
class AlternatesTest {
  private static final Rules RULES = new Rules(3, 2);
  private static final Target ONE = udp(1);
  private static final Target TWO = udp(2);
  private static final Target TCP =
      new Target(Transport.TCP, TransportAddress.ipv4(0xc0000201, 3478), null);

  private final Alternates alternates = new Alternates();

  AlternatesTest() {
    alternates.list(List.of(ONE, TWO, TCP));
  }

  @Test
  void whatWasConfiguredIsUsedUntilSomethingElseIsKnown() {
    assertEquals(List.of(ONE, TWO, TCP), alternates.usable());
  }

  /** It was never up: nothing speaks for waiting. */
  @Test
  void aServerThatNeverAnsweredIsOutAtOnce() {
    assertEquals(Change.OUT, fails(ONE));
    assertEquals(List.of(TWO, TCP), alternates.usable());
  }

  @Test
  void oneThatWasUpIsOutAfterSomeFailuresInARow() {
    answers(ONE, 1);
    assertEquals(Change.NONE, fails(ONE));
    assertEquals(Change.NONE, fails(ONE));
    assertTrue(alternates.isInDoubt(ONE));
    answers(ONE, 1);
    assertFalse(alternates.isInDoubt(ONE));
    assertEquals(Change.NONE, fails(ONE));
    assertEquals(Change.NONE, fails(ONE));
    assertEquals(List.of(ONE, TWO, TCP), alternates.usable());
    assertEquals(Change.OUT, fails(ONE));
    assertEquals(Change.NONE, fails(ONE));
    assertEquals(List.of(TWO, TCP), alternates.usable());
  }

  @Test
  void itIsInAgainAfterSomeAnswersInARow() {
    fails(ONE);
    assertEquals(Change.NONE, answers(ONE, 1));
    fails(ONE);
    assertEquals(Change.NONE, answers(ONE, 1));
    assertEquals(Change.IN, answers(ONE, 1));
    assertEquals(List.of(ONE, TWO, TCP), alternates.usable());
  }

  /** One port of a server may be closed while another is open. */
  @Test
  void eachTransportOfAServerIsJudgedByItself() {
    fails(TCP);
    assertEquals(List.of(ONE, TWO), alternates.usable());
    assertFalse(alternates.areAllOut());
    fails(ONE);
    fails(TWO);
    assertTrue(alternates.areAllOut());
    assertEquals(List.of(), alternates.usable());
  }

  /** How far away it is does not count, only that it has become far slower. */
  @Test
  void aServerThatBecameSlowIsSparedWhileThereIsAnother() {
    for (int i = 0; i < 10; i++) {
      answers(ONE, 20);
      answers(TWO, 190);
      answers(TCP, 1);
    }
    assertEquals(List.of(ONE, TWO, TCP), alternates.usable());
    for (int i = 0; i < 10; i++) {
      answers(ONE, 400);
      answers(TCP, 400);
    }
    assertEquals(List.of(TWO, TCP), alternates.usable());
    assertTrue(alternates.standings().getFirst().isBusy());
    fails(TWO);
    fails(TWO);
    fails(TWO);
    assertEquals(List.of(ONE, TCP), alternates.usable());
    for (int i = 0; i < 20; i++) {
      answers(ONE, 20);
    }
    assertFalse(alternates.standings().getFirst().isBusy());
  }

  @Test
  void aNewListKeepsWhatIsKnown() {
    fails(ONE);
    alternates.list(List.of(TWO, ONE));
    assertEquals(List.of(TWO), alternates.usable());
    assertEquals(Change.NONE, fails(TCP));
    alternates.list(List.of(TWO));
    alternates.list(List.of(ONE));
    assertEquals(List.of(ONE), alternates.usable());
  }

  private Change fails(Target target) {
    return alternates.heard(target, OptionalLong.empty(), RULES);
  }

  private Change answers(Target target, int ms) {
    return alternates.heard(target, OptionalLong.of(ms * 1_000_000L), RULES);
  }

  private static Target udp(int number) {
    return new Target(Transport.UDP, TransportAddress.ipv4(0xc0000200 | number, 3478), null);
  }
}

package puente.story;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Objects;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import puente.story.Step.Outcome;

/** What is remembered of whom, and for how long. */
class StoriesTest {

  private final Stories<String, String> stories =
      new Stories<>(new Stories.Limits(3, 2, 5, 2), StoriesTest::source, Optional::of);

  private static String source(String client) {
    return client.split(":", 2)[0];
  }

  private static Step refused(long atMs, String why) {
    return Step.of(atMs, "allocate", Outcome.REFUSED, 401, why);
  }

  private static Step done(long atMs, String what) {
    return Step.of(atMs, what, Outcome.OK, 0, "done");
  }

  @Test
  void aStoryGoesOnFromTheChallengeToTheEnd() {
    stories.add("192.0.2.7:1", null, "ana", refused(1, "wrong password"));
    stories.opened("192.0.2.7:1", "s1", "ana", "udp", done(2, "allocate"));
    stories.add("192.0.2.7:1", "s1", "", done(3, "first-packet"));
    stories.closed("192.0.2.7:1", "s1", Step.of(4, "close", Outcome.NOTE, 0, "client: 5 bytes"));
    Story story = Objects.requireNonNull(stories.ofSession("s1"));
    assertEquals(
        List.of("allocate", "allocate", "first-packet", "close"),
        story.steps().stream().map(Step::what).toList());
    assertEquals("Ended: client: 5 bytes.", story.summary());
    // The next one from the same socket begins anew.
    stories.add("192.0.2.7:1", null, "", refused(5, "no MESSAGE-INTEGRITY"));
    assertEquals(2, stories.find(each -> true, 9).size());
  }

  /** Somebody who hammers from one address leaves room for the others. */
  @Test
  void oneSourceCannotPushTheOthersOut() {
    stories.add("192.0.2.7:1", null, "ana", refused(1, "wrong password"));
    for (int port = 1; port <= 1000; port++) {
      stories.add("198.51.100.9:" + port, null, "eve", refused(port, "no such user"));
    }
    assertEquals(1, stories.find(story -> story.user().equals("ana"), 9).size());
    List<Story> hammered = stories.find(story -> story.user().equals("eve"), 9);
    assertEquals(3, hammered.size());
    Story rest =
        hammered.stream().filter(story -> story.client().endsWith(":*")).findFirst().orElseThrow();
    assertEquals(998, rest.steps().getFirst().count());
  }

  @Test
  void eachKindHasItsBound() {
    for (int i = 0; i < 10; i++) {
      stories.opened("192.0.2." + i + ":1", "s" + i, "", "udp", done(i, "allocate"));
    }
    assertNull(stories.ofSession("s0"));
    assertNotNull(stories.ofSession("s9"));
    for (int i = 7; i < 10; i++) {
      stories.closed("192.0.2." + i + ":1", "s" + i, done(i, "close"));
    }
    assertNull(stories.ofSession("s7"));
    for (int i = 0; i < 100; i++) {
      stories.add("203.0.113." + i + ":1", null, "", refused(i, "no such user"));
    }
    assertEquals(5, stories.find(story -> story.session().isEmpty(), 200).size());
  }

  @Test
  void aLongStoryKeepsItsBeginningAndItsEnd() {
    stories.opened("192.0.2.7:1", "s", "", "udp", done(0, "allocate"));
    for (int i = 1; i < 1000; i++) {
      stories.add("192.0.2.7:1", "s", "", Step.of(i, "x", Outcome.OK, 0, "peer " + i));
    }
    Story story = Objects.requireNonNull(stories.ofSession("s"));
    assertTrue(story.steps().size() < 60);
    assertEquals("allocate", story.steps().getFirst().what());
    assertEquals("peer 999", story.steps().getLast().text());
  }

  @Test
  void theCheckThatDecidedIsNamedAndTheRestNotReached() {
    List<Check.Line> lines = Check.of("create-permission", "peer denied by 10.0.0.0/8");
    Check.Line decided =
        lines.stream()
            .filter(line -> line.result() == Check.Result.DECIDED)
            .findFirst()
            .orElseThrow();
    assertEquals(Check.PEER, decided.check());
    assertEquals(Check.Result.NOT_REACHED, lines.getLast().result());
    assertEquals(Check.Result.PASSED, lines.getFirst().result());
    assertEquals(
        Check.QUOTA,
        Check.of("allocate", "user quota reached").stream()
            .filter(line -> line.result() == Check.Result.DECIDED)
            .findFirst()
            .orElseThrow()
            .check());
    assertEquals(List.of(), Check.of("allocate", "something nobody foresaw"));
  }
}

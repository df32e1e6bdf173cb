package puente.users;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import puente.stun.FiveTuple;
import puente.stun.IntegrityKey;
import puente.stun.Transport;
import puente.stun.TransportAddress;
import puente.turn.store.Accounts;
import puente.turn.store.Accounts.Failed;
import puente.turn.store.Accounts.Known;
import puente.turn.store.Accounts.Terms;

/** What is remembered, asked once, bounded; with a clock and threads that only the test moves. */
class AccountDeskTest {

  private static final FiveTuple CLIENT =
      new FiveTuple(
          Transport.UDP,
          TransportAddress.ipv4(0x7f000001, 5000),
          TransportAddress.ipv4(0x7f000001, 3478),
          0,
          null);
  private static final Known KNOWN = new Known(IntegrityKey.of(new byte[16]), null, Terms.NONE);

  private final Deque<Runnable> threads = new ArrayDeque<>();
  private final AtomicInteger asked = new AtomicInteger();
  private final Map<String, Accounts.Answer> users = new HashMap<>();
  private final List<Accounts.Answer> answers = new ArrayList<>();
  private final Lookup lookup =
      new Lookup() {
        @Override
        public String place() {
          return "test";
        }

        @Override
        public Found find(Accounts.Question question) throws DatabaseFailure {
          asked.incrementAndGet();
          if (down) {
            throw new DatabaseFailure("it is down");
          }
          return Found.of(users.getOrDefault(question.name(), Failed.UNKNOWN));
        }
      };
  private final Breaker breaker = new Breaker(lookup, () -> now());
  private final AccountDesk desk = desk(List.of(breaker));
  private long now = 1_000_000;
  private boolean down;

  private AccountDesk desk(List<Lookup> lookups) {
    return new AccountDesk(
        lookups, new AccountDesk.Options(30_000, 5000, 100, 10, 50), threads::add, () -> now());
  }

  private long now() {
    return now;
  }

  private void asks(String name) {
    desk.ask(new Accounts.Question(1, "realm", name, CLIENT), answers::add);
  }

  private void works() {
    while (!threads.isEmpty()) {
      threads.remove().run();
    }
  }

  private Accounts.Answer says(String name) {
    answers.clear();
    asks(name);
    works();
    assertEquals(1, answers.size());
    return answers.getFirst();
  }

  @Test
  void whoIsKnownIsRememberedForTheStatedTime() {
    users.put("ana", KNOWN);
    assertEquals(KNOWN, says("ana"));
    now += 29_999;
    assertEquals(KNOWN, says("ana"));
    assertEquals(1, asked.get());
    users.remove("ana");
    now += 1;
    assertEquals(Failed.UNKNOWN, says("ana"));
    users.put("ana", KNOWN);
    now += 4999;
    assertEquals(Failed.UNKNOWN, says("ana"));
    now += 1;
    assertEquals(KNOWN, says("ana"));
    assertEquals(3, asked.get());
    assertEquals(2, desk.count(AccountDesk.Fact.REMEMBERED));
    assertEquals(2, desk.count(AccountDesk.Fact.FOUND));
    assertEquals(1, desk.count(AccountDesk.Fact.UNKNOWN));
  }

  /** A thousand clients of one user that come at once are one question. */
  @Test
  void oneQuestionAnswersAll() {
    users.put("ana", KNOWN);
    for (int i = 0; i < 1000; i++) {
      asks("ana");
    }
    assertEquals(1, threads.size());
    works();
    assertEquals(1000, answers.size());
    assertEquals(1, asked.get());
  }

  /** Invented names fill neither memory nor the database's queue, and hide nobody who is known. */
  @Test
  void inventedNamesAreBounded() {
    users.put("ana", KNOWN);
    says("ana");
    answers.clear();
    for (int i = 0; i < 100; i++) {
      asks("invented" + i);
    }
    assertEquals(10, desk.waiting());
    assertEquals(90, answers.stream().filter(Failed.BUSY::equals).count());
    assertEquals(90, desk.count(AccountDesk.Fact.BUSY));
    asks("ana");
    assertEquals(KNOWN, answers.getLast());
    works();
    assertEquals(0, desk.waiting());
    // So many a second, however fast they are answered; the first 11 were of this second.
    answers.clear();
    for (int i = 0; i < 100; i++) {
      asks("more" + i);
      works();
    }
    assertEquals(50 - 11, answers.stream().filter(Failed.UNKNOWN::equals).count());
    now += 1000;
    assertEquals(Failed.UNKNOWN, says("another second"));
    for (int i = 0; i < 500; i++) {
      now += 1000;
      says("name" + i);
    }
    assertTrue(desk.remembered() <= 100, "remembered " + desk.remembered());
  }

  /** Half of what may be asked is for those who are new. */
  @Test
  void whoIsServedGoesBehind() {
    for (int i = 0; i < 100; i++) {
      desk.ask(Accounts.Question.again("realm", "served" + i, CLIENT), answers::add);
    }
    assertEquals(5, desk.waiting());
    assertEquals(95, answers.stream().filter(Failed.BUSY::equals).count());
    assertEquals(0, desk.count(AccountDesk.Fact.BUSY));
    for (int i = 0; i < 100; i++) {
      asks("new" + i);
    }
    assertEquals(10, desk.waiting());
    works();
    answers.clear();
    for (int i = 0; i < 100; i++) {
      desk.ask(Accounts.Question.again("realm", "another" + i, CLIENT), answers::add);
      works();
    }
    assertEquals(25 - 10, answers.stream().filter(Failed.UNKNOWN::equals).count());
  }

  /** A dead database is asked once a second, by one; what it said before still counts. */
  @Test
  void aDeadDatabaseIsLeftAlone() {
    users.put("ana", KNOWN);
    says("ana");
    down = true;
    asked.set(0);
    assertEquals(Failed.DOWN, says("eva"));
    assertEquals("it is down", breaker.failure());
    for (int i = 0; i < 20; i++) {
      assertEquals(Failed.DOWN, says("eva" + i));
    }
    assertEquals(1, asked.get());
    assertEquals(KNOWN, says("ana"));
    now += 1000;
    assertEquals(Failed.DOWN, says("eva"));
    assertEquals(Failed.DOWN, says("eva"));
    assertEquals(2, asked.get());
    down = false;
    now += 1000;
    assertEquals(Failed.UNKNOWN, says("eva"));
    assertNull(breaker.failure());
    assertEquals(Failed.UNKNOWN, says("leo"));
    assertFalse(desk.count(AccountDesk.Fact.FAILED) < 20);
  }

  /** One who is down does not hide what another knows. */
  @Test
  void theOtherIsAskedToo() {
    down = true;
    Lookup other =
        new Lookup() {
          @Override
          public String place() {
            return "other";
          }

          @Override
          public Found find(Accounts.Question question) {
            return new Found(question.name().equals("ana") ? KNOWN : Failed.UNKNOWN, 1000);
          }
        };
    AccountDesk both = desk(List.of(breaker, other));
    both.ask(new Accounts.Question(1, "realm", "ana", CLIENT), answers::add);
    both.ask(new Accounts.Question(2, "realm", "eva", CLIENT), answers::add);
    works();
    assertEquals(List.of(KNOWN, Failed.DOWN), answers);
    // It said for how long that holds.
    now += 1000;
    both.ask(new Accounts.Question(1, "realm", "ana", CLIENT), answers::add);
    assertNotNull(threads.peek());
  }

  /** A mistake of ours leaves nobody waiting. */
  @Test
  void aDefectIsAnAnswer() {
    AccountDesk broken =
        desk(
            List.of(
                new Lookup() {
                  @Override
                  public String place() {
                    return "broken";
                  }

                  @Override
                  public Found find(Accounts.Question question) {
                    throw new IllegalStateException("a mistake");
                  }
                }));
    broken.ask(new Accounts.Question(1, "realm", "ana", CLIENT), answers::add);
    works();
    assertEquals(List.of(Failed.DOWN), answers);
    assertEquals(0, broken.waiting());
  }
}

package puente.users;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import puente.turn.store.Accounts;

/**
 * Where all shards ask for users: remembers what was said, good or bad, for a stated time; asks
 * once for all that want to know the same; lets only so many questions wait, and so many a second
 * be asked. Shards are answered at once or later, and never wait here.
 */
public final class AccountDesk implements Accounts {
  private static final Logger LOG = LoggerFactory.getLogger("puente.users");

  /** What became of questions; the label {@code result} of the metric. */
  public enum Fact {
    /** Said without asking. */
    REMEMBERED,
    FOUND,
    UNKNOWN,
    /** Not asked: too many wait, or too many were asked this second. */
    BUSY,
    FAILED
  }

  /**
   * How to ask.
   *
   * @param knownMs how long a user that was found is remembered
   * @param unknownMs how long it is remembered that there is none
   * @param rememberedMax users, found or not, that are remembered at a time
   * @param waitingMax questions that wait at a time
   * @param perSecond questions of one second
   */
  public record Options(
      long knownMs, long unknownMs, int rememberedMax, int waitingMax, int perSecond) {}

  private record Key(String realm, String name) {}

  private record Memory(Answer answer, long untilMs) {}

  /** What becomes of one who asks: an answer now, or later; and who asks first has to start it. */
  private record Step(@Nullable Answer answer, boolean starts) {
    static final Step WAITS = new Step(null, false);
    static final Step STARTS = new Step(null, true);
  }

  private final List<Lookup> lookups;
  private final Executor threads;
  private final LongSupplier clock;
  private final Map<Fact, LongAdder> counts = new HashMap<>();
  private final Map<Key, List<Consumer<Answer>>> waitingByKey = new HashMap<>();
  private final Map<Key, Memory> memoryByKey =
      new LinkedHashMap<>(16, 0.75f, true) {
        @java.io.Serial private static final long serialVersionUID = 1;

        @Override
        protected boolean removeEldestEntry(Map.Entry<Key, Memory> eldest) {
          return size() > options.rememberedMax;
        }
      };
  private volatile Options options;
  private long secondMs;
  private int askedInSecond;

  /**
   * @param lookups asked one after the other, until one knows
   * @param threads where they may wait; a virtual thread each
   * @param clock milliseconds that never go back
   */
  public AccountDesk(List<Lookup> lookups, Options options, Executor threads, LongSupplier clock) {
    this.lookups = List.copyOf(lookups);
    this.options = options;
    this.threads = threads;
    this.clock = clock;
    for (Fact fact : Fact.values()) {
      counts.put(fact, new LongAdder());
    }
  }

  /** From now on. */
  public void reconfigure(Options newOptions) {
    options = newOptions;
  }

  /** How often that has happened. */
  public long count(Fact fact) {
    LongAdder adder = counts.get(fact);
    return adder == null ? 0 : adder.sum();
  }

  /** Questions that wait. */
  public synchronized int waiting() {
    return waitingByKey.size();
  }

  synchronized int remembered() {
    return memoryByKey.size();
  }

  /** Nothing that was said counts any more: it is asked anew. */
  public synchronized void forget() {
    memoryByKey.clear();
  }

  @Override
  public void ask(Question question, Consumer<Answer> answer) {
    Key key = new Key(question.realm(), question.name());
    Step step = step(key, question, answer);
    if (step.answer != null) {
      answer.accept(step.answer);
    } else if (step.starts) {
      start(key, question);
    }
  }

  private synchronized Step step(Key key, Question question, Consumer<Answer> answer) {
    long now = clock.getAsLong();
    Memory memory = memoryByKey.get(key);
    if (memory != null && now < memory.untilMs) {
      note(Fact.REMEMBERED);
      return new Step(memory.answer, false);
    }
    List<Consumer<Answer>> waiting = waitingByKey.get(key);
    if (waiting != null) {
      waiting.add(answer);
      return Step.WAITS;
    }
    if (now - secondMs >= 1000) {
      secondMs = now;
      askedInSecond = 0;
    }
    if (question.isAgain() && isHalfBusy()) {
      // Its turn comes; whoever is new goes before.
      return new Step(Failed.BUSY, false);
    }
    if (waitingByKey.size() >= options.waitingMax || askedInSecond >= options.perSecond) {
      note(Fact.BUSY);
      return new Step(Failed.BUSY, false);
    }
    askedInSecond++;
    waitingByKey.put(key, new ArrayList<>(List.of(answer)));
    return Step.STARTS;
  }

  private boolean isHalfBusy() {
    return 2 * waitingByKey.size() >= options.waitingMax || 2 * askedInSecond >= options.perSecond;
  }

  private void start(Key key, Question question) {
    try {
      threads.execute(() -> look(key, question));
    } catch (RejectedExecutionException ending) {
      finish(key, Failed.DOWN, 0);
    }
  }

  private void look(Key key, Question question) {
    Accounts.Answer answer = Failed.DOWN;
    long ageMs = 0;
    try {
      Lookup.Found found = find(question);
      answer = found.answer();
      ageMs = found.ageMs();
      if (ageMs < 0) {
        ageMs = answer instanceof Known ? options.knownMs : options.unknownMs;
      }
    } catch (DatabaseFailure silent) {
      LOG.debug("event=user-not-found-out reason=\"{}\"", silent.line());
    } catch (RuntimeException | AssertionError defect) {
      LOG.error("event=defect where=users meaning=\"please report\"", defect);
    } finally {
      finish(key, answer, ageMs);
    }
  }

  /** The first that knows; one that fails does not hide what another knows. */
  private Lookup.Found find(Question question) throws DatabaseFailure {
    DatabaseFailure first = null;
    Lookup.Found found = Lookup.Found.of(Failed.UNKNOWN);
    for (Lookup lookup : lookups) {
      try {
        found = lookup.find(question);
        if (found.answer() instanceof Known) {
          return found;
        }
      } catch (DatabaseFailure silent) {
        first = first == null ? silent : first;
      }
    }
    if (first != null) {
      throw first;
    }
    return found;
  }

  private void finish(Key key, Answer answer, long ageMs) {
    List<Consumer<Answer>> waiting;
    synchronized (this) {
      waiting = waitingByKey.remove(key);
      if (answer == Failed.DOWN) {
        note(Fact.FAILED);
      } else {
        note(answer instanceof Known ? Fact.FOUND : Fact.UNKNOWN);
        memoryByKey.put(key, new Memory(answer, clock.getAsLong() + ageMs));
      }
    }
    if (waiting != null) {
      waiting.forEach(one -> one.accept(answer));
    }
  }

  private void note(Fact fact) {
    LongAdder adder = counts.get(fact);
    if (adder != null) {
      adder.increment();
    }
  }
}

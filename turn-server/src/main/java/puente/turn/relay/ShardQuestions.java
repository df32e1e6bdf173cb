package puente.turn.relay;

import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.RejectedExecutionException;
import puente.stun.FiveTuple;
import puente.turn.Allocation;
import puente.turn.CloseReason;
import puente.turn.TurnConfig;
import puente.turn.store.Accounts;
import puente.turn.store.AllocationStore;

/** What one shard's server asks of others; their answers are its inputs, on the shard's loop. */
final class ShardQuestions {

  /** Of users that are served, at a time; the others' turn is a little later. */
  private static final int DOUBTED_MAX = 1024;

  /** Whoever knows the users is silent: they are not doubted for so long. */
  private static final long REST_MS = 5000;

  private final Shard shard;
  private final AllocationStore store;
  private final Accounts accounts;
  private final Set<FiveTuple> doubted = new HashSet<>();
  private long holdsMs;
  private long sinceMs;
  private long restUntilMs;

  ShardQuestions(Shard shard, AllocationStore store, Accounts accounts, TurnConfig config) {
    this.shard = shard;
    this.store = store;
    this.accounts = accounts;
    holdsMs = config.askAgainMs();
  }

  void reconfigure(TurnConfig config) {
    holdsMs = config.askAgainMs();
  }

  /** What others have said until now of users that are served holds no longer. */
  void doubtAll() {
    sinceMs = shard.clockMs();
    restUntilMs = 0;
  }

  /** Sees that the user of an allocation is still one, where what others have said has grown old. */
  void doubt(Allocation allocation) {
    if (holdsMs == 0 || doubted.size() >= DOUBTED_MAX) {
      return;
    }
    long now = shard.clockMs();
    if (now < restUntilMs) {
      return;
    }
    Accounts.Question question = allocation.doubt(Math.max(sinceMs, now - holdsMs));
    if (question != null && doubted.add(question.client())) {
      accounts.ask(question, answer -> execute(() -> judge(question, answer)));
    }
  }

  private void judge(Accounts.Question question, Accounts.Answer answer) {
    FiveTuple client = question.client();
    doubted.remove(client);
    long now = shard.freshNow();
    if (answer == Accounts.Failed.DOWN) {
      restUntilMs = now + REST_MS;
    }
    Allocation allocation = shard.server().allocationOf(client);
    // By now it may be somebody else's.
    if (allocation != null
        && question.equals(allocation.doubt(Long.MAX_VALUE))
        && !allocation.holds(answer, now)) {
      shard.evict(client, CloseReason.ADMIN);
      shard.onWorld();
    }
  }

  void ask(AllocationStore.Question question) {
    store.ask(question, answer -> answered(new Pending.Answered(answer)));
  }

  void ask(Accounts.Question question) {
    accounts.ask(question, answer -> answered(new Pending.Told(question, answer)));
  }

  /** An input; here, so that the loop over inputs stays small enough to be inlined. */
  void tell(Pending.Told told) {
    shard.server().onAccount(told.question(), told.answer(), shard.now(), shard);
  }

  void move(FiveTuple from, FiveTuple to) {
    store.move(from, to);
  }

  void release(FiveTuple client) {
    store.release(client);
  }

  /** At once, it is an input after the present one, which settles; later, one by itself. */
  private void answered(Pending input) {
    if (shard.loop().eventLoop().inEventLoop()) {
      shard.pend(input);
      return;
    }
    execute(
        () -> {
          shard.pend(input);
          shard.freshNow();
          shard.onWorld();
        });
  }

  private void execute(Runnable task) {
    try {
      shard.loop().eventLoop().execute(task);
    } catch (RejectedExecutionException over) {
      // The shard has ended, and with it whoever waits.
    }
  }
}

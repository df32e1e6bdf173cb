package puente.turn.relay;

import io.netty.channel.EventLoop;
import java.util.concurrent.RejectedExecutionException;
import puente.stun.FiveTuple;
import puente.turn.store.Accounts;
import puente.turn.store.AllocationStore;

/** What one shard's server asks of others; their answers are its inputs, on the shard's loop. */
final class ShardQuestions {
  private final Shard shard;
  private final AllocationStore store;
  private final Accounts accounts;

  ShardQuestions(Shard shard, AllocationStore store, Accounts accounts) {
    this.shard = shard;
    this.store = store;
    this.accounts = accounts;
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

  void release(FiveTuple client) {
    store.release(client);
  }

  /** At once, it is an input after the present one, which settles; later, one by itself. */
  private void answered(Pending input) {
    EventLoop loop = shard.loop().eventLoop();
    if (loop.inEventLoop()) {
      shard.pend(input);
      return;
    }
    try {
      loop.execute(
          () -> {
            shard.pend(input);
            shard.freshNow();
            shard.onWorld();
          });
    } catch (RejectedExecutionException over) {
      // The shard has ended, and with it whoever waits.
    }
  }
}

package puente.launcher;

import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;
import java.util.function.Function;
import puente.stun.FiveTuple;
import puente.turn.store.AllocationStore;

/** What a shard asks, answered with the help of the other nodes. */
final class ClusterStore implements AllocationStore {
  private final AllocationStore quotas;
  private final Function<Claim, CompletionStage<Answer>> claimer;

  /**
   * @param claimer decides whether this node goes on with what a client has; never fails
   */
  ClusterStore(AllocationStore quotas, Function<Claim, CompletionStage<Answer>> claimer) {
    this.quotas = quotas;
    this.claimer = claimer;
  }

  @Override
  public void ask(Question question, Consumer<Answer> answer) {
    switch (question) {
      case Reserve reserve -> quotas.ask(reserve, answer);
      case Readmit readmit -> quotas.ask(readmit, answer);
      case Claim claim -> claimer.apply(claim).thenAccept(answer);
    }
  }

  @Override
  public void move(FiveTuple from, FiveTuple to) {
    quotas.move(from, to);
  }

  @Override
  public void release(FiveTuple client) {
    quotas.release(client);
  }
}

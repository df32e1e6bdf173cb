package puente.launcher;

import java.util.Optional;
import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;
import java.util.function.Function;
import puente.stun.FiveTuple;
import puente.turn.store.AllocationKey;
import puente.turn.store.AllocationStore;
import puente.turn.store.Snapshot;

/** What a shard asks, answered with the help of the other nodes. */
final class ClusterStore implements AllocationStore {
  private final AllocationStore quotas;
  private final Function<AllocationKey, CompletionStage<Optional<Snapshot>>> claimer;

  ClusterStore(
      AllocationStore quotas,
      Function<AllocationKey, CompletionStage<Optional<Snapshot>>> claimer) {
    this.quotas = quotas;
    this.claimer = claimer;
  }

  @Override
  public void ask(Question question, Consumer<Answer> answer) {
    switch (question) {
      case Reserve reserve -> quotas.ask(reserve, answer);
      case Readmit readmit -> quotas.ask(readmit, answer);
      case Claim claim -> claim(claim.client(), answer);
    }
  }

  private void claim(FiveTuple client, Consumer<Answer> answer) {
    claimer
        .apply(AllocationKey.of(client))
        .whenComplete(
            (claimed, failure) ->
                answer.accept(
                    failure == null && claimed.isPresent()
                        ? new Claimed(client, claimed.get())
                        : new Unclaimed(client)));
  }

  @Override
  public void release(FiveTuple client) {
    quotas.release(client);
  }
}

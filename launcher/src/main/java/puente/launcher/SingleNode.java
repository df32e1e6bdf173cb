package puente.launcher;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;
import java.util.function.IntFunction;
import java.util.function.LongConsumer;
import puente.turn.store.AllocationKey;
import puente.turn.store.AllocationStore;
import puente.turn.store.LocalStore;
import puente.turn.store.RateLeases;
import puente.turn.store.Snapshot;
import puente.turn.store.SnapshotSink;

/** The cluster of a node that was given no others: itself. */
final class SingleNode implements Cluster {
  private final LocalStore store;
  private final ClaimCounters claims = new ClaimCounters();
  private volatile NodeState own;

  SingleNode(String nodeId, LocalStore store) {
    this.store = store;
    own = NodeState.serving(nodeId);
  }

  @Override
  public void join() {}

  @Override
  public String nodeId() {
    return own.id();
  }

  @Override
  public List<NodeState> nodes() {
    return List.of(own);
  }

  @Override
  public Set<String> doubtful() {
    return Set.of();
  }

  @Override
  public void publish(NodeState state) {
    own = state;
  }

  /** There is nobody else to change. */
  @Override
  public void onChange(Consumer<List<NodeState>> listener) {}

  @Override
  public SnapshotSink sink() {
    return (changed, ended) -> {};
  }

  @Override
  public CompletionStage<Optional<String>> ownerOf(AllocationKey key) {
    return CompletableFuture.completedStage(Optional.empty());
  }

  /** There is nobody else whose it could be. */
  @Override
  public void heir(Heir heir, List<Snapshot> fromJournal) {}

  @Override
  public List<Snapshot> inherit() {
    return List.of();
  }

  /** There is nobody to see it. */
  @Override
  public void onWritten(LongConsumer listener) {}

  @Override
  public boolean isSafe() {
    return true;
  }

  @Override
  public ClaimCounters claims() {
    return claims;
  }

  @Override
  public AllocationStore store() {
    return store;
  }

  /** There is nobody to share with. */
  @Override
  public void shareRates(IntFunction<Map<String, RateLeases.Claimant>> rates) {}

  @Override
  public Messenger messages() {
    return Nobody.INSTANCE;
  }

  @Override
  public CompletionStage<Void> leave() {
    return CompletableFuture.completedStage(null);
  }

  /** There is nobody to talk to. */
  private enum Nobody implements Messenger {
    INSTANCE;

    @Override
    public boolean tell(String node, String subject, byte[] body) {
      return false;
    }

    @Override
    public CompletionStage<byte[]> ask(
        String node, String subject, byte[] body, Duration patience) {
      return CompletableFuture.failedStage(new Unanswered("there is no other node"));
    }

    @Override
    public void listen(String subject, Listener listener) {}

    @Override
    public void answer(String subject, Answerer answerer) {}
  }
}

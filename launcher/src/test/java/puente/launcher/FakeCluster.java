package puente.launcher;

import java.lang.reflect.Proxy;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * The part of a cluster that is about other nodes and words to them: a test says who is there, and
 * words and questions arrive at once. Nothing else is asked of it.
 */
final class FakeCluster implements Messenger {
  private final String own;
  private final Map<String, FakeCluster> all;
  private final Map<String, Listener> listeners = new TreeMap<>();
  private final Map<String, Answerer> answerers = new TreeMap<>();
  private final List<Consumer<List<NodeState>>> changes = new ArrayList<>();
  private volatile List<NodeState> nodes = List.of();
  private volatile Set<String> doubtful = Set.of();
  private volatile UnaryOperator<byte[]> onTheWay = UnaryOperator.identity();

  private FakeCluster(String own, Map<String, FakeCluster> all) {
    this.own = own;
    this.all = all;
    all.put(own, this);
  }

  /** So many nodes n1, n2 and so on, which see each other when they are told to. */
  static List<FakeCluster> nodes(int count) {
    Map<String, FakeCluster> all = new TreeMap<>();
    List<FakeCluster> nodes = new ArrayList<>();
    for (int number = 1; number <= count; number++) {
      nodes.add(new FakeCluster("n" + number, all));
    }
    return nodes;
  }

  Cluster cluster() {
    return (Cluster)
        Proxy.newProxyInstance(
            Cluster.class.getClassLoader(),
            new Class<?>[] {Cluster.class},
            (self, method, arguments) ->
                switch (method.getName()) {
                  case "nodeId" -> own;
                  case "nodes" -> nodes;
                  case "messages" -> this;
                  case "doubtful" -> doubtful;
                  case "onChange" -> listen(arguments[0]);
                  default -> throw new UnsupportedOperationException(method.getName());
                });
  }

  @SuppressWarnings("unchecked") // What Cluster.onChange takes.
  private @Nullable Object listen(Object listener) {
    changes.add((Consumer<List<NodeState>>) listener);
    return null;
  }

  /** These were not heard of late. */
  void doubts(String... ids) {
    doubtful = Set.of(ids);
  }

  /** What becomes of its questions before they arrive. */
  void onTheWay(UnaryOperator<byte[]> change) {
    onTheWay = change;
  }

  void sees(NodeState... states) {
    nodes = List.of(states);
    changes.forEach(listener -> listener.accept(nodes));
  }

  @Override
  public boolean tell(String node, String subject, byte[] body) {
    FakeCluster other = all.get(node);
    Listener listener = other == null ? null : other.listeners.get(subject);
    if (listener == null) {
      return false;
    }
    listener.on(own, body);
    return true;
  }

  @Override
  public CompletionStage<byte[]> ask(String node, String subject, byte[] body, Duration patience) {
    FakeCluster other = all.get(node);
    Answerer answerer = other == null ? null : other.answerers.get(subject);
    return answerer == null
        ? CompletableFuture.failedStage(new Unanswered("nobody answers here"))
        : answerer.answer(own, onTheWay.apply(body));
  }

  @Override
  public void listen(String subject, Listener listener) {
    listeners.put(subject, listener);
  }

  @Override
  public void answer(String subject, Answerer answerer) {
    answerers.put(subject, answerer);
  }
}

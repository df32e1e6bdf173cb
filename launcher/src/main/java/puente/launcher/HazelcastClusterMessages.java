package puente.launcher;

import com.hazelcast.core.HazelcastException;
import com.hazelcast.core.HazelcastInstance;
import com.hazelcast.topic.ITopic;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.slf4j.event.Level;

/**
 * One topic per node, which only that node hears: Hazelcast sends a message to the members that
 * listen and to no other.
 */
final class HazelcastClusterMessages implements Messenger {
  private static final String TOPIC = "to/";

  /** What waits to be sent; beyond it a message is refused, not kept. */
  private static final int WAITING_MAX = 16_384;

  /** Questions without an answer yet. */
  private static final int OPEN_MAX = 4096;

  private final String own;
  private final Predicate<String> alive;
  private final Map<String, Listener> listeners = new ConcurrentHashMap<>();
  private final Map<String, Answerer> answerers = new ConcurrentHashMap<>();
  private final Map<Long, CompletableFuture<byte[]>> open = new ConcurrentHashMap<>();
  // What a former process of this node was asked must not be taken for an answer to this one.
  private final AtomicLong number = new AtomicLong(System.currentTimeMillis() << 20);
  // Publishing may wait for a slow member: never on the thread of whoever has something to say.
  private final ThreadPoolExecutor sender =
      new ThreadPoolExecutor(
          1,
          1,
          0,
          TimeUnit.SECONDS,
          new ArrayBlockingQueue<>(WAITING_MAX),
          Thread.ofPlatform().daemon().name("puente-cluster-messages").factory());
  private volatile @Nullable HazelcastInstance instance;

  HazelcastClusterMessages(String own, Predicate<String> alive) {
    this.own = own;
    this.alive = alive;
  }

  void start(HazelcastInstance running) {
    topic(running, own).addMessageListener(message -> onMessage(message.getMessageObject()));
    instance = running;
  }

  void close() {
    instance = null;
    sender.shutdownNow();
    open.keySet().forEach(id -> fail(id, "this node is leaving"));
  }

  private static ITopic<byte[]> topic(HazelcastInstance running, String node) {
    return running.getTopic(TOPIC + node);
  }

  @Override
  public void listen(String subject, Listener listener) {
    listeners.put(subject, listener);
  }

  @Override
  public void answer(String subject, Answerer answerer) {
    answerers.put(subject, answerer);
  }

  @Override
  public boolean tell(String node, String subject, byte[] body) {
    return send(node, new MessageFrame(MessageFrame.Kind.TELL, 0, own, subject, body));
  }

  @Override
  public CompletionStage<byte[]> ask(String node, String subject, byte[] body, Duration patience) {
    CompletableFuture<byte[]> answer = new CompletableFuture<>();
    if (open.size() >= OPEN_MAX) {
      answer.completeExceptionally(new Unanswered("too many questions are open"));
      return answer;
    }
    long id = number.incrementAndGet();
    open.put(id, answer);
    CompletableFuture.delayedExecutor(patience.toMillis(), TimeUnit.MILLISECONDS, Runnable::run)
        .execute(
            () -> fail(id, "no answer from " + node + " within " + patience.toMillis() + " ms"));
    if (!send(node, new MessageFrame(MessageFrame.Kind.ASK, id, own, subject, body))) {
      fail(id, node + " cannot be reached");
    }
    return answer;
  }

  private void fail(long id, String why) {
    CompletableFuture<byte[]> waiting = open.remove(id);
    if (waiting != null) {
      waiting.completeExceptionally(new Unanswered(why));
    }
  }

  private boolean send(String node, MessageFrame frame) {
    HazelcastInstance running = instance;
    if (running == null || frame.body().length > BODY_MAX || !alive.test(node)) {
      return false;
    }
    try {
      sender.execute(() -> publish(running, node, frame));
      return true;
    } catch (RejectedExecutionException full) {
      Events.limited(
          "cluster-messages-full",
          Level.WARN,
          "cluster-messages-dropped",
          "waiting",
          WAITING_MAX,
          "meaning",
          "other nodes take messages more slowly than this one has them");
      return false;
    }
  }

  private static void publish(HazelcastInstance running, String node, MessageFrame frame) {
    try {
      topic(running, node).publish(frame.encode());
    } catch (HazelcastException | IllegalStateException unreachable) {
      Events.limited(
          "cluster-messages-failed",
          Level.WARN,
          "cluster-unreachable",
          "reason",
          String.valueOf(unreachable.getMessage()));
    }
  }

  private void onMessage(byte[] bytes) {
    MessageFrame frame = MessageFrame.decode(bytes);
    if (frame == null) {
      Events.limited(
          "cluster-message-unknown",
          Level.WARN,
          "cluster-message-unknown",
          "meaning",
          "another node speaks a version that this one does not know");
      return;
    }
    switch (frame.kind()) {
      case TELL -> {
        Listener listener = listeners.get(frame.subject());
        if (listener != null) {
          listener.on(frame.from(), frame.body());
        }
      }
      case ASK -> asked(frame);
      case ANSWER -> {
        CompletableFuture<byte[]> waiting = open.remove(frame.id());
        if (waiting != null) {
          waiting.complete(frame.body());
        }
      }
      case REFUSAL -> fail(frame.id(), frame.subject());
    }
  }

  private void asked(MessageFrame question) {
    Answerer answerer = answerers.get(question.subject());
    if (answerer == null) {
      send(question.from(), question.refusal(own, "this node knows no " + question.subject()));
      return;
    }
    answerer
        .answer(question.from(), question.body())
        .whenComplete(
            (body, failure) ->
                send(
                    question.from(),
                    failure == null
                        ? question.answer(own, body)
                        : question.refusal(own, String.valueOf(failure.getMessage()))));
  }
}

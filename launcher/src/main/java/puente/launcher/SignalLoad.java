package puente.launcher;

import io.vertx.core.Context;
import io.vertx.core.Vertx;
import io.vertx.core.http.WebSocket;
import io.vertx.core.http.WebSocketClient;
import io.vertx.core.http.WebSocketClientOptions;
import io.vertx.core.http.WebSocketConnectOptions;
import io.vertx.core.json.JsonObject;
import io.vertx.core.net.TrustOptions;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.LongAdder;
import java.util.concurrent.locks.LockSupport;
import java.util.function.LongConsumer;
import org.HdrHistogram.ConcurrentHistogram;
import org.HdrHistogram.Histogram;
import org.jspecify.annotations.Nullable;
import puente.peer.Trust;

/**
 * Sessions of {@code puente.v1} against one server: many that only are there, and pairs that talk at
 * a constant rate. A delivery is measured from when its message was due, not from when it was sent:
 * a server that makes its clients wait does not look fast by that.
 */
final class SignalLoad implements AutoCloseable {
  /**
   * What to do.
   *
   * @param key of an API key; null is none
   * @param idle sessions that say hello and nothing more
   * @param pairs of sessions that talk to each other
   * @param messagesPerSecond of all pairs together
   * @param connectsPerSecond so fast they come
   * @param sources addresses that a proxy would say the clients have; 0 is none
   * @param trust whose certificates are believed
   */
  record Plan(
      LoadTarget target,
      @Nullable String key,
      int idle,
      int pairs,
      int messagesPerSecond,
      int seconds,
      int connectsPerSecond,
      int sources,
      Trust trust) {}

  private record Talker(WebSocket socket, String room) {}

  private static final long SLOWEST_NS = TimeUnit.SECONDS.toNanos(60);
  private static final int CONNECT_PATIENCE_SECONDS = 30;
  private static final int PAD_BYTES = 200;

  private static final int SESSIONS_MAX = 1_000_000;

  private final Plan plan;
  private final Vertx vertx = Vertx.vertx();
  private final WebSocketClient client;
  private final List<Talker> talkers = new CopyOnWriteArrayList<>();
  private final Histogram deliveries = new ConcurrentHistogram(SLOWEST_NS, 3);
  private final LongAdder delivered = new LongAdder();
  private final LongAdder closed = new LongAdder();
  private final LongAdder refused = new LongAdder();
  private final Queue<String> troubles = new ConcurrentLinkedQueue<>();
  private final String pad = "x".repeat(PAD_BYTES);
  private volatile boolean isOver;
  private long sent;

  SignalLoad(Plan plan) {
    this.plan = plan;
    WebSocketClientOptions options =
        new WebSocketClientOptions().setMaxConnections(SESSIONS_MAX).setSsl(plan.target.isTls());
    if (plan.target.isTls()) {
      options.setTrustOptions(TrustOptions.wrap(plan.trust.manager()));
    }
    client = vertx.createWebSocketClient(options);
  }

  /** Opens those that only are there; answers how many said hello and were welcomed. */
  int openIdle(LongConsumer progress) throws InterruptedException {
    AtomicInteger welcomed = new AtomicInteger();
    open(plan.idle, (number, socket) -> welcomed.incrementAndGet(), progress);
    return welcomed.get();
  }

  /** Opens the pairs, each in a room of its own; answers how many sessions there are. */
  int openPairs(LongConsumer progress) throws InterruptedException {
    AtomicInteger joined = new AtomicInteger();
    open(
        2 * plan.pairs,
        (number, socket) -> {
          joined.incrementAndGet();
          socket.writeTextMessage("{\"t\":\"join\",\"room\":\"load-" + number / 2 + "\"}");
          if (number % 2 == 0) {
            talkers.add(new Talker(socket, "load-" + number / 2));
          }
        },
        progress);
    return joined.get();
  }

  private interface Welcomed {
    void on(int number, WebSocket socket);
  }

  private void open(int count, Welcomed welcomed, LongConsumer progress)
      throws InterruptedException {
    CountDownLatch left = new CountDownLatch(count);
    long start = System.nanoTime();
    for (int number = 0; number < count; number++) {
      long due = start + number * 1_000_000_000L / plan.connectsPerSecond;
      pause(due);
      connect(number, welcomed, left);
      if (number % 500 == 499) {
        progress.accept(number + 1);
      }
    }
    if (!left.await(CONNECT_PATIENCE_SECONDS, TimeUnit.SECONDS)) {
      trouble(left.getCount() + " had no welcome in " + CONNECT_PATIENCE_SECONDS + " s");
    }
  }

  private static void pause(long due) throws InterruptedException {
    for (long wait = due - System.nanoTime(); wait > 0; wait = due - System.nanoTime()) {
      LockSupport.parkNanos(wait);
      if (Thread.interrupted()) {
        throw new InterruptedException();
      }
    }
  }

  private void connect(int number, Welcomed welcomed, CountDownLatch left) {
    String query =
        plan.key == null ? "" : "?key=" + URLEncoder.encode(plan.key, StandardCharsets.UTF_8);
    WebSocketConnectOptions options =
        new WebSocketConnectOptions()
            .setHost(plan.target.uri().getHost())
            .setPort(plan.target.port())
            .setURI(plan.target.path() + query)
            .addSubProtocol("puente.v1.json");
    if (plan.sources > 0) {
      options.addHeader("X-Forwarded-For", "10.0.0." + (1 + number % plan.sources));
    }
    client
        .connect(options)
        .onSuccess(socket -> greet(socket, number, welcomed, left))
        .onFailure(
            failure -> {
              refused.increment();
              trouble(Trust.why(failure));
              left.countDown();
            });
  }

  private void greet(WebSocket socket, int number, Welcomed welcomed, CountDownLatch left) {
    socket.closeHandler(
        end -> {
          if (!isOver) {
            closed.increment();
            trouble("closed " + socket.closeStatusCode() + " " + socket.closeReason());
          }
        });
    socket.textMessageHandler(
        text -> {
          if (text.startsWith("{\"t\":\"msg\"")) {
            onMessage(text);
          } else if (text.startsWith("{\"t\":\"welcome\"")) {
            welcomed.on(number, socket);
            left.countDown();
          } else if (text.startsWith("{\"t\":\"error\"")) {
            refused.increment();
            trouble(text);
          }
        });
    socket.writeTextMessage("{\"t\":\"hello\"}");
  }

  private void onMessage(String text) {
    long due = new JsonObject(text).getJsonObject("d").getLong("due");
    deliveries.recordValue(Math.clamp(System.nanoTime() - due, 0, SLOWEST_NS));
    delivered.increment();
  }

  private void trouble(String what) {
    if (troubles.isEmpty()) {
      troubles.add(SafeText.excerpt(what, 200));
    }
  }

  /** Talks at the rate; returns when the last message has come or had five seconds to. */
  void talk(LongConsumer progress) throws InterruptedException {
    long total = (long) plan.messagesPerSecond * plan.seconds;
    if (total == 0 || talkers.isEmpty()) {
      pause(System.nanoTime() + TimeUnit.SECONDS.toNanos(plan.seconds));
      return;
    }
    CountDownLatch over = new CountDownLatch(1);
    Context context = vertx.getOrCreateContext();
    context.runOnContext(go -> talk(total, System.nanoTime(), over, progress));
    over.await();
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(5);
    while (delivered.sum() < sent && System.nanoTime() < end) {
      pause(System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(10));
    }
  }

  private void talk(long total, long start, CountDownLatch over, LongConsumer progress) {
    vertx.setPeriodic(
        1,
        timer -> {
          long passed = System.nanoTime() - start;
          long due = Math.min(total, passed * plan.messagesPerSecond / 1_000_000_000L);
          for (; sent < due; sent++) {
            long dueAt = start + sent * 1_000_000_000L / plan.messagesPerSecond;
            say(talkers.get((int) (sent % talkers.size())), dueAt);
            if (sent % plan.messagesPerSecond == 0) {
              progress.accept(delivered.sum());
            }
          }
          if (sent == total) {
            vertx.cancelTimer(timer);
            over.countDown();
          }
        });
  }

  /** To whoever else is in the sender's room: its partner. */
  private void say(Talker talker, long dueAt) {
    talker.socket.writeTextMessage(
        "{\"t\":\"msg\",\"room\":\""
            + talker.room
            + "\",\"d\":{\"due\":"
            + dueAt
            + ",\"pad\":\""
            + pad
            + "\"}}");
  }

  Histogram deliveries() {
    return deliveries;
  }

  long sent() {
    return sent;
  }

  long delivered() {
    return delivered.sum();
  }

  /** Connections that failed, requests that were refused, sessions that the server closed. */
  long failed() {
    return refused.sum() + closed.sum();
  }

  String firstTrouble() {
    return troubles.isEmpty() ? "" : String.valueOf(troubles.peek());
  }

  @Override
  public void close() {
    isOver = true;
    vertx.close().toCompletionStage().toCompletableFuture().join();
  }
}

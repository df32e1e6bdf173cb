package puente.launcher;

import io.vertx.core.AsyncResult;
import io.vertx.core.Vertx;
import io.vertx.core.WorkerExecutor;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.slf4j.event.Level;
import puente.series.History;
import puente.series.Point;
import puente.series.PointCodec;
import puente.series.Tier;

/**
 * What this node measured, over restarts; and coarsely what the others did, so that a forecast of
 * the cluster outlives any one of them. For the control loop; files are written off it.
 */
final class NodeHistory {

  static final String SUBJECT = "history";
  private static final String DIRECTORY = "history";
  private static final String SUFFIX = ".pts";
  private static final int OTHERS_MAX = 64;

  /** Of whom nothing is known yet, so much is asked for: it fits into one message. */
  private static final int CATCH_UP_HOURS = 24 * 60;

  private static final Duration PATIENCE = Duration.ofSeconds(10);

  /** Of one node; a day and a half of minutes, while a disk does not take them. */
  private static final int UNWRITTEN_MAX = 2000;

  /** After so long the log says where a write is held up. */
  private static final int WRITE_MINUTES = 5;

  /**
   * A disk may keep a writer for minutes: nothing else waits in this one's line. It has one thread,
   * which is order enough: what Vert.x calls ordered waits for all ordered work of its context.
   */
  private final WorkerExecutor writer;

  private final Cluster cluster;
  private final Consumer<Runnable> loop;
  private final Path directory;
  private final History own = new History(this::closed);
  private final Map<String, History> others = new HashMap<>();
  private final Map<String, Deque<byte[]>> unwritten = new HashMap<>();
  private final Set<String> asked = new HashSet<>();
  private boolean writing;

  /**
   * @param loop runs something on the control loop
   */
  NodeHistory(Vertx vertx, StateDirectory state, Cluster cluster, Consumer<Runnable> loop) {
    writer = vertx.createSharedWorkerExecutor("puente-history", 1, WRITE_MINUTES, TimeUnit.MINUTES);
    this.cluster = cluster;
    this.loop = loop;
    directory = state.directory().resolve(DIRECTORY);
    load();
    cluster.messages().listen(SUBJECT, (from, body) -> loop.accept(() -> hear(from, body)));
    cluster
        .messages()
        .answer(
            SUBJECT,
            (from, body) -> {
              CompletableFuture<byte[]> answer = new CompletableFuture<>();
              loop.accept(() -> answer.complete(hours()));
              return answer;
            });
  }

  History own() {
    return own;
  }

  Map<String, History> others() {
    return others;
  }

  private void load() {
    try {
      Files.createDirectories(directory);
      List<Path> files;
      try (Stream<Path> listed = Files.list(directory)) {
        files = listed.filter(path -> path.toString().endsWith(SUFFIX)).sorted().toList();
      }
      for (Path path : files) {
        String node = nodeOf(path);
        if (node.equals(cluster.nodeId())) {
          new HistoryFile(path).read(own);
        } else if (others.size() < OTHERS_MAX) {
          new HistoryFile(path).read(historyOf(node));
        }
      }
    } catch (IOException unreadable) {
      Events.warn("history-unreadable", "reason", String.valueOf(unreadable.getMessage()));
    }
  }

  private static String nodeOf(Path path) {
    String name = path.getFileName().toString();
    try {
      byte[] node = Base64.getUrlDecoder().decode(name.substring(0, name.length() - 4));
      return new String(node, StandardCharsets.UTF_8);
    } catch (IllegalArgumentException foreign) {
      return name;
    }
  }

  private Path pathOf(String node) {
    byte[] name = node.getBytes(StandardCharsets.UTF_8);
    return directory.resolve(Base64.getUrlEncoder().withoutPadding().encodeToString(name) + SUFFIX);
  }

  private History historyOf(String node) {
    return others.computeIfAbsent(node, any -> new History(point -> {}));
  }

  private void closed(Point point) {
    if (!point.tier().isKept()) {
      return;
    }
    byte[] bytes = PointCodec.encode(point);
    later(cluster.nodeId(), bytes);
    if (point.tier().isShared()) {
      byte[] told = withHead(List.of(bytes));
      for (NodeState node : cluster.nodes()) {
        if (node.alive() && !node.id().equals(cluster.nodeId())) {
          cluster.messages().tell(node.id(), SUBJECT, told);
        }
      }
    }
  }

  private static byte[] withHead(List<byte[]> points) {
    byte[] head = PointCodec.head();
    int length = head.length + points.stream().mapToInt(point -> point.length).sum();
    ByteBuffer out = ByteBuffer.allocate(length).put(head);
    points.forEach(out::put);
    return out.array();
  }

  private byte[] hours() {
    List<byte[]> points = new ArrayList<>();
    Point newest = own.newest(Tier.HOUR);
    if (newest != null) {
      long from = newest.second() - CATCH_UP_HOURS * 3600L;
      own.points(Tier.HOUR, from, newest.second() + 3600)
          .forEach(point -> points.add(PointCodec.encode(point)));
    }
    return withHead(points);
  }

  /** Asks those of whom nothing is known yet. */
  void look(List<NodeState> nodes) {
    for (NodeState node : nodes) {
      String id = node.id();
      if (node.alive() && !id.equals(cluster.nodeId()) && !others.containsKey(id)) {
        if (others.size() < OTHERS_MAX && asked.add(id)) {
          cluster
              .messages()
              .ask(id, SUBJECT, new byte[0], PATIENCE)
              .whenComplete(
                  (body, failure) ->
                      loop.accept(
                          () -> {
                            asked.remove(id);
                            if (failure == null) {
                              hear(id, body);
                            }
                          }));
        }
      }
    }
  }

  private void hear(String from, byte[] body) {
    ByteBuffer in = ByteBuffer.wrap(body);
    PointCodec codec = PointCodec.ofHead(in).orElse(null);
    if (codec == null || !others.containsKey(from) && others.size() >= OTHERS_MAX) {
      return;
    }
    History history = historyOf(from);
    for (Point point : codec.decode(in)) {
      if (point.tier().isShared()) {
        history.put(point);
        later(from, PointCodec.encode(point));
      }
    }
  }

  private void later(String node, byte[] point) {
    Deque<byte[]> waiting = unwritten.computeIfAbsent(node, any -> new ArrayDeque<>());
    waiting.add(point);
    if (waiting.size() > UNWRITTEN_MAX) {
      waiting.remove();
      notKept("the disk does not take them");
    }
    write();
  }

  private static void notKept(String reason) {
    Events.limited("history-not-kept", Level.WARN, "history-not-kept", "reason", reason);
  }

  /** One at a time; what comes meanwhile goes with the next. */
  private void write() {
    if (writing || unwritten.isEmpty()) {
      return;
    }
    writing = true;
    Map<String, List<byte[]>> batch = new HashMap<>();
    unwritten.forEach((node, points) -> batch.put(node, List.copyOf(points)));
    unwritten.clear();
    var unused =
        writer
            .executeBlocking(() -> write(batch), false)
            .onComplete(done -> loop.accept(() -> wrote(done)));
  }

  private void wrote(AsyncResult<List<String>> done) {
    writing = false;
    if (done.failed()) {
      notKept(String.valueOf(done.cause().getMessage()));
    } else {
      done.result().forEach(this::shorten);
      write();
    }
  }

  /** Answers whose file has become long. */
  private List<String> write(Map<String, List<byte[]>> batch) throws IOException {
    List<String> tooLong = new ArrayList<>();
    for (Map.Entry<String, List<byte[]>> entry : batch.entrySet()) {
      HistoryFile file = new HistoryFile(pathOf(entry.getKey()));
      file.add(entry.getValue());
      if (file.isLong()) {
        tooLong.add(entry.getKey());
      }
    }
    return tooLong;
  }

  private void shorten(String node) {
    byte[][] all = HistoryFile.snapshot(node.equals(cluster.nodeId()) ? own : historyOf(node));
    HistoryFile file = new HistoryFile(pathOf(node));
    var unused =
        writer
            .executeBlocking(
                () -> {
                  file.write(all);
                  return all.length;
                },
                false)
            .onFailure(failure -> loop.accept(() -> notKept(String.valueOf(failure.getMessage()))));
  }

  /** After what is being written. */
  void stop() {
    var unused = writer.close();
  }
}

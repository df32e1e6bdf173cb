package puente.net;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import puente.net.EventLoops.UdpIo;

/** The loops as a whole. */
class EventLoopsTest {

  /** Whoever is told on a loop that the last server is closed goes on there. */
  @Test
  void areClosedFromOneOfThem() throws Exception {
    EventLoops loops = EventLoops.open(2, UdpIo.AUTO, true);
    EventLoops.Loop shard = loops.shards().getFirst();
    CompletableFuture.supplyAsync(loops::close, shard.eventLoop())
        .thenCompose(closed -> closed)
        .get(60, TimeUnit.SECONDS);
    assertTrue(shard.eventLoop().isShuttingDown());
  }

  /** What is killed cannot clear away what it left in the directory for temporary files. */
  @Test
  void leaveNothingInTheTemporaryDirectory() throws Exception {
    Set<Path> before = temporary();
    EventLoops loops = EventLoops.open(1, UdpIo.AUTO, true);
    try {
      Set<Path> added = temporary();
      added.removeAll(before);
      assertEquals(Set.of(), added);
    } finally {
      loops.close().toCompletableFuture().get(60, TimeUnit.SECONDS);
    }
  }

  private static Set<Path> temporary() throws IOException {
    try (Stream<Path> all = Files.list(Path.of(System.getProperty("java.io.tmpdir")))) {
      return all.filter(path -> path.getFileName().toString().startsWith("vertx-"))
          .collect(Collectors.toCollection(HashSet::new));
    }
  }
}

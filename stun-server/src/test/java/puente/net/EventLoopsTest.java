package puente.net;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
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
}

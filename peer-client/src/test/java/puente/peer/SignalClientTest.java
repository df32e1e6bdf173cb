package puente.peer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class SignalClientTest {

  @Test
  void aServerThatWasNeverThereIsGivenUp() throws Exception {
    AtomicInteger offline = new AtomicInteger();
    CompletableFuture<String> failed = new CompletableFuture<>();
    try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
        ScheduledExecutorService executor = Executors.newSingleThreadScheduledExecutor()) {
      // Whoever connects is hung up on, whatever else this port may be given to meanwhile.
      Thread.ofVirtual().start(() -> hangUp(taken));
      Gateway gateway =
          new Gateway(URI.create("http://127.0.0.1:" + taken.getLocalPort()), "", Trust.usual());
      SignalClient client =
          new SignalClient(gateway, "room", new JsonObject(), executor, listener(offline, failed));
      executor.execute(client::connect);
      String why = failed.get(60, TimeUnit.SECONDS);
      assertTrue(why.contains("cannot be reached, after 4 attempts"), why);
      assertEquals(3, offline.get(), "told of each attempt before");
    }
  }

  private static void hangUp(ServerSocket at) {
    try {
      while (true) {
        at.accept().close();
      }
    } catch (java.io.IOException closed) {
      // The test is over.
    }
  }

  private static SignalClient.Listener listener(
      AtomicInteger offline, CompletableFuture<String> failed) {
    return new SignalClient.Listener() {
      @Override
      public void iceServers(JsonArray servers) {}

      @Override
      public void joined(String self, JsonArray peers) {}

      @Override
      public void event(String type, JsonObject frame) {}

      @Override
      public void offline(String why) {
        offline.incrementAndGet();
      }

      @Override
      public void failed(String why) {
        failed.complete(why);
      }
    };
  }
}

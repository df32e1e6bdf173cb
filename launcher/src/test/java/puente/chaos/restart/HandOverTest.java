package puente.chaos.restart;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.nio.channels.DatagramChannel;
import java.nio.channels.Selector;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import puente.launcher.e2e.ServerProcess;
import puente.stun.Integrity;
import puente.stun.Method;

/**
 * Clients that go on making, changing and ending allocations all through a planned restart: whatever
 * was answered is so afterwards, by whichever process.
 */
@Tag("e2e")
@Timeout(120)
class HandOverTest {
  private static final int CLIENTS = 30;
  private static final int PACE_MS = 5;
  private static final long RETRY_NANOS = 300_000_000;
  private static final long PATIENCE_NANOS = 60_000_000_000L;

  /** What a client does in turn. */
  private enum Step {
    ENDED,
    ALLOCATED,
    BOUND,
    REFRESHED
  }

  @TempDir Path folder;

  private final ByteBuffer buffer = ByteBuffer.allocate(2048);

  @BeforeEach
  void linuxOnly() {
    Assumptions.assumeTrue(
        System.getProperty("os.name").equals("Linux") && ServerProcess.isPuente());
  }

  @Test
  void whatChangesDuringAHandOverIsNeitherLostNorUndone() throws Exception {
    List<Flow> clients = new ArrayList<>();
    try (Tree tree = new Tree(RestartsTest.program(folder), folder, "127.0.0.1");
        Selector selector = Selector.open()) {
      Integrity integrity = new Integrity();
      Step[] steps = new Step[CLIENTS];
      for (int i = 0; i < CLIENTS; i++) {
        Flow client = new Flow(tree.address(), tree.address().getAddress(), selector, integrity);
        clients.add(client);
        exchange(selector, client, Method.ALLOCATE, -1);
        client.learnNonce();
        steps[i] = Step.ENDED;
        for (int more = i % Step.values().length; more > 0; more--) {
          steps[i] = next(selector, client, steps[i]);
        }
      }
      // Clients are served before the start is whole and told to the supervisor.
      await(selector, () -> tree.said("first account") > 0, () -> {});
      Process restart = tree.restart();
      int changes = 0;
      while (restart.isAlive()) {
        int which = changes++ % CLIENTS;
        steps[which] = next(selector, clients.get(which), steps[which]);
        // Ports come and go no faster than the supervisor follows.
        selector.select(key -> {}, PACE_MS);
      }
      assertEquals(0, restart.exitValue(), tree::output);
      assertEquals(1, tree.said("event=taken-over"), tree::output);
      assertTrue(changes > CLIENTS, changes + " changes");
      for (int i = 0; i < CLIENTS; i++) {
        isStill(selector, clients.get(i), steps[i]);
      }
    } finally {
      for (Flow client : clients) {
        client.close();
      }
    }
  }

  private Step next(Selector selector, Flow client, Step step) throws Exception {
    switch (step) {
      case ENDED -> {
        exchange(selector, client, Method.ALLOCATE, -1);
        client.connectPeer();
        return Step.ALLOCATED;
      }
      case ALLOCATED -> {
        exchange(selector, client, Method.CHANNEL_BIND, -1);
        assertTrue(client.succeeded(), "a channel");
        return Step.BOUND;
      }
      case BOUND -> {
        exchange(selector, client, Method.REFRESH, -1);
        assertTrue(client.succeeded(), "a refresh");
        return Step.REFRESHED;
      }
      case REFRESHED -> {
        // A second one finds nothing any more, where the answer to the first was slow.
        exchange(selector, client, Method.REFRESH, 0);
        return Step.ENDED;
      }
    }
    throw new AssertionError(step);
  }

  private void isStill(Selector selector, Flow client, Step step) throws Exception {
    if (step == Step.BOUND || step == Step.REFRESHED) {
      long since = System.nanoTime();
      await(
          selector,
          () -> client.toPeer.arrivedSince(since) && client.toClient.arrivedSince(since),
          () -> {
            client.toPeer.send();
            client.toClient.send();
          });
    }
    exchange(selector, client, Method.REFRESH, -1);
    assertEquals(step != Step.ENDED, client.succeeded(), "an allocation that was " + step);
  }

  private void exchange(Selector selector, Flow client, Method method, int lifetime)
      throws Exception {
    client.ask(method, lifetime);
    await(selector, () -> client.answer != null, client::askAgain);
  }

  /** Repeats the action until the condition holds. */
  private void await(Selector selector, BooleanSupplier condition, Runnable action)
      throws Exception {
    long deadline = System.nanoTime() + PATIENCE_NANOS;
    long retry = System.nanoTime() + RETRY_NANOS;
    while (!condition.getAsBoolean()) {
      long now = System.nanoTime();
      assertTrue(now < deadline, "no answer in time");
      if (now > retry) {
        retry = now + RETRY_NANOS;
        action.run();
      }
      selector.select(
          key -> {
            if (key.attachment() instanceof Flow flow) {
              flow.read((DatagramChannel) key.channel(), buffer);
            }
          },
          20);
    }
  }
}

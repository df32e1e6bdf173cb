package puente.launcher.e2e;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;

/** One client with one peer that sends everything back. */
final class Flow implements AutoCloseable {
  private static final int CHANNEL = 0x4000;

  final TurnClient client;
  final InetSocketAddress relayed;
  private final Semaphore returned = new Semaphore(0);

  Flow(InetSocketAddress server, InetSocketAddress peer) throws IOException {
    this(server, peer, ServerProcess.USER, ServerProcess.PASSWORD);
  }

  Flow(InetSocketAddress server, InetSocketAddress peer, String user, String password)
      throws IOException {
    client = new TurnClient(new TurnClient.Datagrams(server), user, password);
    client.onData(data -> returned.release());
    relayed = client.allocate();
    client.bind(CHANNEL, peer);
  }

  void relays(int count) throws IOException, InterruptedException {
    for (int i = 0; i < count; i++) {
      client.sendChannel(CHANNEL, new byte[] {1, 2, 3, 4});
      awaitPacket();
    }
  }

  void awaitPacket() throws InterruptedException {
    assertTrue(returned.tryAcquire(20, TimeUnit.SECONDS), "a packet did not come back");
  }

  /** As media does: what is lost is lost, the next packet follows. */
  void relaysAgain() throws IOException, InterruptedException {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
    returned.drainPermits();
    do {
      assertTrue(System.nanoTime() < deadline, "nothing comes back");
      client.sendChannel(CHANNEL, new byte[] {1, 2, 3, 4});
    } while (!returned.tryAcquire(50, TimeUnit.MILLISECONDS));
  }

  /** The old nonce, no 437, no new Allocate, the same channel. */
  void goesOnAsBefore() throws IOException, InterruptedException {
    relaysAgain();
    byte[] refresh = client.authenticated(Stun.request(Stun.REFRESH));
    TurnClient.succeeded(client.exchange(refresh));
  }

  @Override
  public void close() {
    client.close();
  }
}

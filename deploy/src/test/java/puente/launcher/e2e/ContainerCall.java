package puente.launcher.e2e;

import java.net.InetSocketAddress;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;

/**
 * A call as a program of its own, in a container beside the servers: two clients, each with an
 * allocation at a server of its own, send each other a packet twenty times a second through both
 * relays. Once a second both show with a Refresh that their allocation is still the first one; the
 * program ends with 1 if it is not, and lets go of both when it is told to end.
 *
 * <p>It prints a line for each second: packets that arrived at the one and at the other so far.
 */
final class ContainerCall {
  private static final int CHANNEL = 0x4000;
  private static final long PACE_NS = TimeUnit.MILLISECONDS.toNanos(50);
  private static final int PACKETS_PER_LINE = 20;

  /** Silence of a server that is being replaced is no end; an answer with an error is. */
  private static final int REFUSED = 1;

  /** From then on an allocation may be gone: it was let go of. */
  private static volatile boolean ending;

  private final TurnClient client;
  private final InetSocketAddress relayed;
  private final AtomicLong received = new AtomicLong();

  private ContainerCall(String server) throws Exception {
    var wire = new TurnClient.Datagrams(new InetSocketAddress(server, 3478));
    client = new TurnClient(wire, ServerProcess.USER, ServerProcess.PASSWORD);
    client.onData(data -> received.incrementAndGet());
    relayed = client.allocate();
  }

  /**
   * @param servers the address of the one client's server, and of the other's
   */
  public static void main(String[] servers) throws Exception {
    var one = new ContainerCall(servers[0]);
    var other = new ContainerCall(servers[1]);
    one.client.bind(CHANNEL, other.relayed);
    other.client.bind(CHANNEL, one.relayed);
    Runtime.getRuntime().addShutdownHook(new Thread(() -> end(one, other)));
    one.staysThere();
    other.staysThere();
    byte[] media = new byte[160];
    for (long sent = 1; ; sent++) {
      one.client.sendChannel(CHANNEL, media);
      other.client.sendChannel(CHANNEL, media);
      if (sent % PACKETS_PER_LINE == 0) {
        System.out.println("arrived " + one.received + " " + other.received);
      }
      LockSupport.parkNanos(PACE_NS);
    }
  }

  private void staysThere() {
    Thread.ofPlatform().daemon().start(this::refresh);
  }

  private void refresh() {
    while (!ending) {
      byte[] request = client.authenticated(Stun.request(Stun.REFRESH));
      try {
        byte[] answer = client.exchange(request);
        if ((Stun.type(answer) & Stun.ERROR) != Stun.SUCCESS && !ending) {
          System.out.println("lost: " + Stun.errorCode(answer));
          Runtime.getRuntime().halt(REFUSED);
        }
      } catch (AssertionError silence) {
        System.out.println("silence: " + silence.getMessage());
      }
      LockSupport.parkNanos(TimeUnit.SECONDS.toNanos(1));
    }
  }

  private static void end(ContainerCall one, ContainerCall other) {
    ending = true;
    one.client.refresh(0);
    other.client.refresh(0);
  }
}

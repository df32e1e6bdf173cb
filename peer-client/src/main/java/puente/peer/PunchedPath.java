package puente.peer;

import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** {@link Punch} on a socket: opens a path, then carries lines of text on it. */
public final class PunchedPath implements AutoCloseable {
  private static final int DATAGRAM_MAX = 2048;

  /** The longest the loop does not look for lines to send. */
  private static final int LOOK_MS = 50;

  /**
   * @param local where the socket is bound
   * @param own how the rendezvous sees it
   * @param tookMs from the first packet on
   */
  public record Open(
      InetSocketAddress local,
      InetSocketAddress own,
      InetSocketAddress peer,
      String name,
      long tookMs) {}

  private final DatagramSocket socket;
  private final Consumer<String> explained;
  private final Consumer<String> lines;
  private final ConcurrentLinkedQueue<String> outgoing = new ConcurrentLinkedQueue<>();
  private final long began = System.nanoTime();
  private final Punch punch;
  private volatile boolean stopped;
  private @Nullable Open open;
  private String ended = "";

  /**
   * @param explained hears what each packet is for
   * @param lines hears what the other says
   */
  public PunchedPath(
      Gateway.Ticket ticket, String name, Consumer<String> explained, Consumer<String> lines)
      throws IOException {
    if (name.getBytes(StandardCharsets.UTF_8).length > Meeting.NOTE_MAX) {
      throw new IllegalArgumentException("a name is " + Meeting.NOTE_MAX + " bytes at most");
    }
    this.explained = explained;
    this.lines = lines;
    List<InetSocketAddress> servers = Routes.firsts(ticket.servers());
    InetAddress first = servers.getFirst().getAddress();
    socket = first.isLoopbackAddress() ? new DatagramSocket(0, first) : new DatagramSocket(0);
    SecureRandom random = new SecureRandom();
    Punch.Self self = new Punch.Self(ticket.token(), servers, name, random.nextLong() | 1);
    punch = new Punch(self, random, nowMs(), new Wire());
  }

  /** Waits for a path this long. */
  public Open await(long patienceMs) throws IOException {
    long deadline = patienceMs == 0 ? Long.MAX_VALUE : nowMs() + patienceMs;
    while (open == null) {
      if (stopped || punch.isOver()) {
        throw new IOException(ended.isEmpty() ? "stopped" : ended);
      }
      if (nowMs() >= deadline) {
        punch.retire();
        throw new IOException("no path: " + punch.stage());
      }
      step(deadline);
    }
    return open;
  }

  /** Waits until the other is known to have the path, too, so that this side may let go of it. */
  public void settle(long patienceMs) throws IOException {
    long deadline = nowMs() + patienceMs;
    while (!punch.isMutual() && !punch.isOver() && nowMs() < deadline) {
      step(deadline);
    }
    punch.retire();
  }

  /** Carries text both ways until one side ends it; says why. */
  public String talk() throws IOException {
    while (!punch.isOver()) {
      for (String line = outgoing.poll(); line != null; line = outgoing.poll()) {
        punch.text(line);
      }
      if (stopped) {
        punch.leave();
      } else {
        step(Long.MAX_VALUE);
      }
    }
    return ended.isEmpty() ? "you left" : ended;
  }

  /** From any thread. */
  public void say(String line) {
    if (line.getBytes(StandardCharsets.UTF_8).length > Meeting.TEXT_MAX) {
      throw new IllegalArgumentException("a line is " + Meeting.TEXT_MAX + " bytes at most");
    }
    outgoing.add(line);
  }

  /** From any thread: the loop ends when it has sent what was said. */
  public void stop() {
    stopped = true;
  }

  /** Gives the socket's port free, and the path with it: its NATs keep it open for a while. */
  @Override
  public void close() {
    socket.close();
  }

  private void step(long deadline) throws IOException {
    long now = nowMs();
    long wait = Math.min(Math.min(punch.nextDeadline(), deadline) - now, LOOK_MS);
    if (wait > 0) {
      receive((int) wait);
    }
    punch.onTime(nowMs());
  }

  private void receive(int waitMs) throws IOException {
    socket.setSoTimeout(waitMs);
    DatagramPacket packet = new DatagramPacket(new byte[DATAGRAM_MAX], DATAGRAM_MAX);
    try {
      socket.receive(packet);
    } catch (SocketTimeoutException nothing) {
      return;
    }
    byte[] datagram = Arrays.copyOf(packet.getData(), packet.getLength());
    punch.onDatagram(datagram, (InetSocketAddress) packet.getSocketAddress(), nowMs());
  }

  private long nowMs() {
    return (System.nanoTime() - began) / 1_000_000;
  }

  /** A destination that cannot be reached is one of several: the others are tried all the same. */
  private final class Wire implements Punch.Effects {
    @Override
    public void send(InetSocketAddress to, byte[] datagram) {
      try {
        socket.send(new DatagramPacket(datagram, datagram.length, to));
      } catch (IOException unreachable) {
        explained.accept("  not sent to " + Punch.text(to) + ": " + unreachable.getMessage());
      }
    }

    @Override
    public void explain(String what) {
      explained.accept(what);
    }

    @Override
    public void open(InetSocketAddress peer, String name, InetSocketAddress own) {
      InetSocketAddress local = (InetSocketAddress) socket.getLocalSocketAddress();
      open = new Open(local, own, peer, name, nowMs());
    }

    @Override
    public void text(String text) {
      lines.accept(text);
    }

    @Override
    public void closed(String why) {
      ended = why;
    }
  }
}

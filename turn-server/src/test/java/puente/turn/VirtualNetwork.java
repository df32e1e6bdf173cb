package puente.turn;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.Random;
import java.util.Set;
import org.jspecify.annotations.NullUnmarked;
import puente.stun.FiveTuple;
import puente.stun.Transport;
import puente.stun.TransportAddress;

/**
 * A network in virtual time around a {@link Lab}: what crosses it may be lost, doubled, late and out
 * of order, and hosts sit behind NATs of the kinds of RFC 4787 §4 and §5. Everything follows from
 * the seed.
 */
@NullUnmarked
final class VirtualNetwork {

  /** How a NAT maps and filters. */
  enum Nat {
    /** One mapping for all destinations, open to everybody. */
    FULL_CONE,
    /** One mapping for all destinations, open to addresses that were sent to. */
    ADDRESS_RESTRICTED,
    /** A mapping for each destination, open to that one alone. */
    SYMMETRIC
  }

  /** Who gets what arrives. */
  interface Inbox {
    void receives(TransportAddress from, byte[] bytes);
  }

  /** A machine behind a NAT of its own. */
  final class Host {
    private final TransportAddress outside;
    private final Nat nat;
    private final Inbox inbox;
    private final Map<TransportAddress, Integer> portByDestination = new HashMap<>();
    private final Map<Integer, Set<TransportAddress>> reachedByPort = new HashMap<>();
    private int nextPort = 40_000;

    private Host(String outside, Nat nat, Inbox inbox) {
      this.outside = Lab.address(outside + ":0");
      this.nat = nat;
      this.inbox = inbox;
    }

    void sends(TransportAddress to, byte[] bytes) {
      TransportAddress destination = nat == Nat.SYMMETRIC ? to : outside;
      int port = portByDestination.computeIfAbsent(destination, unused -> nextPort++);
      reachedByPort.computeIfAbsent(port, unused -> new HashSet<>()).add(to);
      TransportAddress from = outside.withPort(port);
      carry(() -> arrive(from, to, bytes));
    }

    private boolean admits(int port, TransportAddress from) {
      Set<TransportAddress> reached = reachedByPort.get(port);
      return reached != null
          && switch (nat) {
            case FULL_CONE -> true;
            case ADDRESS_RESTRICTED ->
                reached.stream().anyMatch(one -> one.sameIp(from.hi(), from.lo()));
            case SYMMETRIC -> reached.contains(from);
          };
    }
  }

  private record Event(long at, long order, Runnable action) implements Comparable<Event> {
    @Override
    public int compareTo(Event other) {
      return at != other.at ? Long.compare(at, other.at) : Long.compare(order, other.order);
    }
  }

  private static final int DELAY_MIN_MS = 5;
  private static final int DELAY_SPREAD_MS = 80;

  private final Lab lab;
  private final Random random;
  private final double loss;
  private final double doubled;
  private final List<Host> hosts = new ArrayList<>();
  private final PriorityQueue<Event> events = new PriorityQueue<>();
  private long order;
  int lost;

  VirtualNetwork(Lab lab, long seed, double loss, double doubled) {
    this.lab = lab;
    this.random = new Random(seed);
    this.loss = loss;
    this.doubled = doubled;
  }

  Host host(String outside, Nat nat, Inbox inbox) {
    Host host = new Host(outside, nat, inbox);
    hosts.add(host);
    return host;
  }

  void after(long ms, Runnable action) {
    events.add(new Event(lab.now + ms, order++, action));
  }

  /** Lets time pass, and everything that is due happen in its order. */
  void runs(long ms) {
    long end = lab.now + ms;
    while (!events.isEmpty() && events.peek().at <= end) {
      Event next = events.poll();
      lab.passes(Math.max(0, next.at - lab.now));
      next.action.run();
      collect();
    }
    lab.passes(end - lab.now);
    collect();
  }

  private void carry(Runnable arrival) {
    int copies = random.nextDouble() < doubled ? 2 : 1;
    for (int i = 0; i < copies; i++) {
      if (random.nextDouble() < loss) {
        lost++;
      } else {
        after(DELAY_MIN_MS + random.nextInt(DELAY_SPREAD_MS), arrival);
      }
    }
  }

  private void arrive(TransportAddress from, TransportAddress to, byte[] bytes) {
    if (to.equals(Lab.SERVER)) {
      lab.receives(new FiveTuple(Transport.UDP, from, Lab.SERVER, 0, null), bytes);
      return;
    }
    if (lab.open.stream().anyMatch(relay -> relay.local().equals(to))) {
      lab.peerSends(from, to, new String(bytes, java.nio.charset.StandardCharsets.ISO_8859_1));
      return;
    }
    for (Host host : hosts) {
      if (host.outside.sameIp(to.hi(), to.lo()) && host.admits(to.port(), from)) {
        host.inbox.receives(from, bytes);
      }
    }
  }

  /** Takes what the server has sent and carries it on. */
  private void collect() {
    for (Map.Entry<FiveTuple, Deque<Lab.AtClient>> box : lab.inbox.entrySet()) {
      TransportAddress to = box.getKey().client();
      for (Lab.AtClient message : box.getValue()) {
        byte[] bytes = message.channel() == 0 ? message.bytes() : framed(message);
        carry(() -> arrive(Lab.SERVER, to, bytes));
      }
      box.getValue().clear();
    }
    for (Lab.AtPeer packet : lab.atPeers) {
      boolean ours = lab.open.stream().anyMatch(relay -> relay.local().equals(packet.to()));
      if (!ours) {
        carry(() -> arrive(packet.from().local(), packet.to(), packet.data()));
      }
    }
    lab.atPeers.clear();
  }

  private static byte[] framed(Lab.AtClient message) {
    byte[] bytes = new byte[4 + message.bytes().length];
    bytes[0] = (byte) (message.channel() >> 8);
    bytes[1] = (byte) message.channel();
    bytes[2] = (byte) (message.bytes().length >> 8);
    bytes[3] = (byte) message.bytes().length;
    System.arraycopy(message.bytes(), 0, bytes, 4, message.bytes().length);
    return Arrays.copyOf(bytes, bytes.length);
  }
}

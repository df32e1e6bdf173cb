package puente.signal;

import io.vertx.core.Context;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.LongAdder;
import puente.stun.TransportAddress;

/** Runs a {@link Rendezvous} on the gateway's loop, for datagrams that came in on others. */
public final class RendezvousDesk {
  public static final int FIRST_BYTE = RendezvousWire.MAGIC >>> 24;
  public static final int LENGTH_MAX = RendezvousWire.REQUEST_MAX;

  /** The way back; from any thread. */
  public interface Way {
    void send(TransportAddress to, byte[] datagram);
  }

  /** Datagrams between two loops; beyond it they are dropped, as by any full queue. */
  private static final int WAITING_MAX = 1024;

  private final Context context;
  private final Rendezvous rendezvous;
  private final AtomicInteger waiting = new AtomicInteger();
  private final LongAdder dropped = new LongAdder();
  private final Map<Rendezvous.Event, LongAdder> counts = new ConcurrentHashMap<>();
  private final World world = new World();
  private volatile int meetings;
  private volatile int peers;

  public RendezvousDesk(Context context, Rendezvous.Limits limits, Rendezvous rendezvous) {
    this.context = context;
    this.rendezvous = rendezvous;
    context.runOnContext(go -> context.owner().setPeriodic(limits.tellMs(), tick -> onTime()));
  }

  /** A datagram with the first byte of the rendezvous. From any thread; takes the bytes over. */
  public void onDatagram(byte[] datagram, TransportAddress from, Way way) {
    if (waiting.incrementAndGet() > WAITING_MAX) {
      waiting.decrementAndGet();
      dropped.increment();
      return;
    }
    try {
      context.runOnContext(
          go -> {
            waiting.decrementAndGet();
            Rendezvous.Guest guest = new Rendezvous.Guest(from, way);
            rendezvous.onDatagram(guest, datagram, System.currentTimeMillis(), world);
          });
    } catch (RejectedExecutionException over) {
      dropped.increment();
    }
  }

  private void onTime() {
    rendezvous.onTime(System.currentTimeMillis(), world);
    meetings = rendezvous.meetings();
    peers = rendezvous.peers();
  }

  public int meetings() {
    return meetings;
  }

  public int peers() {
    return peers;
  }

  /** What happened, by name; from any thread. */
  public Map<String, Long> events() {
    Map<String, Long> named = new TreeMap<>();
    for (Rendezvous.Event event : Rendezvous.Event.values()) {
      LongAdder adder = counts.get(event);
      named.put(event.name().toLowerCase(Locale.ROOT), adder == null ? 0 : adder.sum());
    }
    named.put("dropped", dropped.sum());
    return named;
  }

  private final class World implements Rendezvous.Effects {
    @Override
    public void send(Rendezvous.Guest to, byte[] datagram) {
      if (to.way() instanceof Way way) {
        way.send(to.address(), datagram);
      }
    }

    @Override
    public void count(Rendezvous.Event event) {
      counts.computeIfAbsent(event, any -> new LongAdder()).increment();
    }
  }
}

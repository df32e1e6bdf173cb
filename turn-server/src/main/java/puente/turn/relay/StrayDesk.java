package puente.turn.relay;

import io.netty.channel.EventLoop;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import puente.net.Datagrams;
import puente.net.Parcel;
import puente.stun.AddressMap;
import puente.stun.FiveTuple;
import puente.stun.Packet;
import puente.turn.Counter;
import puente.turn.Counters;

/**
 * Where a shard hands packets to the shard that has their client's allocation, and takes such from
 * others. For the shard's loop, except {@link #take}. Nothing of this is on the road of a client
 * that the shard knows.
 */
final class StrayDesk {

  /** Packets on their way from one shard to another. */
  private static final int WAITING_MAX = 256;

  /** Packets of a shard's own that come in while it is still restoring. */
  private static final int HELD_MAX = 4096;

  /** Clients known to be another shard's since they were claimed; a packet may come again. */
  private static final int CLAIMED_MAX = 0x1_0000;

  private final int index;
  private final EventLoop loop;
  private final Counters counters;
  private final Datagrams datagrams;
  private final Consumer<Packet> unpacked;
  private final AtomicReferenceArray<@Nullable ParcelQueue> waitingFrom;
  private final AtomicBoolean woken = new AtomicBoolean();
  private final AddressMap<Integer> shardOfClaimed;
  private List<StrayDesk> desks = List.of();
  private Strays strays = Strays.NONE;
  private Parcel.@Nullable Table table;
  private boolean holds;

  /**
   * @param shards how many shards there are, of which this is number {@code index}
   * @param unpacked takes what was handed over, as if it had come in here
   */
  StrayDesk(
      int index,
      int shards,
      EventLoop loop,
      Datagrams datagrams,
      Counters counters,
      long seed,
      Consumer<Packet> unpacked) {
    this.index = index;
    this.loop = loop;
    this.datagrams = datagrams;
    this.counters = counters;
    this.unpacked = unpacked;
    waitingFrom = new AtomicReferenceArray<>(shards);
    shardOfClaimed = new AddressMap<>(seed);
  }

  /** All desks, by shard; said before the first packet. */
  void meet(List<StrayDesk> all) {
    desks = List.copyOf(all);
  }

  /** From now on these are where; while {@code hold}, nothing is answered but kept for later. */
  void expect(Strays newStrays, boolean hold) {
    strays = newStrays;
    holds = hold;
  }

  /** Everything is where it belongs: what was kept for later comes now. */
  void open() {
    holds = false;
    drain();
  }

  /** Whether packets are kept for later. */
  boolean holds() {
    return holds;
  }

  void hold(Packet packet) {
    if (!take(index, new Parcel(packet), HELD_MAX)) {
      counters.count(Counter.QUEUE_FULL);
    }
  }

  /** Whether the packet's client is another shard's; that one has it then. */
  boolean give(Packet packet) {
    int owner = strays.shardOf(packet);
    if (owner < 0 && !shardOfClaimed.isEmpty()) {
      Integer claimed =
          shardOfClaimed.find(
              packet.sourceHi, packet.sourceLo, packet.sourcePort | packet.listener << 16);
      owner = claimed == null ? -1 : claimed;
    }
    if (owner < 0 || owner == index) {
      return false;
    }
    give(new Parcel(packet), owner);
    return true;
  }

  /** That shard has it from now on, if there is room there. */
  void give(Parcel parcel, int owner) {
    boolean taken = desks.get(owner).take(index, parcel, WAITING_MAX);
    counters.count(taken ? Counter.STRAY : Counter.QUEUE_FULL);
  }

  /** The shard that this client's packets come to is this one, its allocation is that one's. */
  boolean claimed(FiveTuple client, int shard) {
    if (shardOfClaimed.size() >= CLAIMED_MAX) {
      return false;
    }
    int number = client.client().port() | client.listener() << 16;
    shardOfClaimed.put(client.client().hi(), client.client().lo(), number, shard);
    return true;
  }

  /** The allocation of this client has ended here. */
  void end(FiveTuple client) {
    strays.end(client, index);
  }

  /** On the loop of the shard that gives. */
  private boolean take(int from, Parcel parcel, int most) {
    ParcelQueue queue = waitingFrom.getAcquire(from);
    if (queue == null) {
      queue = new ParcelQueue(most);
      waitingFrom.setRelease(from, queue);
    }
    if (!queue.offer(parcel)) {
      return false;
    }
    if (woken.compareAndSet(false, true)) {
      loop.execute(this::drain);
    }
    return true;
  }

  private void drain() {
    if (holds) {
      return;
    }
    woken.set(false);
    Parcel.Table unpacking = table;
    if (unpacking == null) {
      unpacking = new Parcel.Table(datagrams);
      table = unpacking;
    }
    for (int from = 0; from < waitingFrom.length(); from++) {
      ParcelQueue queue = waitingFrom.getAcquire(from);
      Parcel parcel = queue == null ? null : queue.poll();
      while (queue != null && parcel != null) {
        unpacked.accept(unpacking.unpack(parcel));
        parcel = queue.poll();
      }
    }
  }
}

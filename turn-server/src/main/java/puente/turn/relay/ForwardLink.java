package puente.turn.relay;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.DatagramChannel;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.atomic.LongAdder;
import puente.net.Addresses;
import puente.net.BindFailure;
import puente.stun.TransportAddress;

/**
 * The way between nodes for datagrams of clients that speak to another node than the one that has
 * their allocation: sealed, batched, bounded. What does not fit is dropped and counted, as on any
 * network. It has two threads of its own; shards only fill and are given its queues.
 */
public final class ForwardLink implements AutoCloseable {

  /** One constant per fact. */
  public enum Fact {
    /** Datagrams between nodes. */
    SENT,
    RECEIVED,
    /** Other nodes were asked for a client's allocation. */
    OFFER,
    /** Another node has asked, or sent, and the allocation is here. */
    HERE,
    /** Packets of clients, sent on to the node that has their allocation. */
    UP,
    /** Packets for clients, sent to the node that they speak to. */
    DOWN,
    /** Dropped: held for the node that has the client's allocation, which has not said so. */
    NOBODY,
    /** Dropped: more packets of unknown clients than are held. */
    HELD_FULL,
    /** Not asked: more unknown clients in a second than are asked for. */
    OFFER_RATE,
    /** Dropped: for a client of an address that is not ours. */
    NO_DOOR,
    /** Dropped: more waits than the link sends. */
    QUEUE_FULL,
    /** Dropped: forged, a copy, too old, or not understood. */
    REFUSED,
    /** The system would not send it. */
    SEND_FAILED
  }

  private static final int QUEUE_MAX = 8192;
  private static final int BATCH_MAX = 64;

  /** Frames travel together as long as they fit into one packet of an ordinary network. */
  private static final int TOGETHER_BYTES = 1400 - ForwardSeal.OVERHEAD;

  private static final int DATAGRAM_MAX = 65_507;

  private record Outgoing(TransportAddress node, Forwarded frame) {}

  private final DatagramChannel channel;
  private final TransportAddress local;
  private final ForwardSeal seal;
  private final List<Shard> shards;
  private final BlockingQueue<Outgoing> queue = new ArrayBlockingQueue<>(QUEUE_MAX);
  private final LongAdder[] counts = new LongAdder[Fact.values().length];
  private final List<Thread> threads;
  private volatile List<TransportAddress> peers = List.of();

  private ForwardLink(DatagramChannel channel, String secret, List<Shard> shards)
      throws IOException {
    this.channel = channel;
    local = Addresses.of((InetSocketAddress) channel.getLocalAddress());
    this.shards = shards;
    seal = new ForwardSeal(secret, new SecureRandom());
    for (int i = 0; i < counts.length; i++) {
      counts[i] = new LongAdder();
    }
    threads =
        List.of(
            Thread.ofPlatform().daemon().name("puente-forward-out").unstarted(this::sendAll),
            Thread.ofPlatform().daemon().name("puente-forward-in").unstarted(this::receiveAll));
  }

  /** Opens the link of these shards. */
  static ForwardLink open(TransportAddress local, String secret, List<Shard> shards)
      throws BindFailure {
    try {
      DatagramChannel channel = DatagramChannel.open();
      try {
        channel.bind(Addresses.of(local));
      } catch (IOException refused) {
        channel.close();
        throw BindFailure.of(local, refused);
      }
      ForwardLink link = new ForwardLink(channel, secret, shards);
      link.threads.forEach(Thread::start);
      return link;
    } catch (IOException refused) {
      throw BindFailure.of(local, refused);
    }
  }

  /** Where the other nodes send to. */
  public TransportAddress local() {
    return local;
  }

  /** The links of the other nodes that live. */
  public void peers(List<TransportAddress> links) {
    peers = List.copyOf(links);
  }

  public long count(Fact fact) {
    return counts[fact.ordinal()].sum();
  }

  boolean hasPeers() {
    return !peers.isEmpty();
  }

  /** Whether these are all that could be asked. */
  boolean areAll(Set<TransportAddress> nodes) {
    return nodes.containsAll(peers);
  }

  boolean isPeer(TransportAddress node) {
    return peers.contains(node);
  }

  void count(Fact fact, long many) {
    if (many > 0) {
      counts[fact.ordinal()].add(many);
    }
  }

  /** Asks every other node whether it has the allocation. */
  void offer(Forwarded frame) {
    count(Fact.OFFER, 1);
    peers.forEach(peer -> send(peer, frame));
  }

  void send(TransportAddress node, Forwarded frame) {
    boolean tooLong = frame.bytes() > DATAGRAM_MAX - ForwardSeal.OVERHEAD;
    if (tooLong || !queue.offer(new Outgoing(node, frame))) {
      count(Fact.QUEUE_FULL, 1);
    }
  }

  private void sendAll() {
    List<Outgoing> batch = new ArrayList<>(BATCH_MAX);
    try {
      while (channel.isOpen()) {
        batch.add(queue.take());
        queue.drainTo(batch, BATCH_MAX - 1);
        sendBatch(batch);
        batch.clear();
      }
    } catch (InterruptedException closing) {
      // The link is closed.
    }
  }

  /** Frames to one node that stand next to each other become one datagram. */
  private void sendBatch(List<Outgoing> batch) {
    ByteBuffer records = ByteBuffer.allocate(DATAGRAM_MAX);
    for (int i = 0; i < batch.size(); i++) {
      Outgoing next = batch.get(i);
      next.frame.write(records);
      boolean goesOn =
          i + 1 < batch.size()
              && batch.get(i + 1).node.equals(next.node)
              && records.position() + batch.get(i + 1).frame.bytes() <= TOGETHER_BYTES;
      if (!goesOn) {
        sendSealed(records, next.node);
        records.clear();
      }
    }
  }

  private void sendSealed(ByteBuffer records, TransportAddress node) {
    byte[] sealed = seal.seal(records.array(), records.position(), System.currentTimeMillis());
    try {
      channel.send(ByteBuffer.wrap(sealed), Addresses.of(node));
      count(Fact.SENT, 1);
    } catch (IOException refused) {
      count(Fact.SEND_FAILED, 1);
    }
  }

  private void receiveAll() {
    ByteBuffer datagram = ByteBuffer.allocate(DATAGRAM_MAX);
    while (channel.isOpen()) {
      try {
        datagram.clear();
        if (channel.receive(datagram) instanceof InetSocketAddress from) {
          onReceived(datagram.flip(), Addresses.of(from));
        }
      } catch (ClosedChannelException closed) {
        return;
      } catch (IOException | RuntimeException broken) {
        count(Fact.REFUSED, 1);
      }
    }
  }

  private void onReceived(ByteBuffer datagram, TransportAddress from) {
    Optional<ByteBuffer> records = seal.open(datagram, System.currentTimeMillis());
    if (records.isEmpty()) {
      count(Fact.REFUSED, 1);
      return;
    }
    count(Fact.RECEIVED, 1);
    List<List<Forwarded>> framesByShard = new ArrayList<>();
    shards.forEach(shard -> framesByShard.add(new ArrayList<>()));
    for (Optional<Forwarded> next = Forwarded.read(records.get());
        next.isPresent();
        next = Forwarded.read(records.get())) {
      deal(next.get(), framesByShard);
    }
    for (int i = 0; i < shards.size(); i++) {
      if (!framesByShard.get(i).isEmpty()) {
        shards.get(i).forwarded(framesByShard.get(i), from);
      }
    }
  }

  /** To the shard that it is for; only a question is for all of them. */
  private void deal(Forwarded frame, List<List<Forwarded>> framesByShard) {
    int place = frame.shard();
    if (place < framesByShard.size()) {
      framesByShard.get(place).add(frame);
    } else if (frame.kind() == Forwarded.Kind.OFFER || frame.kind() == Forwarded.Kind.UP) {
      // The other node may know us with more shards than we have now.
      framesByShard.forEach(frames -> frames.add(frame));
    } else {
      count(Fact.REFUSED, 1);
    }
  }

  @Override
  public void close() {
    try {
      channel.close();
    } catch (IOException alreadyClosed) {
      // Nothing is left to be closed.
    }
    threads.forEach(Thread::interrupt);
  }
}

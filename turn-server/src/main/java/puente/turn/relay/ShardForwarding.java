package puente.turn.relay;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import org.jspecify.annotations.Nullable;
import puente.net.UdpSocket;
import puente.stun.AddressMap;
import puente.stun.FiveTuple;
import puente.stun.Packet;
import puente.stun.PacketKind;
import puente.stun.TransportAddress;
import puente.turn.relay.Forwarded.Kind;

/**
 * One shard's part in forwarding between nodes, both ways: what comes here of clients whose
 * allocation is on another node, and what comes by other nodes for allocations that are here. Used
 * on the shard's loop only.
 *
 * <p>Nobody keeps a directory of this. The first packet of an unknown client is offered to every
 * other node; the one that has the allocation takes it and says so. An Allocate is never offered: a
 * new client is served where it comes.
 */
final class ShardForwarding {

  /** A node that says nothing for so long does not have the allocation. */
  private static final long OFFER_MS = 300;

  /** How long a no is good for. */
  private static final long DENIED_MS = 5000;

  /** How long a yes is, and how often it is repeated. */
  private static final long ROUTE_MS = 10_000;

  private static final long HERE_EVERY_MS = 2000;

  /** A client refreshes its permissions and allocation more often than this. */
  private static final long VIA_MS = 900_000;

  /** Clients remembered each way; beyond that the oldest is forgotten. */
  private static final int CLIENTS_MAX = 16_384;

  /** Anybody can send from any address: more offers than this in a second are not made. */
  private static final int OFFERS_PER_SECOND = 1000;

  private static final int ALLOCATE_REQUEST = 0x0003;

  /** Who has the allocation of a client that speaks to us; null is nobody, from {@code sureMs} on. */
  private record Route(@Nullable TransportAddress node, long sureMs, long untilMs) {}

  /** By whom the client of an allocation of ours speaks. */
  private record Via(TransportAddress node, TransportAddress door, long hereMs, long untilMs) {}

  private final Shard shard;
  private final ForwardLink link;
  private final Recollection<Route> routes;
  private final Recollection<Via> vias;
  private final Packet packet = new Packet();
  private final ByteBuf memory = Unpooled.directBuffer(0x1_0000, 0x1_0000);
  private long secondMs;
  private int offered;

  ShardForwarding(Shard shard, ForwardLink link, long seed) {
    this.shard = shard;
    this.link = link;
    routes = new Recollection<>(seed, CLIENTS_MAX);
    vias = new Recollection<>(seed + 1, CLIENTS_MAX);
    packet.buffer = memory.nioBuffer(0, memory.capacity());
    packet.address = memory.memoryAddress();
  }

  // ---- at the node that the client speaks to

  /** Whether another node gets this packet; nothing is left to do then. */
  boolean elsewhere(Packet unknown, TransportAddress door, long now) {
    boolean request = PacketKind.of(unknown.u8(0)) == PacketKind.STUN;
    if (request && unknown.u16(0) == ALLOCATE_REQUEST) {
      return false;
    }
    TransportAddress client = unknown.source();
    Route route = routes.find(client);
    if (route == null || now >= route.untilMs) {
      return link.hasPeers() && offer(unknown, client, door, now);
    }
    TransportAddress node = route.node;
    if (node == null) {
      // Until the others have had time to answer, nobody is told that there is nothing.
      return now < route.sureMs;
    }
    link.send(node, new Forwarded(Kind.UP, client, door, bytes(unknown, 0, unknown.length)));
    return true;
  }

  private boolean offer(Packet unknown, TransportAddress client, TransportAddress door, long now) {
    if (now - secondMs >= 1000) {
      secondMs = now;
      offered = 0;
    }
    if (offered++ >= OFFERS_PER_SECOND) {
      return false;
    }
    routes.put(client, new Route(null, now + OFFER_MS, now + DENIED_MS));
    link.offer(new Forwarded(Kind.OFFER, client, door, bytes(unknown, 0, unknown.length)));
    return true;
  }

  // ---- at the node that has the allocation

  /** The client speaks to us itself again. */
  void direct(Packet from) {
    if (!vias.isEmpty()) {
      vias.remove(from.sourceHi, from.sourceLo, from.sourcePort);
    }
  }

  /** Sends by the node that the client speaks to, if that is another one. */
  boolean toClient(FiveTuple client, byte[] message, int length, long now) {
    Via via = via(client, now);
    if (via == null) {
      return false;
    }
    byte[] payload = java.util.Arrays.copyOf(message, length);
    link.send(via.node, new Forwarded(Kind.DOWN, client.client(), via.door, payload));
    return true;
  }

  /** The same for ChannelData. */
  boolean toClient(FiveTuple client, int channel, Packet data, int offset, int length, long now) {
    Via via = via(client, now);
    if (via == null) {
      return false;
    }
    byte[] payload = new byte[4 + length];
    payload[0] = (byte) (channel >> 8);
    payload[1] = (byte) channel;
    payload[2] = (byte) (length >> 8);
    payload[3] = (byte) length;
    data.buffer.get(data.offset + offset, payload, 4, length);
    link.send(via.node, new Forwarded(Kind.DOWN, client.client(), via.door, payload));
    return true;
  }

  private @Nullable Via via(FiveTuple client, long now) {
    if (vias.isEmpty()) {
      return null;
    }
    Via via = vias.find(client.client());
    return via != null && now < via.untilMs ? via : null;
  }

  // ---- what comes by the link

  /**
   * @param first whether this shard sends what is for clients: one of them does
   */
  void onForwarded(Forwarded frame, TransportAddress from, boolean first, long now) {
    switch (frame.kind()) {
      case OFFER, UP -> onUp(frame, from, now);
      case DOWN -> {
        UdpSocket socket = first ? shard.listenerAt(frame.door()) : null;
        if (socket != null) {
          socket.send(frame.client(), 0, frame.payload(), frame.payload().length);
        }
      }
      case HERE -> routes.put(frame.client(), new Route(from, now, now + ROUTE_MS));
    }
  }

  private void onUp(Forwarded frame, TransportAddress from, long now) {
    int listener = shard.listenerOf(frame.client(), frame.door());
    if (listener < 0 || frame.payload().length == 0) {
      return;
    }
    Via before = vias.find(frame.client());
    boolean known = before != null && before.node.equals(from) && before.door.equals(frame.door());
    if (frame.kind() == Kind.OFFER
        || before == null
        || !known
        || now - before.hereMs >= HERE_EVERY_MS) {
      vias.put(frame.client(), new Via(from, frame.door(), now, now + VIA_MS));
      link.send(from, frame.answer(Kind.HERE));
    }
    TransportAddress client = frame.client();
    memory.setBytes(0, frame.payload());
    packet.offset = 0;
    packet.length = frame.payload().length;
    packet.sourceFamily = client.family();
    packet.sourceHi = client.hi();
    packet.sourceLo = client.lo();
    packet.sourcePort = client.port();
    packet.listener = listener;
    shard.onForwardedPacket(packet);
  }

  private static byte[] bytes(Packet of, int offset, int length) {
    byte[] bytes = new byte[length];
    of.buffer.get(of.offset + offset, bytes, 0, length);
    return bytes;
  }

  /** What is remembered of clients, the oldest forgotten first. */
  private static final class Recollection<V> {
    private record Entry<V>(TransportAddress client, V value) {}

    private final AddressMap<Entry<V>> byClient;
    private final @Nullable Entry<V>[] ring;
    private int next;

    @SuppressWarnings({"unchecked", "rawtypes"})
    Recollection(long seed, int max) {
      byClient = new AddressMap<>(seed);
      ring = new Entry[max];
    }

    boolean isEmpty() {
      return byClient.isEmpty();
    }

    @Nullable V find(TransportAddress client) {
      Entry<V> entry = byClient.find(client.hi(), client.lo(), client.port());
      return entry == null ? null : entry.value;
    }

    void remove(long hi, long lo, int port) {
      byClient.remove(hi, lo, port);
    }

    void put(TransportAddress client, V value) {
      Entry<V> former = ring[next];
      if (former != null && find(former) == former) {
        byClient.remove(former.client.hi(), former.client.lo(), former.client.port());
      }
      Entry<V> entry = new Entry<>(client, value);
      ring[next] = entry;
      next = (next + 1) % ring.length;
      byClient.put(client.hi(), client.lo(), client.port(), entry);
    }

    private @Nullable Entry<V> find(Entry<V> entry) {
      return byClient.find(entry.client.hi(), entry.client.lo(), entry.client.port());
    }
  }
}

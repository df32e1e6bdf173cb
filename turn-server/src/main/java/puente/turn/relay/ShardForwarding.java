package puente.turn.relay;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import puente.net.UdpSocket;
import puente.stun.ChannelData;
import puente.stun.FiveTuple;
import puente.stun.Packet;
import puente.stun.Transport;
import puente.stun.TransportAddress;
import puente.turn.Counter;
import puente.turn.Effects.Whereabouts;
import puente.turn.relay.ForwardLink.Fact;
import puente.turn.relay.Forwarded.Kind;

/**
 * One shard's part in forwarding between nodes, both ways: what comes here of clients whose
 * allocation is on another node, and what comes by other nodes for allocations that are here. Used
 * on the shard's loop only.
 *
 * <p>Nobody keeps a directory of this. When an unknown client sends, every other node is asked; the
 * one that has the allocation says so, and gets all that the client has sent meanwhile, in its
 * order. About an Allocate nobody is asked: a new client is served where it comes. A client that
 * has moved is unknown to all (RFC 8016): its Refresh goes with the question, and whoever has the
 * allocation of the ticket in it serves the client from then on as if it had come there.
 */
final class ShardForwarding {

  /** A node that says nothing for so long does not have the allocation. */
  static final long OFFER_MS = 300;

  /**
   * The same of a ticket, whose owner says no: a node that says nothing may be dead, which is seen
   * later than this at the latest. Whoever is told that his allocation is gone gives it up.
   */
  static final long TICKET_MS = 6000;

  /** The question may have been lost: it is asked again with a later packet of the client. */
  private static final long OFFER_AGAIN_MS = 100;

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

  static final int ALLOCATE_REQUEST = 0x0003;

  /** A discovery takes a handful; a forger who wants more than this in a second gets nothing. */
  private static final int DISCOVERIES_PER_SECOND = 100;

  /** Each node has a shard of this number, and each shard all listeners. */
  private static final int ANY_SHARD = 0;

  /**
   * Who has the allocation of a client that speaks to us.
   *
   * @param node null is nobody, from {@code sureMs} on
   * @param place the shard there
   * @param byTicket whether the others were shown a ticket of it
   * @param denying who of them has said that it is not there
   */
  private record Route(
      @Nullable TransportAddress node,
      int place,
      long offeredMs,
      long sureMs,
      long untilMs,
      boolean byTicket,
      Set<TransportAddress> denying) {

    /** Whether there is somebody yet to be asked for what this client wants now. */
    boolean isOver(boolean asksByTicket, long now) {
      return now >= untilMs || node == null && asksByTicket && !byTicket;
    }
  }

  /** By whom, and which shard of it, the client of an allocation of ours speaks. */
  private record Via(
      TransportAddress node, int asker, TransportAddress door, long hereMs, long untilMs) {}

  private final Shard shard;
  private final ForwardLink link;
  private final int index;
  private final Recollection<Route> routes;
  private final Recollection<Via> vias;
  private final HeldPackets held = new HeldPackets();
  private final Packet packet = new Packet();
  private final FarClients far;
  private final ByteBuf memory = Unpooled.directBuffer(0x1_0000, 0x1_0000);
  private long secondMs;
  private int offered;
  private List<Partner> partners = List.of();
  private long discoverySecondMs;
  private int discovered;

  ShardForwarding(Shard shard, ForwardLink link, int index, long seed) {
    this.shard = shard;
    this.link = link;
    this.index = index;
    routes = new Recollection<>(seed, CLIENTS_MAX);
    vias = new Recollection<>(seed + 1, CLIENTS_MAX);
    far = new FarClients(shard, this, link, index);
    packet.buffer = memory.nioBuffer(0, memory.capacity());
    packet.address = memory.memoryAddress();
  }

  // ---- at the node that the client speaks to

  /** Clients that come by connections. */
  FarClients far() {
    return far;
  }

  /** Whether another node gets this packet, now or when it has said that it wants it. */
  Whereabouts elsewhere(Packet unknown, boolean byTicket, long now) {
    FiveTuple connection = unknown.connection;
    if (connection != null) {
      return far.elsewhere(connection, unknown, byTicket, now);
    }
    UdpSocket socket = shard.listeners().get(unknown.listener);
    return socket == null ? Whereabouts.NOWHERE : elsewhere(unknown, byTicket, socket.local(), now);
  }

  private Whereabouts elsewhere(Packet unknown, boolean byTicket, TransportAddress door, long now) {
    if (unknown.u16(0) == ALLOCATE_REQUEST) {
      return Whereabouts.NOWHERE;
    }
    TransportAddress client = unknown.source();
    Route route = routes.find(client);
    if (route == null || route.isOver(byTicket, now)) {
      return link.hasPeers() && mayOffer(now)
          ? offer(unknown, byTicket, door, now + (byTicket ? TICKET_MS : OFFER_MS), now)
          : Whereabouts.NOWHERE;
    }
    TransportAddress node = route.node;
    if (node != null) {
      up(node, route.place, client, door, bytes(unknown));
      return Whereabouts.GIVEN;
    }
    if (now >= route.sureMs) {
      link.count(Fact.NOBODY, held.expire(now));
      return Whereabouts.NOWHERE;
    }
    // Until the others have had time to answer, nobody is told that there is nothing.
    if (now - route.offeredMs >= OFFER_AGAIN_MS && mayOffer(now)) {
      return offer(unknown, byTicket, door, route.sureMs, now);
    }
    hold(unknown, client, route.sureMs, now);
    return Whereabouts.ASKED;
  }

  boolean mayOffer(long now) {
    if (now - secondMs >= 1000) {
      secondMs = now;
      offered = 0;
    }
    boolean may = offered++ < OFFERS_PER_SECOND;
    link.count(Fact.OFFER_RATE, may ? 0 : 1);
    return may;
  }

  private Whereabouts offer(
      Packet unknown, boolean byTicket, TransportAddress door, long sureMs, long now) {
    TransportAddress client = unknown.source();
    byte[] shown = Forwarded.NOTHING;
    if (byTicket) {
      shown = bytes(unknown);
    } else {
      hold(unknown, client, sureMs, now);
    }
    long untilMs = sureMs - OFFER_MS + DENIED_MS;
    Set<TransportAddress> denying = byTicket ? new HashSet<>() : Set.of();
    routes.put(client, new Route(null, -1, now, sureMs, untilMs, byTicket, denying));
    link.offer(Forwarded.question(Transport.UDP, index, client, door, shown));
    return Whereabouts.ASKED;
  }

  private void hold(Packet unknown, TransportAddress client, long untilMs, long now) {
    link.count(Fact.NOBODY, held.expire(now));
    if (!held.add(client, unknown.listener, bytes(unknown), untilMs)) {
      link.count(Fact.HELD_FULL, 1);
    }
  }

  private void up(
      TransportAddress node,
      int place,
      TransportAddress client,
      TransportAddress door,
      byte[] bytes) {
    link.count(Fact.UP, 1);
    link.send(node, new Forwarded(Kind.UP, Transport.UDP, index, place, client, door, bytes));
  }

  /** The allocation has come to this node: what its client has sent meanwhile is for us. */
  void isHere(FiveTuple client, Consumer<Packet> receiver) {
    routes.remove(client.client());
    for (byte[] bytes : held.take(client.client(), client.listener())) {
      receiver.accept(unpack(bytes, client.client(), client.listener()));
      // It is sent on before its memory is used again.
      shard.loop().datagrams().flush();
    }
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
    down(via, client, Arrays.copyOf(message, length));
    return true;
  }

  /** The same for ChannelData. */
  boolean toClient(FiveTuple client, int channel, Packet data, int offset, int length, long now) {
    Via via = via(client, now);
    if (via == null) {
      return false;
    }
    byte[] payload = channelData(channel, data, offset, length);
    down(via, client, payload);
    return true;
  }

  static byte[] channelData(int channel, Packet data, int offset, int length) {
    byte[] frame = new byte[ChannelData.HEADER_LENGTH + length];
    frame[0] = (byte) (channel >> 8);
    frame[1] = (byte) channel;
    frame[2] = (byte) (length >> 8);
    frame[3] = (byte) length;
    data.buffer.get(data.offset + offset, frame, ChannelData.HEADER_LENGTH, length);
    return frame;
  }

  private void down(Via via, FiveTuple client, byte[] payload) {
    link.count(Fact.DOWN, 1);
    TransportAddress to = client.client();
    link.send(
        via.node, new Forwarded(Kind.DOWN, Transport.UDP, via.asker, index, to, via.door, payload));
  }

  private @Nullable Via via(FiveTuple client, long now) {
    if (vias.isEmpty()) {
      return null;
    }
    Via via = vias.find(client.client());
    return via != null && now < via.untilMs ? via : null;
  }

  // ---- behaviour discovery with another node's address

  void discoverWith(List<Partner> newPartners) {
    partners = newPartners;
  }

  /**
   * Has a Binding answer sent by the node that {@code from} is an address of. Nothing else goes
   * this way, one answer for one request and no longer than what we would send ourselves.
   */
  boolean toClientFrom(
      TransportAddress from, TransportAddress to, byte[] message, int length, long now) {
    for (Partner partner : partners) {
      if (partner.square().other().sameIp(from.hi(), from.lo())) {
        if (now - discoverySecondMs >= 1000) {
          discoverySecondMs = now;
          discovered = 0;
        }
        if (discovered++ < DISCOVERIES_PER_SECOND) {
          byte[] payload = Arrays.copyOf(message, length);
          link.send(
              partner.link(),
              new Forwarded(Kind.DOWN, Transport.UDP, ANY_SHARD, index, to, from, payload));
        } else {
          shard.counters().count(Counter.RATE_LIMITED);
        }
        return true;
      }
    }
    return false;
  }

  // ---- what comes by the link

  void onForwarded(Forwarded frame, TransportAddress from, long now) {
    if (frame.transport().isConnection()) {
      far.onForwarded(frame, from);
      return;
    }
    switch (frame.kind()) {
      case OFFER, UP -> onUp(frame, from, now);
      case DOWN -> onDown(frame);
      case HERE -> onHere(frame, from, now);
      case GONE -> {
        Route route = routes.find(frame.client());
        if (route != null && from.equals(route.node)) {
          routes.remove(frame.client());
        }
      }
      case NOT_HERE -> onNotHere(frame.client(), from, now);
      case ENDED -> link.count(Fact.REFUSED, 1);
    }
  }

  /** When all have said so, the client is told with its next copy. */
  private void onNotHere(TransportAddress client, TransportAddress from, long now) {
    Route route = routes.find(client);
    if (route == null || !route.byTicket || route.node != null) {
      return;
    }
    route.denying.add(from);
    if (link.areAll(route.denying)) {
      long untilMs = now + DENIED_MS;
      routes.put(client, new Route(null, -1, route.offeredMs, now, untilMs, true, route.denying));
    }
  }

  /** One shard speaks for its node, when it knows what it has. */
  void deny(Forwarded question, TransportAddress from) {
    byte[] shown = question.payload();
    if (index == ANY_SHARD
        && shown.length > 0
        && !shard.strays().holds()
        && shard.server().isNobodys(shown)) {
      link.send(from, question.answer(Kind.NOT_HERE, index));
    }
  }

  private void onDown(Forwarded frame) {
    int listener = listenerAt(frame.door());
    UdpSocket socket = listener < 0 ? null : shard.listeners().get(listener);
    if (socket == null) {
      link.count(Fact.NO_DOOR, 1);
    } else {
      socket.send(frame.client(), 0, frame.payload(), frame.payload().length);
    }
  }

  private void onHere(Forwarded frame, TransportAddress from, long now) {
    TransportAddress client = frame.client();
    routes.put(client, new Route(from, frame.place(), now, now, now + ROUTE_MS, false, Set.of()));
    int listener = listenerAt(frame.door());
    for (byte[] bytes : held.take(client, listener)) {
      up(from, frame.place(), client, frame.door(), bytes);
    }
  }

  private void onUp(Forwarded frame, TransportAddress from, long now) {
    int listener = listenerOf(frame.client(), frame.door());
    boolean question = frame.kind() == Kind.OFFER;
    if (listener < 0 && shard.server().isHome(frame.payload())) {
      listener = listenerLike(frame.door());
    }
    if (listener < 0) {
      if (question) {
        deny(frame, from);
      } else if (frame.place() == index) {
        link.send(from, frame.answer(Kind.GONE, index));
      }
      return;
    }
    Via before = vias.find(frame.client());
    boolean known =
        before != null
            && before.node.equals(from)
            && before.asker == frame.asker()
            && before.door.equals(frame.door());
    if (question || before == null || !known || now - before.hereMs >= HERE_EVERY_MS) {
      vias.put(frame.client(), new Via(from, frame.asker(), frame.door(), now, now + VIA_MS));
      link.count(Fact.HERE, 1);
      link.send(from, frame.answer(Kind.HERE, index));
    }
    if (frame.payload().length > 0) {
      shard.onForwardedPacket(unpack(frame.payload(), frame.client(), listener));
    }
  }

  /** What came by a connection at another node. */
  Packet unpack(byte[] bytes, FiveTuple connection) {
    Packet unpacked = unpack(bytes, connection.client(), connection.listener());
    unpacked.connection = connection;
    return unpacked;
  }

  private Packet unpack(byte[] bytes, TransportAddress client, int listener) {
    memory.setBytes(0, bytes);
    packet.connection = null;
    packet.offset = 0;
    packet.length = bytes.length;
    packet.sourceFamily = client.family();
    packet.sourceHi = client.hi();
    packet.sourceLo = client.lo();
    packet.sourcePort = client.port();
    packet.listener = listener;
    return packet;
  }

  /** The listener that this client made its allocation on, the one of that address first; or -1. */
  private int listenerOf(TransportAddress client, TransportAddress door) {
    int found = -1;
    List<@Nullable UdpSocket> listeners = shard.listeners();
    for (int i = 0; i < listeners.size(); i++) {
      UdpSocket socket = listeners.get(i);
      if (socket != null
          && (found < 0 || socket.local().equals(door))
          && shard.server().allocationOf(new FiveTuple(Transport.UDP, client, client, i, null))
              != null) {
        found = i;
      }
    }
    return found;
  }

  /** What a client that has moved comes by, as it were: best the same address, or port; or -1. */
  private int listenerLike(TransportAddress door) {
    int like = -1;
    List<@Nullable UdpSocket> listeners = shard.listeners();
    for (int i = 0; i < listeners.size(); i++) {
      UdpSocket socket = listeners.get(i);
      if (socket != null && socket.local().equals(door)) {
        return i;
      }
      if (socket != null
          && socket.local().family() == door.family()
          && (like < 0 || socket.local().port() == door.port())) {
        like = i;
      }
    }
    return like;
  }

  /** The listener on this address, or -1. */
  private int listenerAt(TransportAddress local) {
    List<@Nullable UdpSocket> listeners = shard.listeners();
    for (int i = 0; i < listeners.size(); i++) {
      UdpSocket socket = listeners.get(i);
      if (socket != null && socket.local().equals(local)) {
        return i;
      }
    }
    return -1;
  }

  static boolean isAllocate(byte[] message) {
    return message.length > 1 && (message[0] << 8 | message[1]) == ALLOCATE_REQUEST;
  }

  static byte[] bytes(Packet of) {
    byte[] bytes = new byte[of.length];
    of.copyTo(bytes, of.length);
    return bytes;
  }
}

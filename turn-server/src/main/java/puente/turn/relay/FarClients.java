package puente.turn.relay;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import puente.net.ClientConnection;
import puente.stun.ChannelData;
import puente.stun.FiveTuple;
import puente.stun.Message;
import puente.stun.Packet;
import puente.stun.PacketKind;
import puente.stun.TransportAddress;
import puente.turn.Counter;
import puente.turn.Effects.Whereabouts;
import puente.turn.relay.ForwardLink.Fact;
import puente.turn.relay.Forwarded.Kind;
import puente.turn.store.AllocationKey;

/**
 * One shard's part in serving clients that have come by TCP, TLS or DTLS to another node than the
 * one that has their allocation: with a ticket (RFC 8016), as without one nobody knows them. The
 * node with the connection asks the others by the ticket, passes on what comes by it, and says when
 * it ends; the node with the allocation keeps nothing but the five-tuple. For the shard's loop.
 */
final class FarClients {

  /** On a connection no client repeats itself: we do, as a question may be lost. */
  private static final long AGAIN_MS = 300;

  /** How often is asked whether the allocation of a connection is still there. */
  private static final long LOOK_MS = 30_000;

  /** Both bits of the class of an error (RFC 8489 §5). */
  private static final int ERROR_CLASS = 0x0110;

  /** A connection here whose client has shown a ticket of ours. */
  private static final class Route {
    private final FiveTuple client;

    /** Whose shard {@code place} has the allocation; null while that is not known. */
    private @Nullable TransportAddress node;

    private int place;

    /** The request that nobody has answered yet. */
    private byte @Nullable [] asked;

    private long askedMs;

    /** Who has said that it is not there. */
    private final Set<TransportAddress> denying = new HashSet<>();

    Route(FiveTuple client) {
      this.client = client;
    }
  }

  private final Shard shard;
  private final ShardForwarding forwarding;
  private final ForwardLink link;
  private final int index;
  private final Map<AllocationKey, Route> routeByClient = new HashMap<>();
  private @Nullable FiveTuple refused;

  FarClients(Shard shard, ShardForwarding forwarding, ForwardLink link, int index) {
    this.shard = shard;
    this.forwarding = forwarding;
    this.link = link;
    this.index = index;
    shard
        .loop()
        .eventLoop()
        .scheduleWithFixedDelay(this::look, LOOK_MS, LOOK_MS, TimeUnit.MILLISECONDS);
  }

  // ---- at the node that has the connection

  Whereabouts elsewhere(FiveTuple client, Packet packet, boolean byTicket, long now) {
    if (client.link() instanceof FarConnection) {
      return Whereabouts.NOWHERE;
    }
    Route route = find(client);
    TransportAddress node = route == null ? null : route.node;
    if (route != null && node != null && link.isPeer(node)) {
      link.count(Fact.UP, 1);
      send(Kind.UP, route, node, ShardForwarding.bytes(packet));
      return Whereabouts.GIVEN;
    }
    boolean waits = route != null && route.asked != null;
    if (byTicket && client != refused && link.hasPeers() && forwarding.mayOffer(now)) {
      ask(route == null ? new Route(client) : route, ShardForwarding.bytes(packet), now);
      return Whereabouts.ASKED;
    }
    if (waits) {
      link.count(Fact.HELD_FULL, 1);
    }
    return waits ? Whereabouts.ASKED : Whereabouts.NOWHERE;
  }

  private @Nullable Route find(FiveTuple client) {
    return routeByClient.isEmpty() ? null : routeByClient.get(AllocationKey.of(client));
  }

  private void ask(Route route, byte[] request, long now) {
    routeByClient.put(AllocationKey.of(route.client), route);
    route.node = null;
    route.asked = request;
    route.askedMs = now;
    route.denying.clear();
    offer(route, request);
  }

  private void offer(Route route, byte[] request) {
    FiveTuple client = route.client;
    link.offer(
        Forwarded.question(client.transport(), index, client.client(), client.server(), request));
    shard.loop().eventLoop().schedule(() -> again(route, request), AGAIN_MS, TimeUnit.MILLISECONDS);
  }

  /** Not all have answered in time: once more, or its client is told so. */
  private void again(Route route, byte[] request) {
    if (route.asked != request || find(route.client) != route) {
      return;
    }
    if (link.hasPeers() && shard.freshNow() - route.askedMs < ShardForwarding.TICKET_MS) {
      offer(route, request);
    } else {
      refuse(route, request);
    }
  }

  private void refuse(Route route, byte[] request) {
    link.count(Fact.NOBODY, 1);
    route.asked = null;
    refused = route.client;
    try {
      shard.onForwardedPacket(forwarding.unpack(request, route.client));
    } finally {
      refused = null;
    }
  }

  private void send(Kind kind, Route route, TransportAddress node, byte[] payload) {
    FiveTuple client = route.client;
    link.send(
        node,
        new Forwarded(
            kind,
            client.transport(),
            index,
            route.place,
            client.client(),
            client.server(),
            payload));
  }

  /** An allocation may have ended, or its node: an idle connection is not open for ever. */
  private void look() {
    for (Route route : routeByClient.values()) {
      TransportAddress node = route.node;
      if (node != null && link.isPeer(node)) {
        send(Kind.UP, route, node, Forwarded.NOTHING);
      } else {
        route.node = null;
      }
    }
  }

  /** Whether another node has an allocation of this client. */
  boolean isServed(FiveTuple client) {
    Route route = find(client);
    return route != null && route.node != null;
  }

  /** The connection has ended. */
  void closed(FiveTuple client) {
    Route route = routeByClient.remove(AllocationKey.of(client));
    TransportAddress node = route == null ? null : route.node;
    if (route != null && node != null) {
      send(Kind.ENDED, route, node, Forwarded.NOTHING);
    }
  }

  // ---- what comes by the link

  void onForwarded(Forwarded frame, TransportAddress from) {
    switch (frame.kind()) {
      case OFFER, UP -> onUp(frame, from);
      case ENDED -> {
        shard.onClosed(new FarConnection(link, from, frame, index).tuple());
        shard.loop().datagrams().flush();
      }
      case DOWN -> onDown(frame, from);
      case GONE -> {
        Route route = routeByClient.get(keyOf(frame));
        if (route != null && from.equals(route.node)) {
          route.node = null;
        }
      }
      case NOT_HERE -> {
        Route route = routeByClient.get(keyOf(frame));
        byte[] request = route == null ? null : route.asked;
        if (route != null
            && request != null
            && route.denying.add(from)
            && link.areAll(route.denying)) {
          refuse(route, request);
        }
      }
      case HERE -> link.count(Fact.REFUSED, 1);
    }
  }

  private static AllocationKey keyOf(Forwarded frame) {
    return new AllocationKey(frame.transport(), frame.client(), frame.door());
  }

  /** At the node that has the allocation, perhaps; who had it says so if it has ended. */
  private void onUp(Forwarded frame, TransportAddress from) {
    FiveTuple client = new FarConnection(link, from, frame, index).tuple();
    boolean isHome = shard.server().isHome(frame.payload());
    if (frame.kind() == Kind.OFFER) {
      if (!isHome) {
        forwarding.deny(frame, from);
        return;
      }
      link.count(Fact.HERE, 1);
    } else if (!isHome && shard.server().allocationOf(client) == null) {
      if (frame.place() != index) {
        return;
      }
      link.send(from, frame.answer(Kind.GONE, index));
      if (ShardForwarding.isAllocate(frame.payload())) {
        // Its client would not reach what it makes here.
        return;
      }
    }
    if (frame.payload().length > 0) {
      shard.onForwardedPacket(forwarding.unpack(frame.payload(), client));
    }
  }

  /** Who answers the question with no error has the allocation. */
  private void onDown(Forwarded frame, TransportAddress from) {
    Route route = routeByClient.get(keyOf(frame));
    byte[] bytes = frame.payload();
    if (route == null || bytes.length < ChannelData.HEADER_LENGTH) {
      // Its connection has ended, and the word of that was lost.
      link.send(from, frame.about(Kind.ENDED, index, frame.place(), Forwarded.NOTHING));
      return;
    }
    int type = (bytes[0] & 0xff) << 8 | bytes[1] & 0xff;
    boolean data = PacketKind.of(bytes[0] & 0xff) == PacketKind.CHANNEL_DATA;
    if (!data && answers(bytes, route.asked)) {
      route.asked = null;
      if ((type & ERROR_CLASS) != ERROR_CLASS) {
        route.node = from;
        route.place = frame.place();
      }
    }
    if (route.client.link() instanceof ClientConnection connection) {
      write(connection, bytes, data ? type : -1);
      shard.loop().datagrams().flush();
    }
  }

  private static boolean answers(byte[] answer, byte @Nullable [] request) {
    int from = Message.HEADER_LENGTH - Message.TRANSACTION_ID_LENGTH;
    int to = Message.HEADER_LENGTH;
    return request != null
        && answer.length >= to
        && Arrays.equals(answer, from, to, request, from, to);
  }

  private void write(ClientConnection connection, byte[] bytes, int channel) {
    if (channel < 0) {
      if (!connection.write(bytes, bytes.length)) {
        shard.counters().count(Counter.MTU);
      }
      return;
    }
    Packet packet = new Packet();
    packet.buffer = ByteBuffer.wrap(bytes);
    int header = ChannelData.HEADER_LENGTH;
    if (!connection.writeChannelData(channel, packet, header, bytes.length - header)) {
      shard.counters().count(Counter.SEND_BUFFER);
    }
  }
}

package puente.turn;

import org.jspecify.annotations.Nullable;
import puente.stun.AttributeType;
import puente.stun.ChannelData;
import puente.stun.Family;
import puente.stun.FiveTuple;
import puente.stun.Listeners;
import puente.stun.Message;
import puente.stun.MessageBuilder;
import puente.stun.MessageClass;
import puente.stun.Method;
import puente.stun.Packet;
import puente.stun.Transport;
import puente.stun.TransportAddress;
import puente.turn.Counters.Direction;
import puente.turn.Counters.Leg;
import puente.turn.store.Capacity;

/** Application data, both ways. ChannelData is relayed where it lies, without garbage. */
final class DataPath {

  /** The same ICMP error about the same peer is told once in this time. */
  private static final long ICMP_INTERVAL_MS = 1000;

  /**
   * More does not fit into a STUN message of 65535 bytes of attributes: XOR-PEER-ADDRESS (24), the
   * header of DATA (4) and its padding (3), FINGERPRINT (8).
   */
  private static final int DATA_MAX = 0xffff - 24 - 4 - 3 - 8;

  private final Allocations allocations;
  private final PeerRequests peers;
  private final Claims claims;
  private final Mobility mobility;
  private final Listeners listeners;
  private final Counters counters;
  private final MessageBuilder builder;
  private final byte[] transactionId = new byte[Message.TRANSACTION_ID_LENGTH];
  private TurnConfig config;
  private Capacity.@Nullable Share capacityUp;
  private Capacity.@Nullable Share capacityDown;

  DataPath(
      TurnConfig config,
      Allocations allocations,
      PeerRequests peers,
      Claims claims,
      Mobility mobility,
      Listeners listeners,
      MessageBuilder builder,
      Counters counters) {
    this.config = config;
    this.allocations = allocations;
    this.peers = peers;
    this.claims = claims;
    this.mobility = mobility;
    this.listeners = listeners;
    this.builder = builder;
    this.counters = counters;
    capacityUp = share(config.limits().capacityUp());
    capacityDown = share(config.limits().capacityDown());
  }

  void reconfigure(TurnConfig newConfig) {
    config = newConfig;
    capacityUp = share(newConfig.limits().capacityUp());
    capacityDown = share(newConfig.limits().capacityDown());
  }

  private static Capacity.@Nullable Share share(@Nullable Capacity capacity) {
    return capacity == null ? null : new Capacity.Share(capacity);
  }

  /** RFC 8656 §12.6. */
  void onChannelData(Packet packet, long now, Effects out) {
    if (packet.length < ChannelData.HEADER_LENGTH) {
      counters.count(Counter.BAD_INDICATION);
      return;
    }
    int length = packet.u16(2);
    if (length > packet.length - ChannelData.HEADER_LENGTH) {
      counters.count(Counter.BAD_INDICATION);
      return;
    }
    Allocation allocation = find(packet);
    if (allocation == null || !allocation.isActive()) {
      lost(allocation, packet, now, out);
      return;
    }
    Mobile mobile = allocation.mobile;
    if (mobile != null) {
      mobility.heard(allocation, mobile, packet, now, out);
    }
    Channel channel = allocation.channel(packet.u16(0));
    if (channel == null || now >= channel.expiresMs) {
      counters.count(Counter.NO_CHANNEL);
      return;
    }
    if (!channel.isOpen(now)) {
      missed(allocation, channel.peer, false, now, out);
      return;
    }
    Relay via = channel.via == null ? sharedVia(channel, packet, length, now, out) : channel.via;
    if (via != null && passesUp(allocation, channel.permission, length, now)) {
      out.toPeer(via, channel.peer, packet, ChannelData.HEADER_LENGTH, length, false);
    }
  }

  /** RFC 8656 §11.2: whatever is wrong with it, a Send indication is dropped in silence. */
  void onSend(Message message, Packet packet, long now, Effects out) {
    Allocation allocation = find(packet);
    if (allocation == null || !allocation.isActive()) {
      lost(allocation, packet, now, out);
      return;
    }
    Mobile mobile = allocation.mobile;
    if (mobile != null) {
      mobility.heard(allocation, mobile, packet, now, out);
    }
    int peerAt = message.find(AttributeType.XOR_PEER_ADDRESS);
    int dataAt = message.find(AttributeType.DATA);
    TransportAddress peer = peerAt < 0 ? null : message.xorAddressAt(peerAt);
    if (peer == null || dataAt < 0) {
      counters.count(Counter.BAD_INDICATION);
      return;
    }
    Relay relay = allocation.relayOf(peer.family());
    TransportAddress wire = peers.wire(peer);
    Permission permission = allocation.permission(wire.hi(), wire.lo());
    if (relay == null
        || permission == null
        || relay.tcp
        || now >= relay.expiresMs
        || now >= permission.expiresMs) {
      missed(allocation, peer, false, now, out);
      return;
    }
    if (isDenied(allocation, peer)) {
      return;
    }
    int length = message.lengthAt(dataAt);
    Relay via = via(permission, wire, packet, message.valueAt(dataAt), length, now, out);
    if (via != null && passesUp(allocation, permission, length, now)) {
      boolean dontFragment = message.has(AttributeType.DONT_FRAGMENT);
      out.toPeer(via, wire, packet, message.valueAt(dataAt), length, dontFragment);
    }
  }

  private boolean isDenied(Allocation allocation, TransportAddress peer) {
    PeerPolicy.Verdict verdict = config.peers(allocation.login.tenant()).judge(peer);
    if (!verdict.allowed()) {
      counters.count(Counter.PEER_DENIED);
      counters.peerDenied(verdict.rule());
    }
    return !verdict.allowed();
  }

  /** By what a channel's data goes where that depends on the peer: on a shared port. */
  private @Nullable Relay sharedVia(
      Channel channel, Packet packet, int length, long now, Effects out) {
    int offset = ChannelData.HEADER_LENGTH;
    return via(channel.permission, channel.peer, packet, offset, length, now, out);
  }

  /** By what this goes to the peer; null if there is no way now, which is counted. */
  private @Nullable Relay via(
      Permission permission,
      TransportAddress peer,
      Packet packet,
      int offset,
      int length,
      long now,
      Effects out) {
    Sharing sharing = allocations.ports().sharing();
    sharing.learn(permission, packet, offset, length);
    Relay via = sharing.via(permission, peer, now, out);
    if (via == null) {
      counters.count(Counter.NO_PRIVATE_PORT);
    }
    return via;
  }

  void onPeer(Relay relay, Packet packet, long now, Effects out) {
    Allocation allocation = relay.allocation;
    if (allocation != null && allocation.isActive() && now < relay.expiresMs) {
      onPeer(allocation, packet, now, out);
      return;
    }
    // A shared port, a private one beside such, or none of ours any more.
    Relay whose = relay.whose(packet, now);
    if (whose == null) {
      return;
    }
    Allocation owner = whose.allocation;
    if (owner == null || !owner.isActive() || now >= whose.expiresMs) {
      counters.count(Counter.NO_ALLOCATION);
      return;
    }
    onPeer(owner, packet, now, out);
  }

  /** RFC 8656 §11.3 and §12.7. */
  private void onPeer(Allocation allocation, Packet packet, long now, Effects out) {
    Channel channel = allocation.channelOf(packet.sourceHi, packet.sourceLo, packet.sourcePort);
    if (channel != null && channel.isOpen(now)) {
      if (passesDown(allocation, channel.permission, packet.length, now)) {
        out.toClient(allocation.client(), channel.number, packet, 0, packet.length);
      }
      return;
    }
    Permission permission = allocation.permission(packet.sourceHi, packet.sourceLo);
    if (permission == null || now >= permission.expiresMs) {
      missed(allocation, allocation.misses == 0 ? packet.source() : null, true, now, out);
      return;
    }
    if (packet.length > DATA_MAX) {
      counters.count(Counter.MTU);
      return;
    }
    if (passesDown(allocation, permission, packet.length, now)) {
      indication(peers.presented(packet.source()))
          .bytes(AttributeType.DATA, packet.buffer, packet.offset, packet.length);
      send(allocation.client(), out);
    }
  }

  /** Bytes of a TCP connection with a peer: they go on in any case, reading waits for limits. */
  void onStream(PeerConnection connection, boolean up, int length, long now) {
    Allocation allocation = connection.relay.allocation;
    if (allocation == null) {
      return;
    }
    Transport transport = allocation.client().transport();
    counters.relayed(up ? Leg.CLIENT : Leg.PEER, Direction.IN, transport, length);
    counters.relayed(up ? Leg.PEER : Leg.CLIENT, Direction.OUT, transport, length);
    if (up) {
      allocation.bytesUp += length;
      allocation.packetsUp++;
      connection.permission.bytesUp += length;
    } else {
      allocation.bytesDown += length;
      allocation.packetsDown++;
      connection.permission.bytesDown += length;
    }
    relayed(allocation, connection.permission, now);
  }

  boolean pays(PeerConnection connection, boolean up, int length, long now) {
    Allocation allocation = connection.relay.allocation;
    if (allocation == null) {
      return true;
    }
    return up
        ? passes(allocation.up, allocation.userUp, capacityUp, length, now)
        : passes(allocation.down, allocation.userDown, capacityDown, length, now);
  }

  /** RFC 8656 §11.5; the shell has seen that it is about a UDP datagram of this relay's. */
  void onIcmp(Relay bound, TransportAddress peer, int icmp, int data, long now, Effects out) {
    Relay relay = bound.whose(peer.hi(), peer.lo(), peer.port(), now);
    if (relay == null) {
      return;
    }
    Allocation allocation = relay.allocation;
    int type = icmp >>> 8;
    boolean ipv4 = peer.family() == Family.IPV4;
    boolean known = ipv4 ? type == 3 || type == 11 : type >= 1 && type <= 3;
    if (!known || allocation == null || !allocation.isActive()) {
      counters.count(Counter.ICMP);
      return;
    }
    Permission permission = allocation.permission(peer.hi(), peer.lo());
    if (permission == null || now >= permission.expiresMs || now >= relay.expiresMs) {
      counters.count(Counter.NO_PERMISSION);
      return;
    }
    if (permission.lastIcmp == icmp && now - permission.lastIcmpMs < ICMP_INTERVAL_MS) {
      counters.count(Counter.ICMP);
      return;
    }
    permission.lastIcmp = icmp;
    permission.lastIcmpMs = now;
    // §18.13: the next hop's MTU, where there is one to tell.
    boolean tellsMtu = ipv4 ? icmp == (3 << 8 | 4) : type == 2;
    // Reserved (16 bits), type (8), code (8), data (32).
    long value = (long) icmp << 32 | (tellsMtu ? data & 0xffff_ffffL : 0);
    indication(peers.presented(peer)).i64(AttributeType.ICMP, value);
    send(allocation.client(), out);
  }

  /** Data of a client that has no allocation here; it may have one elsewhere. */
  private void lost(@Nullable Allocation unfinished, Packet packet, long now, Effects out) {
    if (unfinished == null && isHandedOver(packet, out)) {
      return;
    }
    if (unfinished != null) {
      counters.count(Counter.NO_ALLOCATION);
      return;
    }
    Effects.Whereabouts whereabouts = out.elsewhere(packet, false);
    if (packet.connection == null && whereabouts != Effects.Whereabouts.GIVEN) {
      claims.ask(packet, now, out);
    }
    if (whereabouts == Effects.Whereabouts.NOWHERE) {
      counters.count(Counter.NO_ALLOCATION);
    }
  }

  /** Whether its client has moved here from another shard, which has the packet then. */
  private boolean isHandedOver(Packet packet, Effects out) {
    int home = mobility.hasMoved() ? mobility.elsewhere(listeners.tupleOf(packet)) : -1;
    return home >= 0 && out.handOver(packet, home);
  }

  private @Nullable Allocation find(Packet packet) {
    FiveTuple connection = packet.connection;
    return connection != null
        ? allocations.find(connection)
        : allocations.find(
            packet.sourceHi, packet.sourceLo, packet.sourcePort | packet.listener << 16);
  }

  private void missed(
      Allocation allocation,
      @Nullable TransportAddress peer,
      boolean isFromPeer,
      long now,
      Effects out) {
    counters.count(Counter.NO_PERMISSION);
    if (allocation.misses++ == 0) {
      out.note(new Note.Missed(allocation.origin(), now, allocation.createdMs(), peer, isFromPeer));
    }
  }

  private boolean passesUp(Allocation allocation, Permission permission, int length, long now) {
    Transport transport = allocation.client().transport();
    counters.relayed(Leg.CLIENT, Direction.IN, transport, length);
    if (!passes(allocation.up, allocation.userUp, capacityUp, length, now)) {
      return false;
    }
    allocation.bytesUp += length;
    allocation.packetsUp++;
    permission.bytesUp += length;
    relayed(allocation, permission, now);
    counters.relayed(Leg.PEER, Direction.OUT, transport, length);
    return true;
  }

  private boolean passesDown(Allocation allocation, Permission permission, int length, long now) {
    Transport transport = allocation.client().transport();
    counters.relayed(Leg.PEER, Direction.IN, transport, length);
    if (!passes(allocation.down, allocation.userDown, capacityDown, length, now)) {
      return false;
    }
    allocation.bytesDown += length;
    allocation.packetsDown++;
    permission.bytesDown += length;
    relayed(allocation, permission, now);
    counters.relayed(Leg.CLIENT, Direction.OUT, transport, length);
    return true;
  }

  private static void relayed(Allocation allocation, Permission permission, long now) {
    permission.packets++;
    allocation.relayedMs = now;
    if (allocation.firstRelayedMs == 0) {
      allocation.firstRelayedMs = now;
    }
  }

  /** Whether the allocation, its user and the server may relay so much more now. */
  private boolean passes(
      @Nullable Bandwidth own,
      Capacity.@Nullable Share user,
      Capacity.@Nullable Share server,
      int length,
      long now) {
    if (own != null && !own.allows(length, now)) {
      counters.count(Counter.BANDWIDTH_QUOTA);
      return false;
    }
    if (user != null && !user.allows(length, now)) {
      counters.count(Counter.USER_BANDWIDTH);
      return false;
    }
    if (server != null && !server.allows(length, now)) {
      counters.count(Counter.SERVER_BANDWIDTH);
      return false;
    }
    return true;
  }

  private MessageBuilder indication(TransportAddress peer) {
    // Nobody answers an indication: its transaction ID only has to differ (RFC 8489 §5).
    for (int i = transactionId.length - 1; i >= 0 && ++transactionId[i] == 0; i--) {}
    return builder
        .message(MessageClass.INDICATION, Method.DATA, transactionId)
        .xorAddress(AttributeType.XOR_PEER_ADDRESS, peer);
  }

  private void send(FiveTuple client, Effects out) {
    if (config.fingerprint()) {
      builder.fingerprint();
    }
    out.toClient(client, builder.bytes(), builder.length());
  }
}

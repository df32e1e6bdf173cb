package puente.turn;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import puente.stun.AttributeType;
import puente.stun.ChannelData;
import puente.stun.ErrorCode;
import puente.stun.Message;
import puente.stun.TransportAddress;

/** CreatePermission and ChannelBind: all is judged, then all is applied. */
final class PeerRequests {

  private static final Refuse NO_PEER =
      new Refuse(ErrorCode.BAD_REQUEST, "XOR-PEER-ADDRESS is missing or malformed");
  private static final Refuse BAD_CHANNEL =
      new Refuse(ErrorCode.BAD_REQUEST, "CHANNEL-NUMBER is missing, malformed or out of range");
  private static final Refuse OLD_CHANNEL =
      new Refuse(
          ErrorCode.BAD_REQUEST,
          "CHANNEL-NUMBER is above 0x4FFF; rfc5766-channel-numbers lets old clients bind it");
  private static final Refuse BOUND_OTHERWISE =
      new Refuse(ErrorCode.BAD_REQUEST, "the channel or the peer is bound to another");
  private static final Refuse OTHER_FAMILY =
      new Refuse(ErrorCode.PEER_ADDRESS_FAMILY_MISMATCH, "no relayed address of this family");
  private static final Refuse TCP_HAS_NONE =
      new Refuse(ErrorCode.FORBIDDEN, "a TCP allocation has no channels");
  private static final Refuse NO_PORT =
      new Refuse(
          ErrorCode.INSUFFICIENT_CAPACITY, "the peer is another's and no relay port is free");
  private static final Refuse TOO_MANY =
      new Refuse(ErrorCode.INSUFFICIENT_CAPACITY, "too many permissions or channels");

  private final Allocations allocations;
  private final Counters counters;
  private TurnConfig config;

  PeerRequests(TurnConfig config, Allocations allocations, Counters counters) {
    this.config = config;
    this.allocations = allocations;
    this.counters = counters;
  }

  void reconfigure(TurnConfig newConfig) {
    config = newConfig;
  }

  /** RFC 8656 §10.2. Null is success. */
  @Nullable Refuse createPermission(Message request, Allocation allocation, long now) {
    List<TransportAddress> peers = new ArrayList<>();
    for (int i = peerFrom(request, 0); i >= 0; i = peerFrom(request, i + 1)) {
      TransportAddress peer = request.xorAddressAt(i);
      if (peer == null) {
        return NO_PEER;
      }
      peers.add(peer);
    }
    if (peers.isEmpty()) {
      return NO_PEER;
    }
    for (TransportAddress peer : peers) {
      Refuse refusal =
          judge(allocation, peer, config.peers(allocation.login.tenant()).judgeIp(peer), now);
      if (refusal != null) {
        return refusal;
      }
    }
    if (!roomFor(allocation, peers, now)) {
      return TOO_MANY;
    }
    for (TransportAddress peer : peers) {
      permit(allocation, peer, now);
    }
    return null;
  }

  private boolean isChannel(int number) {
    return config.rfc5766Channels() ? ChannelData.isFramed(number) : ChannelData.isChannel(number);
  }

  /** Whether this peer may be called, or may call (RFC 6062 §5.2, §5.3). Null is yes. */
  @Nullable Refuse judgeConnect(Allocation allocation, TransportAddress peer, long now) {
    return judge(allocation, peer, config.peers(allocation.login.tenant()).judge(peer), now);
  }

  /** RFC 8656 §12.2. Null is success. */
  @Nullable Refuse channelBind(Message request, Allocation allocation, long now, Effects out) {
    if (allocation.isTcp()) {
      return TCP_HAS_NONE;
    }
    int numberAt = request.find(AttributeType.CHANNEL_NUMBER);
    int number = numberAt < 0 || request.lengthAt(numberAt) != 4 ? 0 : request.u16At(numberAt);
    if (!isChannel(number)) {
      return ChannelData.isFramed(number) ? OLD_CHANNEL : BAD_CHANNEL;
    }
    int peerAt = peerFrom(request, 0);
    TransportAddress peer = peerAt < 0 ? null : request.xorAddressAt(peerAt);
    if (peer == null) {
      return NO_PEER;
    }
    TransportAddress wire = wire(peer);
    Channel byNumber = live(allocation.channel(number), now);
    Channel byPeer = live(allocation.channelOf(wire.hi(), wire.lo(), wire.port()), now);
    if (byNumber != byPeer) {
      return BOUND_OTHERWISE;
    }
    Refuse refusal =
        judge(allocation, peer, config.peers(allocation.login.tenant()).judge(peer), now);
    if (refusal != null) {
      return refusal;
    }
    if (byNumber == null && !roomForChannel(allocation, peer, now)) {
      return TOO_MANY;
    }
    Sharing sharing = allocations.ports().sharing();
    Relay relay = allocation.relayOf(peer.family());
    if (byNumber == null && relay != null && !sharing.hasWay(relay, wire)) {
      return NO_PORT;
    }
    Permission permission = permit(allocation, peer, now);
    long expiresMs = now + 1000L * config.lifetimes().channelSeconds();
    Channel channel = byNumber;
    if (channel == null) {
      // One that has expired but was not swept yet would keep its number or peer.
      allocation.drop(old -> now >= old.expiresMs, old -> false, counters);
      channel = new Channel(number, wire, permission);
      channel.expiresMs = expiresMs;
      allocation.bind(channel, counters);
    }
    channel.expiresMs = expiresMs;
    sharing.via(permission, wire, now, out);
    allocations.watch(allocation, expiresMs);
    return null;
  }

  /** Takes back what the present rules would not give. */
  void dropDenied(Allocation allocation) {
    PeerPolicy policy = config.peers(allocation.login.tenant());
    allocation.drop(
        channel -> !policy.judge(presented(channel.peer)).allowed(),
        permission -> !policy.judgeIp(permission.ip()).allowed(),
        counters);
  }

  /** The address that packets to and from this peer carry; see {@link Channel}. */
  TransportAddress wire(TransportAddress peer) {
    RelayAddress own = translated(peer, false);
    return own == null ? peer : own.local().withPort(peer.port());
  }

  /** The address by which the client knows the peer whose packets carry this one. */
  TransportAddress presented(TransportAddress wire) {
    RelayAddress own = translated(wire, true);
    return own == null ? wire : own.advertised().withPort(wire.port());
  }

  /** Our own relays behind a 1:1 NAT, which seldom lets a packet out and in again. */
  private @Nullable RelayAddress translated(TransportAddress address, boolean byLocal) {
    List<RelayAddress> relays = config.relayAddresses();
    for (int i = 0; i < relays.size(); i++) {
      RelayAddress relay = relays.get(i);
      TransportAddress name = byLocal ? relay.local() : relay.advertised();
      if (relay.local() != relay.advertised()
          && name.family() == address.family()
          && name.sameIp(address.hi(), address.lo())
          && address.port() >= config.portMin()
          && address.port() <= config.portMax()) {
        return relay;
      }
    }
    return null;
  }

  private @Nullable Refuse judge(
      Allocation allocation, TransportAddress peer, PeerPolicy.Verdict verdict, long now) {
    Relay relay = allocation.relayOf(peer.family());
    if (relay == null || now >= relay.expiresMs) {
      return OTHER_FAMILY;
    }
    if (!verdict.allowed()) {
      counters.peerDenied(verdict.rule());
      return new Refuse(ErrorCode.FORBIDDEN, "peer denied by " + verdict.rule());
    }
    return null;
  }

  private boolean roomFor(Allocation allocation, List<TransportAddress> peers, long now) {
    int limit = config.limits().permissions();
    if (allocation.permissions() + 2 * peers.size() <= limit) {
      return true;
    }
    allocation.drop(channel -> false, permission -> now >= permission.expiresMs, counters);
    List<TransportAddress> fresh = new ArrayList<>();
    for (TransportAddress peer : peers) {
      TransportAddress ip = peer.withPort(0);
      if (allocation.permission(ip.hi(), ip.lo()) == null && !fresh.contains(ip)) {
        fresh.add(ip);
      }
    }
    return allocation.permissions() + fresh.size() <= limit;
  }

  private boolean roomForChannel(Allocation allocation, TransportAddress peer, long now) {
    if (allocation.channels() >= config.limits().channels()) {
      allocation.drop(channel -> now >= channel.expiresMs, permission -> false, counters);
    }
    return allocation.channels() < config.limits().channels()
        && roomFor(allocation, List.of(peer), now);
  }

  /** Installs or refreshes the permission for this peer, and for its other name if it has one. */
  private Permission permit(Allocation allocation, TransportAddress peer, long now) {
    Relay relay = allocation.relayOf(peer.family());
    if (relay == null) {
      throw new IllegalStateException("a peer that was not judged");
    }
    long expiresMs = now + 1000L * config.lifetimes().permissionSeconds();
    allocations.watch(allocation, expiresMs);
    Permission permission = allocation.permit(peer.hi(), peer.lo(), relay, expiresMs, counters);
    // Permissions are for any port: the first of our relays' stands for all.
    TransportAddress wire = wire(peer.withPort(config.portMin()));
    if (wire.sameIp(peer.hi(), peer.lo())) {
      return permission;
    }
    Permission other = allocation.permit(wire.hi(), wire.lo(), relay, expiresMs, counters);
    return wire(peer).sameIp(wire.hi(), wire.lo()) ? other : permission;
  }

  private static int peerFrom(Message request, int from) {
    return request.find(AttributeType.XOR_PEER_ADDRESS, from);
  }

  private static @Nullable Channel live(@Nullable Channel channel, long now) {
    return channel != null && now < channel.expiresMs ? channel : null;
  }
}

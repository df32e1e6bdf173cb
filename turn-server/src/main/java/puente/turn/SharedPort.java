package puente.turn;

import org.jspecify.annotations.Nullable;
import puente.stun.AddressMap;
import puente.stun.Packet;
import puente.stun.TransportAddress;

/**
 * A relay port that is the relayed transport address of many allocations. Whose a packet is, is told
 * by the peer that it comes from:
 *
 * <ol>
 *   <li>a check of ICE: by the name in it, if an allocation has sent a check by that name to the same
 *       peer's;
 *   <li>by its transport address, if an allocation has sent to it or bound a channel to it: such a
 *       peer is that allocation's alone until its permission ends;
 *   <li>else by its IP address, if exactly one allocation has a permission for that.
 * </ol>
 *
 * Anything else is dropped. That an allocation gets only what it has a permission for is checked
 * after this, as for every relay. A peer that was somebody's rests, as a private port would, for as
 * long as it goes on sending and then for the quarantine: its late packets reach nobody else.
 */
final class SharedPort extends Relay {

  /** Of one port, resting ones too; about 100 bytes each. */
  static final int FLOWS_MAX = 1 << 18;

  /** Of one allocation; with one more they are all learnt anew. */
  private static final int NAMES_MAX = 64;

  /** In place of a time that nobody has told yet. */
  private static final long JUST_NOW = -1;

  private final Counters counters;

  /** Port 0 stands for the IP address: that of an allocation whose permission has ended. */
  private final AddressMap<Flow> flowByPeer;

  private final AddressMap<Permission> holderByIp;
  private final AddressMap<IceName> nameByPair;
  private final IceCheck check;
  private @Nullable Flow oldest;
  private @Nullable Flow youngest;

  /** Ended since somebody has last looked at the clock. */
  private @Nullable Flow ended;

  /** Allocations on it. */
  int users;

  SharedPort(TransportAddress local, TransportAddress advertised, Counters counters, long seed) {
    super(local, advertised);
    this.counters = counters;
    flowByPeer = new AddressMap<>(seed);
    holderByIp = new AddressMap<>(seed + 1);
    nameByPair = new AddressMap<>(seed + 2);
    check = new IceCheck(seed);
  }

  @Override
  @Nullable Relay whose(Packet packet, long now) {
    Relay named = check.reads(packet, 0, packet.length) ? named(packet, now) : null;
    return named != null ? named : whose(packet.sourceHi, packet.sourceLo, packet.sourcePort, now);
  }

  /** Whom the check is for that was read, if that one has a permission for who sends it. */
  private @Nullable Relay named(Packet packet, long now) {
    IceName name = nameByPair.find(check.checked(), check.checking(), 0);
    SharedRelay relay = name == null ? null : name.relay;
    Allocation allocation = relay == null ? null : relay.allocation;
    Permission permission =
        allocation == null ? null : allocation.permission(packet.sourceHi, packet.sourceLo);
    return permission != null && now < permission.expiresMs ? relay : null;
  }

  /** What is sent by this allocation may say how it is called. */
  void learn(SharedRelay relay, Packet packet, int offset, int length) {
    if (!check.reads(packet, offset, length)) {
      return;
    }
    IceName known = nameByPair.find(check.checking(), check.checked(), 0);
    if (known != null) {
      if (known.relay != relay) {
        known.relay = null;
      }
      return;
    }
    if (relay.nameCount >= NAMES_MAX) {
      forgetNames(relay);
    }
    IceName name = new IceName(check.checking(), check.checked(), relay, relay.names);
    relay.names = name;
    relay.nameCount++;
    nameByPair.put(name.own, name.peers, 0, name);
  }

  void forgetNames(SharedRelay relay) {
    for (IceName name = relay.names; name != null; name = name.next) {
      nameByPair.remove(name.own, name.peers, 0);
    }
    relay.names = null;
    relay.nameCount = 0;
  }

  @Override
  @Nullable Relay whose(long hi, long lo, int port, long now) {
    Flow flow = flowByPeer.find(hi, lo, port);
    if (flow == null) {
      return sole(hi, lo, now);
    }
    return flow.permission == null ? rested(flow, now) : flow.relay;
  }

  /** The only one who permits this address, unless its packets may be for a former one. */
  private @Nullable Relay sole(long hi, long lo, long now) {
    Permission holder = holderByIp.find(hi, lo, 0);
    if (holder == null) {
      counters.count(Counter.NO_PERMISSION);
      return null;
    }
    Flow former = flowByPeer.find(hi, lo, 0);
    if (former != null && former.relay != holder.relay) {
      former.lastMs = now;
    } else if (holder.nextHolder == null && flowByPeer.size() < FLOWS_MAX) {
      return holder.relay;
    }
    counters.count(Counter.AMBIGUOUS_PEER);
    return null;
  }

  /** Its allocation may have permitted it again; nobody else gets what it sends. */
  private @Nullable Relay rested(Flow flow, long now) {
    Permission permission = permissionOf(flow);
    if (permission == null) {
      flow.lastMs = now;
      counters.count(Counter.NO_PERMISSION);
      return null;
    }
    wake(flow, permission);
    return flow.relay;
  }

  private static @Nullable Permission permissionOf(Flow flow) {
    Allocation allocation = flow.relay == null ? null : flow.relay.allocation;
    return allocation == null ? null : allocation.permission(flow.hi, flow.lo);
  }

  private static void wake(Flow flow, Permission permission) {
    flow.standOn(permission);
    ((SharedRelay) permission.relay).flows++;
  }

  /** Whether this peer is this relay's, and awake. */
  boolean isOf(SharedRelay relay, TransportAddress peer) {
    Flow flow = flowByPeer.find(peer.hi(), peer.lo(), peer.port());
    return flow != null && flow.relay == relay && flow.permission != null;
  }

  /** Whether {@link #claim} would succeed. */
  boolean isFreeFor(SharedRelay relay, TransportAddress peer, int flowsMax) {
    Flow flow = flowByPeer.find(peer.hi(), peer.lo(), peer.port());
    if (flow != null) {
      return flow.relay == relay;
    }
    // What it sent to itself would come back to whoever has sent it.
    return relay.flows < flowsMax
        && flowByPeer.size() < FLOWS_MAX
        && peer.port() != 0
        && !peer.equals(local())
        && !peer.equals(advertised());
  }

  /** Makes this peer that allocation's, if it is nobody else's. */
  boolean claim(Permission permission, TransportAddress peer, int flowsMax) {
    SharedRelay relay = (SharedRelay) permission.relay;
    if (!isFreeFor(relay, peer, flowsMax)) {
      return false;
    }
    Flow flow = flowByPeer.find(peer.hi(), peer.lo(), peer.port());
    if (flow == null) {
      flow = new Flow(peer.hi(), peer.lo(), peer.port(), relay);
      flowByPeer.put(flow.hi, flow.lo, flow.port, flow);
    }
    if (flow.permission == null) {
      wake(flow, permission);
    }
    return true;
  }

  @Override
  void hold(Permission permission) {
    Permission former = holderByIp.find(permission.hi, permission.lo, 0);
    permission.nextHolder = former;
    if (former != null) {
      former.previousHolder = permission;
    }
    holderByIp.put(permission.hi, permission.lo, 0, permission);
  }

  /** This permission holds no more, and its flows rest. */
  void letGo(Permission permission) {
    Permission next = permission.nextHolder;
    Permission previous = permission.previousHolder;
    if (next != null) {
      next.previousHolder = previous;
    }
    if (previous != null) {
      previous.nextHolder = next;
    } else if (next != null) {
      holderByIp.put(permission.hi, permission.lo, 0, next);
    } else {
      holderByIp.remove(permission.hi, permission.lo, 0);
    }
    permission.nextHolder = null;
    permission.previousHolder = null;
    restAddress(permission);
  }

  /** Peers of this address that have not been sent to may go on sending, too. */
  private void restAddress(Permission permission) {
    Flow flow = flowByPeer.find(permission.hi, permission.lo, 0);
    if (flow == null) {
      if (flowByPeer.size() >= FLOWS_MAX) {
        return;
      }
      flow = new Flow(permission.hi, permission.lo, 0, permission.relay);
      flowByPeer.put(flow.hi, flow.lo, 0, flow);
    } else if (flow.relay != permission.relay) {
      flow.relay = null;
    }
    rest(flow);
  }

  void rest(Flow flow) {
    flow.lastMs = JUST_NOW;
    if (!flow.isQueued) {
      flow.isQueued = true;
      flow.nextQueued = ended;
      ended = flow;
    }
  }

  /** Forgets peers that have rested long enough. */
  void endRests(long now, long quarantineMs) {
    // At whole seconds, so that many end in one go.
    long lookMs = (now + quarantineMs + 999) / 1000 * 1000;
    while (ended != null) {
      Flow flow = ended;
      ended = flow.nextQueued;
      append(flow, lookMs, now);
    }
    while (oldest != null && oldest.lookMs <= now) {
      Flow flow = oldest;
      oldest = flow.nextQueued;
      if (oldest == null) {
        youngest = null;
      }
      flow.isQueued = false;
      flow.nextQueued = null;
      if (flow.permission == null
          && (flow.lastMs == JUST_NOW || now - flow.lastMs < quarantineMs)) {
        append(flow, lookMs, now);
      } else if (flow.permission == null) {
        flowByPeer.remove(flow.hi, flow.lo, flow.port);
      }
    }
  }

  private void append(Flow flow, long lookMs, long now) {
    if (flow.lastMs == JUST_NOW) {
      flow.lastMs = now;
    }
    flow.isQueued = true;
    flow.lookMs = lookMs;
    flow.nextQueued = null;
    if (youngest == null) {
      oldest = flow;
    } else {
      youngest.nextQueued = flow;
    }
    youngest = flow;
  }

  /** When {@link #endRests} is wanted next; {@link Long#MAX_VALUE} if nothing rests. */
  long nextLookMs() {
    if (ended != null) {
      return 0;
    }
    return oldest == null ? Long.MAX_VALUE : oldest.lookMs;
  }

  /** Peers that are somebody's, or rest. */
  int flows() {
    return flowByPeer.size();
  }
}

package puente.turn;

import java.util.List;
import org.jspecify.annotations.Nullable;
import puente.stun.AddressRange;
import puente.stun.Family;
import puente.stun.TransportAddress;
import puente.turn.SpecialAddresses.Named;

/**
 * Whether a client may reach a peer (RFC 8656 §10.2, §11.2, §12.2, §21.2): the one place that
 * decides, for every method. Safe without any rule: only public unicast addresses are peers.
 *
 * <p>The order is: what is never allowed; our own endpoints; {@code allowed-peer-ip}; {@code
 * denied-peer-ip}; our own relays; the special-purpose registries; all else is allowed. An IPv6
 * address that embeds an IPv4 one is denied whenever that IPv4 address is; it is allowed by a rule
 * only if the rule names it as it is written.
 *
 * @param allowed {@code allowed-peer-ip}
 * @param denied {@code denied-peer-ip}
 * @param loopbackAllowed {@code allow-loopback-peers}
 * @param ownEndpoints addresses and ports that we, our cluster or our database listen on
 * @param ownRelays the addresses of our relays; two clients of ours may meet there
 * @param relayPortMin the first port of our relays
 * @param relayPortMax the last one
 */
public record PeerPolicy(
    List<AddressRange> allowed,
    List<AddressRange> denied,
    boolean loopbackAllowed,
    List<TransportAddress> ownEndpoints,
    List<RelayAddress> ownRelays,
    int relayPortMin,
    int relayPortMax) {

  /** System ports, RFC 6335 §6. */
  private static final int SYSTEM_PORT_MAX = 1023;

  /** Deny everything but public unicast addresses. */
  public static final PeerPolicy SAFE =
      new PeerPolicy(List.of(), List.of(), false, List.of(), List.of(), 49152, 65535);

  /**
   * @param rule what decided: for the metrics and for explaining; bounded by the configuration
   */
  public record Verdict(boolean allowed, String rule) {}

  private static final Verdict PUBLIC = new Verdict(true, "public");
  private static final Verdict OWN_RELAY = new Verdict(true, "own-relay");
  private static final Verdict OWN_ADDRESS = new Verdict(false, "own-address");
  private static final Verdict OWN_ENDPOINT = new Verdict(false, "own-endpoint");
  private static final Verdict BARE_IPV4 = new Verdict(false, "ipv4-in-ipv6");
  private static final Verdict LOOPBACK = new Verdict(true, "loopback");
  private static final Verdict PORT_ZERO = new Verdict(false, "port-zero");

  public PeerPolicy {
    allowed = List.copyOf(allowed);
    denied = List.copyOf(denied);
    ownEndpoints = List.copyOf(ownEndpoints);
    ownRelays = List.copyOf(ownRelays);
  }

  /** Whether a permission for this IP address may exist; its port says nothing (RFC 8656 §10.2). */
  public Verdict judgeIp(TransportAddress peer) {
    return judge(peer, false);
  }

  /** Whether data may go to this address and port (RFC 8656 §11.2, §12.2). */
  public Verdict judge(TransportAddress peer) {
    return judge(peer, true);
  }

  private Verdict judge(TransportAddress peer, boolean withPort) {
    List<TransportAddress> embedded = SpecialAddresses.embedded(peer);
    Verdict verdict = never(peer, embedded);
    if (verdict == null && withPort) {
      verdict = ownEndpoint(peer, embedded);
    }
    if (verdict == null) {
      verdict = byRule(peer, embedded);
    }
    if (verdict == null) {
      verdict = ownRelay(peer, withPort);
    }
    if (verdict == null) {
      verdict = special(peer);
    }
    for (int i = 0; verdict == null && i < embedded.size(); i++) {
      verdict = special(embedded.get(i));
    }
    return verdict == null ? PUBLIC : verdict;
  }

  private @Nullable Verdict never(TransportAddress peer, List<TransportAddress> embedded) {
    Verdict verdict = never(peer);
    for (int i = 0; verdict == null && i < embedded.size(); i++) {
      verdict = never(embedded.get(i));
    }
    return verdict == null && SpecialAddresses.isBareIpv4(peer) ? BARE_IPV4 : verdict;
  }

  private @Nullable Verdict never(TransportAddress peer) {
    String name = nameIn(SpecialAddresses.NEVER, peer);
    if (name == null && !loopbackAllowed) {
      name = nameIn(SpecialAddresses.LOOPBACK, peer);
    }
    return name == null ? null : new Verdict(false, name);
  }

  private @Nullable Verdict ownEndpoint(TransportAddress peer, List<TransportAddress> embedded) {
    if (peer.port() == 0) {
      return PORT_ZERO;
    }
    for (TransportAddress own : ownEndpoints) {
      if (own.equals(peer) || embedded.contains(own)) {
        return OWN_ENDPOINT;
      }
    }
    return null;
  }

  private @Nullable Verdict byRule(TransportAddress peer, List<TransportAddress> embedded) {
    for (AddressRange range : allowed) {
      if (contains(range, peer)) {
        return new Verdict(true, range.toString());
      }
    }
    for (AddressRange range : denied) {
      boolean hit = contains(range, peer);
      for (int i = 0; !hit && i < embedded.size(); i++) {
        hit = contains(range, embedded.get(i));
      }
      if (hit) {
        return new Verdict(false, range.toString());
      }
    }
    return null;
  }

  private @Nullable Verdict ownRelay(TransportAddress peer, boolean withPort) {
    for (RelayAddress relay : ownRelays) {
      if (relay.isAt(peer)) {
        boolean relayPort = peer.port() >= relayPortMin && peer.port() <= relayPortMax;
        if (!withPort || relayPort) {
          return OWN_RELAY;
        }
        // An SFU may share our host; its system services are behind its firewall, and we are not.
        boolean system = peer.port() <= SYSTEM_PORT_MAX;
        return system && !loopbackAllowed ? OWN_ADDRESS : null;
      }
    }
    return null;
  }

  private @Nullable Verdict special(TransportAddress peer) {
    if (loopbackAllowed && nameIn(SpecialAddresses.LOOPBACK, peer) != null) {
      return LOOPBACK;
    }
    String name = nameIn(SpecialAddresses.SPECIAL, peer);
    if (name == null
        && peer.family() == Family.IPV6
        && !contains(SpecialAddresses.GLOBAL_UNICAST, peer)
        && !contains(SpecialAddresses.NAT64, peer)) {
      name = "unassigned";
    }
    return name == null ? null : new Verdict(false, name);
  }

  private static boolean contains(AddressRange range, TransportAddress address) {
    return range.isIpv4() == (address.family() == Family.IPV4)
        && range.contains(address.hi(), address.lo());
  }

  private static @Nullable String nameIn(List<Named> list, TransportAddress address) {
    for (Named named : list) {
      if (named.contains(address)) {
        return named.name();
      }
    }
    return null;
  }

  public PeerPolicy withAllowed(AddressRange... ranges) {
    return new PeerPolicy(
        List.of(ranges),
        denied,
        loopbackAllowed,
        ownEndpoints,
        ownRelays,
        relayPortMin,
        relayPortMax);
  }

  public PeerPolicy withDenied(AddressRange... ranges) {
    return new PeerPolicy(
        allowed,
        List.of(ranges),
        loopbackAllowed,
        ownEndpoints,
        ownRelays,
        relayPortMin,
        relayPortMax);
  }

  public PeerPolicy withLoopback(boolean allow) {
    return new PeerPolicy(
        allowed, denied, allow, ownEndpoints, ownRelays, relayPortMin, relayPortMax);
  }

  public PeerPolicy withOwnEndpoints(List<TransportAddress> endpoints) {
    return new PeerPolicy(
        allowed, denied, loopbackAllowed, endpoints, ownRelays, relayPortMin, relayPortMax);
  }

  PeerPolicy withOwnRelays(List<RelayAddress> relays, int portMin, int portMax) {
    return new PeerPolicy(allowed, denied, loopbackAllowed, ownEndpoints, relays, portMin, portMax);
  }
}

package puente.launcher;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import puente.admin.LiveView.PeerRule;
import puente.admin.LiveView.PeerVerdict;
import puente.net.Addresses;
import puente.stun.AddressRange;
import puente.stun.TransportAddress;
import puente.turn.Counters;
import puente.turn.PeerPolicy;
import puente.turn.relay.TurnNode;

/** The peer policy in force, in the order in which it decides. */
final class NodePeers {

  private NodePeers() {}

  /** How often each rule has refused somebody, on this node since its start. */
  static Map<String, Long> hits(TurnNode turn) {
    Map<String, Long> hits = new HashMap<>();
    for (Counters shard : turn.counters()) {
      shard.peersDenied().forEach((rule, count) -> hits.merge(rule, count, Long::sum));
    }
    return hits;
  }

  static List<PeerRule> rules(PeerPolicy policy, Map<String, Long> hits) {
    List<PeerRule> rules = new ArrayList<>();
    List<String> endpoints =
        policy.ownEndpoints().stream().map(TransportAddress::toString).distinct().toList();
    Set<String> ours = Set.of("own-endpoint", "port-zero", "own-address");
    rules.add(rule("own-endpoint", false, endpoints, ours, hits, "this server's listeners"));
    for (AddressRange range : policy.allowed()) {
      String name = range.toString();
      rules.add(rule(name, true, List.of(name), Set.of(name), hits, "allowed-peer-ip"));
    }
    for (AddressRange range : policy.denied()) {
      String name = range.toString();
      rules.add(rule(name, false, List.of(name), Set.of(name), hits, "denied-peer-ip"));
    }
    List<String> relays =
        policy.ownRelays().stream().map(relay -> relay.advertised().ip()).distinct().toList();
    rules.add(rule("own-relay", true, relays, Set.of("own-relay"), hits, "two clients may meet"));
    if (policy.loopbackAllowed()) {
      rules.add(
          rule(
              "loopback",
              true,
              List.of("127.0.0.0/8", "::1"),
              Set.of("loopback"),
              hits,
              "allow-loopback-peers"));
    }
    Set<String> named = new TreeSet<>(hits.keySet());
    rules.forEach(rule -> named.removeAll(rule.names()));
    named.remove("public");
    rules.add(
        rule(
            "special-purpose",
            false,
            named.isEmpty() ? List.of("private, shared, multicast, reserved") : List.copyOf(named),
            named,
            hits,
            "IANA registries"));
    rules.add(
        rule("public", true, List.of("all other addresses"), Set.of("public"), hits, "default"));
    return rules;
  }

  private static PeerRule rule(
      String name,
      boolean allow,
      List<String> covers,
      Set<String> names,
      Map<String, Long> hits,
      String origin) {
    long sum = names.stream().mapToLong(one -> hits.getOrDefault(one, 0L)).sum();
    return new PeerRule(name, allow, covers, names, sum, origin);
  }

  /**
   * @param text an IP address, or one with a port
   * @throws IllegalArgumentException if it is neither
   */
  static PeerVerdict judge(PeerPolicy policy, String text) {
    try {
      ClusterMember peer = ClusterMember.parse(text);
      TransportAddress address = Addresses.of(peer.ip(), peer.port().orElse(0));
      PeerPolicy.Verdict verdict =
          peer.port().isPresent() ? policy.judge(address) : policy.judgeIp(address);
      String shown = peer.port().isPresent() ? address.toString() : address.ip();
      return new PeerVerdict(shown, address.ip(), verdict.allowed(), verdict.rule());
    } catch (IllegalArgumentException wrong) {
      throw new IllegalArgumentException("peer: an IP address, or IP:port.", wrong);
    }
  }
}

package puente.launcher;

import com.hazelcast.cluster.Address;
import com.hazelcast.spi.discovery.DiscoveryNode;
import com.hazelcast.spi.discovery.SimpleDiscoveryNode;
import com.hazelcast.spi.discovery.integration.DiscoveryService;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.slf4j.event.Level;

/**
 * Where other nodes may be: the members that are configured and every address of the configured
 * name. Asked again for each attempt to join or to merge, so that a name may change its addresses.
 */
final class HazelcastClusterDiscovery implements DiscoveryService {
  private static final int ADDRESSES_MAX = 256;

  private final ClusterConfig config;

  HazelcastClusterDiscovery(ClusterConfig config) {
    this.config = config;
  }

  @Override
  public void start() {}

  @Override
  public void destroy() {}

  @Override
  public Map<String, String> discoverLocalMetadata() {
    return Map.of();
  }

  @Override
  public Iterable<DiscoveryNode> discoverNodes() {
    Set<Address> found = new LinkedHashSet<>();
    for (ClusterMember member : config.members()) {
      found.add(new Address(member.ip(), member.port().orElse(config.port())));
    }
    for (InetAddress ip : config.dns().map(HazelcastClusterDiscovery::resolve).orElse(List.of())) {
      found.add(new Address(ip, config.port()));
    }
    return found.stream()
        .limit(ADDRESSES_MAX)
        .<DiscoveryNode>map(SimpleDiscoveryNode::new)
        .toList();
  }

  private static List<InetAddress> resolve(String name) {
    try {
      return List.of(InetAddress.getAllByName(name));
    } catch (UnknownHostException unknown) {
      Events.limited(
          "cluster-dns", Level.WARN, "cluster-dns", "name", name, "warning", "has no address");
      return List.of();
    }
  }
}

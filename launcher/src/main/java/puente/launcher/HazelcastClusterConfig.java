package puente.launcher;

import com.hazelcast.cluster.Member;
import com.hazelcast.config.Config;
import com.hazelcast.config.JavaSerializationFilterConfig;
import com.hazelcast.config.JoinConfig;
import com.hazelcast.config.MapConfig;
import com.hazelcast.config.NetworkConfig;
import java.util.Map;
import java.util.Optional;

/** Hazelcast's own configuration, made in code: no file, no variable of the machine changes it. */
final class HazelcastClusterConfig {
  /** The member attribute that says which node a member is. */
  static final String NODE_ATTRIBUTE = "puente.node";

  /**
   * A prime, some for each node of a large cluster. With Hazelcast's 271 it takes a busy machine
   * seconds until records have a copy after a node has joined, and a batch of changes becomes as
   * many operations as it has records. The same on every node.
   */
  private static final String PARTITIONS = "31";

  private static final Map<String, String> PROPERTIES =
      Map.ofEntries(
          Map.entry("hazelcast.logging.type", "slf4j"),
          Map.entry("hazelcast.phone.home.enabled", "false"),
          Map.entry("hazelcast.shutdownhook.enabled", "false"),
          // What this member keeps has a copy elsewhere, or is told again by its owner.
          Map.entry("hazelcast.graceful.shutdown.max.wait", "5"),
          Map.entry("hazelcast.socket.bind.any", "false"),
          Map.entry("hazelcast.discovery.enabled", "true"),
          Map.entry("hazelcast.wait.seconds.before.join", "0"),
          Map.entry("hazelcast.max.wait.seconds.before.join", "0"),
          Map.entry("hazelcast.max.join.seconds", "10"),
          Map.entry("hazelcast.tcp.join.port.try.count", "1"),
          Map.entry("hazelcast.merge.first.run.delay.seconds", "5"),
          Map.entry("hazelcast.merge.next.run.delay.seconds", "5"),
          Map.entry("hazelcast.heartbeat.failuredetector.type", "deadline"),
          Map.entry("hazelcast.heartbeat.interval.seconds", "1"),
          Map.entry("hazelcast.socket.connect.timeout.seconds", "2"),
          Map.entry("hazelcast.operation.call.timeout.millis", "5000"),
          Map.entry("hazelcast.partition.count", PARTITIONS),
          Map.entry("hazelcast.io.thread.count", "1"),
          Map.entry("hazelcast.operation.thread.count", "2"),
          Map.entry("hazelcast.operation.generic.thread.count", "2"));

  private HazelcastClusterConfig() {}

  static Config of(ClusterConfig cluster) {
    Config config = new Config();
    config.setClusterName(cluster.name());
    PROPERTIES.forEach(config::setProperty);
    config.setProperty("hazelcast.max.no.heartbeat.seconds", secondsOfSilence(cluster));
    config.getMemberAttributeConfig().setAttribute(NODE_ATTRIBUTE, cluster.nodeId());
    config.getJetConfig().setEnabled(false);
    config.getMetricsConfig().setEnabled(false);
    config.getManagementCenterConfig().setScriptingEnabled(false).setConsoleEnabled(false);
    config.getManagementCenterConfig().setDataAccessEnabled(false);
    config.getIntegrityCheckerConfig().setEnabled(false);
    config.getSerializationConfig().setJavaSerializationFilterConfig(serializationFilter());
    config.setProperty("hazelcast.local.localAddress", cluster.ip().getHostAddress());
    network(config.getNetworkConfig(), cluster);
    HazelcastClusterDirectory.configure(config, cluster.recordLifeSeconds());
    HazelcastClusterLeases.configure(config);
    HazelcastClusterRates.configure(config);
    return config;
  }

  /** Which node a member is. */
  static String nodeOf(Member member) {
    return Optional.ofNullable(member.getAttribute(NODE_ATTRIBUTE))
        .orElse(member.getUuid().toString());
  }

  /** Behind {@link HazelcastClusterSilence}, not before it. */
  private static String secondsOfSilence(ClusterConfig cluster) {
    return String.valueOf(cluster.silence().toSeconds() + 1);
  }

  private static void network(NetworkConfig network, ClusterConfig cluster) {
    String ip = cluster.ip().getHostAddress();
    network.setPort(cluster.port()).setPortAutoIncrement(false).setReuseAddress(true);
    network.setPublicAddress(ip.contains(":") ? "[" + ip + "]" : ip);
    JoinConfig join = network.getJoin();
    join.getAutoDetectionConfig().setEnabled(false);
    join.getMulticastConfig().setEnabled(false);
    join.getTcpIpConfig().setEnabled(false);
    join.getDiscoveryConfig()
        .setDiscoveryServiceProvider(settings -> new HazelcastClusterDiscovery(cluster));
  }

  /**
   * Everything in our maps is text, numbers, bytes or a class with a codec of its own. What is left
   * for Java's own serialization are the exceptions that Hazelcast sends back to a caller.
   */
  static JavaSerializationFilterConfig serializationFilter() {
    JavaSerializationFilterConfig filter = new JavaSerializationFilterConfig();
    filter.setDefaultsDisabled(true);
    filter
        .getWhitelist()
        .addPrefixes(
            "com.hazelcast.core.",
            "com.hazelcast.cluster.",
            "com.hazelcast.internal.cluster.impl.ClusterTopologyChangedException",
            "com.hazelcast.internal.cluster.impl.ConfigMismatchException",
            "com.hazelcast.internal.cluster.impl.MasterNodeChangedException",
            "com.hazelcast.internal.cluster.impl.VersionMismatchException",
            "com.hazelcast.internal.partition.PartitionStateVersionMismatchException",
            "com.hazelcast.map.",
            "com.hazelcast.nio.serialization.HazelcastSerializationException",
            "com.hazelcast.query.QueryException",
            "com.hazelcast.topic.TopicOverloadException",
            "com.hazelcast.spi.exception.",
            "com.hazelcast.partition.",
            "java.io.EOFException",
            "java.io.IOException",
            "java.lang.",
            "[Ljava.lang.",
            "java.util.Collections$",
            "java.util.concurrent.CancellationException",
            "java.util.concurrent.ExecutionException",
            "java.util.concurrent.TimeoutException");
    return filter;
  }

  /**
   * A map of records that renew themselves, on two nodes: what has been written is on both, or the
   * writer knows.
   */
  static MapConfig records(String name, int lifeSeconds) {
    return new MapConfig(name)
        .setBackupCount(1)
        .setTimeToLiveSeconds(lifeSeconds)
        .setStatisticsEnabled(false);
  }
}

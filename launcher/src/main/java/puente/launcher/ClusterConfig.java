package puente.launcher;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * What the configuration says about other nodes.
 *
 * @param secret empty if the operator has asked for links without protection
 * @param silence who sends no heartbeat for longer is given up
 * @param recordLifeSeconds how long the record of an allocation may live without being renewed
 */
record ClusterConfig(
    String nodeId,
    String name,
    InetAddress ip,
    int port,
    List<ClusterMember> members,
    Optional<String> dns,
    Optional<String> secret,
    Duration silence,
    int recordLifeSeconds) {

  /** Shorter ones could be guessed by whoever can call a node. */
  private static final int SECRET_MIN = 16;

  private static final int NODE_ID_MAX = 64;
  private static final int RECORD_MARGIN_SECONDS = 120;

  /**
   * @return empty when this is a single node
   */
  static Optional<ClusterConfig> of(Config config) throws StartFailure {
    List<ClusterMember> members = config.all(ClusterSettings.CLUSTER_MEMBER);
    Optional<String> dns = config.find(ClusterSettings.CLUSTER_DNS);
    if (members.isEmpty() && dns.isEmpty()) {
      return Optional.empty();
    }
    Optional<InetAddress> ip = config.find(ClusterSettings.CLUSTER_IP);
    if (ip.isEmpty() || ip.get().isAnyLocalAddress()) {
      throw StartFailure.configuration(
          "cluster-ip is missing: a cluster needs the private address of this node");
    }
    return Optional.of(
        new ClusterConfig(
            nodeId(config),
            config.value(ClusterSettings.CLUSTER_NAME),
            ip.get(),
            config.value(ClusterSettings.CLUSTER_PORT),
            members,
            dns,
            secret(config),
            config.value(ClusterSettings.CLUSTER_SILENCE),
            (int) config.value(Settings.MAX_ALLOCATE_LIFETIME).toSeconds()
                + RECORD_MARGIN_SECONDS));
  }

  /** As many as are named, this one among them; with a name in DNS nobody knows yet. */
  int expectedNodes() {
    Set<InetSocketAddress> all = new HashSet<>();
    all.add(new InetSocketAddress(ip, port));
    members.forEach(
        member -> all.add(new InetSocketAddress(member.ip(), member.port().orElse(port))));
    return all.size();
  }

  /** The configured name, else the host's. */
  static String nodeId(Config config) throws StartFailure {
    String id = config.find(ClusterSettings.NODE_ID).orElseGet(ClusterConfig::hostName);
    if (!id.matches("[A-Za-z0-9._-]{1," + NODE_ID_MAX + "}")) {
      throw StartFailure.configuration(
          "node-id has letters, digits, dots, dashes and underscores, at most " + NODE_ID_MAX);
    }
    return id;
  }

  private static String hostName() {
    try {
      return InetAddress.getLocalHost().getHostName();
    } catch (UnknownHostException unnamed) {
      return "localhost";
    }
  }

  private static Optional<String> secret(Config config) throws StartFailure {
    Optional<String> secret = config.find(ClusterSettings.CLUSTER_SECRET);
    boolean insecure = config.value(ClusterSettings.CLUSTER_INSECURE);
    if (secret.isPresent() && secret.get().length() < SECRET_MIN) {
      throw StartFailure.configuration(
          "cluster-secret is shorter than " + SECRET_MIN + " characters");
    }
    if (secret.isEmpty() && !insecure) {
      throw StartFailure.configuration(
          "cluster-secret is missing: give every node the same, as of openssl rand -base64 32; "
              + "cluster-insecure does without, for trying out");
    }
    return insecure ? Optional.empty() : secret;
  }
}

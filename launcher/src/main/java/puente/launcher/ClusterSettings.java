package puente.launcher;

import static puente.launcher.Setting.row;

import java.net.InetAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import puente.launcher.Setting.Group;

/** The rows of the table of {@link Settings} that are about several nodes. */
final class ClusterSettings {
  private static final List<Setting<?>> ROWS = new ArrayList<>();

  static final Setting<String> NODE_ID =
      row(
              Group.CLUSTER,
              "node-id",
              Type.TEXT,
              "Stable name of this node, its own in the cluster. Without it: the host name.")
          .in(ROWS);
  static final Setting<String> NODE_ZONE =
      row(
              Group.CLUSTER,
              "node-zone",
              Type.TEXT,
              "Zone that this node fails with: a data centre, a rack. The console says what happens "
                  + "if one is lost.")
          .in(ROWS);
  static final Setting<String> CLUSTER_NAME =
      row(
              Group.CLUSTER,
              "cluster-name",
              Type.TEXT,
              "Name of the cluster; nodes of another stay out.")
          .fallback("puente")
          .in(ROWS);
  static final Setting<InetAddress> CLUSTER_IP =
      row(
              Group.CLUSTER,
              "cluster-ip",
              Type.ADDRESS,
              "Private address of this node for the other nodes; bound to, and told to them.")
          .in(ROWS);
  static final Setting<Integer> CLUSTER_PORT =
      row(Group.CLUSTER, "cluster-port", Type.count(1, 65_535), "TCP port for the other nodes.")
          .fallback("5701")
          .in(ROWS);
  static final Setting<ClusterMember> CLUSTER_MEMBER =
      row(
              Group.CLUSTER,
              "cluster-member",
              new Type<>("ip or ip:port", false, ClusterMember::parse),
              "Another node; several times. One that answers is enough to find them all.")
          .replaces()
          .in(ROWS);
  static final Setting<String> CLUSTER_DNS =
      row(
              Group.CLUSTER,
              "cluster-dns",
              Type.TEXT,
              "Name whose addresses are the nodes, as of a headless service in Kubernetes; asked "
                  + "again and again.")
          .in(ROWS);
  static final Setting<String> CLUSTER_SECRET =
      row(
              Group.CLUSTER,
              "cluster-secret",
              Type.SECRET,
              "The same on every node, 16 characters or more; the links between nodes are "
                  + "encrypted and authenticated with it.")
          .in(ROWS);
  static final Setting<Boolean> CLUSTER_INSECURE =
      Settings.flag(
              Group.CLUSTER,
              "cluster-insecure",
              "Links in clear and open to anybody who reaches cluster-port. For trying out only.")
          .in(ROWS);

  static final Setting<Duration> CLUSTER_SILENCE =
      row(
              Group.CLUSTER,
              "cluster-silence",
              Type.duration(Duration.ofSeconds(3), Duration.ofMinutes(1)),
              "How long a node may be silent until the others give it up; heartbeats are sent "
                  + "every second. The same on every node.")
          .fallback("4s")
          .in(ROWS);

  private ClusterSettings() {}

  static void addTo(List<Setting<?>> table) {
    table.addAll(ROWS);
  }
}

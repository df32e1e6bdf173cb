package puente.chaos;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;

/**
 * A small world of its own: nodes, clients, peers and operators, each in a network namespace, all on
 * one bridge that is in a namespace, too. Nothing of the host's own network is touched.
 *
 * <pre>
 *   node 1 .. n   10.77.0.11 ..  to clients and peers
 *                 10.78.0.11 ..  to one another
 *                 10.79.0.11 ..  the admin port
 *   clients       10.77.1.1
 *   peers         10.77.2.1
 *   operators     10.79.0.1      on the bridge
 * </pre>
 *
 * <p>Where clients are to come by IPv6, fd77::11 .., fd77::1:1 and fd77::2:1 besides.
 */
final class Lab implements AutoCloseable {

  static final String ADMIN_TOKEN = "a token for the laboratory";
  static final String USER = "load";
  static final String GUEST = "guest";
  static final String PASSWORD = "pass";
  static final String CLUSTER_NETWORK = "10.78.0.0/16";

  private static final String CLIENTS = "10.77.1.1";
  private static final String CLIENTS6 = "fd77::1:1";
  private static final String PEERS = "10.77.2.1";
  private static final String PEERS6 = "fd77::2:1";

  private static final Duration START_LIMIT = Duration.ofSeconds(180);

  /** A little more than it takes a node to give up a silent one. */
  private static final Duration SETTLED = Duration.ofSeconds(6);

  private static final AtomicInteger NUMBER = new AtomicInteger();

  /**
   * What a lab is to be like.
   *
   * @param supervised each node as {@code ./puente serve} starts it: supervisor, server, standby
   * @param ipv6 whether clients and peers talk to the nodes by IPv6
   * @param settings more words of the configuration, the same for all nodes
   */
  record Shape(int nodes, boolean supervised, boolean ipv6, List<String> settings) {
    static Shape of(boolean supervised, String... settings) {
      return new Shape(3, supervised, false, List.of(settings));
    }

    Shape byIpv6() {
      return new Shape(nodes, supervised, true, settings);
    }
  }

  private final List<Namespace> made = new ArrayList<>();
  private final boolean ipv6;
  private final Namespace bridge;
  private final Namespace clients;
  private final Namespace peers;
  private final List<LabNode> nodes = new ArrayList<>();
  private final List<Load> loads = new ArrayList<>();
  private final Thread atExit = new Thread(this::clear);

  private Lab(Path folder, Shape shape) {
    forget(folder);
    ipv6 = shape.ipv6;
    Runtime.getRuntime().addShutdownHook(atExit);
    String prefix = "chaos%x.%d".formatted(ProcessHandle.current().pid(), NUMBER.incrementAndGet());
    try {
      bridge = make(prefix + "net");
      bridge.ip("link", "add", "br0", "type", "bridge");
      bridge.ip("addr", "add", "10.79.0.1/16", "dev", "br0");
      bridge.ip("link", "set", "br0", "up");
      clients = attached(prefix + "c", "c", subnet(CLIENTS), subnet(CLIENTS6));
      peers = attached(prefix + "p", "p", subnet(PEERS), subnet(PEERS6));
      for (int i = 1; i <= shape.nodes; i++) {
        nodes.add(node(prefix, i, folder, shape));
      }
    } catch (RuntimeException failure) {
      close();
      throw failure;
    }
  }

  /** A running one: every node is ready and sees all others. */
  static Lab start(Path folder, Shape shape) {
    Lab lab = new Lab(folder.toAbsolutePath(), shape);
    try {
      lab.nodes.forEach(LabNode::start);
      lab.awaitWhole(START_LIMIT);
      return lab;
    } catch (RuntimeException | AssertionError failure) {
      lab.close();
      throw failure;
    }
  }

  /** What this machine lacks to have a lab; empty if nothing. */
  static List<String> missing() {
    List<String> lacks = new ArrayList<>();
    if (!"root".equals(System.getProperty("user.name"))) {
      lacks.add("root");
    }
    for (String program : List.of("ip", "nft")) {
      boolean there =
          Stream.concat(
                  Arrays.stream(System.getenv().getOrDefault("PATH", "").split(":")),
                  Stream.of("/usr/sbin", "/sbin"))
              .anyMatch(folder -> Files.isExecutable(Path.of(folder, program)));
      if (!there) {
        lacks.add(program);
      }
    }
    if (lacks.isEmpty() && !namespacesWork()) {
      lacks.add("the right to make network namespaces");
    }
    return lacks;
  }

  /** What an earlier lab has left: its allocations would be restored. */
  private static void forget(Path folder) {
    if (!Files.exists(folder)) {
      return;
    }
    try (Stream<Path> files = Files.walk(folder)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(file);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static boolean namespacesWork() {
    try {
      Namespace probe = Namespace.create("chaos%xtry".formatted(ProcessHandle.current().pid()));
      try {
        return probe.run(() -> true) && probe.exec("nft", "add", "table", "inet", "try").isEmpty();
      } finally {
        probe.delete();
      }
    } catch (IllegalStateException refused) {
      return false;
    }
  }

  private Namespace make(String name) {
    Namespace namespace = Namespace.create(name);
    made.add(namespace);
    return namespace;
  }

  private Namespace attached(String name, String port, String... addresses) {
    Namespace namespace = make(name);
    namespace.ip(
        "link", "add", "eth0", "type", "veth", "peer", "name", port, "netns", bridge.name());
    bridge.ip("link", "set", port, "master", "br0", "up");
    for (String address : addresses) {
      if (!address.contains(":")) {
        namespace.ip("addr", "add", address, "dev", "eth0");
      } else if (ipv6) {
        namespace.ip("addr", "add", address, "dev", "eth0", "nodad");
      }
    }
    namespace.ip("link", "set", "eth0", "up");
    return namespace;
  }

  private LabNode node(String prefix, int number, Path folder, Shape shape) {
    String id = "node" + number;
    String ip = ipv6 ? ip6(number) : ip(number);
    String cluster = "10.78.0.1" + number;
    String admin = admin(number);
    Namespace namespace =
        attached(
            prefix + "n" + number,
            "n" + number,
            subnet(ip(number)),
            subnet(ip6(number)),
            subnet(cluster),
            subnet(admin));
    List<String> settings =
        new ArrayList<>(
            List.of(
                "node-id=" + id,
                "listening-port=" + LabNode.PORT,
                "no-tls",
                "admin-ip=" + admin,
                "admin-token=" + ADMIN_TOKEN,
                "realm=chaos",
                "lt-cred-mech",
                "rfc5766-channel-numbers",
                "user=" + USER + ":" + PASSWORD,
                "user=" + GUEST + ":" + PASSWORD,
                "stateless-nonce-secret=one for all nodes of the lab",
                "allowed-peer-ip=10.77.0.0-10.77.255.255",
                "allowed-peer-ip=fd77::-fd77::ffff:ffff",
                "cluster-ip=" + cluster,
                "cluster-secret=a secret for the laboratory"));
    for (int other = 1; other <= shape.nodes; other++) {
      if (other != number) {
        settings.add("cluster-member=10.78.0.1" + other);
      }
    }
    if (shape.settings.stream().noneMatch(setting -> setting.startsWith("listening-ip"))) {
      settings.add("listening-ip=" + ip);
      settings.add("relay-ip=" + ip);
    } else {
      // So that a node can listen on an address that it is yet to take over: docs/CLUSTER.md.
      String family = ipv6 ? "ipv6" : "ipv4";
      namespace.exec("sh", "-c", "echo 1 > /proc/sys/net/" + family + "/ip_nonlocal_bind");
    }
    settings.addAll(shape.settings);
    return new LabNode(
        number, namespace, bridge, ip, folder.resolve(id), shape.supervised, settings);
  }

  static String ip(int node) {
    return "10.77.0.1" + node;
  }

  static String ip6(int node) {
    return "fd77::1" + node;
  }

  static String admin(int node) {
    return "10.79.0.1" + node;
  }

  private static String subnet(String ip) {
    return ip + (ip.contains(":") ? "/64" : "/16");
  }

  // ---- what there is

  List<LabNode> nodes() {
    return List.copyOf(nodes);
  }

  LabNode node(int number) {
    return nodes.get(number - 1);
  }

  Namespace bridge() {
    return bridge;
  }

  Namespace clients() {
    return clients;
  }

  Load load(Duration pace) {
    Load load =
        new Load(
            clients,
            new InetSocketAddress(ipv6 ? CLIENTS6 : CLIENTS, 0),
            peers,
            new InetSocketAddress(ipv6 ? PEERS6 : PEERS, 0),
            pace);
    loads.add(load);
    return load;
  }

  /** The user of the lab, at these nodes. */
  static List<Flow.Account> accounts(List<LabNode> at) {
    return at.stream().map(node -> new Flow.Account(node.address(), USER, PASSWORD)).toList();
  }

  /** All nodes are ready, and each sees all. */
  void awaitWhole(Duration patience) {
    long end = System.nanoTime() + patience.toNanos();
    for (LabNode node : nodes) {
      Duration left = Duration.ofNanos(end - System.nanoTime());
      if (!node.awaitReady(left)) {
        throw new IllegalStateException(node.id() + " is not ready:\n" + node.said());
      }
    }
    for (LabNode node : nodes) {
      Duration left = Duration.ofNanos(end - System.nanoTime());
      if (!node.awaitNodes(nodes.size(), left)) {
        throw new IllegalStateException(node.id() + " does not see all:\n" + node.said());
      }
    }
  }

  /** The same, and it stays so: who has slept too long is given up only after he woke up. */
  void awaitSettled(Duration patience) {
    long end = System.nanoTime() + patience.toNanos();
    long wholeSince = System.nanoTime();
    while (System.nanoTime() - wholeSince < SETTLED.toNanos()) {
      awaitWhole(Duration.ofNanos(end - System.nanoTime()));
      if (nodes.stream().anyMatch(node -> node.nodesAlive() != nodes.size())) {
        wholeSince = System.nanoTime();
      }
      LockSupport.parkNanos(100_000_000);
    }
  }

  /** Clients that more than one node lists as its own. */
  int servedTwice() {
    Map<String, Integer> nodesByClient = new HashMap<>();
    for (LabNode node : nodes) {
      if (node.running()) {
        node.sessions().forEach(client -> nodesByClient.merge(client, 1, Integer::sum));
      }
    }
    return (int) nodesByClient.values().stream().filter(count -> count > 1).count();
  }

  /** The same when a moment's disagreement has had time to end. */
  int servedTwiceAfter(Duration patience) {
    long end = System.nanoTime() + patience.toNanos();
    int twice = servedTwice();
    while (twice > 0 && System.nanoTime() < end) {
      LockSupport.parkNanos(250_000_000);
      twice = servedTwice();
    }
    return twice;
  }

  int sessions() {
    return nodes.stream().filter(LabNode::running).map(LabNode::sessions).mapToInt(Set::size).sum();
  }

  @Override
  public void close() {
    clear();
    Runtime.getRuntime().removeShutdownHook(atExit);
  }

  private synchronized void clear() {
    loads.forEach(Load::close);
    loads.clear();
    nodes.parallelStream().forEach(LabNode::close);
    nodes.clear();
    made.reversed().forEach(Namespace::delete);
    made.clear();
  }
}

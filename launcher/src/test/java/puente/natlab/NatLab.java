package puente.natlab;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.HttpURLConnection;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import puente.chaos.Namespace;

/**
 * Hosts behind routers, and a server outside.
 *
 * <pre>
 *   server   203.0.113.10 and .11    2001:db8::10 and ::11    on the bridge "outside"
 *   router i 203.0.113.10i  out      10.0.i.1  in             2001:db8::10i  out  2001:db8:i::1  in
 *   host i                           10.0.i.2                                     2001:db8:i::2
 * </pre>
 */
final class NatLab implements AutoCloseable {
  /** Documentation's, but miniupnpd lends ports to routers with other addresses only. */
  private static final String OUTSIDE =
      System.getProperty("puente.natlab.outside", canLend() ? "45.67.89." : "203.0.113.");

  static final String SERVER = OUTSIDE + "10";
  private static final String SECOND = OUTSIDE + "11";
  private static final String OUTSIDE_6 = "2001:db8::";
  private static final String SERVER_6 = OUTSIDE_6 + "10";
  private static final String SECOND_6 = OUTSIDE_6 + "11";

  /** Of both addresses, for hosts that have IPv6: which is used is for each of them to find out. */
  private static final String NAME = "server.natlab";

  /** What {@code ip netns exec} lays over /etc. */
  private static final Path OVER_ETC = Path.of("/etc/netns");

  static final String KEY = "a-key-for-the-laboratory";
  private static final Duration START_LIMIT = Duration.ofSeconds(120);
  private static final AtomicInteger NUMBER = new AtomicInteger();

  private final List<Namespace> made = new ArrayList<>();
  private final List<Namespace> routers = new ArrayList<>();
  private final List<Namespace> hosts = new ArrayList<>();
  private final Path folder;
  private final String prefix;
  private final Namespace bridge;
  private final Namespace server;
  private final LabCertificate certificate;
  private final Thread atExit = new Thread(this::clear);
  private final List<LabProgram> programs = new ArrayList<>();
  private final Map<Integer, Nat> natByHost = new HashMap<>();

  private NatLab(Path folder, int count) {
    this.folder = folder.toAbsolutePath();
    prefix = "natlab%x.%d".formatted(ProcessHandle.current().pid(), NUMBER.incrementAndGet());
    Runtime.getRuntime().addShutdownHook(atExit);
    try {
      Files.createDirectories(this.folder);
      certificate =
          LabCertificate.of(List.of(SERVER, SECOND, SERVER_6, SECOND_6, NAME), this.folder);
      bridge = make("net");
      bridge.ip("link", "add", "br0", "type", "bridge");
      bridge.ip("link", "set", "br0", "up");
      server = make("s");
      wire(server, "eth0", bridge, "s");
      bridge.ip("link", "set", "s", "master", "br0");
      server.ip("addr", "add", SERVER + "/24", "dev", "eth0");
      server.ip("addr", "add", SECOND + "/24", "dev", "eth0");
      server.ip("addr", "add", SERVER_6 + "/64", "dev", "eth0", "nodad");
      server.ip("addr", "add", SECOND_6 + "/64", "dev", "eth0", "nodad");
      for (int i = 1; i <= count; i++) {
        household(i);
      }
    } catch (IOException failure) {
      close();
      throw new UncheckedIOException(failure);
    } catch (RuntimeException failure) {
      close();
      throw failure;
    }
  }

  /** One with a running server and so many hosts, each behind a router of its own. */
  static NatLab start(Path folder, int hosts, String... settings) {
    NatLab lab = new NatLab(folder, hosts);
    try {
      lab.serve(settings);
      return lab;
    } catch (RuntimeException | AssertionError failure) {
      lab.close();
      throw failure;
    }
  }

  private void household(int i) throws IOException {
    Namespace router = make("r" + i);
    Namespace host = make("h" + i);
    Path hosts = Files.createDirectories(OVER_ETC.resolve(host.name())).resolve("hosts");
    Files.writeString(hosts, SERVER + " " + NAME + "\n" + SERVER_6 + " " + NAME + "\n");
    wire(router, "out", bridge, "r" + i);
    bridge.ip("link", "set", "r" + i, "master", "br0");
    router.ip("addr", "add", OUTSIDE + (100 + i) + "/24", "dev", "out");
    wire(router, "in", host, "eth0");
    router.ip("addr", "add", "10.0." + i + ".1/24", "dev", "in");
    router.ip("addr", "add", OUTSIDE_6 + (100 + i) + "/64", "dev", "out", "nodad");
    router.ip("addr", "add", inner6(i) + "1/64", "dev", "in", "nodad");
    router.exec("sh", "-c", "echo 1 > /proc/sys/net/ipv4/ip_forward");
    router.exec("sh", "-c", "echo 1 > /proc/sys/net/ipv6/conf/all/forwarding");
    // Without NAT, the outside has to know the way in.
    server.ip("route", "add", "10.0." + i + ".0/24", "via", OUTSIDE + (100 + i));
    server.ip("route", "add", inner6(i) + "/64", "via", OUTSIDE_6 + (100 + i));
    routers.add(router);
    this.hosts.add(host);
    addresses(i, true, false);
    for (int other = 1; other < i; other++) {
      router.ip("route", "add", "10.0." + other + ".0/24", "via", OUTSIDE + (100 + other));
      routers.get(other - 1).ip("route", "add", "10.0." + i + ".0/24", "via", OUTSIDE + (100 + i));
      router.ip("route", "add", inner6(other) + "/64", "via", OUTSIDE_6 + (100 + other));
      routers.get(other - 1).ip("route", "add", inner6(i) + "/64", "via", OUTSIDE_6 + (100 + i));
    }
  }

  private static String inner6(int host) {
    return "2001:db8:" + host + "::";
  }

  /** What the host has from now on. */
  private void addresses(int i, boolean ipv4, boolean ipv6) {
    Namespace host = hosts.get(i - 1);
    host.ip("-4", "addr", "flush", "dev", "eth0");
    host.ip("-6", "addr", "flush", "dev", "eth0", "scope", "global");
    if (ipv4) {
      host.ip("addr", "add", "10.0." + i + ".2/24", "dev", "eth0");
      host.ip("route", "replace", "default", "via", "10.0." + i + ".1");
    }
    if (ipv6) {
      host.ip("addr", "add", inner6(i) + "2/64", "dev", "eth0", "nodad");
      host.ip("-6", "route", "replace", "default", "via", inner6(i) + "1");
    }
  }

  private Namespace make(String name) {
    Namespace namespace = Namespace.create(prefix + name);
    made.add(namespace);
    return namespace;
  }

  private static void wire(Namespace one, String name, Namespace other, String otherName) {
    one.ip("link", "add", name, "type", "veth", "peer", "name", otherName, "netns", other.name());
    one.ip("link", "set", name, "up");
    other.ip("link", "set", otherName, "up");
  }

  private void serve(String... settings) {
    List<String> words =
        new ArrayList<>(
            List.of(
                "serve",
                "--state-dir=" + folder.resolve("state"),
                "--listening-ip=" + SERVER,
                "--listening-ip=" + SECOND,
                "--rfc5780",
                "--listening-ip=" + SERVER_6,
                "--listening-ip=" + SECOND_6,
                "--relay-ip=" + SERVER,
                "--relay-ip=" + SERVER_6,
                "--http-ip=::",
                "--http-port=8080",
                "--cert=" + certificate.chain(),
                "--pkey=" + certificate.key(),
                "--tls-listening-port=443",
                "--https-port=443",
                "--realm=natlab",
                "--api-key=lab:" + KEY,
                "--allowed-peer-ip=" + OUTSIDE + "0-" + OUTSIDE + "255",
                "--allowed-peer-ip=10.0.0.0/16",
                "--allowed-peer-ip=2001:db8::/32"));
    words.addAll(Arrays.asList(settings));
    LabProgram program = new LabProgram(server, folder, words);
    programs.add(program);
    long end = System.nanoTime() + START_LIMIT.toNanos();
    while (!server.run(NatLab::answers)) {
      if (!program.running() || System.nanoTime() > end) {
        throw new IllegalStateException("no server: " + program.all());
      }
      LockSupport.parkNanos(100_000_000);
    }
  }

  private static boolean answers() {
    try {
      URI place = URI.create("http://" + SERVER + ":8080/test");
      HttpURLConnection connection = (HttpURLConnection) place.toURL().openConnection();
      connection.setConnectTimeout(1000);
      connection.setReadTimeout(5000);
      return connection.getResponseCode() > 0;
    } catch (IOException notYet) {
      return false;
    }
  }

  /** Gives the router of this host (from 1) another behaviour, and forgets its mappings. */
  void nat(int host, Nat nat) {
    Path rules = folder.resolve("rules" + host);
    natByHost.put(host, nat);
    addresses(host, nat.hasIpv4(), nat.hasIpv6());
    try {
      Files.writeString(rules, nat.rules("10.0." + host + ".2"));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    routers.get(host - 1).exec("nft", "-f", rules.toString());
  }

  /** Nothing goes through this router any more between its host and the other's. */
  void cut(int host, int other) {
    String there = OUTSIDE + (100 + other);
    String inner = "10.0." + other + ".0/24";
    routers
        .get(host - 1)
        .exec(
            "nft",
            "add table inet cut; add chain inet cut both { type filter hook forward priority -5; };"
                + "add rule inet cut both ip saddr { %s, %s } drop;".formatted(there, inner)
                + "add rule inet cut both ip daddr { %s, %s } drop;".formatted(there, inner)
                + "add rule inet cut both ip6 saddr %s/64 drop;".formatted(inner6(other))
                + "add rule inet cut both ip6 daddr %s/64 drop".formatted(inner6(other)));
  }

  void mend(int host) {
    routers.get(host - 1).exec("nft", "add table inet cut; delete table inet cut");
  }

  /** By which protocol. */
  enum Lending {
    PCP("PCP"),
    NAT_PMP("NAT-PMP"),
    UPNP("UPnP");

    private final String word;

    Lending(String word) {
      this.word = word;
    }

    String word() {
      return word;
    }
  }

  /** Whether this machine has a router's program that lends ports. */
  static boolean canLend() {
    return Arrays.stream(System.getenv().getOrDefault("PATH", "").split(":"))
        .anyMatch(folder -> Files.isExecutable(Path.of(folder, "miniupnpd")));
  }

  /** The filter of a cone comes before what is lent, which so would be dropped. */
  boolean letsInWhatIsLent(int host) {
    Nat nat = natByHost.get(host);
    return nat == Nat.OPEN || nat == Nat.SYMMETRIC;
  }

  /** This router lends ports from now on; what to run in the end. */
  Runnable lend(int host, Lending how) {
    boolean upnp = how == Lending.UPNP;
    Namespace router = routers.get(host - 1);
    Path settings = folder.resolve("miniupnpd" + host);
    String outer = OUTSIDE + (100 + host);
    try {
      Files.writeString(
          settings,
          """
          ext_ifname=out
          ext_ip=%s
          listening_ip=in
          enable_natpmp=%s
          enable_upnp=%s
          secure_mode=yes
          uuid=fc4ec57e-b051-11db-88f8-0060085db3f6
          upnp_table_name=lent
          upnp_nat_table_name=lent
          upnp_forward_chain=through
          upnp_nat_chain=into
          upnp_nat_postrouting_chain=out
          allow 1024-65535 10.0.0.0/16 1024-65535
          """
              .formatted(outer, upnp ? "no" : "yes", upnp ? "yes" : "no"));
      // The program speaks both; one that does not know version 2 shall say so at once.
      String elder =
          "chain elder { type filter hook input priority 0; udp dport 5351 @th,64,8 2 reject; };";
      router.exec(
          "nft",
          "table inet lent { chain through { }; chain into { }; chain out { };"
              + " chain pre { type nat hook prerouting priority -110; jump into; };"
              + " chain post { type nat hook postrouting priority 90; jump out; };"
              + (how == Lending.NAT_PMP ? elder : "")
              + " }");
      List<String> command = new ArrayList<>(Arrays.asList(router.inside()));
      command.addAll(List.of("miniupnpd", "-d", "-f", settings.toString(), "-P"));
      command.add(folder.resolve("miniupnpd" + host + ".pid").toString());
      Process program =
          new ProcessBuilder(command)
              .redirectErrorStream(true)
              .redirectOutput(folder.resolve("miniupnpd" + host + ".log").toFile())
              .start();
      return () -> {
        program.destroy();
        program.onExit().join();
        router.exec("nft", "delete table inet lent");
      };
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Limits what this router lets in and out, in Mbit/s; 0 ends it. */
  void pace(int host, int megabits) {
    for (String device : List.of("in", "out")) {
      Namespace router = routers.get(host - 1);
      router.exec("sh", "-c", "tc qdisc del dev " + device + " root 2>/dev/null || true");
      if (megabits > 0) {
        router.exec(
            "tc",
            "qdisc",
            "add",
            "dev",
            device,
            "root",
            "tbf",
            "rate",
            megabits + "mbit",
            "burst",
            "64kb",
            "latency",
            "60ms");
      }
    }
  }

  /** This router loses so many of a hundred packets, each way; 0 ends it. */
  void lose(int host, int percent) {
    String rule =
        "chain both { type filter hook forward priority -6; numgen random mod 100 < %d drop; };"
            .formatted(percent);
    routers
        .get(host - 1)
        .exec(
            "nft",
            "add table ip loss; delete table ip loss;"
                + (percent == 0 ? "" : "table ip loss { %s };".formatted(rule)));
  }

  /** {@code puente} on a host; the options that tell it of the server are added. */
  LabProgram puente(int host, String... words) {
    List<String> all = new ArrayList<>(Arrays.asList(words));
    boolean onlyTls = natByHost.get(host) == Nat.TLS_ONLY;
    String name = hasIpv6(host) ? NAME : SERVER;
    String place = onlyTls ? "https://" + name : "http://" + name + ":8080";
    all.addAll(List.of("--server", place, "--key", KEY));
    all.addAll(List.of("--ca", certificate.authority().toString()));
    Path home = folder.resolve("host" + host);
    try {
      Files.createDirectories(home);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    LabProgram program = new LabProgram(hosts.get(host - 1), home, all);
    programs.add(program);
    return program;
  }

  private boolean hasIpv6(int host) {
    Nat nat = natByHost.get(host);
    return nat != null && nat.hasIpv6();
  }

  Path home(int host) {
    return folder.resolve("host" + host);
  }

  String serverSaid() {
    return programs.getFirst().all();
  }

  @Override
  public void close() {
    clear();
    Runtime.getRuntime().removeShutdownHook(atExit);
  }

  private synchronized void clear() {
    programs.parallelStream().forEach(LabProgram::close);
    programs.clear();
    for (Namespace host : hosts) {
      Path over = OVER_ETC.resolve(host.name());
      LabFile.delete(over.resolve("hosts"), over);
    }
    made.reversed().forEach(Namespace::delete);
    made.clear();
  }
}

package puente.doctor;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import puente.doctor.Finding.Verdict;
import puente.outside.OutsideAddress;

/** Each check of the host stays silent on a good one, and finds its fault on a bad one. */
@Timeout(60)
class HostChecksTest {
  private static final Instant NOW = Instant.parse("2026-11-20T12:00:00Z");

  @TempDir Path root;

  @BeforeEach
  void aGoodHost() throws IOException {
    write(
        "proc/self/limits", "Limit  Soft  Hard  Units\nMax open files   1048576  1048576  files\n");
    write("proc/sys/net/core/rmem_max", "16777216\n");
    write("proc/sys/net/core/wmem_max", "16777216\n");
    write("proc/sys/net/ipv4/ip_local_port_range", "32768\t49151\n");
    write("proc/sys/net/ipv4/ip_local_reserved_ports", "\n");
    write("proc/sys/kernel/osrelease", "6.12.0-1-amd64\n");
    write("proc/net/snmp", snmp(1_000_000, 3));
  }

  private static String snmp(long in, long drops) {
    return "Tcp: A\nTcp: 1\nUdp: InDatagrams NoPorts InErrors OutDatagrams RcvbufErrors\nUdp: "
        + in
        + " 0 0 5 "
        + drops
        + "\n";
  }

  private void write(String path, String text) throws IOException {
    Path file = root.resolve(path);
    Files.createDirectories(file.getParent());
    Files.writeString(file, text);
  }

  private List<Finding> findings() {
    return new HostChecks(root, new HostChecks.Needs("self", 49152, 65535, 4_194_304)).findings();
  }

  private Finding finding(String name) {
    return findings().stream().filter(one -> one.name().equals(name)).findFirst().orElseThrow();
  }

  @Test
  void aGoodHostHasNothingToMend() {
    assertEquals(7, findings().size());
    findings().forEach(one -> assertEquals(Verdict.GOOD, one.verdict(), one::toString));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "open files         | PROBLEM | proc/self/limits | Max open files 1024 4096 files | LimitNOFILE",
        "net.core.rmem_max | PROBLEM | proc/sys/net/core/rmem_max | 212992 | sysctl -w net.core.rmem_max=",
        "net.core.wmem_max | PROBLEM | proc/sys/net/core/wmem_max | 212992 | sysctl -w net.core.wmem_max=",
        "relay ports | WARNING | proc/sys/net/ipv4/ip_local_port_range | 32768 60999 | ports=49152-65535",
        "gso and gro        | WARNING | proc/sys/kernel/osrelease | 4.15.0 | kernel of 5.0",
        "gso and gro        | WARNING | proc/sys/kernel/osrelease | 4.19.0 | kernel of 5.0",
      })
  void aFaultIsFound(String name, Verdict verdict, String file, String text, String fix)
      throws IOException {
    write(file, text + "\n");
    Finding found = finding(name);
    assertEquals(verdict, found.verdict(), found::toString);
    assertTrue(found.fix().contains(fix), found::fix);
    findings().stream()
        .filter(one -> !one.name().equals(name))
        .forEach(one -> assertEquals(Verdict.GOOD, one.verdict(), one::toString));
  }

  /** The kernel's own files are read in another way than those of a disk. */
  @Test
  @EnabledOnOs(OS.LINUX)
  void numbersOfTheKernelAreRead() throws Exception {
    Path file = Path.of("/proc/sys/net/core/rmem_max");
    Process cat = new ProcessBuilder("cat", file.toString()).start();
    String shown = new String(cat.getInputStream().readAllBytes(), StandardCharsets.US_ASCII);
    assertEquals(0, cat.waitFor());
    assertEquals(shown.strip(), HostChecks.text(file));
  }

  @Test
  void reservedPortsAreGood() throws IOException {
    write("proc/sys/net/ipv4/ip_local_port_range", "32768 60999\n");
    write("proc/sys/net/ipv4/ip_local_reserved_ports", "8080,49152-65535\n");
    assertEquals(Verdict.GOOD, finding("relay ports").verdict());
    write("proc/sys/net/ipv4/ip_local_reserved_ports", "50000-65535\n");
    assertEquals(Verdict.WARNING, finding("relay ports").verdict());
  }

  @ParameterizedTest
  @CsvSource({"100,262144,GOOD", "250000,262144,PROBLEM", "10,32768,WARNING"})
  void conntrack(long count, long max, Verdict verdict) throws IOException {
    write("proc/sys/net/netfilter/nf_conntrack_count", count + "\n");
    write("proc/sys/net/netfilter/nf_conntrack_max", max + "\n");
    assertEquals(verdict, finding("conntrack").verdict());
  }

  @Test
  void dropsOfTheKernel() throws IOException {
    write("proc/net/snmp", snmp(1_000_000, 50_000));
    assertEquals(Verdict.WARNING, finding("udp kernel drops").verdict());
  }

  @Test
  void limitsOfAProcessThatIsGone() throws IOException {
    Files.delete(root.resolve("proc/self/limits"));
    assertEquals(Verdict.SKIPPED, finding("open files").verdict());
  }

  @ParameterizedTest
  @CsvSource({"0,GOOD", "5,WARNING", "-5,WARNING", "400,PROBLEM", "-400,PROBLEM"})
  void clock(long ahead, Verdict verdict) throws Exception {
    try (DatagramSocket server = new DatagramSocket(0, InetAddress.getLoopbackAddress())) {
      Thread answering = Thread.ofVirtual().start(() -> tellTime(server));
      Clock clock = Clock.fixed(NOW.plusSeconds(ahead), ZoneOffset.UTC);
      InetSocketAddress address = new InetSocketAddress("127.0.0.1", server.getLocalPort());
      Finding found = new ClockCheck(address, clock, 30_000).finding();
      assertEquals(verdict, found.verdict(), found::toString);
      answering.join();
    }
  }

  /** RFC 5905 figure 8: mode 4, stratum 1, both times at noon. */
  private static void tellTime(DatagramSocket server) {
    try {
      DatagramPacket asked = new DatagramPacket(new byte[48], 48);
      server.receive(asked);
      byte[] answer = new byte[48];
      int seconds = (int) (NOW.getEpochSecond() + 2_208_988_800L);
      ByteBuffer.wrap(answer)
          .put(0, (byte) 0x24)
          .put(1, (byte) 1)
          .putInt(32, seconds)
          .putInt(40, seconds);
      server.send(new DatagramPacket(answer, 48, asked.getSocketAddress()));
    } catch (IOException closed) {
      throw new IllegalStateException(closed);
    }
  }

  @Test
  void aClockThatCannotBeComparedIsSaid() throws IOException {
    InetSocketAddress nobody = InetSocketAddress.createUnresolved("nobody.invalid", 123);
    Finding found = new ClockCheck(nobody, Clock.systemUTC(), 1000).finding();
    assertEquals(Verdict.SKIPPED, found.verdict());
  }

  @Test
  void externalAddress() throws IOException {
    InetAddress inner = InetAddress.getByName("10.0.0.4");
    InetAddress outer = InetAddress.getByName("203.0.114.7");
    OutsideAddress.Answer cloud =
        new OutsideAddress.Answer(
            List.of(new OutsideAddress.Found(outer, "aws-imdsv2")), List.of(), List.of());
    Finding wrong = new AddressCheck(List.of(inner), false, cloud).finding();
    assertEquals(Verdict.PROBLEM, wrong.verdict());
    assertTrue(wrong.fix().contains("external-ip=203.0.114.7"), wrong::fix);
    assertEquals(Verdict.GOOD, new AddressCheck(List.of(outer), false, cloud).finding().verdict());
    OutsideAddress.Answer nobody = new OutsideAddress.Answer(List.of(), List.of(), List.of());
    assertEquals(
        Verdict.SKIPPED, new AddressCheck(List.of(inner), false, nobody).finding().verdict());
    assertEquals(Verdict.GOOD, new AddressCheck(List.of(inner), true, nobody).finding().verdict());
  }

  @Test
  void clusterLinksAndFirewall() {
    var here = new ClusterChecks.Node("n1", true, true, "serving");
    var gone = new ClusterChecks.Node("n2", false, false, "serving");
    var draining = new ClusterChecks.Node("n3", false, true, "draining");
    List<Finding> links = new ClusterChecks().findings(List.of(here, gone, draining), List.of());
    assertEquals(
        List.of(Verdict.PROBLEM, Verdict.WARNING, Verdict.SKIPPED),
        links.stream().map(Finding::verdict).toList());
    assertTrue(links.getFirst().detail().contains("n2"));

    var open = new ClusterChecks.Knock("tcp", 3478, true);
    var closed = new ClusterChecks.Knock("relay", 50_000, false);
    var probe = new ClusterChecks.Probe("n3", "203.0.114.7", List.of(open, closed));
    List<Finding> walls = new ClusterChecks().findings(List.of(here), List.of(probe));
    assertEquals(Verdict.PROBLEM, walls.getLast().verdict());
    assertTrue(walls.getLast().detail().contains("relay 50000"), walls::toString);
    var good = new ClusterChecks.Probe("n3", "203.0.114.7", List.of(open));
    assertEquals(
        Verdict.GOOD,
        new ClusterChecks().findings(List.of(here), List.of(good)).getLast().verdict());
  }
}

package puente.launcher;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import puente.admin.NodeView.Exposition;
import puente.admin.NodeView.MetricNames;
import puente.metrics.Metric;
import puente.net.DatagramCounters;
import puente.stun.ErrorCode;
import puente.stun.Family;
import puente.stun.Method;
import puente.stun.Transport;
import puente.turn.CloseReason;
import puente.turn.Counter;
import puente.turn.Counters;
import puente.turn.Counters.Direction;
import puente.turn.Counters.Leg;
import puente.turn.Counters.PortState;
import puente.turn.relay.StreamCounters;

@Timeout(60)
class NodeMetricsTest {

  private static final int SERIES_MAX = 2000;
  private static final Pattern LABEL = Pattern.compile("(\\w+)=\"([^\"]*)\"");

  private final Counters one = new Counters();
  private final Counters two = new Counters();
  private final ScheduledExecutorService loop = Executors.newSingleThreadScheduledExecutor();
  private NodeMetrics metrics;

  NodeMetricsTest() {
    metrics = metrics();
  }

  @BeforeEach
  void nothingCountedYet() {
    assertEquals(0, value("puente_turn_relay_bytes_total{direction=\"in\",leg=\"client\""));
  }

  @AfterEach
  void stop() {
    metrics.close();
    loop.shutdownNow();
  }

  @Test
  void countsRequestsAndResponsesOfAllShards() {
    one.request(Method.ALLOCATE, Transport.UDP, Family.IPV4);
    two.request(Method.ALLOCATE, Transport.UDP, Family.IPV4);
    two.response(Method.ALLOCATE, Transport.TLS, ErrorCode.UNAUTHORIZED);
    two.response(Method.BINDING, Transport.TCP, null);
    assertEquals(
        2,
        value(
            "puente_stun_requests_total{family=\"ipv4\",method=\"allocate\",node=\"n1\","
                + "transport=\"udp\"}"));
    assertEquals(
        1,
        value(
            "puente_stun_responses_total{code=\"401\",method=\"allocate\",node=\"n1\","
                + "transport=\"tls\"}"));
    assertEquals(
        1,
        value(
            "puente_stun_responses_total{code=\"success\",method=\"binding\",node=\"n1\","
                + "transport=\"tcp\"}"));
  }

  @Test
  void countsRelayedBytesWhileTheyFlow() {
    String bytes =
        "puente_turn_relay_bytes_total{direction=\"out\",leg=\"peer\",node=\"n1\",transport=\"udp\"}";
    for (int i = 1; i <= 3; i++) {
      one.relayed(Leg.PEER, Direction.OUT, Transport.UDP, 100);
      two.relayed(Leg.PEER, Direction.OUT, Transport.UDP, 20);
      assertEquals(i * 120, value(bytes));
      assertEquals(i * 2, value(bytes.replace("bytes", "packets")));
    }
  }

  @Test
  void showsWhatIsAliveAndWhatEnded() {
    one.allocation(Transport.TCP, Family.IPV6, 1);
    one.allocationCreated(Transport.TCP);
    one.allocationClosed(CloseReason.TCP_CLOSED, 61_000, 5000);
    one.permissions(3);
    two.channels(2);
    one.ports(PortState.USED, 4);
    one.ports(PortState.LIMIT, 100);
    two.ports(PortState.LIMIT, 100);
    String text = read();
    assertTrue(
        text.contains(
            "puente_turn_allocations{family=\"ipv6\",node=\"n1\",state=\"idle\",transport=\"tcp\"}"
                + " 1.0\n"));
    assertTrue(
        text.contains(
            "puente_turn_allocations_closed_total{node=\"n1\",reason=\"tcp_closed\"} 1.0\n"));
    assertEquals(1, value("puente_turn_allocations_created_total{node=\"n1\",transport=\"tcp\"}"));
    assertEquals(3, value("puente_turn_permissions{"));
    assertEquals(2, value("puente_turn_channels{"));
    assertEquals(4, value("puente_turn_ports{node=\"n1\",state=\"used\"}"));
    assertEquals(200, value("puente_turn_ports_limit{"));
    String duration = "puente_turn_allocation_duration_seconds";
    assertEquals(0, value(duration + "_bucket{node=\"n1\",le=\"60.0\"}"));
    assertEquals(1, value(duration + "_bucket{node=\"n1\",le=\"300.0\"}"));
    assertEquals(61, value(duration + "_sum{"));
    assertEquals(5000, value("puente_turn_allocation_bytes_sum{"));
  }

  @Test
  void countsEachReason() {
    for (Counter fact : Counter.values()) {
      one.count(fact);
    }
    one.peerDenied("loopback");
    two.peerDenied("loopback");
    assertEquals(1, value("puente_stun_dropped_total{node=\"n1\",reason=\"malformed\"}"));
    assertEquals(1, value("puente_turn_relay_dropped_total{node=\"n1\",reason=\"send_buffer\"}"));
    assertEquals(1, value("puente_auth_total{mechanism=\"rest\",node=\"n1\",result=\"accepted\"}"));
    assertEquals(1, value("puente_quota_rejections_total{node=\"n1\",scope=\"user\"}"));
    assertEquals(2, value("puente_turn_peer_denied_total{node=\"n1\",rule=\"loopback\"}"));
    assertEquals(7, value("puente_stream_connections_total{event=\"garbage\",node=\"n1\"}"));
    assertEquals(
        1_800_000_000L,
        value("puente_tls_cert_expiry_timestamp_seconds{listener=\"tls\",node=\"n1\"}"));
  }

  @Test
  void hasTheNamesOfTheCatalogueAndBoundedLabels() {
    one.peerDenied("loopback");
    Set<String> names = new TreeSet<>();
    Set<String> labels = new TreeSet<>();
    for (String line : read().split("\n")) {
      if (line.startsWith("# TYPE puente_")) {
        names.add(line.split(" ")[2]);
      } else if (line.startsWith("puente_")) {
        Matcher label = LABEL.matcher(line);
        while (label.find()) {
          labels.add(label.group(1));
        }
      }
    }
    names.remove("puente_udp_socket_drops_total");
    // The rest belongs to parts that are bound later.
    Set<String> inTable = new TreeSet<>();
    for (Metric metric : Metric.values()) {
      inTable.add(metric.exposed());
    }
    assertTrue(inTable.containsAll(names), names::toString);
    assertTrue(names.size() >= 25, names::toString);
    assertEquals(
        Set.of(
            "node",
            "method",
            "transport",
            "family",
            "code",
            "reason",
            "direction",
            "leg",
            "state",
            "mechanism",
            "result",
            "scope",
            "rule",
            "event",
            "listener",
            "le"),
        labels);
  }

  @Test
  void staysSmallWhateverComes() {
    for (int i = 0; i < 10_000; i++) {
      one.peerDenied("rule " + i);
      two.peerDenied("other rule " + i);
    }
    long series = read().lines().filter(line -> !line.startsWith("#")).count();
    assertTrue(series <= SERIES_MAX, series + " series");
    assertEquals(20_000, sum("puente_turn_peer_denied_total"));
  }

  @Test
  void speaksOpenMetricsToo() {
    Exposition open = metrics.read(MetricNames.PUENTE, true);
    assertTrue(open.contentType().startsWith("application/openmetrics-text"));
    assertTrue(open.text().endsWith("# EOF\n"));
    assertTrue(open.text().contains("# TYPE puente_stun_requests counter\n"));
  }

  @Test
  void watchesTheProcess() {
    String text = read();
    for (String name :
        List.of("jvm_memory_used_bytes", "jvm_threads_live_threads", "process_uptime_seconds")) {
      assertTrue(text.contains("\n" + name), name);
    }
  }

  @Test
  void seesALoopThatDoesNotComeRound() throws Exception {
    CountDownLatch go = new CountDownLatch(1);
    loop.execute(() -> await(go));
    while (metrics.longestSilenceMs() < 30) {
      Thread.onSpinWait();
    }
    go.countDown();
    while (value("puente_eventloop_lag_seconds_count{") < 1) {
      loop.submit(() -> {}).get();
    }
    assertEquals(0, value("puente_eventloop_lag_seconds_bucket{node=\"n1\",le=\"0.02\"}"));
    assertTrue(metrics.longestSilenceMs() < 5000);
  }

  @Test
  void hasCoturnsNamesAndNoUsers() {
    one.request(Method.BINDING, Transport.UDP, Family.IPV4);
    one.response(Method.BINDING, Transport.UDP, null);
    one.response(Method.BINDING, Transport.UDP, ErrorCode.BAD_REQUEST);
    two.response(Method.ALLOCATE, Transport.TCP, ErrorCode.UNAUTHORIZED);
    one.count(Counter.RATE_LIMITED);
    one.allocation(Transport.TLS, Family.IPV4, 1);
    one.allocation(Transport.TLS, Family.IPV6, 1);
    one.relayed(Leg.CLIENT, Direction.IN, Transport.UDP, 100);
    two.relayed(Leg.PEER, Direction.OUT, Transport.UDP, 90);
    String text = metrics.read(MetricNames.COTURN, true).text();
    for (String line :
        List.of(
            "stun_binding_request 1",
            "stun_binding_response 1",
            "stun_binding_error 1",
            "turn_unauthenticated_401_requests 2",
            "turn_unauthenticated_401_responses 1",
            "turn_unauthenticated_401_dropped_responses 1",
            "turn_total_allocations{type=\"UDP\"} 0",
            "turn_total_allocations{type=\"TLS/TCP\"} 2",
            "turn_total_traffic_rcvb 100",
            "turn_total_traffic_rcvp 1",
            "turn_total_traffic_sentb 0",
            "turn_total_traffic_peer_sentb 90",
            "turn_traffic_peer_sentp{realm=\"a \\\"b\\\"\"} 1",
            "turn_packet_processed 2",
            "turn_packet_dropped 1",
            "turn_udp_recvmmsg_calls 0",
            "turn_udp_sendmmsg_gso_datagrams 0")) {
      assertTrue(text.contains("\n" + line + "\n"), line + " is not in\n" + text);
    }
    assertFalse(text.contains("user="));
  }

  @Test
  void isReadByPrometheusItself() throws Exception {
    one.peerDenied("loopback");
    one.allocationClosed(CloseReason.CLIENT, 5, 5);
    String ours = promtool(read());
    // Its advice on the JVM's names by Micrometer is not about ours.
    assertEquals(List.of(), ours.lines().filter(line -> line.startsWith("puente_")).toList());
    String compatible = promtool(metrics.read(MetricNames.COTURN, false).text());
    // coturn's counters are not named as Prometheus would like, and that is all.
    assertEquals(
        List.of(),
        compatible.lines().filter(line -> !line.contains("counter metrics should")).toList());
  }

  /** What {@code promtool check metrics} complains about. */
  private static String promtool(String text) throws IOException, InterruptedException {
    Process process = startPromtool();
    try (var in = process.outputWriter()) {
      in.write(text);
    }
    String said = process.inputReader().lines().collect(Collectors.joining("\n"));
    assertTrue(process.waitFor(20, TimeUnit.SECONDS));
    assertTrue(process.exitValue() == 0 || process.exitValue() == 3, said);
    return said;
  }

  private static Process startPromtool() {
    try {
      return new ProcessBuilder("promtool", "check", "metrics").redirectErrorStream(true).start();
    } catch (IOException missing) {
      return Assumptions.abort("promtool is not installed: apt-get install prometheus");
    }
  }

  private NodeMetrics metrics() {
    return new NodeMetrics(
        new NodeMetrics.Sources(
            "n1",
            "a \"b\"",
            List.of(one, two),
            List.of(new DatagramCounters()),
            fact -> fact == StreamCounters.Fact.GARBAGE ? 7 : 0,
            List.of(loop),
            port -> port == 3478,
            Map.of("tls", () -> 1_800_000_000L)));
  }

  private String read() {
    return metrics.read(MetricNames.PUENTE, false).text();
  }

  /** The value of the only series that begins so, or of the first. */
  private long value(String beginning) {
    List<String> found = new ArrayList<>();
    read().lines().filter(line -> line.startsWith(beginning)).forEach(found::add);
    assertFalse(found.isEmpty(), beginning);
    return number(found.getFirst());
  }

  private long sum(String name) {
    return read()
        .lines()
        .filter(line -> line.startsWith(name + "{"))
        .mapToLong(NodeMetricsTest::number)
        .sum();
  }

  private static long number(String line) {
    return (long) Double.parseDouble(line.substring(line.lastIndexOf(' ') + 1));
  }

  private static void await(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException stopped) {
      Thread.currentThread().interrupt();
    }
  }
}

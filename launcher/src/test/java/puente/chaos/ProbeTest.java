package puente.chaos;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The doctor on one node asks another to knock: behind a real packet filter it finds what is closed. */
@Tag("e2e")
@Timeout(240)
class ProbeTest {
  private static final Path WORK = Path.of("target", "probe").toAbsolutePath();

  @BeforeAll
  static void laboratory() {
    List<String> missing = Lab.missing();
    if (!missing.isEmpty()) {
      System.err.println("LEFT OUT: the test of the outside probe needs " + missing);
      Assumptions.abort("no network namespaces: " + missing + " missing");
    }
  }

  @Test
  void whatAFirewallClosesIsFound() throws IOException {
    Lab.Shape two = new Lab.Shape(2, false, false, List.of("min-port=50000", "max-port=50399"));
    try (Lab lab = Lab.start(WORK, two)) {
      LabNode node = lab.node(1);
      JsonObject open = firewall(node);
      assertEquals("good", open.getString("verdict"), open::encode);
      assertTrue(open.getString("detail").contains("from node2"), open::encode);

      filter(node, "udp dport 50200-50399");
      JsonObject half = firewall(node);
      assertEquals("problem", half.getString("verdict"), half::encode);
      assertTrue(half.getString("detail").contains("closed: relay 50"), half::encode);
      assertTrue(half.getString("fix").contains("min-port to max-port"), half::encode);

      filter(node, "tcp dport 3478");
      assertTrue(firewall(node).getString("detail").contains("tcp 3478"));

      node.heal();
      assertEquals("good", firewall(node).getString("verdict"));
    }
  }

  /** To what clients and peers reach; the nodes' own network is another. */
  private static void filter(LabNode node, String closed) {
    node.namespace().exec("nft", "add", "table", "inet", "cut");
    String chain = "{ type filter hook input priority 0; }";
    node.namespace().exec("nft", "add", "chain", "inet", "cut", "input", chain);
    String rule = "add rule inet cut input ip daddr " + node.ip() + " " + closed + " drop";
    node.namespace().exec(("nft " + rule).split(" "));
  }

  /** As the report for programs has it. */
  private static JsonObject firewall(LabNode node) throws IOException {
    Path settings = WORK.resolve("doctor.conf");
    Files.writeString(
        settings, "listening-ip=" + node.ip() + "\nrelay-ip=" + node.ip() + "\nno-tls\n");
    Path token = Files.writeString(WORK.resolve("token"), Lab.ADMIN_TOKEN);
    String admin = "--admin=http://" + node.ip().replace("10.77.", "10.79.") + ":9641";
    String said =
        node.doctor("-c", settings.toString(), "--token-file", token.toString(), admin, "--json");
    JsonObject report = new JsonObject(said.substring(said.indexOf("{\n")));
    return report.getJsonArray("findings").stream()
        .map(JsonObject.class::cast)
        .filter(finding -> finding.getString("check").equals("firewall"))
        .findFirst()
        .orElseThrow(() -> new AssertionError(said));
  }
}

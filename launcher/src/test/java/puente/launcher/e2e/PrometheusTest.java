package puente.launcher.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import puente.metrics.MetricFiles;

/** A real Prometheus reads a real node with our rules: every question has an answer. */
@Tag("e2e")
@Timeout(300)
class PrometheusTest {

  /** A name and what is asked of its labels: no name of a function, which has neither. */
  private static final Pattern SERIES =
      Pattern.compile("(?<![\\w:$])(puente_\\w+|jvm_\\w+|process_\\w+|system_\\w+)(\\{[^}]*})?");

  private final HttpClient http = HttpClient.newHttpClient();

  @Test
  void everyQuestionHasAnAnswer() throws Exception {
    assumeTrue(ServerProcess.isPuente());
    Program.require("prometheus");
    int cluster = Ports.free(2);
    try (var other = ServerProcess.start("prometheus-other");
        var node =
            ServerProcess.start(
                "prometheus",
                ServerProcess.cluster(
                    "seen",
                    cluster,
                    cluster + 1,
                    "takeover-hook=/bin/true",
                    // For clients in TLS alone: the one here stays.
                    "tls-alternate-server=127.0.0.1:" + other.tlsPort,
                    "alternate-check-interval=1s"));
        var client = TurnClient.udp(node)) {
      client.allocate();
      var denied = new InetSocketAddress("10.1.2.3", 9);
      assertThrows(AssertionError.class, () -> client.permit(denied));
      int port = Ports.free(2);
      Program prometheus = start(node, port);
      try {
        asks(port);
      } finally {
        prometheus.end();
      }
    }
  }

  private static Program start(ServerProcess node, int port) throws IOException {
    Path folder = node.folder;
    Path rules = folder.resolve("rules.yml");
    String ours = MetricFiles.all().getOrDefault("deploy/prometheus/puente.rules.yml", "");
    Files.writeString(rules, ours.replace("interval: 15s", "interval: 1s"));
    Path configuration = folder.resolve("prometheus.yml");
    Files.writeString(
        configuration,
        """
        global: {scrape_interval: 1s, evaluation_interval: 1s}
        rule_files: [%s]
        scrape_configs:
          - job_name: puente
            static_configs: [{targets: ['127.0.0.1:%d']}]
        """
            .formatted(rules, node.adminPort));
    return Program.start(
        folder.resolve("prometheus.log"),
        "prometheus",
        "--config.file=" + configuration,
        "--storage.tsdb.path=" + folder.resolve("tsdb"),
        "--web.listen-address=127.0.0.1:" + port);
  }

  private void asks(int port) throws Exception {
    List<String> questions = questions();
    assertTrue(questions.size() > 80, questions.size() + " questions");
    Set<String> unanswered = new TreeSet<>();
    for (String question : questions) {
      // What is recorded has no value where nothing happened; that it works is asked below.
      SERIES.matcher(question).results().forEach(found -> unanswered.add(found.group()));
    }
    // A date takes a week of history.
    unanswered.removeIf(series -> series.contains("exhaustion"));
    long end = System.nanoTime() + Duration.ofSeconds(120).toNanos();
    while (!unanswered.isEmpty() && System.nanoTime() < end) {
      var again = unanswered.iterator();
      while (again.hasNext()) {
        if (!result(port, again.next()).isEmpty()) {
          again.remove();
        }
      }
    }
    assertEquals(Set.of(), unanswered, "no such series");
    for (String question : questions) {
      result(port, question);
    }
    JsonArray groups = get(port, "/api/v1/rules").getJsonObject("data").getJsonArray("groups");
    for (Object group : groups) {
      for (Object rule : ((JsonObject) group).getJsonArray("rules")) {
        assertEquals("ok", ((JsonObject) rule).getString("health"), rule.toString());
      }
    }
    JsonArray taken = result(port, "node:puente_ports_taken:ratio");
    while (taken.isEmpty() && System.nanoTime() < end) {
      taken = result(port, "node:puente_ports_taken:ratio");
    }
    assertEquals(1, taken.size());
    String value = taken.getJsonObject(0).getJsonArray("value").getString(1);
    // One pair of the client's, of all relay ports that the node has.
    assertTrue(Double.parseDouble(value) > 0 && Double.parseDouble(value) < 0.05, value);
  }

  /** Of all dashboards and rules, as they would be asked. */
  private static List<String> questions() {
    List<String> questions = new ArrayList<>();
    MetricFiles.DASHBOARDS.forEach(
        dashboard ->
            new JsonObject(dashboard.file())
                .getJsonArray("panels")
                .forEach(
                    panel ->
                        ((JsonObject) panel)
                            .getJsonArray("targets", new JsonArray())
                            .forEach(
                                target ->
                                    questions.add(
                                        chosen(((JsonObject) target).getString("expr"))))));
    MetricFiles.all()
        .getOrDefault("deploy/prometheus/puente.rules.yml", "")
        .lines()
        .map(String::strip)
        .filter(line -> line.startsWith("expr: "))
        .forEach(line -> questions.add(line.substring(7, line.length() - 1).replace("''", "'")));
    return questions;
  }

  private static String chosen(String expression) {
    return expression
        .replace("$job", "puente")
        .replace("$node", ".*")
        .replace("$__rate_interval", "10s");
  }

  private JsonArray result(int port, String question) throws Exception {
    JsonObject answer =
        get(port, "/api/v1/query?query=" + URLEncoder.encode(question, StandardCharsets.UTF_8));
    assertEquals("success", answer.getString("status"), question + ": " + answer);
    return answer.getJsonObject("data").getJsonArray("result");
  }

  private JsonObject get(int port, String path) throws Exception {
    HttpRequest request =
        HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + path)).build();
    long end = System.nanoTime() + Duration.ofSeconds(60).toNanos();
    while (true) {
      try {
        var answer = http.send(request, HttpResponse.BodyHandlers.ofString());
        if (answer.statusCode() != 503) {
          return new JsonObject(answer.body());
        }
      } catch (IOException starting) {
        assertTrue(System.nanoTime() < end, starting::toString);
      }
      Thread.onSpinWait();
    }
  }
}

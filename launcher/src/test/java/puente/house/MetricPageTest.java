package puente.house;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import puente.metrics.Metric;
import puente.metrics.MetricFiles;

/** What is made of the table of metrics is in the checkout as the table has it now. */
class MetricPageTest {

  private static final Path RULES = Repository.ROOT.resolve("deploy/prometheus/puente.rules.yml");
  private static final Pattern OURS = Pattern.compile("(?<![\\w:])puente_[a-z0-9_]+");

  @Test
  void filesAreCurrent() throws Exception {
    for (Map.Entry<String, String> file : MetricFiles.all().entrySet()) {
      Path path = Repository.ROOT.resolve(file.getKey());
      if ("write".equals(System.getProperty("puente.docs"))) {
        Files.createDirectories(path.getParent());
        Files.writeString(path, file.getValue());
      }
      assertEquals(
          file.getValue(),
          Files.exists(path) ? Repository.text(path) : "",
          file.getKey() + " is out of date: run ./puente docs");
    }
  }

  /** A name that nobody exposes would be an alert that never fires, an empty picture. */
  @Test
  void rulesAndDashboardsNameMetricsThatThereAre() {
    TreeSet<String> unknown = named();
    for (Metric metric : Metric.values()) {
      unknown.removeAll(metric.series());
    }
    assertEquals(List.of(), List.copyOf(unknown));
  }

  @Test
  void everyMetricIsShownSomewhere() {
    TreeSet<String> named = named();
    TreeSet<String> hidden = new TreeSet<>();
    for (Metric metric : Metric.values()) {
      if (metric.series().stream().noneMatch(named::contains)) {
        hidden.add(metric.exposed());
      }
    }
    assertEquals(List.of(), List.copyOf(hidden));
  }

  private static TreeSet<String> named() {
    TreeSet<String> named = new TreeSet<>();
    MetricFiles.all()
        .forEach(
            (path, text) -> {
              if (path.startsWith("deploy/")) {
                OURS.matcher(text).results().forEach(found -> named.add(found.group()));
              }
            });
    return named;
  }

  @Test
  void picturesDoNotOverlap() {
    MetricFiles.DASHBOARDS.forEach(
        dashboard -> {
          boolean[][] taken = new boolean[500][24];
          new JsonObject(dashboard.file())
              .getJsonArray("panels")
              .forEach(
                  panel -> {
                    JsonObject place = ((JsonObject) panel).getJsonObject("gridPos");
                    for (int y = 0; y < place.getInteger("h"); y++) {
                      for (int x = 0; x < place.getInteger("w"); x++) {
                        boolean[] line = taken[place.getInteger("y") + y];
                        int column = place.getInteger("x") + x;
                        assertTrue(!line[column], dashboard.name() + ": " + panel);
                        line[column] = true;
                      }
                    }
                  });
        });
  }

  @Test
  void prometheusTakesTheRules() throws Exception {
    assertEquals("", promtool("check", "rules", "--lint=all", "--lint-fatal", RULES.toString()));
  }

  /** The alerts fire when they should, and not before. */
  @Test
  void alertsFireWhenTheyShould() throws Exception {
    Path cases = Path.of("src/test/resources/puente/metrics/alerts.yml").toAbsolutePath();
    assertEquals("", promtool("test", "rules", cases.toString()));
  }

  /** What it says if it is not content. */
  private static String promtool(String... arguments) throws IOException, InterruptedException {
    String[] command = new String[arguments.length + 1];
    command[0] = "promtool";
    System.arraycopy(arguments, 0, command, 1, arguments.length);
    Process process;
    try {
      process = new ProcessBuilder(command).redirectErrorStream(true).start();
    } catch (IOException missing) {
      return Assumptions.abort("promtool is not installed: apt-get install prometheus");
    }
    String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertTrue(process.waitFor(60, TimeUnit.SECONDS));
    return process.exitValue() == 0 ? "" : said;
  }
}

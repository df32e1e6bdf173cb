package puente.launcher.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.bertramlabs.plugins.hcl4j.HCLParser;
import com.google.gson.Gson;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What is handed out for other programs is read by those programs, and says the same everywhere. */
@Tag("e2e")
class DeployFilesTest {
  private static final Path DEPLOY = Path.of("").toAbsolutePath();
  private static final Path ROOT = Path.of("..").toAbsolutePath().normalize();
  private static final Path WORK = Path.of("target/files").toAbsolutePath();
  private static final Duration LIMIT = Duration.ofSeconds(60);

  /** The ports of docs/DEPLOY.md that everybody reaches. */
  private static final Set<String> OPEN =
      new TreeSet<>(
          List.of(
              "udp 3478-3478",
              "tcp 3478-3478",
              "udp 5349-5349",
              "tcp 5349-5349",
              "tcp 8080-8080",
              "tcp 8443-8443",
              "udp 49152-65535"));

  @ParameterizedTest
  @ValueSource(strings = {"aws", "gcp", "azure", "hetzner", "digitalocean"})
  void terraformOpensTheServersPortsAndUsesWhatItDeclares(String cloud) throws Exception {
    Path module = DEPLOY.resolve("terraform").resolve(cloud);
    StringBuilder text = new StringBuilder();
    for (String file : List.of("main.tf", "variables.tf", "outputs.tf")) {
      String one = Files.readString(module.resolve(file));
      assertFalse(new HCLParser().parse(one).isEmpty(), file);
      text.append(one);
    }
    assertEquals(all("variable \"(\\w+)\"", text), all("\\bvar\\.(\\w+)", text));
    Set<String> open = new TreeSet<>();
    JsonObject ports = ports(Files.readString(module.resolve("main.tf")));
    for (String name : ports.keySet()) {
      JsonObject port = ports.getAsJsonObject(name);
      int from = port.get("from").getAsInt();
      open.add(port.get("protocol").getAsString() + " " + from + "-" + port.get("to").getAsInt());
    }
    assertEquals(OPEN, open);
    assertTrue(all("(local\\.ports)", text).contains("local.ports"));
    // Whatever is referred to is a resource of this module.
    Set<String> resources = all("resource \"(\\w+\" \"\\w+)\"", text);
    resources = new TreeSet<>(resources.stream().map(name -> name.replace("\" \"", ".")).toList());
    Set<String> meant =
        all("=.*?\\b((?:aws|google|azurerm|hcloud|digitalocean)_\\w+\\.\\w+)\\.", text);
    assertTrue(resources.containsAll(meant), meant + " / " + resources);
    // What cloud-init is given is what it asks for.
    String start = Files.readString(DEPLOY.resolve("cloud-init/puente.yaml"));
    assertEquals(Set.of("image", "realm", "turn_secret"), all("\\$\\{(\\w+)}", start));
    for (String given : all("\\$\\{(\\w+)}", start)) {
      assertTrue(text.toString().contains("var." + given + "\n"), given);
    }
  }

  @Test
  void cloudInitWritesSettingsThatAreUnderstood() throws Exception {
    String text =
        Files.readString(DEPLOY.resolve("cloud-init/puente.yaml"))
            .replace("${realm}", "example.org")
            .replace("${image}", "puente")
            .replace("${turn_secret}", "sixteen letters!");
    assertTrue(text.startsWith("#cloud-config\n"));
    JsonObject config = KubernetesObjects.parse(text).getFirst();
    assertEquals(Set.of("package_update", "packages", "write_files", "runcmd"), config.keySet());
    List<String> written = new ArrayList<>();
    for (JsonElement element : config.getAsJsonArray("write_files")) {
      JsonObject file = element.getAsJsonObject();
      written.add(file.get("path").getAsString());
      if (written.getLast().endsWith("turnserver.conf")) {
        understands(file.get("content").getAsString());
      }
    }
    assertTrue(
        written.containsAll(List.of("/etc/puente/turnserver.conf", "/etc/puente/secrets.env")));
    if (Program.present("cloud-init")) {
      Path file = Files.writeString(work().resolve("cloud-init.yaml"), text);
      succeeds("cloud-init", "schema", "--config-file", file.toString());
    } else {
      System.err.println("LEFT OUT: cloud-init is not here to look at its file");
    }
  }

  /** The unit as it is, but for a program that is there. */
  @Test
  void systemdTakesTheUnit() throws Exception {
    Program.require("systemd-analyze");
    String unit = Files.readString(DEPLOY.resolve("systemd/puente.service"));
    Path file = work().resolve("puente.service");
    Files.writeString(file, unit.replace("/opt/puente/bin/puente serve", "/bin/true serve"));
    String verified = succeeds("systemd-analyze", "verify", file.toString());
    assertFalse(verified.contains("puente.service"), verified);
    String judged =
        succeeds(
            "systemd-analyze", "security", "--offline=true", "--threshold=25", file.toString());
    assertTrue(judged.contains("Overall exposure level"), judged);
  }

  @Test
  void nginxTakesItsFile() throws Exception {
    Program.require("nginx", "openssl");
    Path work = work();
    Path key = work.resolve("key.pem");
    Path certificate = work.resolve("certificate.pem");
    String[] make = {
      "openssl",
      "req",
      "-x509",
      "-newkey",
      "ec",
      "-pkeyopt",
      "ec_paramgen_curve:P-256",
      "-nodes",
      "-subj",
      "/CN=turn.example.org",
      "-keyout",
      key.toString(),
      "-out",
      certificate.toString()
    };
    succeeds(make);
    String ours =
        Files.readString(DEPLOY.resolve("nginx/puente.conf"))
            .replaceAll("/etc/letsencrypt\\S+fullchain.pem", certificate.toString())
            .replaceAll("/etc/letsencrypt\\S+privkey.pem", key.toString());
    Path file = work.resolve("nginx.conf");
    Files.writeString(
        file,
        "pid %s/pid;\nerror_log %s/error.log;\nevents {}\nhttp {\naccess_log off;\n%s}\n"
            .formatted(work, work, ours));
    succeeds("nginx", "-t", "-c", file.toString());
  }

  @Test
  void haproxyTakesItsFile() throws Exception {
    Program.require("haproxy");
    succeeds("haproxy", "-c", "-f", DEPLOY.resolve("haproxy/puente.cfg").toString());
  }

  /** With the rules and where the dashboards and their data are looked for. */
  @Test
  void prometheusAndGrafanaFindTheirFiles() throws Exception {
    Program.require("promtool");
    String checked =
        succeeds(
            "promtool", "check", "config", DEPLOY.resolve("prometheus/prometheus.yml").toString());
    assertTrue(checked.contains("1 rule files found"), checked);
    Path grafana = DEPLOY.resolve("grafana");
    String source = Files.readString(grafana.resolve("provisioning/datasources/prometheus.yml"));
    assertTrue(source.contains("uid: prometheus\n"), source);
    String folder = Files.readString(grafana.resolve("provisioning/dashboards/puente.yml"));
    String compose = Files.readString(DEPLOY.resolve("compose/full.yml"));
    assertTrue(folder.contains("path: /var/lib/grafana/dashboards"), folder);
    assertTrue(compose.contains("../grafana/dashboards:/var/lib/grafana/dashboards:ro"));
    try (Stream<Path> dashboards = Files.list(grafana.resolve("dashboards"))) {
      assertTrue(dashboards.filter(file -> file.toString().endsWith(".json")).count() >= 4);
    }
  }

  /** Who is woken finds a page that speaks of the alert's own metrics; no page is of nothing. */
  @Test
  void everyAlertHasItsRunbook() throws Exception {
    String rules = Files.readString(DEPLOY.resolve("prometheus/puente.rules.yml"));
    Path books = ROOT.resolve("docs/RUNBOOKS");
    String index = Files.readString(books.resolve("README.md"));
    Set<String> alerts = new TreeSet<>();
    Matcher rule =
        Pattern.compile("- alert: (\\w+)\\n\\s+expr: (.*)\\n(?:.*\\n)*?\\s+severity: (\\w+)")
            .matcher(rules);
    while (rule.find()) {
      String alert = rule.group(1);
      alerts.add(alert);
      String page = Files.readString(books.resolve(alert + ".md"));
      assertTrue(page.startsWith("# " + alert + "\n"), alert);
      assertTrue(page.contains("*Severity: " + rule.group(3) + ".*"), alert + " severity");
      Set<String> metrics =
          all("((?:node:)?(?:puente|process|jvm)_[a-z0-9_:]+|up(?=\\{))", rule.group(2));
      assertTrue(metrics.stream().anyMatch(page::contains), alert + " has none of " + metrics);
      assertTrue(page.contains("\n## Look\n") && page.contains("\n## Do\n"), alert);
      assertTrue(index.contains("[" + alert + "](" + alert + ".md)"), alert + " in the index");
    }
    assertFalse(alerts.isEmpty());
    try (Stream<Path> pages = Files.list(books)) {
      Set<String> names = new TreeSet<>();
      pages.forEach(page -> names.add(page.getFileName().toString().replace(".md", "")));
      names.remove("README");
      assertEquals(alerts, names);
    }
  }

  private static void understands(String settings) throws IOException {
    Path file = Files.writeString(work().resolve("turnserver.conf"), settings);
    Program.Finished read =
        PuenteCommand.run(work().resolve("config.out"), "config", "-c", file.toString());
    assertEquals(0, read.exit(), read.output());
    assertFalse(read.output().contains("warn"), read.output());
  }

  private static String succeeds(String... command) throws IOException {
    Program.Finished done =
        Program.start(work().resolve(command[0] + ".out"), command).finish(LIMIT);
    assertEquals(0, done.exit(), String.join(" ", command) + "\n" + done.output());
    return done.output();
  }

  private static Path work() throws IOException {
    return Files.createDirectories(WORK);
  }

  /** Only these: what the parser resolves refers to itself elsewhere. */
  private static JsonObject ports(String main) throws Exception {
    Object locals = new HCLParser().parse(main).get("locals");
    Object ports = ((Map<?, ?>) Objects.requireNonNull(locals)).get("ports");
    return new Gson().toJsonTree(ports).getAsJsonObject();
  }

  private static Set<String> all(String pattern, CharSequence text) {
    Set<String> found = new TreeSet<>();
    Matcher matcher = Pattern.compile(pattern).matcher(text);
    while (matcher.find()) {
      found.add(Objects.requireNonNull(matcher.group(1)));
    }
    return found;
  }
}

package puente.launcher.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static puente.launcher.e2e.KubernetesObjects.container;
import static puente.launcher.e2e.KubernetesObjects.in;
import static puente.launcher.e2e.KubernetesObjects.list;
import static puente.launcher.e2e.KubernetesObjects.text;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.marcnuri.helm.Helm;
import com.marcnuri.helm.LintResult;
import com.marcnuri.helm.TemplateCommand;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The chart, linted and rendered by Helm itself, and the directories for kustomize: every object has only
 * fields that Kubernetes knows, names only what is there, and starts a server that understands its settings.
 */
@Tag("e2e")
class KubernetesTest {
  private static final Path DEPLOY = Path.of("").toAbsolutePath();
  private static final Path OVERLAYS = DEPLOY.resolve("kustomize/overlays");
  private static final Duration LIMIT = Duration.ofSeconds(60);
  private static final String RELAYS = "49152-65535/UDP";

  @Test
  void helmFindsNothingWrong() {
    LintResult result = new Helm(DEPLOY.resolve("helm/puente")).lint().strict().call();
    assertFalse(result.isFailed(), result.getMessages().toString());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "mode=hostNetwork",
        "mode=hostNetwork stateHostPath= serviceMonitor.enabled=true tlsSecret=certificate",
        "mode=hostNetwork existingSecret=mine settings.user-quota=7",
        "mode=loadBalancer allowedPeers[0]=10.0.0.0/8",
        "mode=loadBalancer service.protocols=separate tlsSecret=certificate serviceMonitor.enabled=true",
        "mode=loadBalancer autoscaling.enabled=true persistence.enabled=true prometheusRule.enabled=true",
      })
  void theChartIsRenderedToWhatKubernetesTakes(String values) throws Exception {
    String rendered = chart(values).call();
    KubernetesObjects objects = new KubernetesObjects(rendered);
    boolean own = values.contains("existingSecret=mine");
    objects.checkReferences(own ? Set.of("Secret/mine") : Set.of());
    boolean host = values.contains("mode=hostNetwork");
    assertEquals(host ? 1 : 0, objects.of("DaemonSet").size());
    assertEquals(values.contains("serviceMonitor") ? 1 : 0, objects.of("ServiceMonitor").size());
    checkPod(in(objects.one(host ? "DaemonSet" : "StatefulSet"), "spec", "template", "spec"), host);
    checkPolicy(objects.one("NetworkPolicy"), values.contains("tlsSecret"));
    boolean scaled = values.contains("autoscaling.enabled=true");
    assertEquals(scaled ? 1 : 0, objects.of("HorizontalPodAutoscaler").size());
    checkRules(objects, values.contains("prometheusRule.enabled=true"));
    checkState(objects, values.contains("persistence.enabled=true"));
    assertEquals("1", text(objects.one("PodDisruptionBudget"), "spec", "maxUnavailable"));
    String settings = text(objects.one("ConfigMap"), "data", "turnserver.conf");
    assertEquals(values.contains("user-quota"), settings.contains("\nuser-quota=7\n"), settings);
    understands(settings);
  }

  /** The same that Prometheus' own tool has tested. */
  private static void checkRules(KubernetesObjects objects, boolean wanted) throws IOException {
    assertEquals(wanted ? 1 : 0, objects.of("PrometheusRule").size());
    if (wanted) {
      String rules = Files.readString(DEPLOY.resolve("prometheus/puente.rules.yml"));
      assertEquals(
          KubernetesObjects.parse(rules).getFirst().get("groups"),
          in(objects.one("PrometheusRule"), "spec").get("groups"));
    }
  }

  /** A volume of its own, or none that a pod could share. */
  private static void checkState(KubernetesObjects objects, boolean claimed) {
    if (!claimed) {
      objects
          .of("StatefulSet")
          .forEach(set -> assertFalse(in(set, "spec").has("volumeClaimTemplates")));
      return;
    }
    JsonObject spec = in(objects.one("StatefulSet"), "spec");
    JsonObject claim = list(spec, "volumeClaimTemplates").get(0).getAsJsonObject();
    assertEquals("1Gi", text(claim, "spec", "resources", "requests", "storage"));
    assertEquals("Retain", text(spec, "persistentVolumeClaimRetentionPolicy", "whenDeleted"));
  }

  /** Drained before it is stopped, with time for both; without root; its ports are those of the contract. */
  private static void checkPod(JsonObject pod, boolean host) {
    assertEquals(host, pod.has("hostNetwork"));
    assertEquals(!host, pod.has("affinity"));
    String drain = in(container(pod), "lifecycle", "preStop", "exec").toString();
    assertTrue(drain.contains("\"drain\",\"--wait\",\"--deadline\",\"3600s\""), drain);
    assertTrue(pod.get("terminationGracePeriodSeconds").getAsInt() > 3600);
    JsonObject security = in(container(pod), "securityContext");
    assertEquals("true", text(security, "readOnlyRootFilesystem"));
    assertEquals("[\"ALL\"]", in(security, "capabilities").get("drop").toString());
    assertEquals("true", text(pod, "securityContext", "runAsNonRoot"));
    List<String> ports = new ArrayList<>();
    list(container(pod), "ports").forEach(port -> ports.add(port(port, "containerPort")));
    assertTrue(
        ports.containsAll(
            List.of("3478/UDP", "3478/TCP", "5349/UDP", "5349/TCP", "8080/TCP", "9641/TCP")),
        ports.toString());
  }

  /** All that clients and peers send to is open to all, and nothing else. */
  private static void checkPolicy(JsonObject policy, boolean tls) {
    List<String> open = new ArrayList<>();
    for (JsonElement rule : list(in(policy, "spec"), "ingress")) {
      if (!rule.getAsJsonObject().has("from")) {
        list(rule.getAsJsonObject(), "ports").forEach(port -> open.add(port(port, "port")));
      }
    }
    List<String> wanted = new ArrayList<>(List.of("3478/UDP", "3478/TCP", "5349/UDP", "5349/TCP"));
    wanted.addAll(tls ? List.of("8080/TCP", "8443/TCP", RELAYS) : List.of("8080/TCP", RELAYS));
    assertEquals(wanted, open);
  }

  private static String port(JsonElement element, String name) {
    JsonObject port = element.getAsJsonObject();
    String end = port.has("endPort") ? "-" + port.get("endPort") : "";
    return port.get(name) + end + "/" + text(port, "protocol");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "mode=something",
        "ports.turn=0",
        "drainSeconds=soon",
        "settings.Bad=1",
        "allowedPeers[0]=everybody",
        "reply=1",
        "mode=hostNetwork autoscaling.enabled=true",
        "mode=hostNetwork persistence.enabled=true",
        "mode=loadBalancer persistence.size=big"
      })
  void theSchemaRefusesWhatMakesNoSense(String values) {
    Exception refused = assertThrows(RuntimeException.class, () -> chart(values).call());
    assertTrue(String.valueOf(refused.getMessage()).contains("schema"), refused.getMessage());
  }

  /**
   * What the directories hold, put together as kustomize would; and by kustomize itself where it is there.
   */
  @ParameterizedTest
  @ValueSource(strings = {"hostnetwork", "udp-loadbalancer"})
  void kustomizeMakesWhatKubernetesTakes(String overlay) throws Exception {
    Path folder = OVERLAYS.resolve(overlay);
    StringBuilder together = new StringBuilder();
    append(folder, together);
    String settings = Files.readString(folder.resolve("turnserver.conf"));
    together.append("---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: puente}\n");
    KubernetesObjects objects = new KubernetesObjects(together.toString());
    objects.checkReferences(Set.of("Secret/puente"));
    boolean host = overlay.equals("hostnetwork");
    checkPod(in(objects.one(host ? "DaemonSet" : "StatefulSet"), "spec", "template", "spec"), host);
    understands(settings);
    if (Program.present("kustomize")) {
      Path output = Path.of("target", "kustomize-" + overlay + ".yaml");
      Program.Finished built =
          Program.start(output, "kustomize", "build", folder.toString()).finish(LIMIT);
      assertEquals(0, built.exit(), built.output());
      assertEquals(host ? 1 : 0, new KubernetesObjects(built.output()).of("DaemonSet").size());
    } else {
      System.err.println("LEFT OUT: kustomize itself is not here; its files were put together");
    }
  }

  /** Every file of a directory, and of those that it builds on, is named in its kustomization. */
  private static void append(Path folder, StringBuilder together) throws IOException {
    String kustomization = Files.readString(folder.resolve("kustomization.yaml"));
    JsonObject read = KubernetesObjects.parse(kustomization).getFirst();
    List<String> named = new ArrayList<>(List.of("kustomization.yaml", "turnserver.conf"));
    for (JsonElement resource : list(read, "resources")) {
      Path file = folder.resolve(resource.getAsString());
      named.add(resource.getAsString());
      if (Files.isDirectory(file)) {
        append(file, together);
      } else {
        together.append("---\n").append(Files.readString(file));
      }
    }
    try (Stream<Path> files = Files.list(folder)) {
      files.forEach(file -> assertTrue(named.contains("" + file.getFileName()), file.toString()));
    }
  }

  private static TemplateCommand chart(String values) {
    TemplateCommand command =
        new Helm(DEPLOY.resolve("helm/puente"))
            .template()
            .withName("turn")
            .withNamespace("calls")
            .withKubeVersion("1.34.0");
    for (String value : values.split(" ")) {
      String[] both = value.split("=", 2);
      command.set(both[0], both[1]);
    }
    return command;
  }

  /** The server knows every setting and takes every value; no warning. */
  private static void understands(String settings) throws IOException {
    Files.createDirectories(Path.of("target"));
    Path file = Files.createTempFile(Path.of("target"), "turnserver", ".conf");
    Files.writeString(file, settings);
    Path output = Path.of(file + ".out");
    Program.Finished read =
        PuenteCommand.run(Path.of(file + ".out"), "config", "-c", file.toString());
    assertEquals(0, read.exit(), read.output());
    assertFalse(read.output().contains("warn"), read.output());
  }
}

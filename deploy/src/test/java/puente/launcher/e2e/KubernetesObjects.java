package puente.launcher.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.Gson;
import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import io.kubernetes.client.openapi.models.V1ConfigMap;
import io.kubernetes.client.openapi.models.V1DaemonSet;
import io.kubernetes.client.openapi.models.V1NetworkPolicy;
import io.kubernetes.client.openapi.models.V1PodDisruptionBudget;
import io.kubernetes.client.openapi.models.V1Secret;
import io.kubernetes.client.openapi.models.V1Service;
import io.kubernetes.client.openapi.models.V1ServiceAccount;
import io.kubernetes.client.openapi.models.V1StatefulSet;
import io.kubernetes.client.openapi.models.V2HorizontalPodAutoscaler;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.constructor.SafeConstructor;

/** Objects as they would go to Kubernetes, held against its own description and against each other. */
final class KubernetesObjects {
  private static final String MONITOR = "ServiceMonitor";

  /** Kinds that are not Kubernetes' own; their fields are compared with the operator's documentation. */
  private static final Map<String, Set<String>> FIELDS_BY_KIND =
      Map.of(
          MONITOR, Set.of("jobLabel", "selector", "endpoints"), "PrometheusRule", Set.of("groups"));

  private static final Map<String, Description> DESCRIPTION_BY_KIND =
      Map.of(
          "ConfigMap", V1ConfigMap::validateJsonElement,
          "DaemonSet", V1DaemonSet::validateJsonElement,
          "HorizontalPodAutoscaler", V2HorizontalPodAutoscaler::validateJsonElement,
          "NetworkPolicy", V1NetworkPolicy::validateJsonElement,
          "PodDisruptionBudget", V1PodDisruptionBudget::validateJsonElement,
          "Secret", V1Secret::validateJsonElement,
          "Service", V1Service::validateJsonElement,
          "ServiceAccount", V1ServiceAccount::validateJsonElement,
          "StatefulSet", V1StatefulSet::validateJsonElement);

  /** Throws where a field is unknown or missing. */
  private interface Description {
    void check(JsonElement object) throws IOException;
  }

  private final List<JsonObject> all;

  /**
   * @param yaml documents with three dashes between them
   */
  KubernetesObjects(String yaml) throws IOException {
    all = parse(yaml);
    for (JsonObject object : all) {
      checkFields(object);
    }
  }

  static List<JsonObject> parse(String yaml) {
    LoaderOptions options = new LoaderOptions();
    options.setAllowDuplicateKeys(false);
    List<JsonObject> objects = new ArrayList<>();
    for (Object document : new Yaml(new SafeConstructor(options)).loadAll(yaml)) {
      if (document != null) {
        objects.add(new Gson().toJsonTree(document).getAsJsonObject());
      }
    }
    return objects;
  }

  private static void checkFields(JsonObject object) throws IOException {
    String kind = text(object, "kind");
    if (FIELDS_BY_KIND.containsKey(kind)) {
      assertEquals("monitoring.coreos.com/v1", text(object, "apiVersion"));
      assertEquals(FIELDS_BY_KIND.get(kind), in(object, "spec").keySet());
      return;
    }
    Objects.requireNonNull(DESCRIPTION_BY_KIND.get(kind), kind).check(object);
  }

  List<JsonObject> of(String kind) {
    return all.stream().filter(object -> text(object, "kind").equals(kind)).toList();
  }

  JsonObject one(String kind) {
    List<JsonObject> found = of(kind);
    assertEquals(1, found.size(), kind);
    return found.getFirst();
  }

  /** What names something names what is there; who is meant by labels has them. */
  void checkReferences(Set<String> outside) {
    JsonObject workload = of("DaemonSet").isEmpty() ? one("StatefulSet") : one("DaemonSet");
    JsonObject template = in(workload, "spec", "template");
    JsonObject labels = in(template, "metadata", "labels");
    for (String kind : List.of("Service", "PodDisruptionBudget", "NetworkPolicy")) {
      of(kind).forEach(object -> selects(selector(object), labels));
    }
    selects(in(workload, "spec", "selector", "matchLabels"), labels);
    Set<String> names = new HashSet<>(outside);
    all.forEach(object -> names.add(text(object, "kind") + "/" + text(object, "metadata", "name")));
    JsonObject pod = in(template, "spec");
    assertTrue(names.contains("ServiceAccount/" + text(pod, "serviceAccountName")));
    checkVolumes(pod, list(in(workload, "spec"), "volumeClaimTemplates"), names);
    checkSecrets(pod, names);
    checkPorts(pod);
    of(MONITOR).forEach(this::checkMonitor);
    for (JsonObject scaler : of("HorizontalPodAutoscaler")) {
      String target = text(scaler, "spec", "scaleTargetRef", "name");
      assertTrue(names.contains(text(scaler, "spec", "scaleTargetRef", "kind") + "/" + target));
      assertFalse(in(workload, "spec").has("replicas"), "an upgrade would undo what it did");
    }
  }

  private static JsonObject selector(JsonObject object) {
    return switch (text(object, "kind")) {
      case "Service" -> in(object, "spec", "selector");
      case "PodDisruptionBudget" -> in(object, "spec", "selector", "matchLabels");
      default -> in(object, "spec", "podSelector", "matchLabels");
    };
  }

  private static void selects(JsonObject selector, JsonObject labels) {
    assertTrue(selector.size() > 0, "a selector of everything");
    assertTrue(labels.entrySet().containsAll(selector.entrySet()), selector + " / " + labels);
  }

  private void checkVolumes(JsonObject pod, JsonArray claims, Set<String> names) {
    Set<String> volumes = new HashSet<>();
    claims.forEach(claim -> volumes.add(text(claim.getAsJsonObject(), "metadata", "name")));
    for (JsonElement volume : pod.getAsJsonArray("volumes")) {
      String name = text(volume.getAsJsonObject(), "name");
      assertTrue(volumes.add(name), "two volumes " + name);
      if (volume.getAsJsonObject().has("configMap")) {
        String map = text(volume.getAsJsonObject(), "configMap", "name");
        assertTrue(names.contains("ConfigMap/" + map), map);
      }
    }
    List<JsonElement> containers = new ArrayList<>(pod.getAsJsonArray("containers").asList());
    containers.addAll(list(pod, "initContainers").asList());
    for (JsonElement container : containers) {
      for (JsonElement mount : container.getAsJsonObject().getAsJsonArray("volumeMounts")) {
        assertTrue(volumes.contains(text(mount.getAsJsonObject(), "name")), mount.toString());
      }
    }
  }

  private void checkSecrets(JsonObject pod, Set<String> names) {
    for (JsonElement variable : list(container(pod), "env")) {
      JsonObject from = in(variable.getAsJsonObject(), "valueFrom");
      if (from.has("secretKeyRef")) {
        String name = text(from, "secretKeyRef", "name");
        assertTrue(names.contains("Secret/" + name), name);
        for (JsonObject secret : of("Secret")) {
          assertTrue(in(secret, "data").has(text(from, "secretKeyRef", "key")), from.toString());
        }
      }
    }
  }

  /** Services name ports of the container. */
  private void checkPorts(JsonObject pod) {
    Set<String> named = new HashSet<>();
    list(container(pod), "ports").forEach(port -> named.add(text(port.getAsJsonObject(), "name")));
    for (JsonObject service : of("Service")) {
      for (JsonElement port : list(in(service, "spec"), "ports")) {
        if (port.getAsJsonObject().has("targetPort")) {
          assertTrue(named.contains(text(port.getAsJsonObject(), "targetPort")), port.toString());
        }
      }
    }
  }

  /** One service of ours, by one of its ports. */
  private void checkMonitor(JsonObject monitor) {
    JsonObject wanted = in(monitor, "spec", "selector", "matchLabels");
    List<JsonObject> services =
        of("Service").stream()
            .filter(
                service ->
                    in(service, "metadata", "labels").entrySet().containsAll(wanted.entrySet()))
            .toList();
    assertEquals(1, services.size(), wanted.toString());
    // Rules ask for jobs that have the name in theirs.
    String label = text(monitor, "spec", "jobLabel");
    assertEquals("puente", in(services.getFirst(), "metadata", "labels").get(label).getAsString());
    JsonObject endpoint = list(in(monitor, "spec"), "endpoints").get(0).getAsJsonObject();
    assertTrue(
        list(in(services.getFirst(), "spec"), "ports").asList().stream()
            .anyMatch(port -> text(port.getAsJsonObject(), "name").equals(text(endpoint, "port"))));
  }

  static JsonObject container(JsonObject pod) {
    return list(pod, "containers").get(0).getAsJsonObject();
  }

  static JsonArray list(JsonObject object, String name) {
    return object.has(name) ? object.getAsJsonArray(name) : new JsonArray();
  }

  /** What is there under a path of names; nothing where a name is missing. */
  static JsonObject in(JsonObject object, String... path) {
    JsonObject at = object;
    for (String name : path) {
      at = at.has(name) ? at.getAsJsonObject(name) : new JsonObject();
    }
    return at;
  }

  static String text(JsonObject object, String... path) {
    JsonObject at = object;
    for (int i = 0; i < path.length - 1; i++) {
      at = in(at, path[i]);
    }
    JsonElement value = at.get(path[path.length - 1]);
    assertTrue(value != null, String.join(".", path) + " is missing in " + object);
    return value.getAsString();
  }
}

package puente.admin;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import com.networknt.schema.InputFormat;
import com.networknt.schema.Schema;
import com.networknt.schema.SchemaLocation;
import com.networknt.schema.SchemaRegistry;
import com.networknt.schema.SchemaRegistryConfig;
import com.networknt.schema.SpecificationVersion;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.io.InputStream;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;

/** Walks every operation of openapi.yaml, asks a running server, and holds the answer against it. */
class OpenApiContractTest {

  /** What the paths' names stand for: what {@link FakeNode} has. */
  private static final Map<String, String> NAMES =
      Map.ofEntries(
          Map.entry("node", "self"),
          Map.entry("session", "abc"),
          Map.entry("account", "ben"),
          Map.entry("token", "abc"),
          Map.entry("realm", "example.org"),
          Map.entry("user", "ana"),
          Map.entry("secret", "abc"),
          Map.entry("room", "lobby"),
          Map.entry("ban", "abc"));

  /** What the query must have. */
  private static final Map<String, String> QUERIES =
      Map.of("checkPeer", "?peer=192.0.2.7", "explain", "?user=ana", "series", "?k=alloc.active");

  private static final Map<String, String> BODIES =
      Map.ofEntries(
          Map.entry(
              "addAccount",
              "{\"name\":\"cat\",\"password\":\"mice on a mat\",\"role\":\"viewer\"}"),
          Map.entry("changeAccount", "{\"role\":\"operator\"}"),
          Map.entry("addToken", "{\"name\":\"ci\",\"role\":\"viewer\",\"expiresDays\":30}"),
          Map.entry("logIn", "{\"name\":\"ana\",\"password\":\"correct horse battery\"}"),
          Map.entry(
              "changePassword",
              "{\"password\":\"correct horse battery\",\"newPassword\":\"battery staple\"}"),
          Map.entry("setQuota", "{\"perUser\":3}"),
          Map.entry("addUser", "{\"name\":\"dan\"}"),
          Map.entry("makeCredential", "{\"user\":\"dan\",\"ttlSeconds\":60}"),
          Map.entry("revokeCredential", "{\"username\":\"1:dan\"}"),
          Map.entry("setLogLevel", "{\"level\":\"debug\"}"),
          Map.entry("closeSessions", "{\"ids\":[\"abc\"]}"),
          Map.entry("ban", "{\"kind\":\"network\",\"target\":\"192.0.2.0/24\"}"),
          Map.entry("drain", "{\"deadline\":60,\"reason\":\"kernel\"}"),
          Map.entry("plan", "{\"demand\":{\"bhca\":60000}}"));

  private static final String ROOT = "classpath:puente/admin/";

  private static final YAMLMapper YAML = new YAMLMapper();

  private static final SchemaRegistry SCHEMAS =
      SchemaRegistry.withDefaultDialect(
          SpecificationVersion.DRAFT_2020_12,
          registry ->
              registry.schemaRegistryConfig(
                  SchemaRegistryConfig.builder().formatAssertionsEnabled(true).build()));

  /** An operation: what is asked, and where its description is. */
  private record Operation(String id, String method, String path, String file, JsonNode node) {}

  @TestFactory
  Stream<DynamicTest> answersAreAsDescribed() throws IOException {
    return operations().stream().map(op -> dynamicTest(op.id, () -> hold(op)));
  }

  /** A check that accepts everything would prove nothing. */
  @Test
  void aWrongAnswerWouldBeSeen() {
    Schema problem = schema("openapi/common.yaml", "/schemas/Problem");
    String good = "{\"type\":\"about:blank\",\"title\":\"t\",\"status\":404,\"detail\":\"d\"}";
    assertEquals(List.of(), problem.validate(good, InputFormat.JSON));
    assertTrue(!problem.validate("{\"status\":\"404\"}", InputFormat.JSON).isEmpty());
    Schema token = schema("openapi/access.yaml", "/schemas/Token");
    String timeless = "{\"id\":\"a\",\"name\":\"b\",\"role\":\"viewer\",\"created\":\"today\"}";
    assertTrue(!token.validate(timeless, InputFormat.JSON).isEmpty());
  }

  @Test
  void everyRouteOfTheServerIsDescribed() throws Exception {
    Set<String> described = new TreeSet<>();
    for (Operation op : operations()) {
      described.add(op.method + " " + op.path.substring(1));
    }
    try (RunningServer server = RunningServer.guarded()) {
      Set<String> served = server.routes();
      served.removeIf(route -> route.startsWith("GET openapi/"));
      assertEquals(described, served);
    }
  }

  @TempDir Path directory;

  private void hold(Operation op) throws Exception {
    if (op.id.equals("stream")) {
      // It does not end; StreamTest reads it.
      return;
    }
    Path state = Files.createTempDirectory(directory, "state");
    try (RunningServer server = RunningServer.with(state, RunningServer.TOKEN)) {
      HttpResponse<String> answer = ask(server, state, op);
      JsonNode response = op.node.path("responses").path(String.valueOf(answer.statusCode()));
      assertTrue(!response.isMissingNode(), answer.statusCode() + " " + answer.body());
      JsonNode content = response.path("content");
      if (content.isMissingNode()) {
        assertEquals("", answer.body());
        return;
      }
      String type = answer.headers().firstValue("content-type").orElseThrow();
      assertTrue(content.has(type), type);
      if (type.equals("application/json")) {
        String at =
            "/paths/"
                + op.path.replace("/", "~1")
                + "/"
                + op.method.toLowerCase(java.util.Locale.ROOT)
                + "/responses/"
                + answer.statusCode()
                + "/content/application~1json/schema";
        assertEquals(
            List.of(),
            schema(op.file, at).validate(answer.body(), InputFormat.JSON),
            answer.body());
      }
    }
  }

  /** As the admin token's owner; or, where that is another matter, by an account. */
  private static HttpResponse<String> ask(RunningServer server, Path state, Operation op)
      throws Exception {
    String body = BODIES.getOrDefault(op.id, "");
    String path = filled(op.path).substring(1) + QUERIES.getOrDefault(op.id, "");
    if (op.id.equals("setUp")) {
      String token = Files.readString(state.resolve("setup-token"));
      return new Browser(server).send(op.method, path, Browser.setUpBody(token));
    }
    Browser ana = Browser.atSetUp(server, state);
    if (op.path.startsWith("/auth")) {
      return (op.id.equals("logIn") ? new Browser(server) : ana).send(op.method, path, body);
    }
    ana.send(
        "POST",
        "accounts",
        "{\"name\":\"ben\",\"password\":\"shoes on the roof\",\"role\":\"viewer\"}");
    JsonObject made =
        new JsonObject(ana.send("POST", "tokens", "{\"name\":\"old\",\"role\":\"viewer\"}").body());
    if (op.id.equals("revokeToken")) {
      path = "tokens/" + made.getString("id");
    }
    String[] token = {"Authorization", "Bearer " + RunningServer.TOKEN};
    return server.send(op.method, "/api/v1/" + path, body, token);
  }

  private static String filled(String path) {
    String filled = path;
    for (Map.Entry<String, String> name : NAMES.entrySet()) {
      filled = filled.replace("{" + name.getKey() + "}", name.getValue());
    }
    return filled;
  }

  private static Schema schema(String file, String pointer) {
    return SCHEMAS.getSchema(SchemaLocation.of(ROOT + file + "#" + pointer));
  }

  private static List<Operation> operations() throws IOException {
    List<Operation> operations = new ArrayList<>();
    JsonNode paths = yaml("openapi.yaml").path("paths");
    for (Map.Entry<String, JsonNode> path : paths.properties()) {
      String[] ref = path.getValue().path("$ref").asText().split("#", 2);
      JsonNode item = yaml(ref[0]).at(ref[1]);
      for (Map.Entry<String, JsonNode> method : item.properties()) {
        if (!method.getKey().equals("parameters")) {
          String id = method.getValue().path("operationId").asText();
          String word = method.getKey().toUpperCase(java.util.Locale.ROOT);
          operations.add(new Operation(id, word, path.getKey(), ref[0], method.getValue()));
        }
      }
    }
    return operations;
  }

  private static JsonNode yaml(String name) throws IOException {
    try (InputStream in = AdminServer.class.getResourceAsStream(name)) {
      return YAML.readTree(Objects.requireNonNull(in, name));
    }
  }
}

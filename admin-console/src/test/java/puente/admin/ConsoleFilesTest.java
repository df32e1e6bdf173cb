package puente.admin;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayInputStream;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.regex.Pattern;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The console's files: open to all, strict about what may run, and sent once. */
class ConsoleFilesTest {

  private static RunningServer server;

  @BeforeAll
  static void start() {
    server = RunningServer.guarded();
  }

  @AfterAll
  static void stop() {
    server.close();
  }

  @Test
  void showsThePageWherePeopleSignIn() throws Exception {
    HttpResponse<String> page = server.get("/");
    assertEquals(200, page.statusCode());
    assertEquals("text/html; charset=utf-8", header(page, "content-type"));
    assertEquals("no-cache", header(page, "cache-control"));
    assertEquals(
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:;"
            + " connect-src 'self'; font-src 'self'; base-uri 'none'; form-action 'self';"
            + " frame-ancestors 'none'; require-trusted-types-for 'script'",
        header(page, "content-security-policy"));
    assertEquals("nosniff", header(page, "x-content-type-options"));
    assertEquals("no-referrer", header(page, "referrer-policy"));
    assertEquals("microphone=(), camera=()", header(page, "permissions-policy"));
    assertEquals("same-origin", header(page, "cross-origin-opener-policy"));
    assertEquals(page.body(), server.get("/index.html").body());
    assertEquals("", header(page, "strict-transport-security"));
    assertEquals(
        "max-age=31536000",
        header(server.get("/", "X-Forwarded-Proto", "https"), "strict-transport-security"));
  }

  @Test
  void sendsAFileAgainOnlyWhenItChanged() throws Exception {
    String tag = header(server.get("/"), "etag");
    HttpResponse<String> again = server.get("/", "If-None-Match", tag);
    assertEquals(304, again.statusCode());
    assertEquals("", again.body());
    assertEquals(200, server.get("/", "If-None-Match", "\"other\"").statusCode());
  }

  /** A browser that has been here asks for the page, and for nothing else that it has. */
  @Test
  void namesItsFilesSoThatTheyMayBeKept() throws Exception {
    String page = server.get("/").body();
    List<String> links =
        Pattern.compile("(?:href|src)=\"([^\"#]+)\"")
            .matcher(page)
            .results()
            .map(link -> link.group(1))
            .toList();
    assertEquals(
        List.of("icon.svg", "console.css", "early.js", "uPlot.iife.min.js", "console.js"),
        links.stream().map(link -> link.substring(link.lastIndexOf('/') + 1)).toList());
    for (String link : links) {
      HttpResponse<String> file = server.get("/" + link);
      assertEquals(200, file.statusCode(), link);
      assertEquals(
          "public, max-age=31536000, immutable", header(file, "cache-control"), () -> link);
      assertEquals(1, links.stream().filter(link::equals).count(), link);
    }
    String script =
        links.stream().filter(link -> link.endsWith("/console.js")).findFirst().orElseThrow();
    HttpResponse<String> ofAnother =
        server.get("/e-another" + script.substring(script.indexOf('/')));
    assertEquals("no-cache", header(ofAnother, "cache-control"));
    assertEquals(server.get("/" + script).body(), ofAnother.body());
  }

  /** All modules in one script, none of them left out and nothing left to be fetched. */
  @Test
  void joinsItsModules() throws Exception {
    String script = server.get("/console.js").body();
    assertTrue(script.lines().noneMatch(line -> line.matches("(?:import|export)\\b.*")), script);
    for (String module : List.of("/js/main.js", "/js/pages/capacity.js", "/js/chart.js")) {
      String last =
          server.get(module).body().lines().filter(line -> !line.isEmpty()).toList().getLast();
      assertTrue(script.contains(last), module);
    }
    assertTrue(server.get("/console.css").body().contains(server.get("/css/pages.css").body()));
  }

  /** RFC 9110 §12.5.3: each form has a tag of its own, and caches are told that there are two. */
  @Test
  void sendsFilesCompressedToWhoTakesThem() throws Exception {
    HttpResponse<String> plain = server.get("/js/main.js");
    assertEquals("", header(plain, "content-encoding"));
    assertEquals("Accept-Encoding", header(plain, "vary"));
    HttpResponse<byte[]> small = server.bytes("/js/main.js", "Accept-Encoding", "br, gzip;q=0.8");
    assertEquals("gzip", small.headers().firstValue("content-encoding").orElse(""));
    assertTrue(small.body().length < plain.body().length() / 2, small.body().length + " bytes");
    try (var unzipped = new GZIPInputStream(new ByteArrayInputStream(small.body()))) {
      assertEquals(plain.body(), new String(unzipped.readAllBytes(), StandardCharsets.UTF_8));
    }
    String tag = small.headers().firstValue("etag").orElse("");
    assertNotEquals(header(plain, "etag"), tag);
    assertEquals(
        304,
        server.bytes("/js/main.js", "Accept-Encoding", "gzip", "If-None-Match", tag).statusCode());
    assertEquals(
        "", header(server.get("/js/main.js", "Accept-Encoding", "gzip;q=0"), "content-encoding"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "/index.htm",
        "/console/",
        "/../console/index.html",
        "/index.html/",
        "/.",
        "/puente/admin/openapi.yaml"
      })
  void hasNothingElse(String path) throws Exception {
    HttpResponse<String> answer = server.getAs(RunningServer.TOKEN, path);
    assertEquals(404, answer.statusCode());
    assertTrue(answer.body().contains("detail"));
  }

  @Test
  void isOnlyRead() throws Exception {
    assertEquals(405, server.ask("POST", "/").statusCode());
  }

  private static String header(HttpResponse<String> answer, String name) {
    return answer.headers().firstValue(name).orElse("");
  }
}

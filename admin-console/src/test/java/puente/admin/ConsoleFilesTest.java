package puente.admin;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.http.HttpResponse;
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

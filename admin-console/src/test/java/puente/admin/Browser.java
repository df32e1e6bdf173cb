package puente.admin;

import io.vertx.core.json.JsonObject;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Somebody at the console: keeps the cookie, sends what a page of ours would send. */
final class Browser {

  static final String NAME = "ana";
  static final String PASSWORD = "correct horse battery";

  private final RunningServer server;
  private final List<String> extra;
  String cookie = "";
  String csrf = "";

  Browser(RunningServer server, String... extra) {
    this.server = server;
    this.extra = List.of(extra);
  }

  /** The first account, as on the first start. */
  static Browser atSetUp(RunningServer server, Path directory) throws Exception {
    Browser browser = new Browser(server);
    HttpResponse<String> answer =
        browser.send(
            "POST", "auth/setup", setUpBody(Files.readString(directory.resolve("setup-token"))));
    if (answer.statusCode() != 200) {
      throw new IllegalStateException(answer.body());
    }
    return browser;
  }

  /** The same browser at another node, as behind one name. */
  Browser at(RunningServer other) {
    Browser same = new Browser(other, extra.toArray(String[]::new));
    same.cookie = cookie;
    same.csrf = csrf;
    return same;
  }

  static String setUpBody(String token) {
    return new JsonObject()
        .put("token", token.strip())
        .put("name", NAME)
        .put("password", PASSWORD)
        .encode();
  }

  HttpResponse<String> logIn(String name, String password) throws Exception {
    return send(
        "POST",
        "auth/login",
        new JsonObject().put("name", name).put("password", password).encode());
  }

  HttpResponse<String> get(String path) throws Exception {
    return send("GET", path, "");
  }

  HttpResponse<String> send(String method, String path, String body) throws Exception {
    HttpResponse<String> answer =
        server.send(method, "/api/v1/" + path, body, headers().toArray(String[]::new));
    answer.headers().firstValue("set-cookie").ifPresent(set -> cookie = set.split(";")[0]);
    if (answer.body().startsWith("{\"") && answer.body().contains("csrfToken")) {
      csrf = new JsonObject(answer.body()).getString("csrfToken");
    }
    return answer;
  }

  List<String> headers() {
    List<String> headers = new ArrayList<>(List.of("Origin", server.origin()));
    headers.addAll(extra);
    if (!cookie.isEmpty()) {
      headers.addAll(List.of("Cookie", cookie));
    }
    if (!csrf.isEmpty()) {
      headers.addAll(List.of("Puente-CSRF", csrf));
    }
    return headers;
  }
}

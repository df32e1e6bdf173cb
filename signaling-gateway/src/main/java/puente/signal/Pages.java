package puente.signal;

import io.vertx.core.Future;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** The pages that people can try, and the client that programmers load: files of the class path. */
public final class Pages {

  /** Nothing but our own files runs, nothing inline, and nobody frames a page with a camera. */
  private static final String POLICY =
      "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; media-src 'self';"
          + " connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

  private static final Map<String, String> HEADERS =
      Map.of(
          "Content-Security-Policy", POLICY,
          "Permissions-Policy", "camera=(self), microphone=(self), display-capture=(self)",
          "Cross-Origin-Opener-Policy", "same-origin");

  private static final String FOLDER = "/puente/signal/pages/";
  private static final String SDK = "/puente/signal/sdk/";
  private static final String SCRIPT = "text/javascript; charset=utf-8";

  private static final Map<String, String> PAGES =
      Map.of(
          "/", "call.html",
          "/test", "test.html",
          "/examples/", "examples.html",
          "/examples/call", "example-call.html",
          "/examples/files", "example-files.html",
          "/examples/peerjs", "example-peerjs.html",
          "/examples/yjs", "example-yjs.html");

  private static final List<String> SCRIPTS =
      List.of(
          "call.js",
          "example-call.js",
          "example-files.js",
          "example-peerjs.js",
          "example-yjs.js",
          "examples.js",
          "probe.js",
          "sheet.js",
          "site.js",
          "test.js");

  private Pages() {}

  /**
   * Everything under {@code /}, {@code /test}, {@code /examples/}, {@code /pages/} and {@code /sdk/}.
   *
   * @param ownKey the public key for pages of this server, if its operator gives one
   */
  public static List<GatewayServer.Route> routes(Function<Request, @Nullable String> ownKey) {
    List<GatewayServer.Route> routes = new ArrayList<>();
    PAGES.forEach((path, file) -> routes.add(file(path, file, "text/html; charset=utf-8")));
    SCRIPTS.forEach(file -> routes.add(file("/pages/" + file, file, SCRIPT)));
    routes.add(file("/pages/pages.css", "pages.css", "text/css; charset=utf-8"));
    routes.add(file("/pages/icon.svg", "icon.svg", "image/svg+xml"));
    for (String file : Arrays.asList("puente.js", "puente.d.ts")) {
      routes.add(StaticFiles.route("/sdk/" + file, SDK + file, SCRIPT, Map.of()));
    }
    routes.add(
        GatewayServer.Route.get(
            "/pages/site.json",
            GatewayServer.Access.ORIGINS,
            request -> Future.succeededFuture(site(ownKey.apply(request)))));
    return routes;
  }

  private static GatewayServer.Route file(String path, String file, String contentType) {
    return StaticFiles.route(path, FOLDER + file, contentType, HEADERS);
  }

  private static Reply site(@Nullable String key) {
    Map<String, @Nullable Object> site = new HashMap<>();
    site.put("key", key);
    return Reply.json(200, site);
  }
}

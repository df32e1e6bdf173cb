package puente.admin;

import io.netty.handler.codec.http.QueryStringDecoder;
import io.vertx.core.Future;
import io.vertx.core.http.HttpMethod;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;
import puente.admin.access.Role;

/**
 * Every path of the API, what may be done there, and who may. The parts of the API add their own;
 * openapi.yaml describes each.
 */
final class ApiTable {

  static final String PREFIX = "/api/v1/";

  /** What orders need. */
  static final int BODY_MAX = 4096;

  /** Answers a request; on the control loop. */
  interface Work {
    Future<Answer> answer(Call call);
  }

  /**
   * One thing to do.
   *
   * @param role the least that may; null: everybody, signed in or not
   * @param bodyMax 0: takes none
   */
  record Route(HttpMethod method, @Nullable Role role, int bodyMax, Work work) {
    /** Whether it may change something: then other sites must not be behind it. */
    boolean isChange() {
      return !method.equals(HttpMethod.GET);
    }
  }

  /** A path that is there, and the values of the names in it. */
  record Place(Map<HttpMethod, Route> routeByMethod, Map<String, String> names) {

    @Nullable Route route(HttpMethod method) {
      return routeByMethod.get(method.equals(HttpMethod.HEAD) ? HttpMethod.GET : method);
    }

    /** For a 405, RFC 9110 §15.5.6. */
    String allowed() {
      TreeSet<String> allowed = new TreeSet<>();
      for (HttpMethod method : routeByMethod.keySet()) {
        allowed.add(method.name());
        if (method.equals(HttpMethod.GET)) {
          allowed.add("HEAD");
        }
      }
      return String.join(", ", allowed);
    }
  }

  private record Path(String[] parts, Map<HttpMethod, Route> routeByMethod) {}

  private final List<Path> paths = new ArrayList<>();

  /** A reading route, for viewers. */
  void get(String template, Work work) {
    get(template, Role.VIEWER, work);
  }

  void get(String template, Role role, Work work) {
    add(template, new Route(HttpMethod.GET, role, 0, work));
  }

  void post(String template, Role role, Work work) {
    add(template, new Route(HttpMethod.POST, role, BODY_MAX, work));
  }

  void put(String template, Role role, Work work) {
    add(template, new Route(HttpMethod.PUT, role, BODY_MAX, work));
  }

  void delete(String template, Role role, Work work) {
    add(template, new Route(HttpMethod.DELETE, role, 0, work));
  }

  /**
   * Adds a route.
   *
   * @param template such as {@code nodes/{node}/drain}
   */
  void add(String template, Route route) {
    String[] parts = template.split("/", -1);
    Path path =
        paths.stream()
            .filter(known -> List.of(known.parts).equals(List.of(parts)))
            .findFirst()
            .orElseGet(() -> newPath(parts));
    if (path.routeByMethod.putIfAbsent(route.method, route) != null) {
      throw new IllegalStateException(route.method + " " + template + " is there twice");
    }
  }

  private Path newPath(String[] parts) {
    Path path = new Path(parts, new LinkedHashMap<>());
    paths.add(path);
    return path;
  }

  /**
   * Finds a path; one in plain words before one with names.
   *
   * @return null if there is none
   */
  @Nullable Place find(String requestPath) {
    if (!requestPath.startsWith(PREFIX)) {
      return null;
    }
    String[] parts = requestPath.substring(PREFIX.length()).split("/", -1);
    Path best = null;
    for (Path path : paths) {
      if (matches(path.parts, parts) && (best == null || names(path.parts) < names(best.parts))) {
        best = path;
      }
    }
    if (best == null) {
      return null;
    }
    Map<String, String> values = new LinkedHashMap<>();
    for (int i = 0; i < parts.length; i++) {
      if (isName(best.parts[i])) {
        values.put(best.parts[i].substring(1, best.parts[i].length() - 1), parts[i]);
      }
    }
    return new Place(best.routeByMethod, values);
  }

  /** All there are: {@code GET nodes/{node}}. */
  Set<String> routes() {
    Set<String> routes = new TreeSet<>();
    for (Path path : paths) {
      for (HttpMethod method : path.routeByMethod.keySet()) {
        routes.add(method + " " + String.join("/", path.parts));
      }
    }
    return routes;
  }

  /**
   * The names' values as they were meant.
   *
   * @throws IllegalArgumentException if one is wrongly encoded
   */
  static Map<String, String> decoded(Map<String, String> names) {
    Map<String, String> decoded = new LinkedHashMap<>();
    names.forEach((name, value) -> decoded.put(name, decoded(value)));
    return decoded;
  }

  private static String decoded(String segment) {
    try {
      return QueryStringDecoder.decodeComponent(segment.replace("+", "%2B"));
    } catch (IllegalArgumentException wrong) {
      throw new IllegalArgumentException("The path is wrongly encoded.", wrong);
    }
  }

  private static boolean matches(String[] template, String[] parts) {
    if (template.length != parts.length) {
      return false;
    }
    for (int i = 0; i < parts.length; i++) {
      if (!isName(template[i]) && !template[i].equals(parts[i]) || parts[i].isEmpty()) {
        return false;
      }
    }
    return true;
  }

  private static int names(String[] template) {
    int names = 0;
    for (String part : template) {
      names += isName(part) ? 1 : 0;
    }
    return names;
  }

  private static boolean isName(String part) {
    return part.startsWith("{");
  }
}

package puente.signal;

import io.vertx.core.http.HttpMethod;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collector;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * What a browser is told about who may read an answer (the Fetch standard, §3.2). There are no
 * cookies here, so credentials are never allowed.
 *
 * @param headers for every answer of one request
 */
record Cors(Map<String, String> headers) {
  static final Collector<CharSequence, ?, String> LIST = Collectors.joining(", ");

  /** Browsers ask again after this many seconds. */
  private static final String PREFLIGHT_SECONDS = "600";

  static Cors of(GatewayServer.Access access, Origins origins, Request request) {
    Map<String, String> headers = new HashMap<>();
    String origin = request.origin();
    if (access == GatewayServer.Access.ANYBODY || origins.allowsAny()) {
      headers.put("Access-Control-Allow-Origin", "*");
      headers.put("Cross-Origin-Resource-Policy", "cross-origin");
    } else {
      allow(origin, headers);
      headers.put("Vary", "Origin");
      headers.put("Cross-Origin-Resource-Policy", "same-origin");
    }
    return new Cors(headers);
  }

  private static void allow(@Nullable String origin, Map<String, String> headers) {
    if (origin != null) {
      headers.put("Access-Control-Allow-Origin", origin);
    }
  }

  Reply on(Reply reply) {
    return reply.with(headers);
  }

  Reply preflight(Set<HttpMethod> methods) {
    return on(Reply.empty(204))
        .with("Access-Control-Allow-Methods", methods.stream().map(HttpMethod::name).collect(LIST))
        .with("Access-Control-Allow-Headers", "Authorization, Content-Type")
        .with("Access-Control-Max-Age", PREFLIGHT_SECONDS);
  }
}

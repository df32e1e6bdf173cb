package puente.signal;

import io.netty.handler.codec.http.HttpResponseStatus;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpServerResponse;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What a request is answered with. A header of its own replaces the one that all answers have. */
public record Reply(
    int status, @Nullable String contentType, Buffer body, Map<String, String> headers) {

  /** Who goes on sending so long after the answer has read it, or never will. */
  private static final long LINGER_MS = 1000;

  private static final Map<String, String> ALWAYS =
      Map.of(
          "X-Content-Type-Options", "nosniff",
          "Cache-Control", "no-store",
          "Content-Security-Policy",
              "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
          "Referrer-Policy", "no-referrer");

  public Reply {
    headers = Map.copyOf(headers);
  }

  public static Reply text(int status, String contentType, String body) {
    return new Reply(status, contentType, Buffer.buffer(body), Map.of());
  }

  /**
   * @param body maps, lists, texts, numbers and booleans
   */
  public static Reply json(int status, Object body) {
    return text(status, "application/json", Json.write(body) + "\n");
  }

  public static Reply empty(int status) {
    return new Reply(status, null, Buffer.buffer(), Map.of());
  }

  /** RFC 9457. */
  public static Reply problem(int status, String detail) {
    Map<String, Object> body = new LinkedHashMap<>();
    body.put("type", "about:blank");
    body.put("title", HttpResponseStatus.valueOf(status).reasonPhrase());
    body.put("status", status);
    body.put("detail", detail);
    return text(status, "application/problem+json", Json.write(body) + "\n");
  }

  public Reply with(String header, String value) {
    Map<String, String> more = new LinkedHashMap<>(headers);
    more.put(header, value);
    return new Reply(status, contentType, body, more);
  }

  Reply with(Map<String, String> several) {
    Map<String, String> more = new LinkedHashMap<>(several);
    more.putAll(headers);
    return new Reply(status, contentType, body, more);
  }

  void send(HttpServerRequest request) {
    HttpServerResponse response = request.response();
    if (response.ended() || response.closed()) {
      return;
    }
    sendHead(response);
    boolean bodiless = status == 204 || status == 304;
    if (!bodiless) {
      response.putHeader("Content-Length", Integer.toString(body.length()));
    }
    if (bodiless || request.method().equals(HttpMethod.HEAD)) {
      response.end();
    } else {
      response.end(body);
    }
  }

  private void sendHead(HttpServerResponse response) {
    response.setStatusCode(status);
    ALWAYS.forEach(response::putHeader);
    headers.forEach(response::putHeader);
    if (contentType != null) {
      response.putHeader("Content-Type", contentType);
    }
  }

  /**
   * For a request of which more may come that nobody wants to read; it has a body. To close at once
   * would reset the connection of a client that still sends, who then may not get to see this
   * (RFC 9112 §9.6).
   */
  void sendAndClose(HttpServerRequest request) {
    if (request.isEnded() || request.method().equals(HttpMethod.HEAD)) {
      with("Connection", "close").send(request);
      request.connection().close();
      return;
    }
    HttpServerResponse response = request.response();
    with("Connection", "close").sendHead(response);
    response.putHeader("Content-Length", Integer.toString(body.length())).write(body);
    Vertx.currentContext().owner().setTimer(LINGER_MS, late -> request.connection().close());
    request.handler(unread -> {});
    request.exceptionHandler(broken -> {});
    request.endHandler(whole -> request.connection().close());
    request.resume();
  }
}

package puente.admin;

import io.netty.handler.codec.http.HttpResponseStatus;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.core.json.JsonObject;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * What a request is answered with. Nothing of the request is ever in it.
 *
 * @param headers beside those on every answer; they may replace one of them
 * @param stream goes on writing after the head, which then tells no length; null for most
 */
record Answer(
    int status,
    String contentType,
    Buffer body,
    Map<String, String> headers,
    @Nullable Consumer<HttpServerResponse> stream) {

  /** Who goes on sending so long after the answer has read it, or never will. */
  private static final long LINGER_MS = 1000;

  /** On every answer: nothing here may be guessed at, kept, framed or read by other sites. */
  private static final Map<String, String> ALWAYS =
      Map.of(
          "X-Content-Type-Options", "nosniff",
          "Cache-Control", "no-store",
          "Content-Security-Policy",
              "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
          "Cross-Origin-Resource-Policy", "same-origin",
          "Referrer-Policy", "no-referrer");

  Answer(int status, String contentType, String body) {
    this(status, contentType, Buffer.buffer(body), Map.of(), null);
  }

  static Answer json(int status, JsonObject body) {
    return new Answer(status, "application/json", body.encode() + "\n");
  }

  /** There is nothing to say. */
  static Answer done() {
    return new Answer(204, "application/json", "");
  }

  /**
   * Server-sent events.
   *
   * @param stream writes them, until the response closes; looks at its write queue
   */
  static Answer events(Consumer<HttpServerResponse> stream) {
    return new Answer(200, "text/event-stream", Buffer.buffer(), Map.of(), stream);
  }

  /** RFC 9457. */
  static Answer problem(int status, String detail) {
    return problem(status, detail, new JsonObject());
  }

  /** RFC 9457 §3.2: with more for programs to read. */
  static Answer problem(int status, String detail, JsonObject more) {
    JsonObject body =
        new JsonObject()
            .put("type", "about:blank")
            .put("title", HttpResponseStatus.valueOf(status).reasonPhrase())
            .put("status", status)
            .put("detail", detail);
    more.forEach(field -> body.put(field.getKey(), field.getValue()));
    return new Answer(status, "application/problem+json", body.encode() + "\n");
  }

  Answer with(String header, String value) {
    Map<String, String> more = new LinkedHashMap<>(headers);
    more.put(header, value);
    return new Answer(status, contentType, body, more, stream);
  }

  void send(HttpServerRequest request) {
    HttpServerResponse response = request.response();
    if (response.ended() || response.closed()) {
      return;
    }
    sendHead(request, response);
    boolean headOnly = request.method().equals(HttpMethod.HEAD);
    if (stream != null && !headOnly) {
      response.setChunked(true);
      stream.accept(response);
      return;
    }
    if (stream == null) {
      response.putHeader("Content-Length", Integer.toString(body.length()));
    }
    if (headOnly) {
      response.end();
    } else {
      response.end(body);
    }
  }

  private void sendHead(HttpServerRequest request, HttpServerResponse response) {
    response.setStatusCode(status);
    ALWAYS.forEach(response::putHeader);
    headers.forEach(response::putHeader);
    if (ConsoleCookie.of(request) == ConsoleCookie.SECURE) {
      response.putHeader("Strict-Transport-Security", "max-age=31536000");
    }
    response.putHeader("Content-Type", contentType);
  }

  /**
   * For a request of which more may come that nobody wants to read. To close at once would reset the
   * connection of a client that still sends, who then may not get to see this (RFC 9112 §9.6).
   */
  void sendAndClose(HttpServerRequest request) {
    if (request.isEnded() || request.method().equals(HttpMethod.HEAD)) {
      with("Connection", "close").send(request);
      request.connection().close();
      return;
    }
    HttpServerResponse response = request.response();
    with("Connection", "close").sendHead(request, response);
    response.putHeader("Content-Length", Integer.toString(body.length())).write(body);
    Vertx.currentContext().owner().setTimer(LINGER_MS, late -> request.connection().close());
    request.handler(unread -> {});
    request.exceptionHandler(broken -> {});
    request.endHandler(whole -> request.connection().close());
    request.resume();
  }
}

package puente.admin;

import io.netty.handler.codec.http.HttpResponseStatus;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.core.json.JsonObject;
import java.util.LinkedHashMap;
import java.util.Map;

/** What a request is answered with. Nothing of the request is ever in it. */
record Answer(int status, String contentType, String body, Map<String, String> headers) {

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
    this(status, contentType, body, Map.of());
  }

  static Answer json(int status, JsonObject body) {
    return new Answer(status, "application/json", body.encode() + "\n");
  }

  /** RFC 9457. */
  static Answer problem(int status, String detail) {
    JsonObject body =
        new JsonObject()
            .put("type", "about:blank")
            .put("title", HttpResponseStatus.valueOf(status).reasonPhrase())
            .put("status", status)
            .put("detail", detail);
    return new Answer(status, "application/problem+json", body.encode() + "\n");
  }

  Answer with(String header, String value) {
    Map<String, String> more = new LinkedHashMap<>(headers);
    more.put(header, value);
    return new Answer(status, contentType, body, more);
  }

  void send(HttpServerRequest request) {
    HttpServerResponse response = request.response();
    if (response.ended() || response.closed()) {
      return;
    }
    response.setStatusCode(status);
    ALWAYS.forEach(response::putHeader);
    headers.forEach(response::putHeader);
    Buffer bytes = Buffer.buffer(body);
    response.putHeader("Content-Type", contentType);
    response.putHeader("Content-Length", Integer.toString(bytes.length()));
    if (request.method().equals(HttpMethod.HEAD)) {
      response.end();
    } else {
      response.end(bytes);
    }
  }

  /** For a request of which more may come that nobody wants to read. */
  void sendAndClose(HttpServerRequest request) {
    with("Connection", "close").send(request);
    request.connection().close();
  }
}

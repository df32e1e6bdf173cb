package puente.signal;

import io.netty.handler.codec.http.QueryStringDecoder;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServerRequest;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import puente.stun.Family;

/** A request whose body has been read. */
public final class Request {
  private static final int PARAMETERS_MAX = 32;

  private final HttpServerRequest http;
  private final Buffer body;
  private final Source source;
  private final Family family;
  private final boolean isSecure;
  private final long nowMs;

  /**
   * @param isSecure whether the client has TLS
   */
  Request(
      HttpServerRequest http, Buffer body, TrustedProxies proxies, boolean isSecure, long nowMs) {
    this.http = http;
    this.body = body;
    String address = proxies.client(http);
    this.source = Source.of(address);
    this.family = address.contains(":") ? Family.IPV6 : Family.IPV4;
    this.isSecure = isSecure;
    this.nowMs = nowMs;
  }

  public HttpMethod method() {
    return http.method();
  }

  /** As it came, nothing decoded. */
  public String path() {
    return String.valueOf(http.path());
  }

  /** A header that came exactly once; a repeated one is as good as none. */
  public @Nullable String header(String name) {
    List<String> all = http.headers().getAll(name);
    return all.size() == 1 ? all.getFirst() : null;
  }

  /** A parameter of the query, decoded; null when it is missing or cannot be decoded. */
  public @Nullable String query(String name) {
    return parameter(http.query(), name);
  }

  /** A field of a form ({@code application/x-www-form-urlencoded}). */
  public @Nullable String form(String name) {
    return parameter(body(), name);
  }

  public String body() {
    return body.toString(StandardCharsets.UTF_8);
  }

  /** Of the page that asks, if a browser does. */
  public @Nullable String origin() {
    return header("Origin");
  }

  public @Nullable String host() {
    return header(HttpHeaders.HOST.toString());
  }

  public boolean isSecure() {
    return isSecure;
  }

  /** The same for all requests that are limited together. */
  public String source() {
    return source.key();
  }

  /** What the client reaches us by. */
  public Family family() {
    return family;
  }

  /** Monotonic milliseconds. */
  public long nowMs() {
    return nowMs;
  }

  private static @Nullable String parameter(@Nullable String text, String name) {
    if (text == null || text.isEmpty()) {
      return null;
    }
    try {
      Map<String, List<String>> all =
          new QueryStringDecoder(text, StandardCharsets.UTF_8, false, PARAMETERS_MAX).parameters();
      List<String> values = all.getOrDefault(name, List.of());
      return values.size() == 1 ? values.getFirst() : null;
    } catch (IllegalArgumentException undecodable) {
      return null;
    }
  }
}

package puente.signal;

import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Base64;
import java.util.Map;

/** Files of the class path, kept in memory, known by an ETag (RFC 9110 §8.8.3). */
public final class StaticFiles {
  private StaticFiles() {}

  /**
   * Serves one resource of the class path.
   *
   * @param resource its absolute name: {@code /puente/signal/call.html}
   * @param headers such as Content-Security-Policy, for pages that run scripts
   */
  public static GatewayServer.Route route(
      String path, String resource, String contentType, Map<String, String> headers) {
    Buffer body = Buffer.buffer(load(resource));
    String tag = tag(body.getBytes());
    Reply full = new Reply(200, contentType, body, headers);
    Reply found = full.with("ETag", tag).with("Cache-Control", "no-cache");
    Reply unchanged =
        new Reply(304, null, Buffer.buffer(), headers)
            .with("ETag", tag)
            .with("Cache-Control", "no-cache");
    return GatewayServer.Route.get(
        path,
        GatewayServer.Access.ANYBODY,
        request ->
            Future.succeededFuture(
                isKnown(request.header("If-None-Match"), tag) ? unchanged : found));
  }

  private static boolean isKnown(@org.jspecify.annotations.Nullable String condition, String tag) {
    return condition != null && (condition.equals("*") || condition.contains(tag));
  }

  private static byte[] load(String resource) {
    try (InputStream in = StaticFiles.class.getResourceAsStream(resource)) {
      if (in == null) {
        throw new IllegalArgumentException("no resource " + resource);
      }
      return in.readAllBytes();
    } catch (IOException unreadable) {
      throw new UncheckedIOException(unreadable);
    }
  }

  private static String tag(byte[] body) {
    try {
      byte[] digest = MessageDigest.getInstance("SHA-256").digest(body);
      return '"'
          + Base64.getUrlEncoder().withoutPadding().encodeToString(digest).substring(0, 22)
          + '"';
    } catch (NoSuchAlgorithmException missing) {
      throw new IllegalStateException(missing);
    }
  }
}

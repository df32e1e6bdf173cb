package puente.admin;

import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/** The API's own description, RFC 9512, and its parts, which it points to. */
final class OpenApiPages {

  static final List<String> PARTS =
      List.of(
          "access", "common", "live", "nodes", "operations", "planning", "sessions", "turn-access");

  private OpenApiPages() {}

  static void addTo(ApiTable table) {
    add(table, "openapi.yaml");
    PARTS.forEach(part -> add(table, "openapi/" + part + ".yaml"));
  }

  private static void add(ApiTable table, String name) {
    Answer answer = new Answer(200, "application/yaml", load(name), Map.of(), null);
    table.get(name, call -> Future.succeededFuture(answer));
  }

  private static Buffer load(String name) {
    try (InputStream in =
        Objects.requireNonNull(OpenApiPages.class.getResourceAsStream(name), name)) {
      return Buffer.buffer(in.readAllBytes());
    } catch (IOException unreadable) {
      throw new UncheckedIOException(unreadable);
    }
  }
}

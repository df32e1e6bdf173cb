package puente.signal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.zip.Deflater;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;

/** The files that visitors load: small, complete, and without anything from elsewhere. */
class PagesTest {

  private static final int SDK_BYTES_MAX = 8 * 1024;
  private static final List<String> PAGES =
      List.of(
          "call",
          "test",
          "examples",
          "example-call",
          "example-files",
          "example-peerjs",
          "example-yjs");

  private final Set<String> paths = new HashSet<>();

  PagesTest() {
    Pages.routes(request -> null).forEach(route -> paths.add(route.path()));
  }

  @Test
  void clientIsSmall() throws IOException {
    var compressed = new ByteArrayOutputStream();
    try (var gzip =
        new GZIPOutputStream(compressed) {
          {
            def.setLevel(Deflater.DEFAULT_COMPRESSION);
          }
        }) {
      gzip.write(resource("sdk/puente.js").getBytes(StandardCharsets.UTF_8));
    }
    assertTrue(compressed.size() <= SDK_BYTES_MAX, compressed.size() + " bytes");
  }

  @Test
  void clientHasNoDependencies() {
    assertFalse(resource("sdk/puente.js").contains("import "));
    for (String name : List.of("Puente", "PuenteError", "Call")) {
      assertTrue(
          Pattern.compile("export (const|class) " + name)
              .matcher(resource("sdk/puente.js"))
              .find());
      assertTrue(
          Pattern.compile("export (const|class) " + name)
              .matcher(resource("sdk/puente.d.ts"))
              .find());
    }
  }

  /** What the policy would refuse does not come up in the first place. */
  @Test
  void nothingInlineAndNothingFromElsewhere() {
    for (String page : PAGES) {
      String html = resource("pages/" + page + ".html");
      assertFalse(Pattern.compile("<script(?![^>]* src=)").matcher(html).find(), page);
      assertFalse(Pattern.compile("\\s(style|on[a-z]+)=").matcher(html).find(), page);
      assertFalse(html.contains("<style"), page);
      var loaded = Pattern.compile("(?:src|href)=\"([^#\"]+)\"").matcher(html);
      while (loaded.find()) {
        assertTrue(paths.contains(loaded.group(1)), page + " asks for " + loaded.group(1));
      }
    }
  }

  @Test
  void everyImportIsServed() {
    for (String path : paths) {
      if (!path.startsWith("/pages/") || !path.endsWith(".js")) {
        continue;
      }
      var imported =
          Pattern.compile("from '([^']+)';$", Pattern.MULTILINE)
              .matcher(resource(path.substring(1)));
      while (imported.find()) {
        String target = imported.group(1).replace("./", "/pages/");
        boolean isShown = !target.startsWith("/");
        assertTrue(isShown || paths.contains(target), path + " imports " + target);
      }
    }
  }

  @Test
  void pathsOfTheContract() {
    assertTrue(
        paths.containsAll(List.of("/", "/test", "/examples/", "/sdk/puente.js")), paths::toString);
    assertEquals(paths.size(), Pages.routes(request -> null).size(), "each path once");
  }

  private static String resource(String name) {
    try (var in = Pages.class.getResourceAsStream("/puente/signal/" + name)) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }
}

package puente.admin;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Modules become one script that does the same, or the build says which line cannot. */
class ConsoleBundleTest {
  private final Map<String, byte[]> files = new HashMap<>();

  @Test
  void eachModuleOnceAndBeforeWhoImportsIt() {
    file(
        "js/main.js",
        "import page from \"./pages/one.js\";",
        "import * as f from \"./f.js\";",
        "f.go(page);");
    file(
        "js/pages/one.js",
        "import {",
        "  count as number,",
        "} from \"../f.js\";",
        "export default {",
        "  title: () => number(1),",
        "};");
    file(
        "js/f.js",
        "export const count = n => `${n}`;",
        "export async function go() {}",
        "class Own {}");
    assertEquals(
        """
        const $0 = (() => {
        const count = n => `${n}`;
        async function go() {}
        class Own {}
        return { count, go };
        })();
        const $1 = (() => {
        const {
          count : number,
        } = $0;
        const $default = {
          title: () => number(1),
        };
        return { default: $default };
        })();
        const $2 = (() => {
        const { default: page } = $1;
        const f = $0;
        f.go(page);
        return {  };
        })();
        """,
        bundle());
  }

  @Test
  void whatItCannotJoinItNames() {
    file("js/main.js", "import { a } from \"./a.js\";");
    assertTrue(refused().contains("js/a.js"), "it is not there");
    file("js/a.js", "import { b } from \"./main.js\";");
    assertTrue(refused().contains("js/main.js, imported by [js/main.js, js/a.js]"), "a circle");
    file("js/a.js", "export let a = 1;");
    assertTrue(refused().contains("export let a = 1;"), "a value that changes later");
    file("js/a.js", "import \"./b.js\";");
    assertTrue(refused().contains("import \"./b.js\";"), "an import of nothing");
  }

  private void file(String name, String... lines) {
    files.put(name, (String.join("\n", lines)).getBytes(StandardCharsets.UTF_8));
  }

  private String bundle() {
    return new String(ConsoleBundle.of(files, "js/main.js"), StandardCharsets.UTF_8);
  }

  private String refused() {
    return String.valueOf(assertThrows(IllegalStateException.class, this::bundle).getMessage());
  }
}

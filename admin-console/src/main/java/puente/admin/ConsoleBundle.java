package puente.admin;

import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The console's modules as one script, so that a browser asks once instead of sixty times. Each keeps
 * a scope of its own, and hands what it exports to those after it:
 *
 * <pre>
 * const $3 = (() =&gt; {
 * const { h, icon: picture } = $1;
 * ...
 * return { table };
 * })();
 * </pre>
 *
 * Modules import by names, whole or a default, and export functions, classes, constants and a default,
 * each at the beginning of a line; nothing else, and no two each other.
 */
final class ConsoleBundle {

  private static final Pattern IMPORT =
      Pattern.compile("(?m)^import (?:(\\w+)|\\* as (\\w+)|\\{([^}]*)\\}) from \"(\\.[^\"]+)\";$");

  private static final Pattern EXPORT =
      Pattern.compile(
          "(?m)^export (?:(default) |((?:const|class|function|async function) (\\w+)))");

  private static final Pattern LEFT = Pattern.compile("(?m)^(?:import|export)\\b.*");

  private final Map<String, byte[]> bytesByName;
  private final Map<String, String> variableByModule = new LinkedHashMap<>();
  private final List<String> open = new ArrayList<>();
  private final StringBuilder script = new StringBuilder();

  private ConsoleBundle(Map<String, byte[]> bytesByName) {
    this.bytesByName = bytesByName;
  }

  /** The module of that name and all that it imports. */
  static byte[] of(Map<String, byte[]> bytesByName, String main) {
    ConsoleBundle bundle = new ConsoleBundle(bytesByName);
    bundle.variable(main);
    return bundle.script.toString().getBytes(StandardCharsets.UTF_8);
  }

  /** What a module is called; it is in the script from now on. */
  private String variable(String module) {
    String known = variableByModule.get(module);
    if (known != null) {
      return known;
    }
    byte[] bytes = bytesByName.get(module);
    if (bytes == null || open.contains(module)) {
      throw new IllegalStateException(
          "%s, imported by %s, %s"
              .formatted(module, open, bytes == null ? "is not there" : "imports that"));
    }
    open.add(module);
    String text = taken(module, new String(bytes, StandardCharsets.UTF_8));
    open.removeLast();
    String variable = "$" + variableByModule.size();
    variableByModule.put(module, variable);
    List<String> given = new ArrayList<>();
    String body = EXPORT.matcher(text).replaceAll(export -> stripped(export, given));
    Matcher left = LEFT.matcher(body);
    if (left.find()) {
      throw new IllegalStateException(module + ": " + left.group());
    }
    script
        .append("const %s = (() => {\n".formatted(variable))
        .append(body)
        .append("\nreturn { %s };\n})();\n".formatted(String.join(", ", given)));
    return variable;
  }

  /** Imports become what those before it have handed over. */
  private String taken(String module, String text) {
    return IMPORT
        .matcher(text)
        .replaceAll(
            found -> {
              String from = variable(resolved(module, found.group(4)));
              String names =
                  found.group(1) != null
                      ? "{ default: %s }".formatted(found.group(1))
                      : found.group(2) != null
                          ? found.group(2)
                          : "{%s}".formatted(found.group(3).replaceAll("\\bas\\b", ":"));
              return Matcher.quoteReplacement("const %s = %s;".formatted(names, from));
            });
  }

  private static String stripped(MatchResult export, List<String> given) {
    boolean isDefault = export.group(1) != null;
    given.add(isDefault ? "default: $default" : export.group(3));
    return Matcher.quoteReplacement(isDefault ? "const $default = " : export.group(2));
  }

  private static String resolved(String module, String path) {
    String folder = module.substring(0, module.lastIndexOf('/') + 1);
    return URI.create(folder + path).normalize().toString();
  }
}

package puente.users;

import java.net.URI;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * What coturn's connection strings say: {@code host=... dbname=... user=...}, in the words of each
 * database, or a URI.
 */
record ConnectionText(Map<String, String> wordByName) {

  private static final Map<String, String> ALIASES =
      Map.ofEntries(
          Map.entry("ip", "host"),
          Map.entry("addr", "host"),
          Map.entry("ipaddr", "host"),
          Map.entry("hostaddr", "host"),
          Map.entry("db", "dbname"),
          Map.entry("database", "dbname"),
          Map.entry("uname", "user"),
          Map.entry("name", "user"),
          Map.entry("username", "user"),
          Map.entry("pwd", "password"),
          Map.entry("passwd", "password"),
          Map.entry("secret", "password"),
          Map.entry("timeout", "connect_timeout"),
          Map.entry("socket", "unix_socket"));

  private static final List<String> KNOWN =
      List.of(
          "host",
          "dbname",
          "user",
          "password",
          "port",
          "connect_timeout",
          "read_timeout",
          "unix_socket",
          "sslmode",
          "sslrootcert",
          "sslcert",
          "sslkey",
          "application_name",
          "ca",
          "cert",
          "key",
          "compress",
          "options");

  /**
   * @throws IllegalArgumentException if that is no connection string; its message quotes no value
   */
  static ConnectionText parse(String text) {
    Map<String, String> words = new HashMap<>();
    if (text.contains("://")) {
      uri(text, words);
    } else {
      pairs(text, words);
    }
    for (String name : words.keySet()) {
      if (!KNOWN.contains(name)) {
        throw new IllegalArgumentException("unknown word " + name);
      }
    }
    return new ConnectionText(words);
  }

  private static void uri(String text, Map<String, String> words) {
    URI uri;
    try {
      uri = URI.create(text.strip());
    } catch (IllegalArgumentException wrong) {
      // Its message would quote the password.
      throw new IllegalArgumentException("not a URI");
    }
    if (uri.getHost() == null) {
      throw new IllegalArgumentException("a URI without a host");
    }
    words.put("host", uri.getHost());
    if (uri.getPort() > 0) {
      words.put("port", Integer.toString(uri.getPort()));
    }
    String path = uri.getPath();
    if (path != null && path.length() > 1) {
      words.put("dbname", path.substring(1));
    }
    String user = uri.getRawUserInfo();
    if (user != null) {
      String[] parts = user.split(":", 2);
      words.put("user", decoded(parts[0]));
      if (parts.length > 1) {
        words.put("password", decoded(parts[1]));
      }
    }
    String query = uri.getRawQuery();
    for (String pair : query == null ? new String[0] : query.split("&")) {
      String[] parts = pair.split("=", 2);
      put(parts[0], parts.length > 1 ? decoded(parts[1]) : "", words);
    }
  }

  private static String decoded(String text) {
    return URLDecoder.decode(text.replace("+", "%2B"), StandardCharsets.UTF_8);
  }

  /** Words between spaces; a value may stand in apostrophes, with backslashes (as libpq's). */
  private static void pairs(String text, Map<String, String> words) {
    int at = 0;
    while (at < text.length()) {
      if (Character.isWhitespace(text.charAt(at))) {
        at++;
        continue;
      }
      int equals = text.indexOf('=', at);
      if (equals < 0) {
        throw new IllegalArgumentException("not name=value between spaces");
      }
      String name = text.substring(at, equals).strip();
      StringBuilder value = new StringBuilder();
      at = value(text, equals + 1, value);
      put(name, value.toString(), words);
    }
  }

  private static int value(String text, int from, StringBuilder value) {
    int at = from;
    boolean quoted = at < text.length() && text.charAt(at) == '\'';
    if (quoted) {
      at++;
    }
    for (; at < text.length(); at++) {
      char c = text.charAt(at);
      if (quoted ? c == '\'' : Character.isWhitespace(c)) {
        return at + 1;
      }
      if (c == '\\' && at + 1 < text.length()) {
        c = text.charAt(++at);
      }
      value.append(c);
    }
    if (quoted) {
      throw new IllegalArgumentException("an apostrophe that is not closed");
    }
    return at;
  }

  private static void put(String name, String value, Map<String, String> words) {
    String lower = name.toLowerCase(Locale.ROOT);
    words.put(ALIASES.getOrDefault(lower, lower), value);
  }

  Optional<String> find(String name) {
    return Optional.ofNullable(wordByName.get(name)).filter(text -> !text.isEmpty());
  }

  String word(String name, String fallback) {
    return find(name).orElse(fallback);
  }

  int number(String name, int fallback, int max) {
    String text = word(name, Integer.toString(fallback));
    if (!text.matches("[0-9]{1,6}") || Integer.parseInt(text) > max) {
      throw new IllegalArgumentException(name + " is not a number up to " + max);
    }
    return Integer.parseInt(text);
  }

  /** Without the password. */
  @Override
  public String toString() {
    return word("host", "localhost") + "/" + word("dbname", "");
  }
}

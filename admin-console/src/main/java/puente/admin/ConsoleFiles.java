package puente.admin;

import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpServerRequest;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.URL;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Base64;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import java.util.zip.Deflater;
import java.util.zip.GZIPOutputStream;
import org.jspecify.annotations.Nullable;

/**
 * The console's files, open to all: they hold no data, and one of them is where people sign in. All
 * that is under {@code /console/} of the class path; kept in memory, sent again only when it changed
 * (RFC 9110 §8.8.3). The page names its scripts and styles below a folder that changes with what is
 * in them, so that a browser that has them asks for the page only.
 */
final class ConsoleFiles {

  /** Also the page at {@code /}. */
  private static final String INDEX = "index.html";

  /** Made of the modules, and of the styles in this order. */
  private static final String SCRIPT = "console.js";

  private static final String STYLE = "console.css";
  private static final List<String> STYLES =
      List.of(
          "css/tokens.css",
          "css/base.css",
          "css/console.css",
          "css/pages.css",
          "vendor/uplot/uPlot.min.css");

  /** Of this server or of another one: while nodes of two versions run, a page may come here. */
  private static final Pattern EDITION = Pattern.compile("/e-[A-Za-z0-9_-]{1,64}(?=/)");

  private static final Pattern LINKED = Pattern.compile("(href|src)=\"([^\":#]+)\"");

  /** RFC 8246: what never changes need not be asked for again. */
  private static final String FOR_EVER = "public, max-age=31536000, immutable";

  private static final String ASK_FIRST = "no-cache";

  private static final Pattern GZIP =
      Pattern.compile("(?i)(?:^|[ ,])(?:gzip|\\*)(?!\\s*;\\s*q=0(?:\\.0*)?\\s*(?:,|$))");

  private static final Map<String, String> TYPES =
      Map.ofEntries(
          Map.entry("html", "text/html; charset=utf-8"),
          Map.entry("js", "text/javascript; charset=utf-8"),
          Map.entry("mjs", "text/javascript; charset=utf-8"),
          Map.entry("css", "text/css; charset=utf-8"),
          Map.entry("svg", "image/svg+xml"),
          Map.entry("png", "image/png"),
          Map.entry("ico", "image/x-icon"),
          Map.entry("woff2", "font/woff2"),
          Map.entry("json", "application/json"),
          Map.entry("txt", "text/plain; charset=utf-8"));

  /** Scripts and styles only from here, and no script that is made of text. */
  private static final Map<String, String> PROTECTED =
      Map.of(
          "Content-Security-Policy",
          "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:;"
              + " connect-src 'self'; font-src 'self'; base-uri 'none'; form-action 'self';"
              + " frame-ancestors 'none'; require-trusted-types-for 'script'",
          "Permissions-Policy",
          "microphone=(), camera=()",
          "Cross-Origin-Opener-Policy",
          "same-origin");

  /** Below this a packet is a packet, compressed or not. */
  private static final int COMPRESSED_MIN = 1000;

  /**
   * One file as it is sent.
   *
   * @param tag of the file as such; the compressed form has the same with an ending
   */
  private record File(Answer full, Answer unchanged, String tag, @Nullable File compressed) {

    Answer to(HttpServerRequest request) {
      String known = request.getHeader("If-None-Match");
      return known != null && (known.equals("*") || known.contains(tag)) ? unchanged : full;
    }
  }

  /**
   * What is in a file.
   *
   * @param small compressed; null if that is of no use
   */
  private record Content(String type, byte[] bytes, byte @Nullable [] small, String tag) {

    static Content of(String name, byte[] bytes) {
      String ending = name.substring(name.lastIndexOf('.') + 1);
      byte[] small = bytes.length < COMPRESSED_MIN ? bytes : compressed(bytes);
      return new Content(
          TYPES.getOrDefault(ending, "text/plain; charset=utf-8"),
          bytes,
          small.length < bytes.length ? small : null,
          ConsoleFiles.tag(bytes));
    }
  }

  private final Map<String, File> fileByPath = new HashMap<>();

  ConsoleFiles() {
    Map<String, byte[]> bytesByName = load();
    bytesByName.put(SCRIPT, ConsoleBundle.of(bytesByName, "js/main.js"));
    bytesByName.put(STYLE, joined(bytesByName));
    String edition = "e-" + edition(bytesByName) + "/";
    bytesByName.forEach(
        (name, bytes) -> {
          Content content = Content.of(name, bytes);
          fileByPath.put("/" + name, file(content, ASK_FIRST));
          fileByPath.put("/" + edition + name, file(content, FOR_EVER));
        });
    File page = file(Content.of(INDEX, page(bytesByName, edition)), ASK_FIRST);
    fileByPath.put("/", page);
    fileByPath.put("/" + INDEX, page);
  }

  private static String edition(Map<String, byte[]> bytesByName) {
    StringBuilder all = new StringBuilder();
    bytesByName.forEach((name, bytes) -> all.append(name).append(tag(bytes)));
    return tag(all.toString().getBytes(StandardCharsets.UTF_8)).substring(1, 12);
  }

  private static byte[] joined(Map<String, byte[]> bytesByName) {
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    for (String name : STYLES) {
      all.writeBytes(Objects.requireNonNull(bytesByName.get(name), name));
    }
    return all.toByteArray();
  }

  /** With the names of this edition. */
  private static byte[] page(Map<String, byte[]> bytesByName, String edition) {
    return LINKED
        .matcher(new String(Objects.requireNonNull(bytesByName.get(INDEX)), StandardCharsets.UTF_8))
        .replaceAll(
            link ->
                bytesByName.containsKey(link.group(2))
                    ? "$1=\"" + edition + "$2\""
                    : Matcher.quoteReplacement(link.group()))
        .getBytes(StandardCharsets.UTF_8);
  }

  /**
   * The file that is asked for.
   *
   * @return null if there is none of that name
   */
  @Nullable Answer answer(HttpServerRequest request) {
    String path = String.valueOf(request.path());
    File file = fileByPath.get(path);
    if (file == null) {
      file = fileByPath.get(EDITION.matcher(path).replaceFirst(""));
    }
    if (file == null || !request.uri().startsWith("/")) {
      return null;
    }
    File small = file.compressed;
    return (small != null && takesGzip(request) ? small : file).to(request);
  }

  /** RFC 9110 §12.5.3; who refuses it by {@code q=0} gets the plain form. */
  private static boolean takesGzip(HttpServerRequest request) {
    String accepted = request.getHeader("Accept-Encoding");
    return accepted != null && GZIP.matcher(accepted).find();
  }

  /** Reads them all, from the jar or from the build's directory. */
  private static Map<String, byte[]> load() {
    URL index = Objects.requireNonNull(ConsoleFiles.class.getResource("/console/" + INDEX));
    try {
      URI uri = index.toURI();
      if (!uri.getScheme().equals("jar")) {
        return load(Objects.requireNonNull(Path.of(uri).getParent()));
      }
      Path jar = Path.of(URI.create(uri.getRawSchemeSpecificPart().split("!", 2)[0]));
      try (FileSystem opened = FileSystems.newFileSystem(jar)) {
        return load(opened.getPath("/console"));
      }
    } catch (IOException | URISyntaxException unreadable) {
      throw new IllegalStateException("the console's files cannot be read", unreadable);
    }
  }

  private static Map<String, byte[]> load(Path root) throws IOException {
    Map<String, byte[]> bytesByName = new TreeMap<>();
    try (Stream<Path> found = Files.walk(root)) {
      for (Path path : found.filter(Files::isRegularFile).toList()) {
        String name = root.relativize(path).toString().replace('\\', '/');
        bytesByName.put(name, Files.readAllBytes(path));
      }
    }
    return bytesByName;
  }

  private static File file(Content content, String caching) {
    Map<String, String> headers = new LinkedHashMap<>(PROTECTED);
    headers.put("ETag", content.tag);
    headers.put("Cache-Control", caching);
    byte[] small = content.small;
    if (small == null) {
      return file(content.type, content.bytes, headers, content.tag, null);
    }
    headers.put("Vary", "Accept-Encoding");
    Map<String, String> zipped = new LinkedHashMap<>(headers);
    String zippedTag = content.tag.substring(0, content.tag.length() - 1) + "-gz\"";
    zipped.put("ETag", zippedTag);
    zipped.put("Content-Encoding", "gzip");
    File compressed = file(content.type, small, zipped, zippedTag, null);
    return file(content.type, content.bytes, headers, content.tag, compressed);
  }

  private static File file(
      String type,
      byte[] bytes,
      Map<String, String> headers,
      String tag,
      @Nullable File compressed) {
    Answer full = new Answer(200, type, Buffer.buffer(bytes), headers, null);
    Answer unchanged = new Answer(304, type, Buffer.buffer(), headers, null);
    return new File(full, unchanged, tag, compressed);
  }

  private static byte[] compressed(byte[] bytes) {
    ByteArrayOutputStream small = new ByteArrayOutputStream(bytes.length);
    try (GZIPOutputStream zip =
        new GZIPOutputStream(small) {
          {
            def.setLevel(Deflater.BEST_COMPRESSION);
          }
        }) {
      zip.write(bytes);
    } catch (IOException impossible) {
      throw new IllegalStateException(impossible);
    }
    return small.toByteArray();
  }

  private static String tag(byte[] bytes) {
    try {
      byte[] digest = MessageDigest.getInstance("SHA-256").digest(bytes);
      String text = Base64.getUrlEncoder().withoutPadding().encodeToString(digest);
      return '"' + text.substring(0, 22) + '"';
    } catch (NoSuchAlgorithmException missing) {
      throw new IllegalStateException(missing);
    }
  }
}

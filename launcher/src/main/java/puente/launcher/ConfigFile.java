package puente.launcher;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Reads the language of turnserver.conf, as coturn's {@code read_config_file} does. */
final class ConfigFile {
  /** Far above any real file; a wrong name such as /dev/zero must not fill the memory. */
  private static final int FILE_BYTES_MAX = 1 << 20;

  /**
   * One line that says something.
   *
   * @param number of the line, from 1
   * @param key the word before the first blank, tab or equals sign
   * @param value what follows; empty for a bare key
   */
  record Line(int number, String key, String value) {}

  private ConfigFile() {}

  static List<Line> read(Path file) throws StartFailure {
    return parse(text(file, FILE_BYTES_MAX));
  }

  static String text(Path file, int bytesMax) throws StartFailure {
    byte[] bytes;
    try (var in = Files.newInputStream(file)) {
      bytes = in.readNBytes(bytesMax + 1);
    } catch (NoSuchFileException e) {
      throw StartFailure.configuration(file + ": no such file");
    } catch (AccessDeniedException e) {
      throw new StartFailure(StartFailure.Kind.PERMISSION, file + ": no permission to read it", e);
    } catch (IOException e) {
      throw StartFailure.configuration(file + ": cannot be read");
    }
    if (bytes.length > bytesMax) {
      throw StartFailure.configuration(file + ": larger than " + bytesMax + " bytes");
    }
    try {
      return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
    } catch (CharacterCodingException e) {
      // Old files are in Latin-1; as UTF-8 their passwords would be silently damaged.
      return new String(bytes, StandardCharsets.ISO_8859_1);
    }
  }

  static List<Line> parse(String text) {
    List<Line> lines = new ArrayList<>();
    int number = 0;
    String rest = text.startsWith("\ufeff") ? text.substring(1) : text;
    for (String raw : rest.split("\n", -1)) {
      number++;
      String line = trim(raw);
      if (!line.isEmpty() && line.charAt(0) != '#') {
        lines.add(line(number, line));
      }
    }
    return lines;
  }

  /** The name ends at the first blank, tab or equals sign; a run of those precedes the value. */
  private static Line line(int number, String line) {
    int end = 0;
    while (end < line.length() && !isSeparator(line.charAt(end))) {
      end++;
    }
    int start = end;
    while (start < line.length() && isSeparator(line.charAt(start))) {
      start++;
    }
    String key = line.substring(0, end);
    // Written as on the command line: a common slip, and dropping a deny rule for it would hurt.
    String word = key.startsWith("--") ? key.substring(2) : key;
    return new Line(number, word, unquoted(line.substring(start)));
  }

  /** A leading double quote is dropped, and then a trailing one. Other quotes are text. */
  private static String unquoted(String value) {
    if (!value.startsWith("\"")) {
      return value;
    }
    String inner = trim(value.substring(1));
    return inner.endsWith("\"") ? inner.substring(0, inner.length() - 1) : inner;
  }

  private static boolean isSeparator(char c) {
    return c == ' ' || c == '\t' || c == '=';
  }

  /** C's isspace, no more: a no-break space belongs to a password. */
  private static String trim(String text) {
    int start = 0;
    int end = text.length();
    while (start < end && isSpace(text.charAt(start))) {
      start++;
    }
    while (end > start && isSpace(text.charAt(end - 1))) {
      end--;
    }
    return text.substring(start, end);
  }

  private static boolean isSpace(char c) {
    return c == ' ' || (c >= '\t' && c <= '\r');
  }
}

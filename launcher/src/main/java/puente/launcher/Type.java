package puente.launcher;

import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.function.Function;
import puente.stun.AddressRange;
import puente.stun.OpaqueString;

/**
 * How the text of a setting is read.
 *
 * @param words what a person writes, for the documentation
 * @param freeText whether the text may contain anything; in all other types a {@code #} starts a
 *     comment
 * @param reader reads the text; an {@link IllegalArgumentException} of it says in a few words what
 *     is wrong and does not quote the text
 */
record Type<T>(String words, boolean freeText, Function<String, T> reader) {
  static final Type<Boolean> FLAG = new Type<>("yes or no", false, Type::flag);
  static final Type<Integer> PORT = count(0, 65_535, "port");
  static final Type<String> TEXT = new Type<>("text", true, text -> notLong(text, 1000));
  static final Type<Path> PATH = new Type<>("file", true, Type::path);
  static final Type<InetAddress> ADDRESS = new Type<>("IP address", false, Type::address);
  static final Type<AddressRange> RANGE =
      new Type<>("ip, ip-ip or ip/prefix", false, AddressRange::parse);
  static final Type<User> USER = new Type<>("name:password or name:0xKEY", true, User::parse);
  static final Type<TokenKey> TOKEN_KEY =
      new Type<>("kid:base64:A256GCM[:timestamp:lifetime]", true, TokenKey::parse);
  static final Type<ExternalAddress> EXTERNAL =
      new Type<>("ip, public/private or auto", false, ExternalAddress::parse);
  static final Type<String> REALM = new Type<>("text", true, Type::realm);
  static final Type<String> SECRET = new Type<>("secret", true, Type::secret);
  static final Type<Long> BYTES_PER_SECOND =
      new Type<>("bytes/s, 0 = no limit", false, text -> number(text, 0, Long.MAX_VALUE / 1024));

  static Type<Integer> count(int min, int max) {
    return count(min, max, "number");
  }

  /** Seconds, or a number with {@code s}, {@code m}, {@code h} or {@code d}. */
  static Type<Duration> duration(Duration min, Duration max) {
    String words = "duration, " + brief(min) + " to " + brief(max);
    return new Type<>(
        words,
        false,
        text -> {
          Duration value = duration(text);
          if (value.compareTo(min) < 0 || value.compareTo(max) > 0) {
            throw new IllegalArgumentException("not a " + words);
          }
          return value;
        });
  }

  static Type<String> oneOf(String... choices) {
    String words = String.join(", ", choices);
    return new Type<>(
        words,
        false,
        text -> {
          String lower = text.toLowerCase(Locale.ROOT);
          if (!List.of(choices).contains(lower)) {
            throw new IllegalArgumentException("not one of " + words);
          }
          return lower;
        });
  }

  /** coturn's {@code get_bool_value}, with its words and no others. */
  static boolean flag(String text) {
    return switch (text.toLowerCase(Locale.ROOT)) {
      case "", "1", "on", "yes", "y", "true", "t" -> true;
      case "0", "off", "no", "n", "false", "f" -> false;
      default -> throw new IllegalArgumentException("not yes or no");
    };
  }

  static InetAddress address(String text) {
    int zone = text.indexOf('%');
    AddressRange one = AddressRange.parse(zone < 0 ? text : text.substring(0, zone));
    if (one.firstHi() != one.lastHi() || one.firstLo() != one.lastLo() || text.contains("/")) {
      throw new IllegalArgumentException("not a single IP address");
    }
    return InetAddress.ofLiteral(text);
  }

  /** The value as a person writes it. */
  static String show(Object value) {
    return switch (value) {
      case Boolean flag -> flag ? "yes" : "no";
      case Duration duration -> brief(duration);
      case InetAddress address -> shortest(address.getHostAddress());
      default -> value.toString();
    };
  }

  /** The JDK spells out the zeros of an IPv6 address; nobody writes them (RFC 5952). */
  private static String shortest(String address) {
    int zone = address.indexOf('%');
    return zone < 0
        ? AddressRange.parse(address).toString()
        : AddressRange.parse(address.substring(0, zone)) + address.substring(zone);
  }

  private static Type<Integer> count(int min, int max, String noun) {
    String words = noun + ", " + min + " to " + max;
    return new Type<>(words, false, text -> (int) number(text, min, max));
  }

  private static long number(String text, long min, long max) {
    try {
      // parseLong also takes a plus sign and the digits of other scripts.
      if (text.chars().allMatch(c -> c >= '0' && c <= '9')) {
        long value = Long.parseLong(text);
        if (value >= min && value <= max) {
          return value;
        }
      }
    } catch (NumberFormatException e) {
      // Said below, in words of ours.
    }
    throw new IllegalArgumentException("not a whole number from " + min + " to " + max);
  }

  private static Duration duration(String text) {
    if (text.isEmpty()) {
      throw new IllegalArgumentException("not a duration");
    }
    char unit = text.charAt(text.length() - 1);
    long seconds =
        switch (unit) {
          case 's' -> 1;
          case 'm' -> 60;
          case 'h' -> 3600;
          case 'd' -> 86_400;
          default -> 0;
        };
    String digits = seconds == 0 ? text : text.substring(0, text.length() - 1).strip();
    // The bound keeps every product within a long.
    return Duration.ofSeconds(number(digits, 0, Integer.MAX_VALUE) * Math.max(1, seconds));
  }

  private static String brief(Duration duration) {
    long seconds = duration.toSeconds();
    if (seconds == 0) {
      return "0";
    }
    if (seconds % 86_400 == 0) {
      return seconds / 86_400 + "d";
    }
    if (seconds % 3600 == 0) {
      return seconds / 3600 + "h";
    }
    return seconds % 60 == 0 && seconds > 600 ? seconds / 60 + "m" : seconds + "s";
  }

  private static Path path(String text) {
    if (text.isEmpty()) {
      throw new IllegalArgumentException("no file name");
    }
    try {
      return Path.of(text);
    } catch (InvalidPathException e) {
      throw new IllegalArgumentException("not a file name", e);
    }
  }

  /** RFC 8489 §14.9: fewer than 128 characters of quoted text, without the quotes. */
  private static String realm(String text) {
    if (text.isEmpty() || text.length() > 127) {
      throw new IllegalArgumentException("a realm has 1 to 127 characters");
    }
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c < 0x20 || c == 0x7f || c == '"' || c == '\\') {
        throw new IllegalArgumentException("a realm has no quotes, backslashes or controls");
      }
    }
    OpaqueString.enforce(text);
    return text;
  }

  private static String secret(String text) {
    if (text.isEmpty()) {
      throw new IllegalArgumentException("empty");
    }
    return notLong(text, 4096);
  }

  private static String notLong(String text, int max) {
    if (text.getBytes(StandardCharsets.UTF_8).length > max) {
      throw new IllegalArgumentException("longer than " + max + " bytes");
    }
    return text;
  }
}

package puente.launcher;

import java.util.Locale;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine.Option;

/** How much may go by the server's relay, which its owner pays for. */
final class RelayOptions {
  private static final Pattern SIZE = Pattern.compile("(\\d{1,12})([kMG]?)B?");

  @Option(
      names = "--relay",
      paramLabel = "no|SIZE",
      description =
          "Send at most so much by the relay, such as 50MB; what is left waits for a direct path."
              + " Without it: no limit.")
  private Optional<String> limit = Optional.empty();

  long max() throws StartFailure {
    if (limit.isEmpty()) {
      return Long.MAX_VALUE;
    }
    String text = limit.get();
    if (text.toLowerCase(Locale.ROOT).equals("no")) {
      return 0;
    }
    Matcher size = SIZE.matcher(text);
    if (!size.matches()) {
      throw StartFailure.configuration("--relay is no, or a size such as 500kB, 50MB or 2GB");
    }
    long unit =
        switch (size.group(2)) {
          case "k" -> 1_000L;
          case "M" -> 1_000_000L;
          case "G" -> 1_000_000_000L;
          default -> 1L;
        };
    return Math.multiplyExact(Long.parseLong(size.group(1)), unit);
  }
}

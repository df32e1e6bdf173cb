package puente.load;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The counters of a server's /metrics, summed over the labels that nobody here asks for.
 *
 * @param values by name, and with the value of its label {@code reason} or {@code scope} behind a /
 */
public record ServerFigures(Map<String, Double> values) {

  private static final Duration PATIENCE = Duration.ofSeconds(3);

  private static final Pattern LINE =
      Pattern.compile("(\\w+)(?:\\{([^}]*)})? ([-+0-9.eE]+)(?: .*)?");

  private static final Pattern CAUSE = Pattern.compile("(?:^|,)(?:reason|scope)=\"([^\"]*)\"");

  /** What the server says now; empty if nobody there speaks Prometheus. */
  public static Optional<ServerFigures> ask(URI metrics) throws InterruptedException {
    try (HttpClient client = HttpClient.newBuilder().connectTimeout(PATIENCE).build()) {
      HttpResponse<String> answer =
          client.send(
              HttpRequest.newBuilder(metrics).timeout(PATIENCE).build(),
              HttpResponse.BodyHandlers.ofString());
      return answer.statusCode() == 200 ? Optional.of(parse(answer.body())) : Optional.empty();
    } catch (IOException | IllegalArgumentException nobody) {
      return Optional.empty();
    }
  }

  static ServerFigures parse(String text) {
    Map<String, Double> values = new HashMap<>();
    for (String line : text.split("\n")) {
      Matcher matcher = LINE.matcher(line);
      if (!line.startsWith("#") && matcher.matches()) {
        String labels = matcher.group(2) == null ? "" : matcher.group(2);
        Matcher cause = CAUSE.matcher(labels);
        String key = matcher.group(1) + (cause.find() ? "/" + cause.group(1) : "");
        values.merge(key, Double.parseDouble(matcher.group(3)), Double::sum);
      }
    }
    return new ServerFigures(values);
  }

  /** What was counted on top of {@code before}, without what stayed the same. */
  public Map<String, Double> since(ServerFigures before) {
    Map<String, Double> more = new TreeMap<>();
    values.forEach(
        (key, value) -> {
          double added = value - before.values.getOrDefault(key, 0.0);
          if (added > 0 && key.contains("_total")) {
            more.put(key, added);
          }
        });
    return more;
  }
}

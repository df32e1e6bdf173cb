package puente.outside;

import java.io.IOException;
import java.net.InetAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.Optional;

/** Plain questions to the metadata service of a cloud. It is near: whoever is late is not there. */
final class Metadata {
  private static final int ANSWER_CHARACTERS_MAX = 1 << 16;

  private final HttpClient client;
  private final String base;
  private final Duration patience;

  /**
   * @param base {@code http://169.254.169.254}, without a slash at the end
   */
  Metadata(HttpClient client, String base, Duration patience) {
    this.client = client;
    this.base = base;
    this.patience = patience;
  }

  /** The body; empty for anything but 200. */
  Optional<String> get(String path, String... headers) throws IOException, InterruptedException {
    return send("GET", path, headers);
  }

  Optional<String> put(String path, String... headers) throws IOException, InterruptedException {
    return send("PUT", path, headers);
  }

  private Optional<String> send(String method, String path, String... headers)
      throws IOException, InterruptedException {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(URI.create(base + path))
            .timeout(patience)
            .method(method, HttpRequest.BodyPublishers.noBody());
    if (headers.length > 0) {
      request.headers(headers);
    }
    HttpResponse<String> response =
        client.send(request.build(), HttpResponse.BodyHandlers.ofString());
    String body = response.body().strip();
    return response.statusCode() == 200 && body.length() <= ANSWER_CHARACTERS_MAX
        ? Optional.of(body)
        : Optional.empty();
  }

  /** An address as text, if it is one that the world can reach. */
  static Optional<InetAddress> address(String text) {
    try {
      return Optional.of(InetAddress.ofLiteral(text.strip())).filter(Addressing::isGlobal);
    } catch (IllegalArgumentException other) {
      return Optional.empty();
    }
  }
}

package puente.launcher;

import io.vertx.core.json.DecodeException;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.net.ConnectException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpTimeoutException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import picocli.CommandLine.Option;

/** The options of all commands that speak to a running server, and how they do. */
final class AdminOptions {
  private static final Duration PATIENCE = Duration.ofSeconds(10);
  private static final int TOKEN_FILE_BYTES_MAX = 4096;

  @Option(
      names = "--admin",
      paramLabel = "URL",
      defaultValue = "http://127.0.0.1:9641",
      description = "Where the server's admin port is. Default: http://127.0.0.1:9641.")
  private String url = "";

  @Option(
      names = "--token-file",
      paramLabel = "FILE",
      description = "File with the admin-token. Without it: PUENTE_ADMIN_TOKEN[__FILE].")
  private Optional<Path> tokenFile = Optional.empty();

  @Option(names = "--json", description = "Print JSON.")
  private boolean json;

  boolean json() {
    return json;
  }

  /** Asks for a page. */
  JsonObject get(String path, Surroundings surroundings) throws StartFailure, InterruptedException {
    return ask("GET", path, new JsonObject(), surroundings);
  }

  /** Sends an order. */
  JsonObject send(String method, String path, JsonObject body, Surroundings surroundings)
      throws StartFailure, InterruptedException {
    return ask(method, path, body, surroundings);
  }

  private JsonObject ask(String method, String path, JsonObject body, Surroundings surroundings)
      throws StartFailure, InterruptedException {
    HttpRequest.BodyPublisher publisher =
        body.isEmpty()
            ? HttpRequest.BodyPublishers.noBody()
            : HttpRequest.BodyPublishers.ofString(body.encode());
    HttpRequest.Builder request =
        HttpRequest.newBuilder(address(path))
            .timeout(PATIENCE)
            .header("Puente-Request", "1")
            .method(method, publisher);
    token(surroundings).ifPresent(token -> request.header("Authorization", "Bearer " + token));
    try (HttpClient client =
        HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .connectTimeout(PATIENCE)
            .build()) {
      return answer(client.send(request.build(), HttpResponse.BodyHandlers.ofString()));
    } catch (ConnectException nobody) {
      throw failure("no server answers at " + SafeText.excerpt(url, 100), nobody);
    } catch (HttpTimeoutException late) {
      throw failure("the server at " + SafeText.excerpt(url, 100) + " does not answer", late);
    } catch (IOException broken) {
      throw failure(SafeText.excerpt(url, 100) + ": " + broken.getMessage(), broken);
    }
  }

  private URI address(String path) throws StartFailure {
    String base = url.endsWith("/") ? url.substring(0, url.length() - 1) : url;
    try {
      URI address = URI.create(base + "/api/v1/" + path);
      if (address.getHost() != null && String.valueOf(address.getScheme()).startsWith("http")) {
        return address;
      }
    } catch (IllegalArgumentException wrong) {
      // Said below.
    }
    throw StartFailure.configuration("--admin: needs a URL such as http://127.0.0.1:9641");
  }

  private Optional<String> token(Surroundings surroundings) throws StartFailure {
    if (tokenFile.isPresent()) {
      return Optional.of(text(surroundings, tokenFile.get()));
    }
    String file = surroundings.environment().get("PUENTE_ADMIN_TOKEN__FILE");
    if (file != null) {
      return Optional.of(text(surroundings, Path.of(file)));
    }
    return Optional.ofNullable(surroundings.environment().get("PUENTE_ADMIN_TOKEN"));
  }

  private static String text(Surroundings surroundings, Path file) throws StartFailure {
    String token =
        ConfigFile.text(surroundings.directory().resolve(file), TOKEN_FILE_BYTES_MAX).strip();
    if (token.isEmpty() || token.chars().anyMatch(c -> c < 0x20 || c > 0x7e)) {
      throw StartFailure.configuration(file + ": not a token");
    }
    return token;
  }

  private static JsonObject answer(HttpResponse<String> response) throws StartFailure {
    JsonObject body;
    try {
      body = response.body().isEmpty() ? new JsonObject() : new JsonObject(response.body());
    } catch (DecodeException notOurs) {
      throw failure("what answers there is not Puente's admin port", notOurs);
    }
    int status = response.statusCode();
    if (status < 300) {
      return body;
    }
    String detail = SafeText.excerpt(body.getString("detail", "status " + status), 300);
    StartFailure.Kind kind =
        status == 401 || status == 403 || status == 429
            ? StartFailure.Kind.PERMISSION
            : StartFailure.Kind.OTHER;
    throw new StartFailure(kind, detail, new IOException("status " + status));
  }

  private static StartFailure failure(String line, Exception cause) {
    return new StartFailure(StartFailure.Kind.OTHER, line, cause);
  }
}

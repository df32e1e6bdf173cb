package puente.peer;

import io.vertx.core.json.DecodeException;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;

/**
 * A Puente server's HTTP port, as a peer uses it (docs/SIGNALING.md).
 *
 * @param base such as https://turn.example.org:8443
 * @param credential API key's secret or JWT; empty if there is none
 * @param trust whose certificates are believed
 */
public record Gateway(URI base, String credential, Trust trust) {
  private static final Duration PATIENCE = Duration.ofSeconds(10);

  private static final int SERVERS_MAX = 16;

  /** A token for a meeting over UDP, and where all of that meeting meet: of each family by the first. */
  public record Ticket(byte[] token, List<InetSocketAddress> servers) {}

  public Gateway {
    String scheme = base.getScheme();
    if (base.getHost() == null || !("http".equals(scheme) || "https".equals(scheme))) {
      throw new IllegalArgumentException("the server is a URL such as http://127.0.0.1:8080");
    }
  }

  /** Where puente.v1 is spoken. */
  public URI signal() {
    return URI.create(
        base.toString().replaceFirst("^http", "ws").replaceFirst("/+$", "") + "/signal");
  }

  /** Asks for a {@link Ticket}. */
  public Ticket ticket(String meeting, String peer) throws IOException, InterruptedException {
    JsonObject wish = new JsonObject().put("meeting", meeting);
    if (!peer.isEmpty()) {
      wish.put("peer", peer);
    }
    JsonObject given = post("/api/v1/rendezvous", wish);
    try {
      List<InetSocketAddress> places = new ArrayList<>();
      JsonArray servers = given.getJsonArray("servers");
      for (int i = 0; i < Math.min(SERVERS_MAX, servers.size()); i++) {
        String server = servers.getString(i);
        int colon = server.lastIndexOf(':');
        int port = Integer.parseInt(server.substring(colon + 1));
        places.addAll(IceServers.addresses(server.substring(0, colon), port));
      }
      if (places.isEmpty()) {
        throw new IOException("the rendezvous " + servers + " has no address here");
      }
      byte[] token = Base64.getUrlDecoder().decode(given.getString("token"));
      return new Ticket(token, List.copyOf(places));
    } catch (RuntimeException strange) {
      throw new IOException(base + " answered what is no ticket: " + strange.getMessage(), strange);
    }
  }

  private JsonObject post(String path, JsonObject body) throws IOException, InterruptedException {
    HttpRequest request =
        HttpRequest.newBuilder(URI.create(base.toString().replaceFirst("/+$", "") + path))
            .timeout(PATIENCE)
            .header("Content-Type", "application/json")
            .header("Authorization", "Bearer " + credential)
            .POST(HttpRequest.BodyPublishers.ofString(body.encode()))
            .build();
    HttpResponse<String> answer;
    try (HttpClient client =
        HttpClient.newBuilder().connectTimeout(PATIENCE).sslContext(trust.context()).build()) {
      answer = client.send(request, HttpResponse.BodyHandlers.ofString());
    } catch (IOException unreachable) {
      String so = Trust.refusal(unreachable).isEmpty() ? " cannot be reached: " : ": ";
      throw new IOException(base + so + Trust.why(unreachable), unreachable);
    }
    if (answer.statusCode() == 401 || answer.statusCode() == 403) {
      throw new IOException(
          base + " does not know this key, or not for this meeting: --key, --key-file");
    }
    if (answer.statusCode() / 100 != 2) {
      throw new IOException(base + " answered " + answer.statusCode());
    }
    try {
      return new JsonObject(answer.body());
    } catch (DecodeException strange) {
      throw new IOException(base + " did not answer JSON", strange);
    }
  }
}

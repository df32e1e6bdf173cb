package puente.admin;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.vertx.core.Context;
import io.vertx.core.Vertx;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import org.jspecify.annotations.Nullable;
import puente.admin.oidc.OidcOptions;
import puente.admin.records.LogRing;

/** An admin server on a port of its own, and those who visit it. */
final class RunningServer implements AutoCloseable {

  static final String TOKEN = "correct horse battery staple";

  private static final int READ_TIMEOUT_MS = 20_000;

  final FakeNode node = new FakeNode();
  final FakeOperations operations = new FakeOperations();
  final FakeTurnAccess turn = new FakeTurnAccess();
  final LogRing logs = new LogRing();
  final FakePeers peers = new FakePeers();
  private final Vertx vertx = Vertx.vertx();
  private final Context context = vertx.getOrCreateContext();
  private final AdminServer server;
  private final HttpClient client =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

  private RunningServer(String address, @Nullable String token, @Nullable Path directory) {
    this(options(address, 0, token, directory, null));
  }

  private RunningServer(AdminServer.Options options) {
    node.live.name(options.identity().node());
    AdminServer.Orders orders = new AdminServer.Orders(operations, turn, logs, peers);
    server = start(vertx, context, options, node, orders);
  }

  /** Where people sign in by another server. */
  static RunningServer withProvider(Path directory, OidcOptions singleSignOn) {
    return new RunningServer(options("127.0.0.1", 0, null, directory, singleSignOn));
  }

  /** With what a server before it has left. */
  static RunningServer with(Path directory, @Nullable String token) {
    return new RunningServer("127.0.0.1", token, directory);
  }

  /** One of several. */
  static RunningServer named(String name, @Nullable Path directory, String token) {
    InetAddress address = InetAddress.ofLiteral("127.0.0.1");
    AdminServer.Identity identity = new AdminServer.Identity(name, "test", "1");
    return new RunningServer(new AdminServer.Options(address, 0, token, directory, identity, null));
  }

  /** Somebody's turn in the ordered work of the server's loop, as a disk that does not answer has it. */
  void holdUpUntil(CountDownLatch free) {
    CountDownLatch held = new CountDownLatch(1);
    var unused =
        context.executeBlocking(
            () -> {
              held.countDown();
              free.await();
              return true;
            },
            true);
    try {
      held.await();
    } catch (InterruptedException stopped) {
      throw new IllegalStateException(stopped);
    }
  }

  /** Begins to follow the log; what is read next are the other headers. */
  static BufferedReader follow(Socket socket, String headers) throws Exception {
    String request =
        "GET /api/v1/logs HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: text/event-stream\r\n"
            + "Authorization: Bearer "
            + RunningServer.TOKEN
            + "\r\n"
            + headers
            + "\r\n";
    socket.getOutputStream().write(request.getBytes(StandardCharsets.ISO_8859_1));
    BufferedReader reader =
        new BufferedReader(new InputStreamReader(socket.getInputStream(), StandardCharsets.UTF_8));
    assertEquals("HTTP/1.1 200 OK", reader.readLine());
    return reader;
  }

  /** As from a fresh installation: whoever is on the machine may look. */
  static RunningServer local() {
    return new RunningServer("127.0.0.1", null, null);
  }

  /** Only this machine can reach it, and yet there is a token. */
  static RunningServer localWithToken() {
    return new RunningServer("127.0.0.1", TOKEN, null);
  }

  /** Reachable from elsewhere, so guarded. */
  static RunningServer guarded() {
    return new RunningServer("0.0.0.0", TOKEN, null);
  }

  static AdminServer start(
      Vertx vertx, String address, int port, @Nullable String token, NodeView node) {
    AdminServer.Orders orders =
        new AdminServer.Orders(
            new FakeOperations(), new FakeTurnAccess(), new LogRing(), AccessPeers.NONE);
    AdminServer.Options options = options(address, port, token, null, null);
    return start(vertx, vertx.getOrCreateContext(), options, node, orders);
  }

  private static AdminServer.Options options(
      String address,
      int port,
      @Nullable String token,
      @Nullable Path directory,
      @Nullable OidcOptions singleSignOn) {
    return new AdminServer.Options(
        InetAddress.ofLiteral(address),
        port,
        token,
        directory,
        new AdminServer.Identity("one", "test", "1"),
        singleSignOn);
  }

  private static AdminServer start(
      Vertx vertx,
      Context context,
      AdminServer.Options options,
      NodeView node,
      AdminServer.Orders orders) {
    return AdminServer.start(vertx, context, options, node, orders).toCompletableFuture().join();
  }

  /** Does something where the server does everything. */
  void onLoop(Runnable work) {
    CompletableFuture<Void> done = new CompletableFuture<>();
    context.runOnContext(
        go -> {
          work.run();
          done.complete(null);
        });
    done.join();
  }

  int port() {
    return server.port();
  }

  HttpResponse<String> get(String path, String... headers) throws Exception {
    return ask("GET", path, headers);
  }

  HttpResponse<String> ask(String method, String path, String... headers) throws Exception {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port() + path))
            .method(method, HttpRequest.BodyPublishers.noBody())
            .timeout(Duration.ofSeconds(10));
    if (headers.length > 0) {
      request.headers(headers);
    }
    return client.send(request.build(), HttpResponse.BodyHandlers.ofString());
  }

  /** As it comes, compressed or not. */
  HttpResponse<byte[]> bytes(String path, String... headers) throws Exception {
    HttpRequest request =
        HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port() + path))
            .headers(headers)
            .timeout(Duration.ofSeconds(10))
            .build();
    return client.send(request, HttpResponse.BodyHandlers.ofByteArray());
  }

  HttpResponse<String> post(String path, String body, String... headers) throws Exception {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port() + path))
            .POST(HttpRequest.BodyPublishers.ofString(body))
            .timeout(Duration.ofSeconds(10));
    if (headers.length > 0) {
      request.headers(headers);
    }
    return client.send(request.build(), HttpResponse.BodyHandlers.ofString());
  }

  HttpResponse<String> send(String method, String path, String body, String... headers)
      throws Exception {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port() + path))
            .method(
                method,
                body.isEmpty()
                    ? HttpRequest.BodyPublishers.noBody()
                    : HttpRequest.BodyPublishers.ofString(body))
            .timeout(Duration.ofSeconds(10));
    if (headers.length > 0) {
      request.headers(headers);
    }
    return client.send(request.build(), HttpResponse.BodyHandlers.ofString());
  }

  String origin() {
    return "http://127.0.0.1:" + port();
  }

  /** What the API has: {@code GET nodes/{node}}. */
  Set<String> routes() {
    return server.routes();
  }

  HttpResponse<String> getAs(String token, String path) throws Exception {
    return get(path, "Authorization", "Bearer " + token);
  }

  Socket connect() throws IOException {
    Socket socket = new Socket(InetAddress.ofLiteral("127.0.0.1"), port());
    socket.setSoTimeout(READ_TIMEOUT_MS);
    return socket;
  }

  /** Sends bytes as they are; answers all that comes back until the server closes. */
  String raw(String bytes) throws IOException {
    try (Socket socket = connect()) {
      socket.getOutputStream().write(bytes.getBytes(StandardCharsets.ISO_8859_1));
      return new String(socket.getInputStream().readAllBytes(), StandardCharsets.ISO_8859_1);
    }
  }

  @Override
  public void close() {
    client.close();
    server.close().toCompletableFuture().join();
    vertx.close().await();
  }
}

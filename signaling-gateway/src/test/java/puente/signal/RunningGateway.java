package puente.signal;

import com.nimbusds.jose.jwk.JWKSet;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.net.InetAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;

/** A gateway on a free loopback port with everything that this module serves. */
final class RunningGateway implements AutoCloseable {
  static final String SECRET = "shared-with-the-turn-server";
  static final String KEY = "an-api-key-of-length";
  static final String PAGE = "https://app.example";

  private static final HttpClient CLIENT = HttpClient.newHttpClient();

  final Vertx vertx = Vertx.vertx();
  final List<String> revoked = new CopyOnWriteArrayList<>();
  final SignalingServer signaling;
  final GatewayServer server;

  RunningGateway(JWKSet jwks) {
    this(jwks, OtherNodes.none("n1"));
  }

  /** One of several nodes. */
  RunningGateway(JWKSet jwks, OtherNodes others) {
    this(
        () -> Future.succeededFuture(jwks),
        others,
        GatewayServer.Limits.STANDARD,
        TrustedProxies.NONE);
  }

  RunningGateway(GatewayServer.Limits limits, TrustedProxies proxies) {
    this(() -> Future.succeededFuture(new JWKSet()), OtherNodes.none("n1"), limits, proxies);
  }

  RunningGateway(Tokens.Keyring keyring) {
    this(keyring, OtherNodes.none("n1"), GatewayServer.Limits.STANDARD, TrustedProxies.NONE);
  }

  private RunningGateway(
      Tokens.Keyring keyring,
      OtherNodes others,
      GatewayServer.Limits limits,
      TrustedProxies proxies) {
    Keys keys =
        new Keys(List.of(new Keys.ApiKey("shop", KEY)), List.of(new Keys.PublicKey("pub_1", PAGE)));
    IceServers ice =
        new IceServers(
            family ->
                new IceServers.Config(
                    SECRET,
                    ":",
                    3600,
                    86_400,
                    List.of("stun:turn.example:3478"),
                    List.of(
                        new IceServers.Turn("udp", "turn:turn.example:3478?transport=udp"),
                        new IceServers.Turn("udp", "turn:turn.example:53?transport=udp"),
                        new IceServers.Turn("tcp", "turn:turn.example:3478?transport=tcp"),
                        new IceServers.Turn("tls", "turns:turn.example:443?transport=tcp"))));
    Tokens tokens = new Tokens(keyring, "puente", null);
    var context = vertx.getOrCreateContext();
    GatewayFleet fleet =
        new GatewayFleet(context, others, System.nanoTime(), RoomLimits.STANDARD.resumeWindowMs());
    signaling =
        new SignalingServer(
            context,
            RoomLimits.STANDARD,
            others.own(),
            ice,
            () -> keys,
            () -> tokens,
            new SecureRandom(),
            fleet);
    List<GatewayServer.Route> routes = new ArrayList<>(signaling.routes());
    routes.addAll(new CredentialRoutes(ice, () -> keys, () -> tokens, revoked::add).routes());
    byte[] meetings = "rendezvous".getBytes(java.nio.charset.StandardCharsets.UTF_8);
    List<String> meetingPlaces = List.of("192.0.2.1:3478");
    routes.addAll(
        new RendezvousRoute(meetings, meeting -> meetingPlaces, () -> keys, () -> tokens).routes());
    PeerJsServer peerJs = new PeerJsServer(vertx, PeerJsServer.Options.DEFAULT, fleet);
    YWebrtcServer yWebrtc = new YWebrtcServer(fleet);
    routes.addAll(peerJs.routes());
    routes.addAll(yWebrtc.routes());
    List<SocketRoute> sockets = new ArrayList<>(peerJs.socketRoutes());
    sockets.add(yWebrtc);
    sockets.add(signaling);
    GatewayServer.Options options =
        new GatewayServer.Options(
            InetAddress.getLoopbackAddress(),
            OptionalInt.of(0),
            OptionalInt.empty(),
            null,
            new Origins(Set.of(PAGE)),
            limits,
            proxies,
            GatewayServer.SharedPorts.NONE);
    server =
        GatewayServer.start(vertx, context, options, routes, sockets).toCompletableFuture().join();
  }

  int port() {
    return server.port().orElseThrow();
  }

  HttpResponse<String> get(String path, String... headers) {
    return send(request(path, headers).GET());
  }

  HttpResponse<String> post(String path, String body, String... headers) {
    return send(request(path, headers).POST(HttpRequest.BodyPublishers.ofString(body)));
  }

  private HttpRequest.Builder request(String path, String... headers) {
    var request = HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port() + path));
    return headers.length == 0 ? request : request.headers(headers);
  }

  HttpResponse<String> send(HttpRequest.Builder request) {
    try {
      return CLIENT.send(request.build(), HttpResponse.BodyHandlers.ofString());
    } catch (java.io.IOException | InterruptedException broken) {
      throw new AssertionError(broken);
    }
  }

  @Override
  public void close() {
    server.close().toCompletableFuture().join();
    vertx.close().toCompletionStage().toCompletableFuture().join();
  }
}

package puente.signal;

import io.netty.handler.codec.http.TooLongHttpHeaderException;
import io.netty.handler.codec.http.TooLongHttpLineException;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpConnection;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpVersion;
import io.vertx.core.http.ServerWebSocket;
import io.vertx.core.net.SocketAddress;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.concurrent.CompletionStage;
import javax.net.ssl.X509KeyManager;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The HTTP and WebSocket server that clients see. It knows limits, origins and manners; what is
 * served comes as {@link Route}s and {@link SocketRoute}s. Paths are compared as they came, byte by
 * byte. Everything runs on one loop.
 */
public final class GatewayServer {
  private static final Logger LOG = LoggerFactory.getLogger("puente.signal");

  /** Queries carry tokens (PeerJS, {@code ?token=}). */
  static final int REQUEST_LINE_MAX = 8192;

  static final int HEADERS_MAX = 16_384;

  /** A request's body is a few words. */
  static final int BODY_MAX = 16_384;

  private static final long SWEEP_MS = 1000;

  /** Whose pages may call. */
  public enum Access {
    /** Those of {@link Origins}; others are refused, so that no page uses a visitor's position. */
    ORIGINS,
    /** Every page: nothing is given that a stranger could not ask for himself. */
    ANYBODY
  }

  /** Answers one request. */
  @FunctionalInterface
  public interface Handling {
    Future<Reply> answer(Request request);
  }

  /**
   * Something that is asked for over HTTP.
   *
   * @param isPrefix whether {@code path} stands for everything that begins with it; the longest wins
   */
  public record Route(
      Set<HttpMethod> methods, String path, boolean isPrefix, Access access, Handling handling) {
    public Route {
      methods = Set.copyOf(methods);
    }

    public static Route get(String path, Access access, Handling handling) {
      return new Route(Set.of(HttpMethod.GET, HttpMethod.HEAD), path, false, access, handling);
    }

    public static Route post(String path, Access access, Handling handling) {
      return new Route(Set.of(HttpMethod.POST), path, false, access, handling);
    }

    /** The same for all paths that begin with this one. */
    public Route andBelow() {
      return new Route(methods, path, true, access, handling);
    }
  }

  /**
   * @param requestMs how long a first request may take to come whole
   */
  public record Limits(int connectionsMax, int connectionsPerSourceMax, long requestMs) {
    public static final Limits STANDARD =
        new Limits(20_000, 256, GatewayConnections.FIRST_REQUEST_MS);
  }

  /** A certificate that may change while in use: new connections get the new one. */
  public record Tls(X509KeyManager keys, Set<String> protocols) {}

  /**
   * Where to listen, and for whom.
   *
   * @param port 0 lets the system choose; empty is no plain HTTP
   * @param tlsPort the same for HTTPS, which needs {@code tls}
   */
  public record Options(
      InetAddress address,
      OptionalInt port,
      OptionalInt tlsPort,
      @Nullable Tls tls,
      Origins origins,
      Limits limits,
      TrustedProxies proxies,
      SharedPorts shared) {}

  /**
   * Unix sockets for connections that other ports of this process have accepted and hand over, each
   * with a PROXY header.
   *
   * @param plain of clients without TLS
   * @param secure of clients whose TLS has ended there
   */
  public record SharedPorts(Optional<Path> plain, Optional<Path> secure) {
    public static final SharedPorts NONE = new SharedPorts(Optional.empty(), Optional.empty());
  }

  private final Vertx vertx;
  private final Context context;
  private final Options options;
  private final List<Route> routes;
  private final List<SocketRoute> socketRoutes;
  private final GatewayConnections connections;
  private final GatewayCounters counters = new GatewayCounters();
  private final Set<ClientSocket> sockets = new HashSet<>();
  private Origins origins;
  private @Nullable HttpServer plain;
  private @Nullable HttpServer secure;
  private final List<HttpServer> handedOver = new ArrayList<>();
  private long sweep;

  private GatewayServer(
      Vertx vertx,
      Context context,
      Options options,
      List<Route> routes,
      List<SocketRoute> socketRoutes) {
    this.vertx = vertx;
    this.context = context;
    this.options = options;
    this.routes = List.copyOf(routes);
    this.socketRoutes = List.copyOf(socketRoutes);
    origins = options.origins;
    connections = new GatewayConnections(vertx, options.limits, options.proxies);
  }

  /**
   * Starts to listen.
   *
   * @param context whose loop everything here runs on; not one that packets run on
   * @return the running server, or a {@link GatewayStartFailure}
   */
  public static CompletionStage<GatewayServer> start(
      Vertx vertx,
      Context context,
      Options options,
      List<Route> routes,
      List<SocketRoute> socketRoutes) {
    Promise<GatewayServer> started = Promise.promise();
    context.runOnContext(
        go ->
            new GatewayServer(vertx, context, options, routes, socketRoutes)
                .listen()
                .onComplete(started));
    return started.future().toCompletionStage();
  }

  /** The port of plain HTTP, if it is open. */
  public OptionalInt port() {
    HttpServer server = plain;
    return server == null ? OptionalInt.empty() : OptionalInt.of(server.actualPort());
  }

  /** The port of HTTPS, if it is open. */
  public OptionalInt tlsPort() {
    HttpServer server = secure;
    return server == null ? OptionalInt.empty() : OptionalInt.of(server.actualPort());
  }

  public GatewayCounters counters() {
    return counters;
  }

  /** Other pages from now on. */
  public void reconfigure(Origins newOrigins) {
    context.runOnContext(go -> origins = newOrigins);
  }

  /** Tells every WebSocket client to come again later, and closes the ports. */
  public CompletionStage<Void> close() {
    Promise<Void> closed = Promise.promise();
    context.runOnContext(
        go -> {
          vertx.cancelTimer(sweep);
          Set.copyOf(sockets).forEach(one -> one.close(ClientSocket.SERVICE_RESTART, "restart"));
          HttpServer first = plain;
          HttpServer second = secure;
          List<Future<Void>> all = new ArrayList<>();
          handedOver.forEach(door -> all.add(door.close()));
          all.add(first == null ? Future.succeededFuture() : first.close());
          all.add(second == null ? Future.succeededFuture() : second.close());
          Future.join(all).<Void>mapEmpty().onComplete(closed);
        });
    return closed.future().toCompletionStage();
  }

  private Future<GatewayServer> listen() {
    sweep = vertx.setPeriodic(SWEEP_MS, tick -> onTime());
    Future<@Nullable Void> first = Future.succeededFuture();
    OptionalInt port = options.port;
    if (port.isPresent()) {
      first =
          listen(HttpRules.plain(socketRoutes), port.getAsInt(), "http-port")
              .map(
                  open -> {
                    plain = open;
                    return null;
                  });
    }
    Tls tls = options.tls;
    OptionalInt tlsPort = options.tlsPort;
    first = first.compose(done -> share(options.shared.plain, false));
    first = first.compose(done -> share(options.shared.secure, true));
    if (tls == null || tlsPort.isEmpty()) {
      return first.map(this);
    }
    HttpServerOptions with = HttpRules.secure(socketRoutes, tls, options.limits);
    return first
        .compose(done -> listen(with, tlsPort.getAsInt(), "https-port"))
        .map(
            open -> {
              secure = open;
              return this;
            });
  }

  private Future<@Nullable Void> share(Optional<Path> door, boolean isSecure) {
    if (door.isEmpty()) {
      return Future.succeededFuture();
    }
    return vertx
        .createHttpServer(HttpRules.handedOver(socketRoutes))
        .connectionHandler(connection -> connections.onOpen(connection, isSecure))
        .invalidRequestHandler(GatewayServer::onInvalid)
        .requestHandler(this::onRequest)
        .listen(SocketAddress.domainSocketAddress(door.get().toString()))
        .map(
            open -> {
              handedOver.add(open);
              return null;
            });
  }

  private Future<HttpServer> listen(HttpServerOptions with, int port, String setting) {
    InetSocketAddress address = new InetSocketAddress(options.address, port);
    return vertx
        .createHttpServer(with)
        .connectionHandler(connection -> connections.onOpen(connection, with.isSsl()))
        .invalidRequestHandler(GatewayServer::onInvalid)
        .requestHandler(this::onRequest)
        .listen(SocketAddress.inetSocketAddress(address))
        .recover(
            refused ->
                Future.failedFuture(GatewayStartFailure.ofListen(address, setting, refused)));
  }

  /** What is not HTTP, or too long. */
  private static void onInvalid(HttpServerRequest request) {
    Reply reply =
        switch (request.decoderResult().cause()) {
          case TooLongHttpLineException tooLong ->
              Reply.problem(414, "At most " + REQUEST_LINE_MAX + " bytes of request line.");
          case TooLongHttpHeaderException tooLong ->
              Reply.problem(431, "At most " + HEADERS_MAX + " bytes of headers.");
          case null, default -> Reply.problem(400, "This is not an HTTP request.");
        };
    reply.sendAndClose(request);
  }

  private void onRequest(HttpServerRequest request) {
    if (!hasHost(request)) {
      Reply.problem(400, "A request has one Host header.").sendAndClose(request);
      return;
    }
    SocketRoute socketRoute = socketRoute(request);
    if (socketRoute != null) {
      connections.onRequest(request.connection());
      onHandshake(request, socketRoute);
      return;
    }
    request.response().endHandler(ended -> connections.onAnswered(request.connection()));
    Buffer body = Buffer.buffer();
    request.exceptionHandler(broken -> {});
    request.handler(
        piece -> {
          body.appendBuffer(piece);
          if (body.length() > BODY_MAX) {
            counters.answered(413);
            Reply.problem(413, "At most " + BODY_MAX + " bytes of body.").sendAndClose(request);
          }
        });
    request.endHandler(
        end -> {
          connections.onRequest(request.connection());
          onWhole(asked(request, body), request);
        });
  }

  private Request asked(HttpServerRequest request, Buffer body) {
    boolean isSecure = connections.isSecure(request.connection());
    return new Request(request, body, options.proxies, isSecure, now());
  }

  /** RFC 9112 §3.2. */
  private static boolean hasHost(HttpServerRequest request) {
    int hosts = request.headers().getAll(HttpHeaders.HOST).size();
    return hosts == 1 || hosts == 0 && request.version() == HttpVersion.HTTP_1_0;
  }

  private void onWhole(Request request, HttpServerRequest http) {
    Future<Reply> answer;
    try {
      answer = answer(request);
    } catch (RuntimeException defect) {
      answer = Future.failedFuture(defect);
    }
    answer
        .recover(defect -> Future.succeededFuture(failed(defect)))
        .onSuccess(
            reply -> {
              counters.answered(reply.status());
              reply.send(http);
            });
  }

  private Future<Reply> answer(Request request) {
    Route route = route(request.path());
    if (route == null) {
      return Future.succeededFuture(Reply.problem(404, "There is nothing at this path."));
    }
    if (!mayCall(route.access, request)) {
      return Future.succeededFuture(foreign());
    }
    Cors cors = Cors.of(route.access, origins, request);
    if (request.method().equals(HttpMethod.OPTIONS) && request.origin() != null) {
      return Future.succeededFuture(cors.preflight(route.methods));
    }
    if (!route.methods.contains(request.method())) {
      String allow = route.methods.stream().map(HttpMethod::name).sorted().collect(Cors.LIST);
      return Future.succeededFuture(
          cors.on(Reply.problem(405, "Not with this method.").with("Allow", allow)));
    }
    return route.handling.answer(request).map(cors::on);
  }

  private @Nullable Route route(String path) {
    Route best = null;
    for (Route route : routes) {
      if (route.path.equals(path)) {
        return route;
      }
      boolean matches = route.isPrefix && path.startsWith(route.path);
      if (matches && (best == null || route.path.length() > best.path.length())) {
        best = route;
      }
    }
    return best;
  }

  private boolean mayCall(Access access, Request request) {
    return access == Access.ANYBODY || origins.allows(request.origin(), request.host());
  }

  private static Reply foreign() {
    return Reply.problem(403, "Pages of this origin may not use this server (http-origin).");
  }

  private static Reply failed(Throwable defect) {
    LOG.error("event=defect where=http meaning=\"please report\"", defect);
    return Reply.problem(500, "This failed; the log has more.");
  }

  private @Nullable SocketRoute socketRoute(HttpServerRequest request) {
    String upgrade = request.getHeader(HttpHeaders.UPGRADE);
    if (upgrade == null || !upgrade.equalsIgnoreCase("websocket")) {
      return null;
    }
    String path = String.valueOf(request.path());
    return socketRoutes.stream().filter(one -> one.path().equals(path)).findFirst().orElse(null);
  }

  private void onHandshake(HttpServerRequest http, SocketRoute route) {
    Request request = asked(http, Buffer.buffer());
    Reply refusal = refuse(request, route);
    if (refusal != null) {
      counters.answered(refusal.status());
      refusal.sendAndClose(http);
      return;
    }
    if (!connections.openSocket(request.source())) {
      counters.answered(429);
      Reply.problem(429, "Too many connections of one address.")
          .with("Retry-After", "10")
          .sendAndClose(http);
      return;
    }
    http.toWebSocket()
        .onSuccess(socket -> onSocket(socket, http.connection(), request, route))
        .onFailure(
            broken -> {
              connections.closeSocket(request.source());
              http.connection().close();
            });
  }

  private @Nullable Reply refuse(Request request, SocketRoute route) {
    if (!request.method().equals(HttpMethod.GET)) {
      return Reply.problem(405, "A WebSocket begins with GET.").with("Allow", "GET");
    }
    if (!mayCall(route.access(), request)) {
      return foreign();
    }
    String offered = request.header("Sec-WebSocket-Protocol");
    if (offered != null && !route.subprotocols().isEmpty()) {
      boolean known =
          List.of(offered.split("\\s*,\\s*")).stream().anyMatch(route.subprotocols()::contains);
      if (!known) {
        return Reply.problem(400, "Subprotocols: " + String.join(", ", route.subprotocols()));
      }
    }
    return route.refuse(request);
  }

  private void onSocket(
      ServerWebSocket open, HttpConnection connection, Request request, SocketRoute route) {
    ClientSocket socket = new ClientSocket(open, route.limits(), counters, request);
    sockets.add(socket);
    open.exceptionHandler(socket::onBroken);
    open.closeHandler(
        closed -> {
          sockets.remove(socket);
          connections.closeSocket(request.source());
          connections.onClosed(connection);
          socket.onClosed();
        });
    open.frameHandler(frame -> socket.onFrame(frame, now()));
    route.opened(socket, request);
  }

  private void onTime() {
    long nowMs = now();
    List.copyOf(sockets).forEach(socket -> socket.onTime(nowMs));
  }

  static long now() {
    return System.nanoTime() / 1_000_000;
  }

  static String text(InetSocketAddress address) {
    String host = address.getAddress().getHostAddress();
    return (host.contains(":") ? "[" + host + "]" : host) + ":" + address.getPort();
  }
}

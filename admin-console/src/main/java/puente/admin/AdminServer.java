package puente.admin;

import io.netty.handler.codec.http.TooLongHttpHeaderException;
import io.netty.handler.codec.http.TooLongHttpLineException;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.net.SocketAddress;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import puente.admin.access.AccessProblem;
import puente.admin.access.Caller;
import puente.admin.access.Role;
import puente.admin.oidc.OidcOptions;
import puente.admin.records.LogRing;
import puente.admin.records.RecordFiles;

/**
 * The console, health, metrics and the API over HTTP, for operators and their machines. Paths are
 * compared as they came, byte by byte: no decoding, no dots, no slash too many leads past the gate.
 */
public final class AdminServer {

  private static final Logger LOG = LoggerFactory.getLogger("puente.admin");

  /** Paths have no long names, and queries few words. */
  static final int REQUEST_LINE_MAX = 4096;

  static final int HEADERS_MAX = 8192;

  /** Shorter tokens are warned about: they can be guessed from many addresses. */
  static final int TOKEN_LENGTH_GOOD = 16;

  private static final int IDLE_SECONDS = 90;
  private static final Set<HttpMethod> READING = Set.of(HttpMethod.GET, HttpMethod.HEAD);

  /**
   * Where to listen, and for whom.
   *
   * @param port 0 lets the system choose
   * @param token what opens everything to machines; null: nothing does
   * @param directory for accounts, tokens and the audit log; null keeps them in memory only
   * @param identity who this is
   * @param singleSignOn null: only accounts of its own sign in
   */
  public record Options(
      InetAddress address,
      int port,
      @Nullable String token,
      @Nullable Path directory,
      Identity identity,
      @Nullable OidcOptions singleSignOn) {
    @Override
    public String toString() {
      return AdminStartFailure.text(new InetSocketAddress(address, port));
    }
  }

  /** Who the server is, as the console shows it. */
  public record Identity(String node, String cluster, String version) {}

  /**
   * To whom the server passes questions and orders on, beside the {@link NodeView}.
   *
   * @param logs what the log's appender fills
   * @param peers who else must know who may come in
   */
  public record Orders(
      OperationsView operations, TurnAccess turn, LogRing logs, AccessPeers peers) {}

  /** A page; whoever is not trusted sees it only if it is open, and then without details. */
  record Page(boolean isOpen, Sight sight) {}

  /** Makes a page for one request. */
  interface Sight {
    Future<Answer> answer(HttpServerRequest request, boolean trusted);
  }

  /** What outlives a restart, and to whom orders go. */
  private record Kept(AccessDesk desk, RecordFiles audit, Orders orders) {
    static Kept open(Options options, Orders orders, Vertx vertx) throws IOException {
      return new Kept(
          AccessDesk.open(options.directory, vertx),
          RecordFiles.open(options.directory, "audit"),
          orders);
    }
  }

  private final AccessDesk desk;
  private final AuditTrail trail;
  private final OperationsRoutes operations;
  private final TurnAccessRoutes turnAccess;
  private final OidcRoutes singleSignOn;
  private final AdminGate gate;
  private final AdminConnections connections;
  private final ApiTable table = new ApiTable();
  private final ConsoleFiles console = new ConsoleFiles();
  private final LiveRoom live;
  private final MetricsPage metrics;
  private final Map<String, Page> pageByPath;
  private final HttpServer server;

  private AdminServer(Vertx vertx, Context context, Options options, NodeView view, Kept kept) {
    desk = kept.desk;
    desk.join(kept.orders.peers, context);
    gate =
        new AdminGate(
            options.token, options.address.isLoopbackAddress(), options.singleSignOn != null, desk);
    connections = new AdminConnections(vertx, AdminConnections.FIRST_REQUEST_MS);
    HealthPages health = new HealthPages(view);
    metrics = new MetricsPage(vertx, view);
    trail = new AuditTrail(kept.audit, vertx, options.identity.node);
    operations = new OperationsRoutes(view, kept.orders, trail, options.identity);
    turnAccess = new TurnAccessRoutes(kept.orders.turn, trail, vertx);
    singleSignOn = new OidcRoutes(options.singleSignOn, desk, trail, vertx);
    addRoutes(options);
    live =
        new LiveRoom(context, view, new LiveRoom.Kept(trail, operations, kept.orders.logs, gate));
    live.addTo(table);
    pageByPath =
        Map.of(
            "/healthz", new Page(true, health::live),
            "/readyz", new Page(true, health::ready),
            "/metrics", new Page(false, metrics::answer));
    server =
        vertx
            .createHttpServer(limits())
            .connectionHandler(connections::onOpen)
            .invalidRequestHandler(AdminServer::onInvalid)
            .requestHandler(this::onRequest);
  }

  private void addRoutes(Options options) {
    OpenApiPages.addTo(table);
    new AuthRoutes(desk, gate, trail, options).addTo(table);
    singleSignOn.addTo(table);
    new AccountRoutes(desk, trail).addTo(table);
    operations.addTo(table);
    turnAccess.addTo(table);
  }

  /**
   * Starts to listen.
   *
   * @param context whose loop everything here runs on; not one that packets run on
   * @return the running server, or an {@link AdminStartFailure}
   */
  public static CompletionStage<AdminServer> start(
      Vertx vertx, Context context, Options options, NodeView view, Orders orders) {
    if (!options.address.isLoopbackAddress()) {
      if (options.token == null || options.token.isBlank()) {
        return Future.<AdminServer>failedFuture(AdminStartFailure.noToken(options.address))
            .toCompletionStage();
      }
      if (options.token.length() < TOKEN_LENGTH_GOOD) {
        LOG.warn(
            "event=short-token setting=admin-token advice=\"{} characters\"", TOKEN_LENGTH_GOOD);
      }
    }
    Kept kept;
    try {
      kept = Kept.open(options, orders, vertx);
    } catch (IOException unreadable) {
      return Future.<AdminServer>failedFuture(AdminStartFailure.ofState(unreadable))
          .toCompletionStage();
    }
    Promise<AdminServer> started = Promise.promise();
    context.runOnContext(
        go ->
            new AdminServer(vertx, context, options, view, kept)
                .listen(options)
                .onComplete(started));
    return started.future().toCompletionStage();
  }

  /** The port listened on. */
  public int port() {
    return server.actualPort();
  }

  /** What the API has: {@code GET nodes/{node}}. */
  Set<String> routes() {
    return table.routes();
  }

  public CompletionStage<Void> close() {
    live.close();
    return server
        .close()
        .eventually(operations::close)
        .eventually(turnAccess::close)
        .eventually(singleSignOn::close)
        .eventually(trail::close)
        .eventually(metrics::close)
        .eventually(desk::close)
        .toCompletionStage();
  }

  private Future<AdminServer> listen(Options options) {
    InetSocketAddress address = new InetSocketAddress(options.address, options.port);
    return server
        .listen(SocketAddress.inetSocketAddress(address))
        .map(this)
        .recover(refused -> Future.failedFuture(AdminStartFailure.ofListen(address, refused)));
  }

  static HttpServerOptions limits() {
    return new HttpServerOptions()
        .setHttp2ClearTextEnabled(false)
        .setMaxInitialLineLength(REQUEST_LINE_MAX)
        .setMaxHeaderSize(HEADERS_MAX)
        .setIdleTimeout(IDLE_SECONDS)
        .setRegisterWebSocketWriteHandlers(false)
        .setAcceptBacklog(128);
  }

  /** What is not HTTP, or too long. */
  private static void onInvalid(HttpServerRequest request) {
    Throwable cause = request.decoderResult().cause();
    Answer answer =
        switch (cause) {
          case TooLongHttpLineException tooLong ->
              Answer.problem(414, "At most " + REQUEST_LINE_MAX + " bytes of request line.");
          case TooLongHttpHeaderException tooLong ->
              Answer.problem(431, "At most " + HEADERS_MAX + " bytes of headers.");
          case null, default -> Answer.problem(400, "This is not an HTTP request.");
        };
    answer.sendAndClose(request);
  }

  private void onRequest(HttpServerRequest request) {
    connections.onRequest(request.connection());
    request.response().endHandler(ended -> connections.onAnswered(request.connection()));
    String path = String.valueOf(request.path());
    ApiTable.Place place = table.find(path);
    ApiTable.Route route = place == null ? null : place.route(request.method());
    boolean api = path.startsWith(ApiTable.PREFIX);
    int bodyMax = route != null ? route.bodyMax() : api ? ApiTable.BODY_MAX : 0;
    if (hasBody(request) && bodyLength(request) > bodyMax) {
      Answer.problem(413, "Such a request has no body, or a shorter one.").sendAndClose(request);
      return;
    }
    Answer refusal = gate.refuseHost(request);
    if (refusal != null) {
      refusal.send(request);
      return;
    }
    (api ? answerApi(request, place, route) : answerPage(request, path))
        .recover(defect -> Future.succeededFuture(failed(defect)))
        .onSuccess(answer -> answer.send(request));
  }

  /** Where nothing reads a body, none is waited for: neither a slow one nor a hidden request. */
  private static boolean hasBody(HttpServerRequest request) {
    String length = request.getHeader(HttpHeaders.CONTENT_LENGTH);
    return request.headers().contains(HttpHeaders.TRANSFER_ENCODING)
        || length != null && !length.equals("0");
  }

  /** Its length must be told first. */
  private static int bodyLength(HttpServerRequest request) {
    String length = request.getHeader(HttpHeaders.CONTENT_LENGTH);
    boolean told = !request.headers().contains(HttpHeaders.TRANSFER_ENCODING);
    return told && length != null && length.matches("[0-9]{1,9}")
        ? Integer.parseInt(length)
        : Integer.MAX_VALUE;
  }

  private AdminGate.Visit visit(HttpServerRequest request) {
    InetAddress source = InetAddress.ofLiteral(request.remoteAddress().hostAddress());
    return gate.visit(request, source, System.nanoTime() / 1_000_000);
  }

  private Future<Answer> answerPage(HttpServerRequest request, String path) {
    Page page = pageByPath.get(path);
    Answer file = page == null ? console.answer(request) : null;
    AdminGate.Visit visit = visit(request);
    boolean trusted = gate.isLocal(request) || visit.caller().may(Role.VIEWER);
    if (!trusted && file == null && (page == null || !page.isOpen)) {
      Answer refusal = visit.refusal();
      return Future.succeededFuture(refusal == null ? AdminGate.needsToken() : refusal);
    }
    if (page == null && file == null) {
      return Future.succeededFuture(
          Answer.problem(
              404, "There are the console at /, /healthz, /readyz, /metrics and /api/v1/ here."));
    }
    if (!READING.contains(request.method())) {
      return Future.succeededFuture(
          Answer.problem(405, "This path can only be read.").with("Allow", "GET, HEAD"));
    }
    if (file != null) {
      return Future.succeededFuture(file);
    }
    try {
      return Objects.requireNonNull(page).sight.answer(request, trusted);
    } catch (RuntimeException defect) {
      return Future.failedFuture(defect);
    }
  }

  private Future<Answer> answerApi(
      HttpServerRequest request, ApiTable.@Nullable Place place, ApiTable.@Nullable Route route) {
    AdminGate.Visit visit = visit(request);
    Answer refusal = refuseApi(request, visit, place, route);
    if (refusal != null || route == null || place == null) {
      return Future.succeededFuture(Objects.requireNonNull(refusal));
    }
    if (!hasBody(request)) {
      return answerCall(request, visit.caller(), place, route, Buffer.buffer());
    }
    connections.onBodyAwaited(request.connection());
    return request
        .body()
        .compose(
            body -> {
              connections.onRequest(request.connection());
              return answerCall(request, visit.caller(), place, route, body);
            });
  }

  /** In this order: who it is, what there is, whether it may be done from there, and by whom. */
  private @Nullable Answer refuseApi(
      HttpServerRequest request,
      AdminGate.Visit visit,
      ApiTable.@Nullable Place place,
      ApiTable.@Nullable Route route) {
    Caller caller = visit.caller();
    Role needed = route == null ? Role.VIEWER : route.role();
    if (visit.refusal() != null) {
      return visit.refusal();
    }
    if (needed != null && caller.kind() == Caller.Kind.STRANGER) {
      return AdminGate.needsToken();
    }
    if (place == null) {
      return Answer.problem(404, "There is no such path; GET /api/v1/openapi.yaml lists them all.");
    }
    if (route == null) {
      return Answer.problem(405, "This path takes " + place.allowed() + ".")
          .with("Allow", place.allowed());
    }
    if (needed != null && !caller.may(needed)) {
      return gate.refuseRole(caller, needed);
    }
    // Who signs in is nobody yet, whatever the browser still shows.
    return route.isChange()
        ? gate.refuseChange(request, needed == null ? Caller.STRANGER : caller)
        : null;
  }

  private static Future<Answer> answerCall(
      HttpServerRequest request,
      Caller caller,
      ApiTable.Place place,
      ApiTable.Route route,
      Buffer body) {
    try {
      Map<String, String> names = ApiTable.decoded(place.names());
      return route
          .work()
          .answer(new Call(request, caller, names, body))
          .recover(AdminServer::refusedLater);
    } catch (AccessProblem problem) {
      return Future.succeededFuture(answer(problem));
    } catch (IllegalArgumentException wrong) {
      return Future.succeededFuture(Answer.problem(400, String.valueOf(wrong.getMessage())));
    } catch (RuntimeException defect) {
      return Future.failedFuture(defect);
    }
  }

  /** What turns out to make no sense when somebody else has looked at it. */
  private static Future<Answer> refusedLater(Throwable failure) {
    Throwable cause = failure instanceof CompletionException ? failure.getCause() : failure;
    return switch (cause) {
      case AccessProblem problem -> Future.succeededFuture(answer(problem));
      case IllegalArgumentException wrong ->
          Future.succeededFuture(Answer.problem(400, String.valueOf(wrong.getMessage())));
      case null, default -> Future.failedFuture(failure);
    };
  }

  private static Answer answer(AccessProblem problem) {
    int status =
        switch (problem.kind()) {
          case UNKNOWN -> 404;
          case CONFLICT -> 409;
          case WRONG -> 400;
        };
    return Answer.problem(status, String.valueOf(problem.getMessage()));
  }

  private static Answer failed(Throwable defect) {
    LOG.error("event=defect where=admin meaning=\"please report\"", defect);
    return Answer.problem(500, "This page failed; the log has more.");
  }
}

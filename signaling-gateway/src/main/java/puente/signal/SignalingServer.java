package puente.signal;

import io.vertx.core.Context;
import io.vertx.core.Future;
import java.time.Instant;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.LongConsumer;
import java.util.function.Supplier;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import puente.stun.Family;

/**
 * Serves {@code puente.v1} at {@value #PATH}: reads and writes what {@link Rooms} decides, and looks
 * at credentials. Used on one loop only.
 */
public final class SignalingServer implements SocketRoute {
  public static final String PATH = "/signal";
  public static final String SUBPROTOCOL = "puente.v1.json";

  /** {@link Rooms} says "too fast" first; who goes on regardless is closed. */
  private static final int HARD_FACTOR = 4;

  private static final int CONNECTS_PER_SECOND = 20;
  private static final int CONNECTS_BURST = 500;
  private static final int SOURCES_MAX = 10_000;
  private static final long TICK_MS = 1000;

  /** How a message of a peer begins, see {@link Signal.Message}. */
  private static final String MESSAGE = "{\"t\":\"msg\"";

  private final Context context;
  private final Rooms rooms;
  private final RoomLimits limits;
  private final IceServers iceServers;
  private final Supplier<Keys> keys;
  private final Supplier<@Nullable Tokens> tokens;
  private final RateLimit connects =
      new RateLimit(CONNECTS_PER_SECOND, CONNECTS_BURST, SOURCES_MAX);
  private final Map<Long, ClientSocket> socketByNumber = new HashMap<>();
  private final Map<Rooms.Event, LongAdder> events = new ConcurrentHashMap<>();
  private final World world = new World();
  private final FarRooms far;
  private volatile LongConsumer deliveries = nanoseconds -> {};

  /** When the frame came that is being worked on; 0 when there is none. */
  private long inputNs;

  private long numbers;
  private volatile int connectionCount;
  private volatile int roomCount;
  private volatile int sessionCount;
  private volatile long queued;
  private volatile int keptCount;

  /**
   * @param context whose loop everything here runs on
   * @param keys asked for each connection, as they may change
   * @param tokens the same for tokens; null when none are accepted
   * @param random from which session keys come: one that nobody can guess
   * @param fleet the other nodes, on the same loop
   */
  public SignalingServer(
      Context context,
      RoomLimits limits,
      String server,
      IceServers iceServers,
      Supplier<Keys> keys,
      Supplier<@Nullable Tokens> tokens,
      RandomGenerator random,
      GatewayFleet fleet) {
    this.context = context;
    this.limits = limits;
    this.iceServers = iceServers;
    this.keys = keys;
    this.tokens = tokens;
    far = new FarRooms(fleet.fleet(), limits, world, random.nextLong());
    rooms = new Rooms(limits, server, far, random);
    far.attach(rooms);
    context.runOnContext(go -> context.owner().setPeriodic(TICK_MS, tick -> onTime()));
  }

  /** A page that says what the codes of errors mean. */
  public List<GatewayServer.Route> routes() {
    StringBuilder text = new StringBuilder("Codes of puente.v1: see docs/SIGNALING.md.\n\n");
    for (Signal.Code code : Signal.Code.values()) {
      text.append(String.format("%-18s closes with %d%n", code.text(), code.closeCode()));
    }
    Reply page = Reply.text(200, "text/plain; charset=utf-8", text.toString());
    return List.of(
        GatewayServer.Route.get(
            PATH + "/errors",
            GatewayServer.Access.ANYBODY,
            request -> Future.succeededFuture(page)));
  }

  @Override
  public String path() {
    return PATH;
  }

  @Override
  public List<String> subprotocols() {
    return List.of(SUBPROTOCOL);
  }

  @Override
  public Limits limits() {
    return new Limits(
        limits.messageBytes(),
        limits.messagesPerSecond() * HARD_FACTOR,
        limits.messagesBurst() * HARD_FACTOR,
        Limits.STANDARD.queueBytesMax(),
        limits.heartbeatMs());
  }

  @Override
  public @Nullable Reply refuse(Request handshake) {
    if (!connects.take(handshake.source(), handshake.nowMs())) {
      long seconds = 1 + connects.waitMs(handshake.source(), handshake.nowMs()) / 1000;
      return Reply.problem(429, "Too many connections in a short time.")
          .with("Retry-After", Long.toString(seconds));
    }
    String key = handshake.query("key");
    if (key != null && byKey(key, handshake) == null) {
      return Reply.problem(401, "The key is not known, or not for this page.");
    }
    return null;
  }

  @Override
  public void opened(ClientSocket socket, Request handshake) {
    long number = ++numbers;
    String key = handshake.query("key");
    Grant grant = key == null ? null : byKey(key, handshake);
    socketByNumber.put(number, socket);
    connectionCount = socketByNumber.size();
    socket.listen(new Connection(number, grant));
    rooms.onOpen(number, handshake.nowMs(), world);
  }

  /** Pushes new ICE servers to everybody, as after a change of address. From any thread. */
  public void iceChanged() {
    context.runOnContext(go -> rooms.onIceChanged(GatewayServer.now(), world));
  }

  /**
   * Sends everybody elsewhere and lets nobody in. From any thread.
   *
   * @param elsewhere URLs of the nodes to go to, in turn; empty leaves it to the clients
   */
  public void drain(Signal.GoAway goAway, List<String> elsewhere) {
    context.runOnContext(go -> rooms.onDrain(goAway, elsewhere, GatewayServer.now(), world));
  }

  /** Ends the sessions of these users at once. From any thread. */
  public void revoke(Set<String> users) {
    context.runOnContext(go -> rooms.onRevoked(users, GatewayServer.now(), world));
  }

  /** Lets everybody in again. From any thread. */
  public void undrain() {
    context.runOnContext(go -> rooms.onUndrain());
  }

  /**
   * Who is told how many nanoseconds each message took through this node: from its frame being read
   * to its frame for the other peer having left. On the loop.
   */
  public void onDelivery(LongConsumer listener) {
    deliveries = listener;
  }

  public int connections() {
    return connectionCount;
  }

  /** Rooms and who is in them; on the loop of this server only. */
  public List<RoomView> directory() {
    return rooms.view().stream()
        .map(
            room ->
                new RoomView(room.name(), room.members().stream().map(this::withSource).toList()))
        .toList();
  }

  private RoomView.Member withSource(RoomView.Member member) {
    ClientSocket socket = socketByNumber.get(member.connection());
    return socket == null ? member : member.from(socket.source());
  }

  public int rooms() {
    return roomCount;
  }

  public int peers() {
    return sessionCount;
  }

  /** Characters kept for clients that may come back. */
  public long queued() {
    return queued;
  }

  /** Sessions of other nodes that go on here if those die. */
  public int kept() {
    return keptCount;
  }

  public Map<Rooms.Event, Long> events() {
    Map<Rooms.Event, Long> sums = new EnumMap<>(Rooms.Event.class);
    for (Rooms.Event event : Rooms.Event.values()) {
      LongAdder adder = events.get(event);
      sums.put(event, adder == null ? 0 : adder.sum());
    }
    return sums;
  }

  private @Nullable Grant byKey(String key, Request handshake) {
    if (keys.get().isPublished(key, handshake)) {
      return Grant.PAGE;
    }
    return keys.get().nameOf(key) != null ? Grant.BACKEND : null;
  }

  private void onTime() {
    rooms.onTime(GatewayServer.now(), world);
    roomCount = rooms.rooms();
    sessionCount = rooms.sessions();
    queued = rooms.queued();
    keptCount = far.kept();
  }

  private final class Connection implements ClientSocket.Listener {
    private final long number;
    private final @Nullable Grant keyGrant;
    private boolean isChecking;

    Connection(long number, @Nullable Grant keyGrant) {
      this.number = number;
      this.keyGrant = keyGrant;
    }

    @Override
    public void onText(String text, long nowMs) {
      inputNs = System.nanoTime();
      try {
        Signal.FromClient message = SignalParser.parse(text);
        if (message instanceof Signal.Hello hello) {
          onHello(hello, nowMs);
        } else {
          rooms.onMessage(number, message, nowMs, world);
        }
      } catch (SignalParser.Refused refused) {
        rooms.onMalformed(number, refused, world);
      } finally {
        inputNs = 0;
      }
    }

    private void onHello(Signal.Hello hello, long nowMs) {
      String token = hello.token();
      Tokens verifier = tokens.get();
      if (token == null) {
        hello(hello, keyGrant, nowMs);
        return;
      }
      String byKey = keys.get().nameOf(token);
      if (byKey != null) {
        hello(hello, Grant.BACKEND, nowMs);
      } else if (verifier == null || isChecking) {
        hello(hello, null, nowMs);
      } else {
        isChecking = true;
        verifier
            .verify(token, Instant.now(), nowMs)
            .onComplete(
                checked -> {
                  isChecking = false;
                  onChecked(hello, checked.succeeded() ? checked.result() : null);
                });
      }
    }

    private void onChecked(Signal.Hello hello, Tokens.@Nullable Verdict verdict) {
      long nowMs = GatewayServer.now();
      switch (verdict) {
        case Tokens.Valid valid -> hello(hello, valid.grant(), nowMs);
        case Tokens.Expired expired ->
            rooms.onUnauthorized(
                number,
                new Signal.Failure(hello.id(), Signal.Code.TOKEN_EXPIRED, "the token has expired"),
                world);
        case Tokens.Invalid invalid -> hello(hello, null, nowMs);
        case null -> hello(hello, null, nowMs);
      }
    }

    private void hello(Signal.Hello hello, @Nullable Grant grant, long nowMs) {
      if (grant == null) {
        String why = "needs a token or a key of this server";
        Signal.Failure failure = new Signal.Failure(hello.id(), Signal.Code.UNAUTHORIZED, why);
        rooms.onUnauthorized(number, failure, world);
      } else {
        rooms.onHello(number, hello, grant, nowMs, world);
      }
    }

    @Override
    public void onClosed(int code) {
      socketByNumber.remove(number);
      connectionCount = socketByNumber.size();
      rooms.onClosed(number, GatewayServer.now());
    }
  }

  private final class World implements Rooms.Effects {
    @Override
    public void send(long connection, String text) {
      ClientSocket socket = socketByNumber.get(connection);
      if (socket == null) {
        return;
      }
      long began = inputNs;
      if (began != 0 && text.startsWith(MESSAGE)) {
        socket.send(text, () -> deliveries.accept(System.nanoTime() - began));
      } else {
        socket.send(text);
      }
    }

    @Override
    public void close(long connection, int code, String reason) {
      ClientSocket socket = socketByNumber.get(connection);
      if (socket != null) {
        socket.close(code, reason);
      }
    }

    @Override
    public Signal.IceList ice(long connection, String user) {
      ClientSocket socket = socketByNumber.get(connection);
      Family family = socket == null ? Family.IPV4 : socket.family();
      IceServers.Grant grant = iceServers.grant(IceServers.userOf(user), family, Instant.now());
      return new Signal.IceList(grant.iceServers(), grant.ttlSeconds(), grant.refreshAfter());
    }

    @Override
    public void count(Rooms.Event event) {
      events.computeIfAbsent(event, any -> new LongAdder()).increment();
    }
  }
}

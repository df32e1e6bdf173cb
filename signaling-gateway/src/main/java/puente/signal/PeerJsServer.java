package puente.signal;

import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Serves clients of PeerJS as PeerServer does, under {@value #PATH}: with the client's default path
 * ({@code /peerjs} is then its default key) and with {@code path: '/peerjs'}. Used on one loop only.
 */
public final class PeerJsServer {
  public static final String PATH = "/peerjs";
  public static final String DEFAULT_KEY = "peerjs";

  /** What PeerServer says of itself, which clients and monitors look for. */
  private static final Map<String, Object> ABOUT = new LinkedHashMap<>();

  static {
    ABOUT.put("name", "PeerJS Server");
    ABOUT.put("description", "A server side element to broker connections between PeerJS clients.");
    ABOUT.put("website", "https://peerjs.com/");
  }

  /** Of other close codes this client knows nothing; it is told why in a message before. */
  private static final int CLOSED = ClientSocket.NORMAL;

  /** A client that calls twenty others sends each an offer and its candidates one by one. */
  private static final SocketRoute.Limits SOCKET_LIMITS =
      new SocketRoute.Limits(0x1_0000, 100, 1_000, 1 << 20, 25_000);

  /**
   * Whom it serves.
   *
   * @param keys those that clients may use; clients of different keys do not see each other
   * @param allowDiscovery whether everybody may list everybody (PeerServer's allow_discovery)
   */
  public record Options(Set<String> keys, boolean allowDiscovery) {
    public static final Options DEFAULT = new Options(Set.of(DEFAULT_KEY), false);

    public Options {
      keys = Set.copyOf(keys);
    }
  }

  private final Vertx vertx;
  private final Options options;
  private final PeerBroker.Limits limits;
  private final Map<String, Realm> realmByKey = new HashMap<>();
  private final Map<PeerBroker.Event, Long> eventCounts = new EnumMap<>(PeerBroker.Event.class);
  private final FarPeers far;
  private volatile int connectionCount;
  private long sockets;

  /**
   * @param fleet the other nodes, on the same loop
   */
  public PeerJsServer(Vertx vertx, Options options, GatewayFleet fleet) {
    this(vertx, options, PeerBroker.Limits.DEFAULT, fleet.fleet());
  }

  PeerJsServer(Vertx vertx, Options options, PeerBroker.Limits limits, Fleet fleet) {
    this.vertx = vertx;
    this.options = options;
    this.limits = limits;
    far = new FarPeers(fleet, this::broker);
  }

  /** Where frames of other nodes go; null is a key that is not served here. */
  private FarPeers.@Nullable Local broker(String key) {
    if (!options.keys.contains(key)) {
      return null;
    }
    Realm realm = realm(key);
    return new FarPeers.Local(realm.broker, realm, realm::settle);
  }

  private Realm realm(String key) {
    return realmByKey.computeIfAbsent(key, Realm::new);
  }

  /** Open WebSockets. */
  public int connections() {
    return connectionCount;
  }

  /** What is asked for over HTTP: about, a new id, the list of ids. */
  public List<GatewayServer.Route> routes() {
    GatewayServer.Access access = GatewayServer.Access.ORIGINS;
    return List.of(
        GatewayServer.Route.get(PATH, access, request -> answer(Reply.json(200, ABOUT))),
        GatewayServer.Route.get(PATH + "/", access, this::onRequest).andBelow());
  }

  public List<SocketRoute> socketRoutes() {
    return List.of(new Endpoint(PATH), new Endpoint(PATH + "/peerjs"));
  }

  long count(PeerBroker.Event event) {
    return eventCounts.getOrDefault(event, 0L);
  }

  private Future<Reply> onRequest(Request request) {
    String[] words = request.path().substring(PATH.length() + 1).split("/", -1);
    String last = words[words.length - 1];
    // The key comes before the word when the client's path is ours; else our path is the key.
    String key = words.length == 2 ? words[0] : DEFAULT_KEY;
    boolean isKnown = words.length <= 2 && options.keys.contains(key);
    if (words.length == 1 && last.isEmpty()) {
      return answer(Reply.json(200, ABOUT));
    }
    if (!isKnown || !last.equals("id") && !last.equals("peers")) {
      return answer(Reply.problem(404, "There are /id and /peers here."));
    }
    Realm realm = realm(key);
    if (last.equals("id")) {
      return answer(Reply.text(200, "text/html; charset=utf-8", freeId(realm)));
    }
    if (!options.allowDiscovery) {
      return answer(Reply.text(401, "text/plain; charset=utf-8", "Unauthorized"));
    }
    return answer(Reply.json(200, realm.broker.ids()));
  }

  private static Future<Reply> answer(Reply reply) {
    return Future.succeededFuture(reply);
  }

  private static String freeId(Realm realm) {
    String id = UUID.randomUUID().toString();
    while (realm.broker.isTaken(id)) {
      id = UUID.randomUUID().toString();
    }
    return id;
  }

  private final class Endpoint implements SocketRoute {
    private final String path;

    Endpoint(String path) {
      this.path = path;
    }

    @Override
    public String path() {
      return path;
    }

    @Override
    public Limits limits() {
      return SOCKET_LIMITS;
    }

    @Override
    public void opened(ClientSocket socket, Request handshake) {
      String key = handshake.query("key");
      if (key == null || !options.keys.contains(key)) {
        boolean none = key == null || key.isEmpty();
        String why = none ? PeerBroker.NO_PARAMETERS : PeerBroker.INVALID_KEY;
        socket.send(encode(PeerBroker.refusal(why)));
        socket.close(CLOSED, why);
        return;
      }
      Realm realm = realm(key);
      realm.open(socket, handshake.query("id"), handshake.query("token"), handshake.nowMs());
    }
  }

  private static String encode(PeerBroker.Message message) {
    Map<String, @Nullable Object> frame = new LinkedHashMap<>();
    frame.put("type", message.type());
    if (message.src() != null) {
      frame.put("src", message.src());
    }
    if (message.dst() != null) {
      frame.put("dst", message.dst());
    }
    if (message.payload() != null) {
      frame.put("payload", message.payload());
    }
    return Json.write(frame);
  }

  /** The sockets of one key's broker. */
  private final class Realm implements PeerBroker.Effects {
    private record Failure(long socket, PeerBroker.Message message) {}

    final PeerBroker broker;
    private final Map<Long, ClientSocket> socketByNumber = new HashMap<>();
    private final Deque<Failure> failures = new ArrayDeque<>();
    private long timer = -1;
    private long timerAt = Long.MAX_VALUE;

    Realm(String key) {
      broker = new PeerBroker(limits, far.of(key));
    }

    void open(ClientSocket socket, @Nullable String id, @Nullable String token, long now) {
      long number = ++sockets;
      socketByNumber.put(number, socket);
      connectionCount++;
      socket.listen(
          new ClientSocket.Listener() {
            @Override
            public void onText(String text, long nowMs) {
              onFrame(number, text, nowMs);
            }

            @Override
            public void onClosed(int code) {
              socketByNumber.remove(number);
              connectionCount--;
              broker.onClosed(number);
              settle();
            }
          });
      broker.onOpen(number, id, token, now, this);
      settle();
    }

    /** Whatever is no message of the protocol is passed over, as PeerServer does. */
    private void onFrame(long number, String text, long nowMs) {
      try {
        Map<String, @Nullable Object> frame = Json.object(text);
        if (frame.get("type") instanceof String type) {
          String dst = frame.get("dst") instanceof String name ? name : null;
          var message =
              new PeerBroker.Message(type, null, dst, frame.get("payload"), text.length());
          broker.onMessage(number, message, nowMs, this);
        } else {
          count(PeerBroker.Event.IGNORED);
        }
      } catch (Json.Malformed malformed) {
        count(PeerBroker.Event.IGNORED);
      }
      settle();
    }

    @Override
    public void send(long number, PeerBroker.Message message) {
      ClientSocket socket = socketByNumber.get(number);
      if (socket != null) {
        socket.send(encode(message));
      }
      if (socket == null || !socket.isOpen()) {
        failures.add(new Failure(number, message));
      }
    }

    @Override
    public void close(long number) {
      ClientSocket socket = socketByNumber.get(number);
      if (socket != null) {
        socket.close(CLOSED, "");
      }
    }

    @Override
    public void count(PeerBroker.Event event) {
      eventCounts.merge(event, 1L, Long::sum);
    }

    /** After each input: tells the broker what could not be sent, and waits for what is due next. */
    private void settle() {
      for (Failure failure = failures.poll(); failure != null; failure = failures.poll()) {
        broker.onUndeliverable(failure.socket, failure.message, this);
      }
      long deadline = broker.nextDeadline();
      if (deadline >= timerAt) {
        return;
      }
      vertx.cancelTimer(timer);
      timerAt = deadline;
      timer = vertx.setTimer(Math.max(1, deadline - GatewayServer.now()), due -> onTimer());
    }

    private void onTimer() {
      timerAt = Long.MAX_VALUE;
      broker.onTime(GatewayServer.now(), this);
      settle();
    }
  }
}

package puente.signal;

import io.vertx.core.Future;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Serves clients of y-webrtc 10 as its own signaling server does, at {@value #PATH}. What is
 * published is passed on unread: with a password it is encrypted. Used on one loop only.
 */
public final class YWebrtcServer implements SocketRoute {
  public static final String PATH = "/y-webrtc";

  /** Candidates come one by one, for some twenty peers at once; documents do not come this way. */
  private static final Limits SOCKET_LIMITS = new Limits(0x1_0000, 100, 1_000, 1 << 20, 25_000);

  private static final String PONG = "{\"type\":\"pong\"}";

  private final YTopics topics = new YTopics();
  private final Map<Long, ClientSocket> socketByNumber = new HashMap<>();
  private final FarTopics far;
  private volatile int connectionCount;
  private long sockets;

  /**
   * @param fleet the other nodes, on the same loop
   */
  public YWebrtcServer(GatewayFleet fleet) {
    far = new FarTopics(fleet.fleet(), this::send);
  }

  /** Open WebSockets. */
  public int connections() {
    return connectionCount;
  }

  /** A plain GET says {@code okay}, which is how its users look whether it runs. */
  public List<GatewayServer.Route> routes() {
    Reply okay = Reply.text(200, "text/plain", "okay");
    return List.of(
        GatewayServer.Route.get(
            PATH, GatewayServer.Access.ANYBODY, request -> Future.succeededFuture(okay)));
  }

  @Override
  public String path() {
    return PATH;
  }

  @Override
  public Limits limits() {
    return SOCKET_LIMITS;
  }

  @Override
  public void opened(ClientSocket socket, Request handshake) {
    long number = ++sockets;
    socketByNumber.put(number, socket);
    connectionCount = socketByNumber.size();
    socket.listen(
        new ClientSocket.Listener() {
          @Override
          public void onText(String text, long nowMs) {
            onFrame(number, socket, text);
          }

          @Override
          public void onClosed(int code) {
            socketByNumber.remove(number);
            connectionCount = socketByNumber.size();
            topics.onClosed(number).forEach(topic -> far.count(topic, topics.count(topic)));
          }
        });
  }

  int topics() {
    return topics.topics();
  }

  private void onFrame(long number, ClientSocket socket, String text) {
    Map<String, @Nullable Object> frame;
    try {
      frame = Json.object(text);
    } catch (Json.Malformed malformed) {
      socket.close(ClientSocket.NOT_UTF_8, malformed.why());
      return;
    }
    switch (String.valueOf(frame.get("type"))) {
      case "subscribe" -> each(frame.get("topics"), topic -> subscribe(number, socket, topic));
      case "unsubscribe" -> each(frame.get("topics"), topic -> unsubscribe(number, topic));
      case "publish" -> publish(frame);
      case "ping" -> socket.send(PONG);
      default -> {}
    }
  }

  /** What is no text is no topic. */
  private static void each(@Nullable Object list, Consumer<String> action) {
    if (list instanceof List<?> names) {
      for (Object name : names) {
        if (name instanceof String topic) {
          action.accept(topic);
        }
      }
    }
  }

  private void subscribe(long number, ClientSocket socket, String topic) {
    if (!topics.subscribe(number, topic)) {
      socket.close(ClientSocket.TRY_AGAIN, "too many topics, or too many in this one");
    }
    far.count(topic, topics.count(topic));
  }

  private void unsubscribe(long number, String topic) {
    topics.unsubscribe(number, topic);
    far.count(topic, topics.count(topic));
  }

  private void publish(Map<String, @Nullable Object> frame) {
    if (!(frame.get("topic") instanceof String topic)) {
      return;
    }
    int subscribers = topics.count(topic) + far.elsewhere(topic);
    if (subscribers > 0) {
      frame.put("clients", subscribers);
      String text = Json.write(frame);
      send(topic, text);
      far.publish(topic, text);
    }
  }

  /** To all subscribers on this node. */
  private void send(String topic, String text) {
    for (Long number : topics.subscribers(topic)) {
      ClientSocket subscriber = socketByNumber.get(number);
      if (subscriber != null) {
        subscriber.send(text);
      }
    }
  }
}

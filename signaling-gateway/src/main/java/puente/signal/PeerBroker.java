package puente.signal;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The PeerServer protocol for all clients of one key, as the client of PeerJS 1.5 knows it: who is
 * here, what waits for whom, and what has waited too long. Sockets are numbers, time is an argument.
 */
final class PeerBroker {

  /** What the broker asks of the world. Returns at once; never calls back into the broker. */
  interface Effects {
    void send(long socket, Message message);

    void close(long socket);

    void count(Event event);
  }

  /** The clients of the same key on other nodes. */
  interface Elsewhere {
    /** With which token somebody is connected there; null if he is not. */
    @Nullable String tokenOf(String id);

    void here(String id, String token);

    void gone(String id);

    /** Somebody came back here: there he is no more. */
    void moved(String id);

    /** Answers whether there is somebody to send it to. */
    boolean send(Message message);

    List<String> ids();

    /** Of a node that is alone. */
    Elsewhere NOWHERE =
        new Elsewhere() {
          @Override
          public @Nullable String tokenOf(String id) {
            return null;
          }

          @Override
          public void here(String id, String token) {}

          @Override
          public void gone(String id) {}

          @Override
          public void moved(String id) {}

          @Override
          public boolean send(Message message) {
            return false;
          }

          @Override
          public List<String> ids() {
            return List.of();
          }
        };
  }

  /** What happened, for the counters: one constant per reason. */
  enum Event {
    OPENED,
    REBOUND,
    FORWARDED,
    QUEUED,
    EXPIRED,
    IGNORED,
    WITHOUT_PARAMETERS,
    ID_TAKEN,
    FULL,
    QUEUE_FULL,
    UNDELIVERABLE,
    SILENT
  }

  /**
   * One frame.
   *
   * @param payload what the sender put there; nobody here looks into it
   * @param bytes how long the frame was, for the bounds of the queues
   */
  record Message(
      String type,
      @Nullable String src,
      @Nullable String dst,
      @Nullable Object payload,
      int bytes) {

    private static Message of(String type, @Nullable String src, @Nullable String dst) {
      return new Message(type, src, dst, null, 0);
    }
  }

  /**
   * The bounds. PeerServer has the first three; what it queues is without bounds.
   *
   * @param queuedPerClient messages that may wait for one absent client: an offer and its candidates
   * @param queuedBytes bytes that may wait in all queues together
   */
  record Limits(int clients, long expireMs, long aliveMs, int queuedPerClient, long queuedBytes) {

    /** PeerServer's own: concurrent_limit, expire_timeout, alive_timeout. */
    static final Limits DEFAULT = new Limits(5_000, 5_000, 90_000, 256, 8 << 20);
  }

  /** Names are a UUID or a person's choice, tokens eleven letters; more is no PeerJS client. */
  static final int NAME_MAX = 128;

  private static final Message TAKEN =
      new Message("ID-TAKEN", null, null, Map.of("msg", "ID is taken"), 0);

  static final String ERROR = "ERROR";
  static final String NO_PARAMETERS = "No id, token, or key supplied to websocket server";
  static final String INVALID_KEY = "Invalid key provided";
  static final String TOO_MANY = "Server has reached its concurrent user limit";

  private static final String HEARTBEAT = "HEARTBEAT";
  private static final String LEAVE = "LEAVE";
  private static final String EXPIRE = "EXPIRE";
  private static final Set<String> FORWARDED =
      Set.of("OFFER", "ANSWER", "CANDIDATE", LEAVE, EXPIRE);

  private final Limits limits;
  private final Elsewhere elsewhere;
  private final Map<String, Client> clientById = new HashMap<>();

  /** In the order of their last sign of life, so that the first is the first to be given up. */
  private final LinkedHashMap<Long, Client> clientBySocket = new LinkedHashMap<>();

  /** In the order in which they were opened, so that the first expires first. */
  private final LinkedHashMap<String, Queue> queueById = new LinkedHashMap<>();

  private long queuedBytes;

  PeerBroker(Limits limits, Elsewhere elsewhere) {
    this.limits = limits;
    this.elsewhere = elsewhere;
  }

  /** The answer to those whom no broker takes: an error, after which the socket is closed. */
  static Message refusal(String why) {
    return new Message(ERROR, null, null, Map.of("msg", why), 0);
  }

  /** On any node. */
  boolean isTaken(String id) {
    return clientById.containsKey(id) || elsewhere.tokenOf(id) != null;
  }

  /** On all nodes. */
  List<String> ids() {
    Set<String> ids = new LinkedHashSet<>(clientById.keySet());
    ids.addAll(elsewhere.ids());
    return List.copyOf(ids);
  }

  int clients() {
    return clientById.size();
  }

  /** A socket was opened under a name. */
  void onOpen(long socket, @Nullable String id, @Nullable String token, long now, Effects out) {
    if (id == null || token == null || isNoName(id) || isNoName(token)) {
      refuse(socket, refusal(NO_PARAMETERS), Event.WITHOUT_PARAMETERS, out);
      return;
    }
    Client present = clientById.get(id);
    String far = elsewhere.tokenOf(id);
    if (present != null && !present.token.equals(token) || far != null && !far.equals(token)) {
      refuse(socket, TAKEN, Event.ID_TAKEN, out);
      return;
    }
    if (present == null && clientById.size() >= limits.clients) {
      refuse(socket, refusal(TOO_MANY), Event.FULL, out);
      return;
    }
    Client client = present == null ? new Client(id, token) : present;
    if (present != null) {
      clientBySocket.remove(client.socket);
      out.close(client.socket);
    }
    client.socket = socket;
    client.seenAt = now;
    clientById.put(id, client);
    clientBySocket.put(socket, client);
    // PeerServer says nothing to a client that comes back; its client does not mind to hear it
    // twice.
    out.count(present == null && far == null ? Event.OPENED : Event.REBOUND);
    if (far != null) {
      elsewhere.moved(id);
    }
    elsewhere.here(id, token);
    out.send(socket, Message.of("OPEN", null, null));
    flush(client, out);
  }

  /** A frame came; the sender is who the socket belongs to, whatever the frame says. */
  void onMessage(long socket, Message message, long now, Effects out) {
    Client sender = clientBySocket.get(socket);
    if (sender == null) {
      out.count(Event.IGNORED);
    } else if (message.type.equals(HEARTBEAT)) {
      sender.seenAt = now;
      clientBySocket.remove(socket);
      clientBySocket.put(socket, sender);
    } else if (FORWARDED.contains(message.type)) {
      String dst = message.dst == null || message.dst.isEmpty() ? null : message.dst;
      transmit(new Message(message.type, sender.id, dst, message.payload, message.bytes), now, out);
    } else {
      out.count(Event.IGNORED);
    }
  }

  /** The other side closed, or we did; a socket that was replaced takes nobody with it. */
  void onClosed(long socket) {
    Client client = clientBySocket.remove(socket);
    if (client != null) {
      forget(client);
    }
  }

  private void forget(Client client) {
    if (clientById.remove(client.id, client)) {
      elsewhere.gone(client.id);
    }
  }

  /** A client came back on another node: what it has here is over. */
  void onMoved(String id, Effects out) {
    Client client = clientById.get(id);
    if (client != null) {
      clientBySocket.remove(client.socket);
      forget(client);
      out.close(client.socket);
    }
  }

  /**
   * Somebody is on another node. What waits for him goes there; if he is here, too, because both
   * came at once, the node says whether the other one keeps the name.
   */
  void onElsewhere(String id, boolean isTheirs, Effects out) {
    Client client = clientById.get(id);
    if (client != null && isTheirs) {
      out.count(Event.ID_TAKEN);
      out.send(client.socket, TAKEN);
      onMoved(id, out);
    }
    Queue queue = clientById.containsKey(id) ? null : queueById.remove(id);
    if (queue != null) {
      queuedBytes -= queue.bytes;
      queue.messages.forEach(elsewhere::send);
    }
  }

  /** A frame of a client of another node to one that is, or was, here. */
  void onRemote(Message message, long now, Effects out) {
    if (message.dst != null) {
      transmit(message, now, out);
    }
  }

  /** The socket does not take what it was sent: it is given up, and the sender told to stop. */
  void onUndeliverable(long socket, Message message, Effects out) {
    out.count(Event.UNDELIVERABLE);
    out.close(socket);
    onClosed(socket);
    if (message.src == null || message.type.equals(LEAVE)) {
      return;
    }
    Message stop = Message.of(LEAVE, message.dst, message.src);
    Client sender = clientById.get(message.src);
    if (sender == null) {
      elsewhere.send(stop);
    } else if (sender.socket != socket) {
      out.send(sender.socket, stop);
    }
  }

  /** What is due: messages nobody came for, clients nobody heard of. */
  void onTime(long now, Effects out) {
    Iterator<Queue> queues = queueById.values().iterator();
    while (queues.hasNext()) {
      Queue queue = queues.next();
      if (now - queue.openedAt < limits.expireMs) {
        break;
      }
      queues.remove();
      queuedBytes -= queue.bytes;
      expire(queue, out);
    }
    Iterator<Client> clients = clientBySocket.values().iterator();
    while (clients.hasNext()) {
      Client client = clients.next();
      if (now - client.seenAt < limits.aliveMs) {
        break;
      }
      clients.remove();
      forget(client);
      out.count(Event.SILENT);
      out.close(client.socket);
    }
  }

  /** When {@link #onTime} has something to do, or {@link Long#MAX_VALUE}. */
  long nextDeadline() {
    long deadline = Long.MAX_VALUE;
    if (!queueById.isEmpty()) {
      deadline = queueById.firstEntry().getValue().openedAt + limits.expireMs;
    }
    if (!clientBySocket.isEmpty()) {
      deadline = Math.min(deadline, clientBySocket.firstEntry().getValue().seenAt + limits.aliveMs);
    }
    return deadline;
  }

  private static boolean isNoName(String name) {
    return name.isEmpty() || name.length() > NAME_MAX;
  }

  private static void refuse(long socket, Message answer, Event why, Effects out) {
    out.count(why);
    out.send(socket, answer);
    out.close(socket);
  }

  private void transmit(Message message, long now, Effects out) {
    if (message.dst == null) {
      if (message.type.equals(LEAVE) && message.src != null) {
        Client leaving = clientById.get(message.src);
        if (leaving != null) {
          forget(leaving);
        }
      } else {
        out.count(Event.IGNORED);
      }
      return;
    }
    Client receiver = clientById.get(message.dst);
    if (receiver != null) {
      out.count(Event.FORWARDED);
      out.send(receiver.socket, message);
    } else if (elsewhere.send(message)) {
      out.count(Event.FORWARDED);
    } else if (message.type.equals(LEAVE) || message.type.equals(EXPIRE)) {
      out.count(Event.IGNORED);
    } else {
      queue(message.dst, message, now, out);
    }
  }

  private void queue(String dst, Message message, long now, Effects out) {
    Queue queue = queueById.get(dst);
    boolean full =
        queue != null && queue.messages.size() >= limits.queuedPerClient
            || queuedBytes + message.bytes > limits.queuedBytes
            || dst.length() > NAME_MAX;
    if (full) {
      out.count(Event.QUEUE_FULL);
      return;
    }
    if (queue == null) {
      queue = new Queue(now);
      queueById.put(dst, queue);
    }
    queue.messages.add(message);
    queue.bytes += message.bytes;
    queuedBytes += message.bytes;
    out.count(Event.QUEUED);
  }

  private void flush(Client client, Effects out) {
    Queue queue = queueById.remove(client.id);
    if (queue != null) {
      queuedBytes -= queue.bytes;
      queue.messages.forEach(message -> out.send(client.socket, message));
    }
  }

  /** One EXPIRE for each sender of what nobody fetched. */
  private void expire(Queue queue, Effects out) {
    Set<String> told = new HashSet<>();
    for (Message message : queue.messages) {
      String src = message.src;
      if (src == null || !told.add(src)) {
        continue;
      }
      Client sender = clientById.get(src);
      Message expire = Message.of(EXPIRE, message.dst, src);
      if (sender != null) {
        out.send(sender.socket, expire);
      }
      if (sender != null || elsewhere.send(expire)) {
        out.count(Event.EXPIRED);
      }
    }
  }

  private static final class Client {
    final String id;
    final String token;
    long socket;
    long seenAt;

    Client(String id, String token) {
      this.id = id;
      this.token = token;
    }
  }

  private static final class Queue {
    final long openedAt;
    final Deque<Message> messages = new ArrayDeque<>();
    int bytes;

    Queue(long openedAt) {
      this.openedAt = openedAt;
    }
  }
}

package puente.net;

import java.io.IOException;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The supervisor as its serving process sees it: it holds our sockets, and the two exchange words.
 * Event loops only put orders into a queue; one thread sends them, another one listens.
 */
public final class SupervisedSockets implements DescriptorHolder {

  /** What is heard when the supervisor is gone. */
  public static final String GONE = "GONE";

  /** Orders, one a line: {@code +key} with a descriptor, {@code -key} without. */
  public static final String KEEP = "KEEP";

  /** Keys, one a line, each with a descriptor. */
  public static final String GIVE = "GIVE";

  private static final Logger LOG = LoggerFactory.getLogger("puente.net");

  /** What waits to be held: a second's worth of new allocations of a fast node. */
  private static final int HOLDS_WAITING_MAX = 0x1_0000;

  private static final int LINES_MAX = UnixSocket.DESCRIPTORS_MAX;

  /** A key in its line; the longest is that of an IPv6 relay. */
  private static final int LINE_MAX = UnixSocket.TEXT_MAX / LINES_MAX - 2;

  private sealed interface Order {}

  private record Hold(String key, int descriptor) implements Order {}

  private record Release(String key) implements Order {}

  private record Say(String word) implements Order {}

  /** What a former process left: where each key is in {@code descriptors}; -1 once adopted. */
  private record Legacy(Map<String, Integer> places, AtomicIntegerArray descriptors) {
    int take(String key) {
      Integer place = places.get(key);
      return place == null ? -1 : descriptors.getAndSet(place, -1);
    }
  }

  private final UnixSocket socket;
  private final Consumer<String> words;
  private final ConcurrentLinkedQueue<Order> orders = new ConcurrentLinkedQueue<>();
  private final AtomicInteger holdsWaiting = new AtomicInteger();
  private final Map<String, Integer> given = new HashMap<>();
  private final Thread sender = new Thread(this::send, "puente-holder-out");
  private volatile Legacy legacy = new Legacy(Map.of(), new AtomicIntegerArray(0));
  private volatile boolean senderRests;
  private volatile boolean gone;
  private boolean refusalLogged;

  private SupervisedSockets(UnixSocket socket, Consumer<String> words) {
    this.socket = socket;
    this.words = words;
  }

  /**
   * Connects to the supervisor.
   *
   * @param words hears, on a thread of its own, what the supervisor says
   */
  public static SupervisedSockets connect(String name, Consumer<String> words) throws IOException {
    SupervisedSockets sockets = new SupervisedSockets(UnixSocket.connect(name), words);
    sockets.sender.setDaemon(true);
    sockets.sender.start();
    Thread.ofPlatform().daemon().name("puente-holder-in").start(sockets::listen);
    return sockets;
  }

  /** Tells the supervisor a word, after all that it was asked to hold before. */
  public void say(String word) {
    order(new Say(word));
  }

  @Override
  public int adopt(String key) {
    return legacy.take(key);
  }

  @Override
  public boolean has(String key) {
    Legacy left = legacy;
    Integer place = left.places.get(key);
    return place != null && left.descriptors.get(place) >= 0;
  }

  @Override
  public void hold(String key, int descriptor) {
    if (gone) {
      return;
    }
    // The number may be another socket's by the time it is sent.
    int copy = UnixSocket.duplicate(descriptor);
    boolean fits = key.length() <= LINE_MAX && holdsWaiting.get() < HOLDS_WAITING_MAX;
    if (copy >= 0 && fits) {
      holdsWaiting.incrementAndGet();
      order(new Hold(key, copy));
      return;
    }
    if (copy >= 0) {
      UnixSocket.closeAll(copy);
    }
    if (!refusalLogged) {
      refusalLogged = true;
      LOG.warn("event=not-held key={} meaning=\"this socket ends with this process\"", key);
    }
  }

  @Override
  public void release(String key) {
    if (!gone) {
      order(new Release(key));
    }
  }

  @Override
  public void releaseRest() {
    Legacy left = legacy;
    for (String key : left.places.keySet()) {
      int descriptor = left.take(key);
      if (descriptor >= 0) {
        UnixSocket.closeAll(descriptor);
        release(key);
      }
    }
  }

  private void order(Order order) {
    orders.add(order);
    if (senderRests) {
      LockSupport.unpark(sender);
    }
  }

  private void send() {
    StringBuilder text = new StringBuilder();
    int[] descriptors = new int[UnixSocket.DESCRIPTORS_MAX];
    while (true) {
      if (orders.isEmpty()) {
        senderRests = true;
        while (orders.isEmpty()) {
          LockSupport.park(this);
        }
        senderRests = false;
      }
      if (orders.peek() instanceof Say(String word)) {
        orders.remove();
        transmit(word, new int[0]);
      } else {
        sendOrders(text, descriptors);
      }
    }
  }

  /** Sends as many orders as fit one message. */
  private void sendOrders(StringBuilder text, int[] descriptors) {
    text.setLength(0);
    text.append(KEEP);
    int holds = 0;
    for (int lines = 0; lines < LINES_MAX; lines++) {
      Order next = orders.peek();
      if (next instanceof Hold(String key, int descriptor)) {
        text.append("\n+").append(key);
        descriptors[holds++] = descriptor;
      } else if (next instanceof Release(String key)) {
        text.append("\n-").append(key);
      } else {
        break;
      }
      orders.remove();
    }
    int[] sent = Arrays.copyOf(descriptors, holds);
    transmit(text.toString(), sent);
    UnixSocket.closeAll(sent);
    holdsWaiting.addAndGet(-holds);
  }

  private void transmit(String text, int[] descriptors) {
    if (gone) {
      return;
    }
    try {
      socket.send(text, descriptors);
    } catch (IOException failure) {
      // The listening thread sees the end, too, and tells.
      gone = true;
      socket.shutdown();
    }
  }

  private void listen() {
    try {
      UnixSocket.Delivery next;
      while ((next = socket.receive()) != null) {
        if (next.text().startsWith(GIVE)) {
          take(next);
        } else {
          publishGiven();
          words.accept(next.text());
        }
      }
    } catch (IOException failure) {
      LOG.warn("event=supervisor-unheard reason=\"{}\"", failure.getMessage());
    }
    gone = true;
    words.accept(GONE);
  }

  private void take(UnixSocket.Delivery delivery) {
    String[] lines = delivery.text().split("\n");
    for (int i = 0; i < delivery.descriptors().length; i++) {
      Integer before = given.put(lines[i + 1], delivery.descriptors()[i]);
      if (before != null) {
        // Its port was closed and opened again since.
        UnixSocket.closeAll(before);
      }
    }
  }

  private void publishGiven() {
    if (given.isEmpty()) {
      return;
    }
    keepFormer();
    Map<String, Integer> places = new HashMap<>();
    AtomicIntegerArray descriptors = new AtomicIntegerArray(given.size());
    given.forEach(
        (key, descriptor) -> {
          descriptors.set(places.size(), descriptor);
          places.put(key, places.size());
        });
    given.clear();
    legacy = new Legacy(places, descriptors);
  }

  /** What came before and was not adopted stays, unless it has come again. */
  private void keepFormer() {
    Legacy former = legacy;
    for (String key : former.places.keySet()) {
      int descriptor = former.take(key);
      if (descriptor >= 0 && given.putIfAbsent(key, descriptor) != null) {
        UnixSocket.closeAll(descriptor);
      }
    }
  }
}

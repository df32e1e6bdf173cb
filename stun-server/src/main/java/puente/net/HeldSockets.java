package puente.net;

import java.io.IOException;
import java.util.Arrays;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The sockets that a supervisor holds for its serving process. For one thread. */
public final class HeldSockets {

  /** A descriptor, and the how-manieth it was that came here. */
  private record Held(int descriptor, long serial) {}

  private final Map<String, Held> heldByKey = new LinkedHashMap<>();
  private long serial;

  public int count() {
    return heldByKey.size();
  }

  /** Whether the message was about sockets; if so, it is done. */
  public boolean apply(UnixSocket.Delivery delivery) {
    String[] lines = delivery.text().split("\n");
    if (!lines[0].equals(SupervisedSockets.KEEP)) {
      UnixSocket.closeAll(delivery.descriptors());
      return false;
    }
    int next = 0;
    for (int i = 1; i < lines.length; i++) {
      String key = lines[i].substring(1);
      if (lines[i].startsWith("-")) {
        close(heldByKey.remove(key));
      } else if (next < delivery.descriptors().length) {
        close(heldByKey.put(key, new Held(delivery.descriptors()[next++], ++serial)));
      }
    }
    UnixSocket.closeAll(
        Arrays.copyOfRange(delivery.descriptors(), next, delivery.descriptors().length));
    return true;
  }

  /**
   * Gives all to another process; they stay held here, too.
   *
   * @param after what the last time answered, for those only that have come since; or 0
   * @return up to where it has all
   */
  public long giveTo(UnixSocket process, long after) throws IOException {
    Iterator<Map.Entry<String, Held>> all =
        heldByKey.entrySet().stream().filter(held -> held.getValue().serial > after).iterator();
    while (all.hasNext()) {
      StringBuilder text = new StringBuilder(SupervisedSockets.GIVE);
      int[] descriptors = new int[UnixSocket.DESCRIPTORS_MAX];
      int count = 0;
      while (count < descriptors.length && all.hasNext()) {
        Map.Entry<String, Held> next = all.next();
        text.append('\n').append(next.getKey());
        descriptors[count++] = next.getValue().descriptor;
      }
      process.send(text.toString(), Arrays.copyOf(descriptors, count));
    }
    return serial;
  }

  /** Closes all. */
  public void clear() {
    heldByKey.values().forEach(HeldSockets::close);
    heldByKey.clear();
  }

  private static void close(@Nullable Held held) {
    if (held != null) {
      UnixSocket.closeAll(held.descriptor);
    }
  }
}

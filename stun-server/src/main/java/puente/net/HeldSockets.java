package puente.net;

import java.io.IOException;
import java.util.Arrays;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The sockets that a supervisor holds for its serving process. For one thread. */
public final class HeldSockets {

  private final Map<String, Integer> descriptorByKey = new LinkedHashMap<>();

  public int count() {
    return descriptorByKey.size();
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
        close(descriptorByKey.remove(key));
      } else if (next < delivery.descriptors().length) {
        close(descriptorByKey.put(key, delivery.descriptors()[next++]));
      }
    }
    UnixSocket.closeAll(
        Arrays.copyOfRange(delivery.descriptors(), next, delivery.descriptors().length));
    return true;
  }

  /** Gives all to another process; they stay held here, too. */
  public void giveTo(UnixSocket process) throws IOException {
    Iterator<Map.Entry<String, Integer>> all = descriptorByKey.entrySet().iterator();
    while (all.hasNext()) {
      StringBuilder text = new StringBuilder(SupervisedSockets.GIVE);
      int[] descriptors = new int[UnixSocket.DESCRIPTORS_MAX];
      int count = 0;
      while (count < descriptors.length && all.hasNext()) {
        Map.Entry<String, Integer> next = all.next();
        text.append('\n').append(next.getKey());
        descriptors[count++] = next.getValue();
      }
      process.send(text.toString(), Arrays.copyOf(descriptors, count));
    }
  }

  /** Closes all. */
  public void clear() {
    descriptorByKey.values().forEach(UnixSocket::closeAll);
    descriptorByKey.clear();
  }

  private static void close(@Nullable Integer descriptor) {
    if (descriptor != null) {
      UnixSocket.closeAll(descriptor);
    }
  }
}

package puente.launcher.e2e;

import java.io.IOException;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.util.concurrent.ThreadLocalRandom;

/**
 * Ports below the kernel's ephemeral range, so that no client socket takes one meanwhile. Of two
 * JVMs that test at the same time, each has its half of them.
 */
public final class Ports {

  private static final int COUNT = 11_000;
  private static final int LOWEST = 10_000 + COUNT * (Integer.getInteger("puente.fork", 1) - 1 & 1);
  private static final int HIGHEST = LOWEST + COUNT;

  /**
   * Where to look next. Who asks soon after another gets others, though those are still free: a
   * server opens its last one seconds after it was given them.
   */
  private static int next = ThreadLocalRandom.current().nextInt(LOWEST, HIGHEST) & ~1;

  private Ports() {}

  /** The first of {@code count} adjacent ports that are free for UDP and TCP. */
  public static synchronized int free(int count) {
    int looked = 0;
    while (looked < 2 * COUNT) {
      if (next + count > HIGHEST) {
        looked += HIGHEST - next;
        next = LOWEST;
      }
      int first = next;
      int end = endOfFree(first, count);
      next = end + 2 & ~1;
      if (end == first + count) {
        return first;
      }
      looked += next - first;
    }
    throw new IllegalStateException("no " + count + " adjacent free ports");
  }

  /** The first from here on that is taken, or the one after all {@code count}. */
  private static int endOfFree(int first, int count) {
    int port = first;
    while (port < first + count && isFree(port)) {
      port++;
    }
    return port;
  }

  static boolean isFree(int port) {
    var any = new InetSocketAddress((InetAddress) null, port);
    try (var tcp = new ServerSocket();
        var udp = new DatagramSocket(any)) {
      tcp.setReuseAddress(true);
      tcp.bind(any);
      return udp.isBound();
    } catch (IOException e) {
      return false;
    }
  }
}

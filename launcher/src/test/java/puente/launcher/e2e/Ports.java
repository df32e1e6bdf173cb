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

  private Ports() {}

  /** The first of {@code count} adjacent ports that are free for UDP and TCP. */
  public static int free(int count) {
    for (int attempt = 0; attempt < 1_000; attempt++) {
      int first = ThreadLocalRandom.current().nextInt(LOWEST, HIGHEST - count) & ~1;
      if (allFree(first, count)) {
        return first;
      }
    }
    throw new IllegalStateException("no " + count + " adjacent free ports");
  }

  private static boolean allFree(int first, int count) {
    for (int port = first; port < first + count; port++) {
      if (!isFree(port)) {
        return false;
      }
    }
    return true;
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

package puente.peer;

import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.BufferedOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.net.Inet6Address;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import puente.stun.Family;

/**
 * A direct TCP connection with one other peer (RFC 6544): both listen on a port and open from the same
 * one at the same time, so that the SYN of each opens its own NAT for the other's. ice4j has only
 * passive candidates, which is why this is here. Datagrams are framed as RFC 4571 wants.
 */
final class TcpPath implements Path {
  private static final int QUEUE_MAX = 4096;
  private static final int CANDIDATES_MAX = 8;

  /** What does not fit is dropped, and the flow goes slower: a stream that stands holds nobody up. */
  private static final int LEAVING_MAX = 128;

  private static final int SEND_BUFFER_BYTES = 128 << 10;

  private final TcpPunch punch;
  private final ArrayBlockingQueue<byte[]> arrived = new ArrayBlockingQueue<>(QUEUE_MAX);
  private final ArrayBlockingQueue<byte[]> leaving = new ArrayBlockingQueue<>(LEAVING_MAX);
  private volatile @Nullable Socket open;
  private volatile @Nullable IOException broken;

  TcpPath(boolean isOfferer, Footing footing) throws IOException {
    punch = new TcpPunch(isOfferer, footing);
  }

  @Override
  public Set<Family> families() {
    return Routes.families(punch.candidates().stream().map(InetSocketAddress::getAddress));
  }

  @Override
  public JsonObject description() {
    JsonArray candidates = new JsonArray();
    for (InetSocketAddress one : punch.candidates()) {
      candidates.add(
          new JsonObject()
              .put("ip", one.getAddress().getHostAddress())
              .put("port", one.getPort())
              .put("tcptype", "so"));
    }
    return new JsonObject()
        .put("ufrag", punch.name())
        .put("pwd", punch.password())
        .put("candidates", candidates);
  }

  @Override
  public void connect(JsonObject remote, long patienceMs) throws IOException, InterruptedException {
    List<InetSocketAddress> theirs = new ArrayList<>();
    JsonArray candidates = remote.getJsonArray("candidates");
    for (int i = 0; i < Math.min(candidates.size(), CANDIDATES_MAX); i++) {
      theirs.add(Routes.candidate(candidates.getJsonObject(i)));
    }
    Socket socket =
        punch.open(theirs, remote.getString("ufrag"), remote.getString("pwd"), patienceMs);
    socket.setTcpNoDelay(true);
    socket.setSoTimeout(0);
    socket.setSendBufferSize(SEND_BUFFER_BYTES);
    open = socket;
    Thread.ofPlatform().daemon().name("tcp path in").start(() -> listen(socket));
    Thread.ofPlatform().daemon().name("tcp path out").start(() -> speak(socket));
  }

  private void listen(Socket socket) {
    try (DataInputStream in = new DataInputStream(socket.getInputStream())) {
      while (true) {
        byte[] datagram = new byte[in.readUnsignedShort()];
        in.readFully(datagram);
        arrived.put(datagram); // TCP holds the other side back
      }
    } catch (IOException lost) {
      broken = lost;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  @Override
  public byte @Nullable [] receive(int waitMs) throws IOException {
    try {
      byte[] datagram = arrived.poll(waitMs, TimeUnit.MILLISECONDS);
      IOException lost = broken;
      if (datagram == null && lost != null) {
        throw new IOException("the connection ended", lost);
      }
      return datagram;
    } catch (InterruptedException e) {
      throw new IOException("interrupted", e);
    }
  }

  private void speak(Socket socket) {
    try (DataOutputStream out =
        new DataOutputStream(new BufferedOutputStream(socket.getOutputStream()))) {
      while (!socket.isClosed()) {
        byte[] datagram = leaving.poll(1, TimeUnit.SECONDS);
        if (datagram != null) {
          out.writeShort(datagram.length);
          out.write(datagram);
        }
        if (leaving.isEmpty()) {
          out.flush();
        }
      }
    } catch (IOException lost) {
      broken = lost;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  @Override
  public void send(byte[] bytes, int offset, int length) throws IOException {
    if (open == null || broken != null) {
      throw new IOException("closed");
    }
    leaving.offer(Arrays.copyOfRange(bytes, offset, offset + length));
  }

  @Override
  public String kind() {
    Socket socket = open;
    boolean isIpv6 = socket != null && socket.getInetAddress() instanceof Inet6Address;
    return isIpv6 ? "direct TCP (IPv6)" : "direct TCP";
  }

  @Override
  public void close() {
    punch.close();
    Socket socket = open;
    if (socket != null) {
      TcpPunch.drop(socket);
    }
  }
}

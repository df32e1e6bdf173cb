package puente.peer;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.StandardSocketOptions;
import java.nio.channels.CancelledKeyException;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import puente.stun.Family;

/**
 * Opens a TCP connection between two hosts that both may be behind NATs (RFC 6544 §4.1, "so"): one
 * port of each address family listens, asks a server how it is seen, and opens towards the other
 * side, all at once. Whatever connection comes about, by either side or by both SYNs crossing, is
 * checked by a Binding request under the passwords that signaling told; the first that the offerer
 * checks is the one.
 */
final class TcpPunch implements AutoCloseable {
  private static final long REDIAL_MS = 400;
  private static final long LOOK_MS = 100;
  private static final int SERVER_MS = 3_000;

  /** Of strangers who connect to the port none gets far; so many may try. */
  private static final int CHECKED_MAX = 16;

  private final boolean isOfferer;
  private final Map<Family, Side> sides = new EnumMap<>(Family.class);
  private final List<InetSocketAddress> candidates = new ArrayList<>();
  private final String name = random(4);
  private final String password = random(16);
  private final SynchronousQueue<Socket> checked = new SynchronousQueue<>();
  private final Map<Socket, InetSocketAddress> checking = new ConcurrentHashMap<>();
  private final Object turn = new Object();
  private volatile boolean isOver;

  /**
   * The port of one address family.
   *
   * @param server that was asked how the port is seen
   */
  private record Side(
      InetSocketAddress local,
      ServerSocketChannel listening,
      @Nullable Socket server,
      PortMapper.@Nullable Mapping mapping) {}

  TcpPunch(boolean isOfferer, Footing footing) throws IOException {
    this.isOfferer = isOfferer;
    List<InetSocketAddress> known = footing.overTcp();
    try {
      if (known.isEmpty()) {
        InetAddress own = InetAddress.getLocalHost();
        sides.put(Routes.family(own), side(own, null, footing.mapper()));
      }
      for (InetSocketAddress server : known) {
        InetAddress own = Routes.towards(server);
        sides.put(Routes.family(own), side(own, server, footing.mapper()));
      }
    } catch (IOException failed) {
      close();
      throw failed;
    }
  }

  private Side side(InetAddress own, @Nullable InetSocketAddress asked, PortMapper mapper)
      throws IOException {
    ServerSocketChannel listening = ServerSocketChannel.open();
    listening.setOption(StandardSocketOptions.SO_REUSEADDR, true);
    listening.setOption(StandardSocketOptions.SO_REUSEPORT, true);
    listening.bind(new InetSocketAddress(own, 0));
    listening.configureBlocking(false);
    InetSocketAddress local = (InetSocketAddress) listening.getLocalAddress();
    candidates.add(local);
    Socket server = asked == null ? null : ask(local, asked);
    PortMapper.Mapping mapping = mapper.map(true, local);
    if (mapping != null && !candidates.contains(mapping.outer())) {
      candidates.add(mapping.outer());
    }
    return new Side(local, listening, server, mapping);
  }

  /** How the port is seen; the connection stays, and with it the NAT's mapping. */
  private @Nullable Socket ask(InetSocketAddress local, InetSocketAddress address) {
    Socket socket = new Socket();
    try {
      socket.setReuseAddress(true);
      socket.setOption(StandardSocketOptions.SO_REUSEPORT, true);
      socket.bind(local);
      socket.connect(address, SERVER_MS);
      socket.setSoTimeout(SERVER_MS);
      InetSocketAddress seen = TcpCheck.reflexive(socket);
      if (!seen.equals(local)) {
        candidates.add(seen);
      }
      return socket;
    } catch (IOException unknown) {
      drop(socket); // the host's own address may do
      return null;
    }
  }

  List<InetSocketAddress> candidates() {
    return List.copyOf(candidates);
  }

  String name() {
    return name;
  }

  String password() {
    return password;
  }

  /** Both sides at about the same time. */
  Socket open(
      List<InetSocketAddress> theirs, String theirName, String theirPassword, long patienceMs)
      throws IOException, InterruptedException {
    TcpCheck check = new TcpCheck(name, password, theirName, theirPassword);
    Thread.ofPlatform().daemon().name("tcp punch").start(() -> dial(theirs, check));
    try {
      Socket socket = checked.poll(patienceMs, TimeUnit.MILLISECONDS);
      if (socket == null) {
        throw new IOException("no TCP connection came about");
      }
      checking.remove(socket);
      return socket;
    } finally {
      close();
    }
  }

  private void dial(List<InetSocketAddress> theirs, TcpCheck check) {
    try (Selector selector = Selector.open()) {
      for (Side side : sides.values()) {
        side.listening.register(selector, SelectionKey.OP_ACCEPT);
      }
      long nextDial = 0;
      while (!isOver) {
        if (nextDial <= DtlsLink.nowMs()) {
          nextDial = DtlsLink.nowMs() + REDIAL_MS;
          for (InetSocketAddress to : theirs) {
            dial(selector, to);
          }
        }
        selector.select(LOOK_MS);
        List<SelectionKey> ready = List.copyOf(selector.selectedKeys());
        selector.selectedKeys().clear();
        ready.forEach(key -> ready(key, check)); // who is connected leaves the selector at once
      }
      for (SelectionKey key : selector.keys()) {
        key.channel().close();
      }
    } catch (IOException | java.nio.channels.ClosedSelectorException over) {
      isOver = true;
    }
  }

  /** From the port that listens; not while an attempt is under way or has led to something. */
  private void dial(Selector selector, InetSocketAddress to) {
    Side from = sides.get(Routes.family(to.getAddress()));
    boolean isUnderWay =
        selector.keys().stream().anyMatch(key -> key.isValid() && to.equals(key.attachment()))
            || checking.containsValue(to);
    if (isUnderWay || from == null) {
      return;
    }
    try {
      SocketChannel channel = SocketChannel.open();
      try {
        channel.setOption(StandardSocketOptions.SO_REUSEADDR, true);
        channel.setOption(StandardSocketOptions.SO_REUSEPORT, true);
        channel.bind(from.local);
        channel.configureBlocking(false);
        channel.connect(to);
        channel.register(selector, SelectionKey.OP_CONNECT, to);
      } catch (IOException | RuntimeException refused) {
        channel.close(); // next time, or by another address
      }
    } catch (IOException noMoreSockets) {
      isOver = true;
    }
  }

  private void ready(SelectionKey key, TcpCheck check) {
    if (!key.isValid()) {
      return;
    }
    try {
      if (key.isAcceptable() && key.channel() instanceof ServerSocketChannel listening) {
        SocketChannel accepted = listening.accept();
        if (accepted != null) {
          check(accepted, check);
        }
      } else if (key.isConnectable() && key.channel() instanceof SocketChannel channel) {
        if (channel.finishConnect()) {
          key.cancel();
          key.selector().selectNow(); // a registered channel cannot block
          channel.configureBlocking(true);
          check(channel, check);
        }
      }
    } catch (IOException | CancelledKeyException refused) { // or the other thread has closed it
      key.cancel();
      closeChannel(key);
    }
  }

  private static void closeChannel(SelectionKey key) {
    try {
      key.channel().close();
    } catch (IOException alreadyGone) {
      return;
    }
  }

  private void check(SocketChannel channel, TcpCheck check) throws IOException {
    if (checking.size() >= CHECKED_MAX) {
      channel.close();
      return;
    }
    Socket socket = channel.socket();
    checking.put(socket, (InetSocketAddress) channel.getRemoteAddress());
    Thread.ofPlatform()
        .daemon()
        .name("tcp check")
        .start(
            () -> {
              if (!isGood(socket, check)) {
                checking.remove(socket);
                drop(socket);
              }
            });
  }

  private boolean isGood(Socket socket, TcpCheck check) {
    try {
      if (isOfferer) {
        synchronized (turn) { // what is checked is chosen: one after another
          return !isOver && check.ask(socket) && hand(socket);
        }
      }
      return check.answer(socket) && hand(socket);
    } catch (IOException broken) {
      return false;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }

  private boolean hand(Socket socket) throws InterruptedException {
    return checked.offer(socket, LOOK_MS, TimeUnit.MILLISECONDS);
  }

  private static String random(int bytes) {
    byte[] random = new byte[bytes];
    new SecureRandom().nextBytes(random);
    return HexFormat.of().formatHex(random);
  }

  static void drop(Socket socket) {
    try {
      socket.close();
    } catch (IOException alreadyGone) {
      return;
    }
  }

  @Override
  public void close() {
    isOver = true;
    for (Side side : sides.values()) {
      try {
        side.listening.close();
      } catch (IOException alreadyGone) {
        // what else was opened is closed all the same
      }
      if (side.server != null) {
        drop(side.server);
      }
      if (side.mapping != null) {
        side.mapping.close(); // what is open stays open
      }
    }
    checking.keySet().forEach(TcpPunch::drop);
  }
}

package puente.net;

import io.netty.channel.IoEventLoop;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import puente.net.DatagramCounters.Fact;
import puente.stun.Family;
import puente.stun.TransportAddress;

/**
 * UDP through recvmmsg and sendmmsg with UDP_GRO and UDP_SEGMENT, on Netty's epoll loop. All memory
 * is allocated once; nothing is allocated for a packet.
 */
final class LinuxDatagrams implements Datagrams {

  private static final Logger LOG = LoggerFactory.getLogger("puente.net");

  /** Batches that one listener may take in a row before the others' turn. */
  private static final int ROUNDS_MAX = 4;

  /** Slots for one relay socket's batch. */
  private static final int RELAY_BATCH = 16;

  private static final int ERRORS_MAX = 16;

  /** Of so many batches one is timed: a clock's reading costs some 25 ns, and a batch some microseconds. */
  private static final int TIMED_MASK = 15;

  /** The buffer of a socket for many is so many times that of a relay for one. */
  private static final int RELAY_SHARE = 8;

  /** Of so many descriptors one is a gap; a power of two. */
  private static final int GAP_EVERY = 64;

  private final IoEventLoop eventLoop;
  private final boolean gro;
  private final int bufferSize;
  private final DescriptorHolder holder;
  private final int shard;
  private final DatagramCounters counters = new DatagramCounters();
  private final TransmitQueue queue;
  private final ReceiveRing ring;
  private final ErrorQueue errors;
  private final MemorySegment optionMemory;
  private final long option;
  private final long address;
  private final Set<LinuxUdpSocket> open = new HashSet<>();

  /**
   * Descriptors that nobody uses. Netty finds a handle in a table by its descriptor, where to remove
   * one is to look at all that follow up to the next empty place: without gaps, at each of thousands.
   */
  private final ArrayDeque<Integer> gaps = new ArrayDeque<>();

  private final Runnable flushTask = this::flushQueued;

  private boolean mayForce = true;
  private boolean left;
  private int socketsBehind;
  private int slotsUsed;
  private int batch;
  private int readings;

  /** When the first of those that peers sent was read, if they are timed; else 0. */
  private long peersSinceNanos;

  private boolean flushScheduled;

  /** Whether somebody is bound to flush. */
  private boolean isHeldBack;

  private boolean defectLogged;
  private boolean coalescingLossLogged;

  /** Must be made on the loop's thread: errno is captured per thread. */
  LinuxDatagrams(
      IoEventLoop eventLoop, boolean gro, int bufferSize, DescriptorHolder holder, int shard) {
    this.eventLoop = eventLoop;
    this.holder = holder;
    this.shard = shard;
    this.bufferSize = bufferSize;
    this.gro = gro;
    Arena arena = Arena.global();
    queue = new TransmitQueue(arena, counters);
    ring = new ReceiveRing(arena, counters);
    errors = new ErrorQueue(arena);
    optionMemory = Memory.allocate(arena, 64);
    option = optionMemory.address();
    address = option + 16;
  }

  @Override
  public DatagramCounters counters() {
    return counters;
  }

  @Override
  public String description() {
    return "recvmmsg/sendmmsg" + (gro ? " with UDP_GRO and UDP_SEGMENT" : "");
  }

  @Override
  public UdpSocket open(TransportAddress local, Role role, int number, Receiver receiver)
      throws BindFailure {
    if (left) {
      throw new BindFailure(local, BindFailure.Cause.OTHER, " (another process takes over)");
    }
    boolean ipv4 = local.family() == Family.IPV4;
    int adopted = adopt(local, role);
    int fd = adopted >= 0 ? adopted : bind(local, role, ipv4);
    TransportAddress actual = local.port() == 0 ? boundAddress(fd) : local;
    String key = key(actual, role);
    if (adopted < 0 && !key.isEmpty()) {
      holder.hold(key, fd);
    }
    LinuxUdpSocket socket = new LinuxUdpSocket(this, fd, key, actual, role, number, receiver);
    socket.coalesces = gro;
    if (role == Role.LISTENER || role == Role.SHARED_RELAY) {
      socket.prepare();
    }
    socket.registeredAs(eventLoop.register(socket).syncUninterruptibly().getNow());
    open.add(socket);
    return socket;
  }

  /** Empty for what nobody else holds. */
  private String key(TransportAddress local, Role role) {
    // Held, a reserved port could not be opened by another loop until it is let go.
    if (!isHeld() || role == Role.RESERVED) {
      return "";
    }
    return role == Role.LISTENER
        ? DescriptorHolder.listenerKey(local, shard)
        : DescriptorHolder.relayKey(local);
  }

  /** Whether another process keeps our sockets open: then they do not end when they are closed here. */
  boolean isHeld() {
    return holder != DescriptorHolder.none();
  }

  /** What a former process left, if it is what its key says. */
  private int adopt(TransportAddress local, Role role) {
    String key = key(local, role);
    int fd = holder.adopt(key);
    if (fd >= 0 && !boundAddress(fd).equals(local)) {
      Libc.close(fd);
      holder.release(key);
      return -1;
    }
    return fd;
  }

  private int bind(TransportAddress local, Role role, boolean ipv4) throws BindFailure {
    int fd = socket(role, ipv4 ? Libc.AF_INET : Libc.AF_INET6);
    if (fd < 0) {
      throw BindFailure.ofErrno(local, -fd);
    }
    if (role == Role.LISTENER) {
      set(fd, Libc.SOL_SOCKET, Libc.SO_REUSEPORT, 1);
    }
    if (!ipv4) {
      set(fd, Libc.IPPROTO_IPV6, Libc.IPV6_V6ONLY, 1);
    }
    int bound = Libc.bind(fd, address, Memory.sockaddr(address, local));
    if (bound < 0) {
      Libc.close(fd);
      throw BindFailure.ofErrno(local, -bound);
    }
    return fd;
  }

  private int socket(Role role, int family) {
    int fd = Libc.socket(family);
    if (fd < 0 || role != Role.RELAY || fd % GAP_EVERY != GAP_EVERY - 1) {
      return fd;
    }
    int after = Libc.socket(family);
    if (after < 0) {
      return fd;
    }
    gaps.add(fd);
    return after;
  }

  /** The socket closes for good, and nobody is to hold it. */
  void closed(LinuxUdpSocket socket) {
    open.remove(socket);
    if (gaps.size() > open.size() / GAP_EVERY + 1) {
      Libc.close(gaps.remove());
    }
    note(socket, false);
    if (!left && !socket.key.isEmpty()) {
      holder.release(socket.key);
    }
  }

  /** What a socket needs for data; see {@link LinuxUdpSocket#prepare}. */
  void setOptions(int fd, Role role, boolean ipv4) {
    int size = role == Role.RELAY ? bufferSize / RELAY_SHARE : bufferSize;
    setBuffer(fd, Libc.SO_RCVBUFFORCE, Libc.SO_RCVBUF, size);
    setBuffer(fd, Libc.SO_SNDBUFFORCE, Libc.SO_SNDBUF, size);
    // An adopted socket may come from a process that was configured otherwise.
    set(fd, Libc.SOL_UDP, Libc.UDP_GRO, gro ? 1 : 0);
    // DF is 0 unless a client asks for it (RFC 8656 §14, alternate behavior).
    if (ipv4) {
      set(fd, Libc.IPPROTO_IP, Libc.IP_RECVTOS, 1);
      set(fd, Libc.IPPROTO_IP, Libc.IP_MTU_DISCOVER, Libc.IP_PMTUDISC_DONT);
    } else {
      set(fd, Libc.IPPROTO_IPV6, Libc.IPV6_RECVTCLASS, 1);
      set(fd, Libc.IPPROTO_IPV6, Libc.IPV6_MTU_DISCOVER, Libc.IP_PMTUDISC_DONT);
    }
    if (role != Role.LISTENER) {
      int level = ipv4 ? Libc.IPPROTO_IP : Libc.IPPROTO_IPV6;
      set(fd, level, ipv4 ? Libc.IP_RECVERR : Libc.IPV6_RECVERR, 1);
    }
  }

  private void setBuffer(int fd, int forced, int polite, int size) {
    // Only root may pass the system's limit (net.core.rmem_max); who is not is told so once.
    mayForce = mayForce && set(fd, Libc.SOL_SOCKET, forced, size) >= 0;
    if (!mayForce) {
      set(fd, Libc.SOL_SOCKET, polite, size);
    }
  }

  private int set(int fd, int level, int name, int value) {
    Memory.i32(option, value);
    return Libc.setsockopt(fd, level, name, option);
  }

  private TransportAddress boundAddress(int fd) {
    Memory.i32(option, Memory.SOCKADDR_SIZE);
    Libc.getsockname(fd, address, option);
    return Memory.sockaddr(address);
  }

  TransmitQueue queue() {
    scheduleFlush();
    return queue;
  }

  @Override
  public void hold() {
    isHeldBack = true;
  }

  @Override
  public void flush() {
    isHeldBack = false;
    queue.flush();
    if (peersSinceNanos != 0) {
      counters.took(System.nanoTime() - peersSinceNanos, slotsUsed);
      peersSinceNanos = 0;
    }
    slotsUsed = 0;
    batch++;
  }

  /** What this socket is to send; what others are waits for its batch to end. */
  void flush(LinuxUdpSocket socket) {
    if (queue.hasOf(socket)) {
      flush();
    }
  }

  @Override
  public void leave() {
    flush();
    left = true;
    open.forEach(LinuxUdpSocket::rest);
  }

  @Override
  public void close() {
    left = true;
    List.copyOf(open).forEach(LinuxUdpSocket::close);
    gaps.forEach(Libc::close);
    gaps.clear();
  }

  @Override
  public int batch() {
    return batch;
  }

  /** Whoever queues and is not bound to flush is flushed after the loop's current round. */
  private void scheduleFlush() {
    if (!isHeldBack && !flushScheduled) {
      flushScheduled = true;
      eventLoop.execute(flushTask);
    }
  }

  private void flushQueued() {
    flushScheduled = false;
    flush();
  }

  void receiveFromClients(LinuxUdpSocket socket) {
    flush();
    int received = 0;
    for (int round = 0; round < ROUNDS_MAX; round++) {
      long since = timed();
      received = ring.receive(socket.fd, 0, ReceiveRing.SLOTS);
      hold();
      for (int i = 0; i < received; i++) {
        ring.show(i, socket);
      }
      flush();
      if (since != 0 && received > 0) {
        counters.took(System.nanoTime() - since, received);
      }
      if (received < ReceiveRing.SLOTS) {
        break;
      }
    }
    note(socket, received == ReceiveRing.SLOTS);
  }

  /** Now, once in a while; else 0. */
  private long timed() {
    return (++readings & TIMED_MASK) == 0 ? System.nanoTime() | 1 : 0;
  }

  private void note(LinuxUdpSocket socket, boolean isBehind) {
    if (socket.isBehind != isBehind) {
      socket.isBehind = isBehind;
      socketsBehind += isBehind ? 1 : -1;
    }
  }

  @Override
  public boolean isBehind() {
    return socketsBehind > 0;
  }

  void receiveFromPeers(LinuxUdpSocket socket) {
    if (slotsUsed + RELAY_BATCH > ReceiveRing.SLOTS) {
      flush();
    }
    int first = slotsUsed;
    long since = first == 0 ? timed() : 0;
    int received = ring.receive(socket.fd, first, first + RELAY_BATCH);
    if (received <= 0) {
      return;
    }
    slotsUsed += received;
    if (since != 0) {
      peersSinceNanos = since;
    }
    for (int i = first; i < first + received; i++) {
      ring.show(i, socket);
    }
  }

  void drainErrors(LinuxUdpSocket socket) {
    for (int i = 0; i < ERRORS_MAX; i++) {
      if (!errors.read(socket)) {
        return;
      }
    }
  }

  void sendUnfragmented(
      LinuxUdpSocket socket, TransportAddress to, int trafficClass, long payload, int length) {
    queue.flush();
    boolean ipv4 = socket.isIpv4();
    int level = ipv4 ? Libc.IPPROTO_IP : Libc.IPPROTO_IPV6;
    int name = ipv4 ? Libc.IP_MTU_DISCOVER : Libc.IPV6_MTU_DISCOVER;
    set(socket.fd, level, name, Libc.IP_PMTUDISC_DO);
    queue.add(socket, to, trafficClass, -1, payload, length);
    queue.flush();
    set(socket.fd, level, name, Libc.IP_PMTUDISC_DONT);
  }

  void gaveUpCoalescing(TransportAddress local, int error) {
    if (!coalescingLossLogged) {
      coalescingLossLogged = true;
      LOG.warn(
          "event=udp-segmentation-off address={} errno={} meaning=\"this system refuses joined"
              + " sends; packets are sent one by one, which costs more CPU\"",
          local,
          error);
    }
  }

  void defect(Throwable defect) {
    counters.add(Fact.DEFECTS, 1);
    if (!defectLogged) {
      defectLogged = true;
      LOG.error("event=defect where=udp meaning=\"a packet was dropped; please report\"", defect);
    }
  }
}

package puente.chaos;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.PortUnreachableException;
import java.nio.ByteBuffer;
import java.nio.channels.DatagramChannel;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import puente.launcher.e2e.Stun;

/**
 * A client with one allocation and its peer, each with the same connected socket from beginning to
 * end: whatever ICMP error reaches either is noticed. For one thread.
 */
final class Flow {

  static final int CHANNEL = 0x4000;
  static final int LIFETIME_SECONDS = 600;

  /** RFC 8489 §14.15. */
  private static final int ALTERNATE_SERVER = 0x8023;

  private static final int PAYLOAD = 160;
  private static final int REDIRECTS = 2;
  private static final byte[] UDP = {17, 0, 0, 0};
  private static final byte[] IPV6 = {2, 0, 0, 0};
  private static final long REFRESH_NANOS = 10_000_000_000L;
  private static final long BIND_NANOS = 120_000_000_000L;

  private final DatagramChannel client;
  private final DatagramChannel peer;
  private final boolean talks;
  private final Dialog dialog;
  private final Tally tally;
  final Stream up = new Stream();
  final Stream down = new Stream();
  private InetSocketAddress server;
  private @Nullable InetSocketAddress relayed;
  private boolean ready;
  private int refused;
  private int redirects;
  private long nextSendNanos;
  private long nextRefreshNanos = Long.MAX_VALUE;
  private long nextBindNanos = Long.MAX_VALUE;
  private final ByteBuffer out = ByteBuffer.allocate(4 + PAYLOAD);

  /**
   * @param talks whether it sends data when it has its allocation
   */
  Flow(DatagramChannel client, DatagramChannel peer, Account account, boolean talks, Tally tally) {
    this.client = client;
    this.peer = peer;
    this.talks = talks;
    this.tally = tally;
    server = account.server();
    dialog = new Dialog(account.user(), account.password(), this::toServer, tally);
    allocate();
  }

  /** Who asks whom. */
  record Account(InetSocketAddress server, String user, String password) {}

  // ---- what it has

  InetSocketAddress server() {
    return server;
  }

  @Nullable InetSocketAddress relayed() {
    return relayed;
  }

  /** It has an allocation, and, if it talks, a channel. */
  boolean ready() {
    return ready;
  }

  /** The error that its Allocate has ended with; 0 for none. */
  int refused() {
    return refused;
  }

  boolean decided() {
    return ready || refused != 0;
  }

  // ---- requests

  private void allocate() {
    dialog.ask(
        Stun.ALLOCATE,
        message -> {
          message.with(Stun.REQUESTED_TRANSPORT, UDP);
          if (server.getAddress() instanceof Inet6Address) {
            message.with(Stun.REQUESTED_ADDRESS_FAMILY, IPV6);
          }
        },
        answer -> {
          InetSocketAddress granted =
              answer == null ? null : Stun.address(answer, Stun.XOR_RELAYED_ADDRESS);
          if (granted != null) {
            allocated(granted);
          } else if (answer == null || !redirected(answer)) {
            refused = answer == null ? -1 : Stun.errorCode(answer);
          }
        });
  }

  private void allocated(InetSocketAddress granted) {
    relayed = granted;
    if (!talks) {
      ready = true;
      return;
    }
    try {
      peer.connect(granted);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    bind();
  }

  /** RFC 8489 §10: the same from the other server. */
  private boolean redirected(byte[] answer) {
    byte[] value = Stun.attribute(answer, ALTERNATE_SERVER);
    if (Stun.errorCode(answer) != 300 || value == null || redirects++ == REDIRECTS) {
      return false;
    }
    try {
      ByteBuffer plain = ByteBuffer.wrap(value);
      byte[] ip = new byte[value.length - 4];
      plain.get(4, ip);
      int port = plain.getShort(2) & 0xFFFF;
      server = new InetSocketAddress(InetAddress.getByAddress(ip), port);
      client.disconnect();
      client.connect(server);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    dialog.startAgain();
    allocate();
    return true;
  }

  private void bind() {
    InetSocketAddress to;
    try {
      to = (InetSocketAddress) peer.getLocalAddress();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    dialog.ask(
        Stun.CHANNEL_BIND,
        message ->
            message
                .with(Stun.CHANNEL_NUMBER, ByteBuffer.allocate(4).putInt(CHANNEL << 16).array())
                .with(Stun.XOR_PEER_ADDRESS, to),
        answer -> ready |= answer != null && Stun.errorCode(answer) == 0);
  }

  /** Asks for more time, or with 0 ends it; {@code done} gets whether that was granted. */
  void refresh(int seconds, Consumer<Boolean> done) {
    dialog.ask(
        Stun.REFRESH,
        message -> message.with(Stun.LIFETIME, ByteBuffer.allocate(4).putInt(seconds).array()),
        answer -> done.accept(answer != null && Stun.errorCode(answer) == 0));
  }

  // ---- the loop

  void onTime(long now, long paceNanos) {
    dialog.onTime(now);
    if (!ready || !talks) {
      return;
    }
    if (nextRefreshNanos == Long.MAX_VALUE) {
      // Spread over the time, as of people who have come one after the other.
      double share = (System.identityHashCode(this) & 0xFF) / 256.0;
      nextRefreshNanos = now + (long) (share * REFRESH_NANOS);
      nextBindNanos = now + BIND_NANOS;
      nextSendNanos = now + (long) (share * paceNanos);
    }
    if (now >= nextRefreshNanos) {
      nextRefreshNanos = now + REFRESH_NANOS;
      refresh(LIFETIME_SECONDS, granted -> tally.count(granted ? "refreshed" : "refresh refused"));
    }
    if (now >= nextBindNanos) {
      nextBindNanos = now + BIND_NANOS;
      bind();
    }
    if (now >= nextSendNanos) {
      // What a busy machine has delayed is not made up for in a burst.
      nextSendNanos = Math.max(nextSendNanos + paceNanos, now - paceNanos);
      sendBothWays();
    }
  }

  private void sendBothWays() {
    out.clear();
    out.putShort((short) CHANNEL).putShort((short) PAYLOAD).putInt(up.next());
    send(client, out.rewind().limit(4 + PAYLOAD), "icmp at client");
    out.clear();
    out.putInt(down.next());
    send(peer, out.rewind().limit(PAYLOAD), "icmp at peer");
  }

  private void toServer(byte[] bytes) {
    send(client, ByteBuffer.wrap(bytes), "icmp at client");
  }

  /** An error that came for an earlier packet is told instead of sending: so once more. */
  private void send(DatagramChannel channel, ByteBuffer bytes, String complaint) {
    for (int attempt = 0; attempt < 2; attempt++) {
      try {
        channel.write(bytes);
        return;
      } catch (PortUnreachableException unreachable) {
        tally.count(complaint);
      } catch (IOException noWay) {
        tally.count("no way");
        return;
      }
    }
  }

  void readClient(ByteBuffer into, long now) {
    while (receive(client, into, "icmp at client")) {
      int size = into.remaining();
      int first = into.getShort(0) & 0xFFFF;
      if (first == CHANNEL && size >= 8) {
        down.arrived(into.getInt(4), now);
      } else if ((first & 0xC000) == 0 && size >= Stun.HEADER) {
        byte[] message = new byte[size];
        into.get(message);
        dialog.onMessage(message, now);
      }
    }
  }

  void readPeer(ByteBuffer into, long now) {
    while (receive(peer, into, "icmp at peer")) {
      up.arrived(into.getInt(0), now);
    }
  }

  private boolean receive(DatagramChannel channel, ByteBuffer into, String complaint) {
    while (true) {
      try {
        into.clear();
        // A packet always has something in it here.
        boolean any = channel.isConnected() && channel.read(into) > 3;
        into.flip();
        return any;
      } catch (PortUnreachableException unreachable) {
        tally.count(complaint);
      } catch (IOException noWay) {
        tally.count("no way");
        return false;
      }
    }
  }

  void close() {
    try {
      client.close();
      peer.close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}

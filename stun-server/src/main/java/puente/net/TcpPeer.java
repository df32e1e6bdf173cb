package puente.net;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelDuplexHandler;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPromise;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import io.netty.channel.socket.DuplexChannel;
import java.net.InetSocketAddress;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import puente.stun.TransportAddress;

/**
 * A TCP connection with a peer, on its relay's loop. Nothing is read from it until it is joined
 * with a client's data connection: until then the kernel holds the peer back (RFC 6062 §5.2). From
 * then on bytes go through as they are; whoever reads too slowly makes the other one wait, and so
 * do the limits of the allocation. The client's connection may be on another loop.
 */
public final class TcpPeer extends ChannelDuplexHandler {

  /** Who is told; called on the relay's loop. */
  public interface Receiver {

    /** The connection stands; false closes it. */
    boolean onOpen(TcpPeer peer);

    /** The peer did not take our call. */
    void onFailed(TcpPeer peer, Throwable why);

    void onClosed(TcpPeer peer);

    /** Bytes have come on their way to the peer ({@code up}) or the client. */
    void onBytes(TcpPeer peer, boolean up, int length);

    /** Whether more may be read that way after these bytes; else it is asked again. */
    boolean pays(TcpPeer peer, boolean up, int length);
  }

  /** Bytes under way to one who does not read, after which the other one has to wait. */
  static final int UNREAD_MAX = 256 << 10;

  /** What a peer that closes may have sent before anybody came for it. */
  private static final int HELD_MAX = 1 << 20;

  private static final long AGAIN_MS = 20;

  private final Receiver receiver;
  private final Deque<ByteBuf> held = new ArrayDeque<>();
  private @Nullable Object attachment;
  private int heldBytes;
  private volatile @Nullable Channel channel;
  private @Nullable Channel client;
  private boolean clientIsPlain;
  private boolean closedToClient;
  private boolean peerEnded;
  private boolean clientEnded;
  private boolean downWaits;
  private volatile boolean upWaits;

  /**
   * @param attachment the caller's own, for {@link #attachment}
   */
  TcpPeer(Receiver receiver, @Nullable Object attachment) {
    this.receiver = receiver;
    this.attachment = attachment;
  }

  public @Nullable Object attachment() {
    return attachment;
  }

  public void attach(Object newAttachment) {
    attachment = newAttachment;
  }

  /** The peer's address; only of one that stands. */
  public TransportAddress address() {
    Channel open = channel;
    if (open == null) {
      throw new IllegalStateException("not connected");
    }
    return Addresses.of((InetSocketAddress) open.remoteAddress());
  }

  /** Closes it after what was written, and the client's connection with it. */
  public void close() {
    Channel open = channel;
    if (open != null) {
      finish(open);
    }
    Channel other = client;
    if (other != null) {
      finish(other);
    }
  }

  /** From now on it can be given up. */
  void calling(Channel attempt) {
    channel = attempt;
  }

  void failed(Throwable why) {
    receiver.onFailed(this, why);
  }

  // ---- on the client's loop

  /** Takes what the client sends from now on. */
  void fromClient(ByteBuf bytes, Channel from) {
    Channel to = channel;
    if (to == null) {
      bytes.release();
      return;
    }
    to.writeAndFlush(bytes, to.voidPromise());
    if (!to.isWritable()) {
      from.config().setAutoRead(false);
      // It may have become writable just before, and would not say so again.
      if (to.isWritable() && !upWaits) {
        readFrom(from);
      }
    }
  }

  /** The client's connection is this one's other end from now on. */
  void joined(Channel newClient, boolean plain) {
    onLoop(() -> join(newClient, plain));
  }

  void clientWritable() {
    onLoop(this::readOn);
  }

  /** The client sends no more, but may still read. */
  void clientEnds() {
    onLoop(
        () -> {
          clientEnded = true;
          Channel open = channel;
          if (open != null) {
            endOutput(open);
          }
          endIfBothDid();
        });
  }

  void clientGone() {
    onLoop(this::close);
  }

  private void onLoop(Runnable task) {
    Channel open = channel;
    if (open != null) {
      open.eventLoop().execute(task);
    }
  }

  // ---- on the relay's loop

  private void join(Channel newClient, boolean plain) {
    client = newClient;
    clientIsPlain = plain;
    ByteBuf next;
    while ((next = held.poll()) != null) {
      toClient(newClient, next);
    }
    heldBytes = 0;
    Channel open = channel;
    if (open == null || !open.isOpen()) {
      finish(newClient);
      return;
    }
    if (peerEnded) {
      endToClient(newClient);
    }
    readOn();
  }

  private void readOn() {
    Channel open = channel;
    Channel to = client;
    if (open != null && to != null && to.isWritable() && !downWaits) {
      readFrom(open);
    }
  }

  @Override
  public void channelActive(ChannelHandlerContext context) {
    channel = context.channel();
    if (!receiver.onOpen(this)) {
      context.close();
    }
  }

  @Override
  public void channelRead(ChannelHandlerContext context, Object read) {
    ByteBuf bytes = (ByteBuf) read;
    Channel to = client;
    if (to != null) {
      toClient(to, bytes);
      return;
    }
    // Only what the kernel hands over with a peer's end comes here.
    heldBytes += bytes.readableBytes();
    held.add(bytes);
    if (heldBytes > HELD_MAX) {
      context.close();
    }
  }

  private void toClient(Channel to, ByteBuf bytes) {
    int length = bytes.readableBytes();
    receiver.onBytes(this, false, length);
    to.writeAndFlush(bytes, to.voidPromise());
    Channel from = channel;
    if (from == null) {
      return;
    }
    if (!downWaits && !receiver.pays(this, false, length)) {
      downWaits = true;
      from.config().setAutoRead(false);
      downAgain(from, length);
    }
    if (!to.isWritable()) {
      from.config().setAutoRead(false);
      if (to.isWritable()) {
        readOn();
      }
    }
  }

  private void downAgain(Channel from, int length) {
    from.eventLoop()
        .schedule(
            () -> {
              if (receiver.pays(this, false, length)) {
                downWaits = false;
                readOn();
              } else if (from.isOpen()) {
                downAgain(from, length);
              }
            },
            AGAIN_MS,
            TimeUnit.MILLISECONDS);
  }

  /** What the client sends passes here, whatever loop it came on. */
  @Override
  public void write(ChannelHandlerContext context, Object message, ChannelPromise promise) {
    int length = ((ByteBuf) message).readableBytes();
    context.write(message, promise);
    Channel from = client;
    if (length == 0 || from == null) {
      return;
    }
    receiver.onBytes(this, true, length);
    if (!upWaits && !receiver.pays(this, true, length)) {
      upWaits = true;
      from.config().setAutoRead(false);
      upAgain(context.channel(), from, length);
    }
  }

  private void upAgain(Channel to, Channel from, int length) {
    to.eventLoop()
        .schedule(
            () -> {
              if (receiver.pays(this, true, length)) {
                upWaits = false;
                if (to.isWritable()) {
                  readFrom(from);
                }
              } else if (to.isOpen()) {
                upAgain(to, from, length);
              }
            },
            AGAIN_MS,
            TimeUnit.MILLISECONDS);
  }

  @Override
  public void channelWritabilityChanged(ChannelHandlerContext context) {
    Channel from = client;
    if (from != null && context.channel().isWritable() && !upWaits) {
      readFrom(from);
    }
  }

  @Override
  public void userEventTriggered(ChannelHandlerContext context, Object event) {
    if (event instanceof ChannelInputShutdownEvent && !peerEnded) {
      peerEnded = true;
      Channel to = client;
      if (to != null) {
        endToClient(to);
      }
    }
  }

  private void endToClient(Channel to) {
    if (clientIsPlain) {
      endOutput(to);
      endIfBothDid();
    } else {
      // There is no half of TLS that its clients could be left with.
      close();
    }
  }

  private void endIfBothDid() {
    if (peerEnded && clientEnded) {
      close();
    }
  }

  /** On its own loop: the system refuses to watch for input that has ended meanwhile. */
  private static void readFrom(Channel of) {
    of.eventLoop()
        .execute(
            () -> {
              if (!(of instanceof DuplexChannel duplex) || !duplex.isInputShutdown()) {
                of.config().setAutoRead(true);
              }
            });
  }

  private static void endOutput(Channel of) {
    of.writeAndFlush(Unpooled.EMPTY_BUFFER)
        .addListener(
            written -> {
              if (of instanceof DuplexChannel duplex) {
                duplex.shutdownOutput();
              }
            });
  }

  private static void finish(Channel of) {
    if (of.isActive()) {
      of.writeAndFlush(Unpooled.EMPTY_BUFFER).addListener(ChannelFutureListener.CLOSE);
    } else {
      of.close();
    }
  }

  @Override
  public void channelInactive(ChannelHandlerContext context) {
    held.forEach(ByteBuf::release);
    held.clear();
    Channel other = client;
    if (other != null && !closedToClient) {
      closedToClient = true;
      finish(other);
    }
    receiver.onClosed(this);
  }

  /** Reset by the peer. */
  @Override
  public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
    context.close();
  }
}

package puente.net;

import io.netty.bootstrap.Bootstrap;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.WriteBufferWaterMark;
import io.netty.channel.epoll.EpollServerSocketChannel;
import io.netty.channel.epoll.EpollSocketChannel;
import io.netty.channel.socket.nio.NioChannelOption;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.channel.socket.nio.NioSocketChannel;
import io.netty.channel.unix.IntegerUnixChannelOption;
import java.net.StandardSocketOptions;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import puente.stun.TransportAddress;

/**
 * A relayed address of TCP: listens there and calls from there, on one loop. Both need
 * SO_REUSEPORT, as a port that is listened on could not be called from otherwise.
 */
public final class TcpRelay {

  private static final int BACKLOG = 64;

  /** SOL_SOCKET and SO_REUSEPORT of Linux: a client's channel has no name for it. */
  private static final IntegerUnixChannelOption LINUX_REUSE_PORT =
      new IntegerUnixChannelOption("SO_REUSEPORT", 1, 15);

  /** What the kernel keeps of a peer whose client does not read. */
  private static final int RECEIVE_BYTES = 256 << 10;

  /** After the core's own: it is the one that answers. */
  private static final int CONNECT_MS_MAX = 35_000;

  private final EventLoops.Loop loop;
  private final boolean epoll;
  private final TransportAddress local;
  private final TcpPeer.Receiver receiver;
  private @Nullable Channel listening;
  private boolean closed;

  public TcpRelay(
      EventLoops.Loop loop, boolean epoll, TransportAddress local, TcpPeer.Receiver receiver) {
    this.loop = loop;
    this.epoll = epoll;
    this.local = local;
    this.receiver = receiver;
  }

  /**
   * Listens; on the loop.
   *
   * @param done is given null, or why it cannot
   */
  public void open(Object attachment, Consumer<@Nullable BindFailure> done) {
    ServerBootstrap bootstrap =
        new ServerBootstrap()
            .group(loop.eventLoop())
            .channel(epoll ? EpollServerSocketChannel.class : NioServerSocketChannel.class)
            .option(ChannelOption.SO_BACKLOG, BACKLOG)
            .option(ChannelOption.SO_REUSEADDR, true)
            .childOption(ChannelOption.ALLOW_HALF_CLOSURE, true)
            .childOption(ChannelOption.AUTO_READ, false)
            .childOption(ChannelOption.TCP_NODELAY, true)
            .option(ChannelOption.SO_RCVBUF, RECEIVE_BYTES)
            .childOption(ChannelOption.WRITE_BUFFER_WATER_MARK, waterMark())
            .childHandler(
                new ChannelInitializer<Channel>() {
                  @Override
                  protected void initChannel(Channel accepted) {
                    accepted.pipeline().addLast(new TcpPeer(receiver, attachment));
                  }
                });
    if (epoll) {
      bootstrap.option(LINUX_REUSE_PORT, 1);
    } else {
      bootstrap.option(NioChannelOption.of(StandardSocketOptions.SO_REUSEPORT), true);
    }
    ChannelFuture bound = bootstrap.bind(Addresses.of(local));
    listening = bound.channel();
    bound.addListener(
        future -> {
          if (!future.isSuccess()) {
            done.accept(StreamListener.failure(local, future.cause()));
          } else if (closed) {
            bound.channel().close();
          } else {
            done.accept(null);
          }
        });
  }

  /** Calls a peer from here; the receiver is told how that ends. */
  public TcpPeer call(TransportAddress peer, Object attachment) {
    TcpPeer called = new TcpPeer(receiver, attachment);
    Bootstrap bootstrap =
        new Bootstrap()
            .group(loop.eventLoop())
            .channel(epoll ? EpollSocketChannel.class : NioSocketChannel.class)
            .option(ChannelOption.SO_REUSEADDR, true)
            .option(ChannelOption.CONNECT_TIMEOUT_MILLIS, CONNECT_MS_MAX)
            .option(ChannelOption.ALLOW_HALF_CLOSURE, true)
            .option(ChannelOption.AUTO_READ, false)
            .option(ChannelOption.TCP_NODELAY, true)
            .option(ChannelOption.SO_RCVBUF, RECEIVE_BYTES)
            .option(ChannelOption.WRITE_BUFFER_WATER_MARK, waterMark())
            .handler(called);
    if (epoll) {
      bootstrap.option(LINUX_REUSE_PORT, 1);
    } else {
      bootstrap.option(NioChannelOption.of(StandardSocketOptions.SO_REUSEPORT), true);
    }
    ChannelFuture connecting = bootstrap.connect(Addresses.of(peer), Addresses.of(local));
    called.calling(connecting.channel());
    connecting.addListener(
        future -> {
          if (!future.isSuccess()) {
            called.failed(future.cause());
          }
        });
    return called;
  }

  /** Listens no more; connections stay. */
  public void close() {
    closed = true;
    Channel open = listening;
    if (open != null) {
      open.close();
    }
  }

  private static WriteBufferWaterMark waterMark() {
    return new WriteBufferWaterMark(TcpPeer.UNREAD_MAX / 2, TcpPeer.UNREAD_MAX);
  }
}

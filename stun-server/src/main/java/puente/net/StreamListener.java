package puente.net;

import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.ServerChannel;
import io.netty.channel.WriteBufferWaterMark;
import io.netty.channel.epoll.EpollChannelOption;
import io.netty.channel.epoll.EpollServerSocketChannel;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.channel.unix.Errors;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslHandler;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import puente.stun.Transport;
import puente.stun.TransportAddress;

/**
 * A TCP or TLS port of one shard. With epoll every shard listens on the port itself (SO_REUSEPORT),
 * and a connection stays on the loop that accepted it.
 */
public final class StreamListener {

  private static final int BACKLOG = 1024;
  private static final int STAGING_SIZE = 0x1_0000 + 64;
  private static final Duration HANDSHAKE_MAX = Duration.ofSeconds(10);

  /**
   * What a listener is made of.
   *
   * @param plain whether clients without TLS are served
   * @param tls makes the handler of a new connection that starts with TLS; null where that is not
   *     served. With both, the first byte tells
   * @param http who is told of clients that speak HTTP
   * @param handshakes where the costly part of a handshake runs, never on the loop
   */
  public record Options(
      TransportAddress local,
      int number,
      int messageMax,
      boolean epoll,
      boolean plain,
      @Nullable Supplier<SslContext> tls,
      Executor handshakes,
      SharedHttp http) {}

  private final Options options;
  private final ClientConnection.Receiver receiver;
  private final ByteBuffer staging = ByteBuffer.allocateDirect(STAGING_SIZE);
  private @Nullable Channel channel;

  private StreamListener(Options options, ClientConnection.Receiver receiver) {
    this.options = options;
    this.receiver = receiver;
  }

  /** Opens the port on the loop; blocks until it listens, so not to be called on a loop. */
  public static StreamListener open(
      EventLoops.Loop loop, Options options, ClientConnection.Receiver receiver)
      throws BindFailure {
    StreamListener listener = new StreamListener(options, receiver);
    Class<? extends ServerChannel> kind =
        options.epoll ? EpollServerSocketChannel.class : NioServerSocketChannel.class;
    ServerBootstrap bootstrap =
        new ServerBootstrap()
            .group(loop.eventLoop())
            .channel(kind)
            .option(ChannelOption.SO_BACKLOG, BACKLOG)
            .option(ChannelOption.SO_REUSEADDR, true)
            .childOption(ChannelOption.TCP_NODELAY, true)
            .childOption(ChannelOption.SO_KEEPALIVE, true)
            .childOption(
                ChannelOption.WRITE_BUFFER_WATER_MARK,
                new WriteBufferWaterMark(
                    StreamConnection.UNREAD_MAX / 2, StreamConnection.UNREAD_MAX))
            .childHandler(listener.new Initializer());
    if (options.epoll) {
      bootstrap.option(EpollChannelOption.SO_REUSEPORT, true);
    }
    ChannelFuture bound = bootstrap.bind(Addresses.of(options.local)).awaitUninterruptibly();
    if (!bound.isSuccess()) {
      throw failure(options.local, bound.cause());
    }
    listener.channel = bound.channel();
    return listener;
  }

  static BindFailure failure(TransportAddress local, @Nullable Throwable cause) {
    if (cause instanceof Errors.NativeIoException failure) {
      return BindFailure.ofErrno(local, -failure.expectedErr());
    }
    if (cause instanceof IOException refused) {
      return BindFailure.of(local, refused);
    }
    return new BindFailure(local, BindFailure.Cause.OTHER, " (" + cause + ")");
  }

  private final class Initializer extends ChannelInitializer<Channel> {
    @Override
    protected void initChannel(Channel accepted) {
      if (accepted.remoteAddress() instanceof InetSocketAddress source
          && receiver.trusts(Addresses.of(source))) {
        ProxyHeader.install(accepted.pipeline());
      }
      Supplier<SslContext> tls = options.tls;
      if (tls != null) {
        accepted
            .pipeline()
            .addLast(
                options.plain
                    ? new FirstByte(() -> security(accepted, tls))
                    : security(accepted, tls));
      }
      accepted.pipeline().addLast(new StreamConnection(StreamListener.this));
    }

    private SslHandler security(Channel accepted, Supplier<SslContext> tls) {
      SslHandler security = tls.get().newHandler(accepted.alloc(), options.handshakes);
      security.setHandshakeTimeoutMillis(HANDSHAKE_MAX.toMillis());
      // One record for each message: there are clients that take a record for a message.
      security.setWrapDataSize(0);
      return security;
    }
  }

  /** The address it listens on, with the port that the system chose if none was asked for. */
  public TransportAddress local() {
    Channel open = channel;
    return open == null ? options.local : Addresses.of((InetSocketAddress) open.localAddress());
  }

  /** Stops accepting; open connections stay. */
  public CompletionStage<Void> close() {
    CompletableFuture<Void> done = new CompletableFuture<>();
    Channel open = channel;
    if (open == null) {
      done.complete(null);
    } else {
      open.close().addListener(closed -> done.complete(null));
    }
    return done;
  }

  /** What a connection is as long as it has said nothing. */
  Transport transport() {
    return options.plain ? Transport.TCP : Transport.TLS;
  }

  SharedHttp http() {
    return options.http;
  }

  int number() {
    return options.number;
  }

  int messageMax() {
    return options.messageMax;
  }

  ClientConnection.Receiver receiver() {
    return receiver;
  }

  ByteBuffer staging() {
    return staging;
  }
}

package puente.net;

import io.netty.bootstrap.Bootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.epoll.EpollDomainSocketChannel;
import io.netty.channel.unix.DomainSocketAddress;
import io.netty.handler.codec.ByteToMessageDecoder;
import io.netty.handler.codec.haproxy.HAProxyCommand;
import io.netty.handler.codec.haproxy.HAProxyMessage;
import io.netty.handler.codec.haproxy.HAProxyMessageEncoder;
import io.netty.handler.codec.haproxy.HAProxyProtocolVersion;
import io.netty.handler.codec.haproxy.HAProxyProxiedProtocol;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import puente.stun.Family;
import puente.stun.FiveTuple;

/**
 * The rest of a client's connection that has turned out to speak HTTP: byte by byte to the server
 * for that, and back. Neither way keeps more than what the other end's buffer takes. For the
 * connection's loop only.
 */
@ChannelHandler.Sharable // by one attempt after the other
final class Handover extends ChannelInboundHandlerAdapter {

  /** The server of HTTP is opened after the ports of TURN. */
  private static final int ATTEMPTS_MAX = 50;

  private static final long RETRY_MS = 100;

  private final Channel client;
  private final FiveTuple tuple;
  private final Path door;
  private int attempts;
  private @Nullable Channel inner;

  /** What the client has said until the other end is there; at most what it said in one go. */
  private @Nullable ByteBuf waiting;

  private Handover(Channel client, FiveTuple tuple, Path door, ByteBuf first) {
    this.client = client;
    this.tuple = tuple;
    this.door = door;
    waiting = first;
  }

  /**
   * Begins with what was read so far. The client is not read until the other end is there.
   *
   * @param first what it has said, which is released here
   */
  static Handover begin(Channel client, FiveTuple tuple, Path door, ByteBuf first) {
    client.config().setAutoRead(false);
    Handover handover = new Handover(client, tuple, door, first);
    handover.connect();
    return handover;
  }

  private void connect() {
    new Bootstrap()
        .group(client.eventLoop())
        .channel(EpollDomainSocketChannel.class)
        .handler(
            new ChannelInitializer<Channel>() {
              @Override
              protected void initChannel(Channel made) {
                made.pipeline().addLast(HAProxyMessageEncoder.INSTANCE, Handover.this);
              }
            })
        .connect(new DomainSocketAddress(door.toFile()))
        .addListener((ChannelFutureListener) done -> connected(done.isSuccess(), done.channel()));
  }

  private static HAProxyMessage header(FiveTuple tuple) {
    boolean ipv4 = tuple.client().family() == Family.IPV4 && tuple.server().family() == Family.IPV4;
    return new HAProxyMessage(
        HAProxyProtocolVersion.V2,
        HAProxyCommand.PROXY,
        ipv4 ? HAProxyProxiedProtocol.TCP4 : HAProxyProxiedProtocol.TCP6,
        Addresses.of(tuple.client()).getAddress().getHostAddress(),
        Addresses.of(tuple.server()).getAddress().getHostAddress(),
        tuple.client().port(),
        tuple.server().port());
  }

  private void connected(boolean isUp, Channel open) {
    if (!isUp && client.isActive() && ++attempts < ATTEMPTS_MAX) {
      client.eventLoop().schedule(this::connect, RETRY_MS, TimeUnit.MILLISECONDS);
      return;
    }
    ByteBuf said = waiting;
    waiting = null;
    if (!isUp || said == null || !client.isActive()) {
      if (said != null) {
        said.release();
      }
      client.close();
      open.close();
      return;
    }
    inner = open;
    open.write(header(tuple));
    open.pipeline().remove(HAProxyMessageEncoder.class);
    open.writeAndFlush(said);
    client.config().setAutoRead(true);
  }

  // ---- from the client

  void fromClient(ByteBuf bytes) {
    Channel open = inner;
    ByteBuf before = waiting;
    if (before != null) {
      waiting = ByteToMessageDecoder.MERGE_CUMULATOR.cumulate(client.alloc(), before, bytes);
      return;
    }
    if (open == null || !open.isActive()) {
      bytes.release();
      return;
    }
    open.writeAndFlush(bytes);
    client.config().setAutoRead(open.isWritable());
  }

  void clientWritable() {
    Channel open = inner;
    if (open != null) {
      open.config().setAutoRead(true);
    }
  }

  void clientGone() {
    closeAfterAll(inner);
  }

  // ---- from the server of HTTP

  @Override
  public void channelRead(ChannelHandlerContext context, Object read) {
    client.writeAndFlush(read);
    context.channel().config().setAutoRead(client.isWritable());
  }

  @Override
  public void channelWritabilityChanged(ChannelHandlerContext context) {
    client.config().setAutoRead(context.channel().isWritable());
  }

  @Override
  public void channelInactive(ChannelHandlerContext context) {
    closeAfterAll(client);
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
    context.close();
  }

  private static void closeAfterAll(@Nullable Channel channel) {
    if (channel != null && channel.isActive()) {
      channel.writeAndFlush(Unpooled.EMPTY_BUFFER).addListener(ChannelFutureListener.CLOSE);
    }
  }
}

package puente.net;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelPipeline;
import io.netty.handler.codec.ByteToMessageDecoder;
import io.netty.handler.codec.ProtocolDetectionState;
import io.netty.handler.codec.haproxy.HAProxyMessage;
import io.netty.handler.codec.haproxy.HAProxyMessageDecoder;
import io.netty.handler.codec.haproxy.HAProxyProxiedProtocol.AddressFamily;
import io.netty.util.AttributeKey;
import io.netty.util.NetUtil;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import puente.stun.TransportAddress;

/**
 * Reads the header of the PROXY protocol, version 1 or 2, by which a trusted proxy says for whom it
 * speaks. Until then nobody behind it hears of the connection. One without a header is the proxy's
 * own, as a health check is. For one connection.
 */
final class ProxyHeader extends ChannelInboundHandlerAdapter {

  /** Who the two ends are. */
  record Ends(TransportAddress client, TransportAddress server) {}

  static final AttributeKey<Ends> ENDS = AttributeKey.valueOf(ProxyHeader.class, "ends");

  /** A header has one segment; even a proxy may not keep us waiting. */
  private static final Duration PATIENCE = Duration.ofSeconds(5);

  /** Certificates of TLS clients, names, what clouds add: none of it is looked at. */
  private static final int EXTENSIONS_MAX = 4096;

  private @Nullable ScheduledFuture<?> patience;

  /** Puts what reads the header in front of everything that is added later. */
  static void install(ChannelPipeline pipeline) {
    pipeline.addLast(new Detector(), new ProxyHeader());
  }

  static boolean startsIn(ByteBuf bytes) {
    return HAProxyMessageDecoder.detectProtocol(bytes).state() == ProtocolDetectionState.DETECTED;
  }

  @Override
  public void channelActive(ChannelHandlerContext context) {
    patience =
        context
            .executor()
            .schedule(() -> context.close(), PATIENCE.toMillis(), TimeUnit.MILLISECONDS);
  }

  @Override
  public void channelRead(ChannelHandlerContext context, Object read) {
    Ends ends = null;
    if (read instanceof HAProxyMessage header) {
      try {
        ends = ends(header);
      } finally {
        header.release();
      }
    }
    ScheduledFuture<?> waiting = patience;
    if (waiting != null) {
      waiting.cancel(false);
    }
    context.channel().attr(ENDS).set(ends);
    context.fireChannelActive();
    if (!(read instanceof HAProxyMessage)) {
      context.fireChannelRead(read);
    }
    context.pipeline().remove(this);
  }

  /** Null for what a proxy sends by itself (LOCAL), or does not know (UNKNOWN). */
  private static @Nullable Ends ends(HAProxyMessage header) {
    AddressFamily family = header.proxiedProtocol().addressFamily();
    if (family != AddressFamily.AF_IPv4 && family != AddressFamily.AF_IPv6) {
      return null;
    }
    InetAddress source = NetUtil.createInetAddressFromIpAddressString(header.sourceAddress());
    InetAddress target = NetUtil.createInetAddressFromIpAddressString(header.destinationAddress());
    return source == null || target == null
        ? null
        : new Ends(
            Addresses.of(new InetSocketAddress(source, header.sourcePort())),
            Addresses.of(new InetSocketAddress(target, header.destinationPort())));
  }

  /** Whether there is a header. */
  private static final class Detector extends ByteToMessageDecoder {
    @Override
    protected void decode(ChannelHandlerContext context, ByteBuf in, List<Object> out) {
      ProtocolDetectionState state = HAProxyMessageDecoder.detectProtocol(in).state();
      if (state == ProtocolDetectionState.DETECTED) {
        context.pipeline().replace(this, "header", new HAProxyMessageDecoder(EXTENSIONS_MAX, true));
      } else if (state == ProtocolDetectionState.INVALID) {
        context.pipeline().remove(this);
      }
    }
  }
}

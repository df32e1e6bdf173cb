package puente.net;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.ByteToMessageDecoder;
import java.util.List;
import java.util.function.Supplier;

/**
 * Tells TLS from what is not by the first byte of a connection: a handshake record has 22 there
 * (RFC 8446 §5.1), STUN 0 to 3 and ChannelData 64 to 79 (RFC 7983 §7). For one connection.
 */
final class FirstByte extends ByteToMessageDecoder {

  /** Says behind it that what follows comes in TLS. */
  enum Found {
    TLS
  }

  private static final int HANDSHAKE = 22;

  private final Supplier<? extends ChannelHandler> tls;

  FirstByte(Supplier<? extends ChannelHandler> tls) {
    this.tls = tls;
  }

  @Override
  protected void decode(ChannelHandlerContext context, ByteBuf in, List<Object> out) {
    if (in.getUnsignedByte(in.readerIndex()) == HANDSHAKE) {
      context.fireUserEventTriggered(Found.TLS);
      context.pipeline().replace(this, "tls", tls.get());
    } else {
      context.pipeline().remove(this);
    }
  }
}

package puente.net;

import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelOption;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import io.netty.handler.codec.ByteToMessageDecoder;
import io.netty.handler.ssl.SslCloseCompletionEvent;
import io.netty.handler.ssl.SslHandler;
import java.lang.foreign.MemorySegment;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import javax.net.ssl.ExtendedSSLSession;
import javax.net.ssl.SNIHostName;
import javax.net.ssl.SNIServerName;
import org.jspecify.annotations.Nullable;
import puente.stun.Family;
import puente.stun.FiveTuple;
import puente.stun.Message;
import puente.stun.Packet;
import puente.stun.PacketKind;
import puente.stun.StreamFramer;
import puente.stun.Transport;
import puente.stun.TransportAddress;

/**
 * A client's TCP or TLS connection: cuts the byte stream into messages (RFC 8489 §6.2.2, RFC 8656
 * §12.5) and writes ours. For its loop's thread only.
 */
public final class StreamConnection extends ChannelInboundHandlerAdapter
    implements ClientConnection {

  /** A client that leaves more than this unread loses relayed data, as on a full UDP socket. */
  static final int UNREAD_MAX = 256 << 10;

  /** One that leaves even more answers unread than this is gone. */
  private static final int UNREAD_ANSWERS_MAX = 1 << 20;

  /** Type, length and magic cookie of a STUN message (RFC 8489 §5). */
  private static final int COOKIE_END = 8;

  private final StreamListener listener;
  private final Packet packet = new Packet();
  private final Runnable flushTask = this::flushQueued;
  private @Nullable Channel channel;
  private @Nullable FiveTuple tuple;
  private @Nullable ByteBuf cumulated;
  private boolean flushScheduled;
  private boolean closing;
  private boolean paused;
  private @Nullable TcpPeer peer;
  private @Nullable Handover handover;
  private long openedAt;
  private long heardAt;
  private long framesRead;

  StreamConnection(StreamListener listener) {
    this.listener = listener;
  }

  @Override
  public @Nullable FiveTuple tuple() {
    return tuple;
  }

  @Override
  public long openedAt() {
    return openedAt;
  }

  @Override
  public long heardAt() {
    return heardAt;
  }

  @Override
  public boolean hasSpoken() {
    return framesRead > 0;
  }

  @Override
  public @Nullable String serverName() {
    Channel opened = channel;
    SslHandler security = opened == null ? null : opened.pipeline().get(SslHandler.class);
    if (security == null
        || !(security.engine().getSession() instanceof ExtendedSSLSession session)) {
      return null;
    }
    for (SNIServerName name : session.getRequestedServerNames()) {
      if (name instanceof SNIHostName host) {
        return host.getAsciiName();
      }
    }
    return null;
  }

  @Override
  public void channelActive(ChannelHandlerContext context) {
    Channel opened = context.channel();
    channel = opened;
    ProxyHeader.Ends ends = opened.attr(ProxyHeader.ENDS).get();
    if (ends == null) {
      ends =
          new ProxyHeader.Ends(
              Addresses.of((InetSocketAddress) opened.remoteAddress()),
              Addresses.of((InetSocketAddress) opened.localAddress()));
    }
    FiveTuple made = is(ends.client(), ends.server(), listener.transport());
    packet.listener = listener.number();
    packet.sourceFamily = made.client().family();
    packet.sourceHi = made.client().hi();
    packet.sourceLo = made.client().lo();
    packet.sourcePort = made.client().port();
    openedAt = listener.receiver().now();
    heardAt = openedAt;
    if (!listener.receiver().onOpen(this)) {
      tuple = null;
      opened.close();
    }
  }

  private FiveTuple is(TransportAddress client, TransportAddress server, Transport transport) {
    FiveTuple made = new FiveTuple(transport, client, server, listener.number(), this);
    tuple = made;
    packet.connection = made;
    return made;
  }

  @Override
  public void channelRead(ChannelHandlerContext context, Object read) {
    ByteBuf bytes = (ByteBuf) read;
    if (tuple == null || closing) {
      bytes.release();
      return;
    }
    heardAt = listener.receiver().now();
    TcpPeer joined = peer;
    Handover other = handover;
    if (joined != null) {
      joined.fromClient(bytes, context.channel());
      return;
    }
    if (other != null) {
      other.fromClient(bytes);
      return;
    }
    ByteBuf before = cumulated;
    ByteBuf all =
        before == null
            ? bytes
            : ByteToMessageDecoder.MERGE_CUMULATOR.cumulate(context.alloc(), before, bytes);
    cumulated = all;
    read(all);
  }

  private void read(ByteBuf all) {
    if (framesRead == 0 && handOver(all)) {
      return;
    }
    boolean sound;
    listener.receiver().onReadBegin();
    try {
      sound = readFrames(all);
    } finally {
      // Payloads on their way to peers lie in this buffer: send them before it goes.
      listener.receiver().onReadEnd();
    }
    if (!sound) {
      if (framesRead == 0 && ProxyHeader.startsIn(all)) {
        listener.receiver().onUntrustedProxy(this);
      } else {
        listener.receiver().onGarbage(this);
      }
      close();
    }
    if (cumulated != all || paused && sound) {
      return;
    }
    if (all.isReadable() && sound) {
      // Else a stream whose reads always end within a message would be kept whole.
      all.discardReadBytes();
    } else {
      cumulated = null;
      all.release();
    }
  }

  /** Whether this is HTTP, and somebody else's from now on. */
  private boolean handOver(ByteBuf all) {
    Channel open = channel;
    FiveTuple known = tuple;
    Path door = listener.http().door(transport() == Transport.TLS);
    if (door == null
        || open == null
        || known == null
        || all.readableBytes() < StreamFramer.PREFIX_LENGTH
        || !SharedHttp.startsIn(all)) {
      return false;
    }
    cumulated = null;
    handover = Handover.begin(open, known, door, all);
    return true;
  }

  /** Shows every whole message; false if the stream is neither STUN nor ChannelData. */
  private boolean readFrames(ByteBuf all) {
    boolean inPlace = all.hasMemoryAddress() && all.isContiguous();
    if (inPlace) {
      packet.buffer = all.nioBuffer(0, all.capacity());
      packet.address = all.memoryAddress();
    }
    while (all.readableBytes() >= StreamFramer.PREFIX_LENGTH && !closing && !paused) {
      if (isForeign(all)) {
        return false;
      }
      int length = StreamFramer.frameLength(all.getInt(all.readerIndex()));
      if (length < 0 || length > listener.messageMax()) {
        return false;
      }
      if (all.readableBytes() < length) {
        return true;
      }
      framesRead++;
      if (inPlace) {
        packet.offset = all.readerIndex();
      } else {
        stage(all, length);
      }
      packet.length = length;
      listener.receiver().onFrame(this, packet);
      if (!inPlace) {
        listener.receiver().onReadEnd();
      }
      all.skipBytes(length);
    }
    return true;
  }

  /**
   * Whether what comes next is another protocol's, as far as its first bytes tell: a STUN message
   * without the magic cookie, which RFC 3489 has on UDP alone (RFC 8489 §11); or a connection that
   * starts with ChannelData, as the letters of HTTP look like, before any channel can be bound.
   */
  private boolean isForeign(ByteBuf all) {
    int at = all.readerIndex();
    if (PacketKind.of(all.getUnsignedByte(at)) == PacketKind.CHANNEL_DATA) {
      return framesRead == 0;
    }
    return all.readableBytes() >= COOKIE_END && all.getInt(at + 4) != Message.MAGIC_COOKIE;
  }

  /** Bytes of the partial message that is waited for, with the room around them; for tests. */
  int heldBytes() {
    ByteBuf held = cumulated;
    return held == null ? 0 : held.capacity();
  }

  /** Copies a frame to memory that has an address: this buffer has none. */
  private void stage(ByteBuf all, int length) {
    ByteBuffer staging = listener.staging();
    all.getBytes(all.readerIndex(), staging.clear().limit(length));
    staging.clear();
    packet.buffer = staging;
    packet.address = MemorySegment.ofBuffer(staging).address();
    packet.offset = 0;
  }

  /** Writes a STUN message; one who does not read answers is closed. */
  @Override
  public boolean write(byte[] message, int length) {
    Channel open = channel;
    if (open == null || closing) {
      return true;
    }
    if (open.unsafe().outboundBuffer() == null
        || open.unsafe().outboundBuffer().totalPendingWriteBytes() > UNREAD_ANSWERS_MAX) {
      close();
      return true;
    }
    int padded = length + 3 & ~3;
    ByteBuf out = open.alloc().directBuffer(padded).writeBytes(message, 0, length);
    write(open, out.writeZero(padded - length));
    return true;
  }

  @Override
  public boolean writeChannelData(int number, Packet from, int offset, int length) {
    Channel open = channel;
    if (open == null || closing || !open.isWritable()) {
      return false;
    }
    int padding = -length & 3;
    ByteBuf out = open.alloc().directBuffer(4 + length + padding).writeInt(number << 16 | length);
    int at = out.writerIndex();
    out.internalNioBuffer(at, length).put(at, from.buffer, from.offset + offset, length);
    write(open, out.writerIndex(at + length).writeZero(padding));
    return true;
  }

  private void write(Channel open, ByteBuf out) {
    open.write(out, open.voidPromise());
    if (!flushScheduled) {
      flushScheduled = true;
      open.eventLoop().execute(flushTask);
    }
  }

  private void flushQueued() {
    flushScheduled = false;
    Channel open = channel;
    if (open != null) {
      open.flush();
    }
  }

  @Override
  public void close() {
    Channel open = channel;
    if (open != null && !closing) {
      closing = true;
      open.flush();
      open.close();
    }
  }

  /** Shows no more messages, and reads no more, until it is known what comes next. */
  public void pause() {
    paused = true;
    Channel open = channel;
    if (open != null) {
      open.config().setAutoRead(false);
    }
  }

  /** Goes on with messages. */
  public void resume() {
    paused = false;
    Channel open = channel;
    ByteBuf waiting = cumulated;
    if (open == null || closing) {
      return;
    }
    if (waiting != null) {
      read(waiting);
    }
    open.config().setAutoRead(true);
  }

  /**
   * After {@link #pause}: whatever comes from now on goes to this peer as it is, and back (RFC 6062
   * §5.4).
   *
   * @return false if the client is gone
   */
  public boolean join(TcpPeer with) {
    Channel open = channel;
    if (open == null || closing || !open.isActive()) {
      return false;
    }
    open.flush();
    peer = with;
    boolean plain = transport() == Transport.TCP;
    if (plain) {
      open.config().setOption(ChannelOption.ALLOW_HALF_CLOSURE, true);
    }
    with.joined(open, plain);
    ByteBuf waiting = cumulated;
    cumulated = null;
    if (waiting != null) {
      with.fromClient(waiting, open);
    }
    open.config().setAutoRead(true);
    return true;
  }

  @Override
  public boolean isJoined() {
    return peer != null || handover != null;
  }

  @Override
  public void channelWritabilityChanged(ChannelHandlerContext context) {
    TcpPeer joined = peer;
    Handover other = handover;
    if (joined != null && context.channel().isWritable()) {
      joined.clientWritable();
    } else if (other != null && context.channel().isWritable()) {
      other.clientWritable();
    }
  }

  @Override
  public void channelInactive(ChannelHandlerContext context) {
    TcpPeer joined = peer;
    Handover other = handover;
    if (joined != null) {
      joined.clientGone();
    } else if (other != null) {
      other.clientGone();
    }
    ByteBuf rest = cumulated;
    cumulated = null;
    if (rest != null) {
      rest.release();
    }
    closing = true;
    if (tuple != null) {
      listener.receiver().onClosed(this);
    }
  }

  /** TLS 1.3 (RFC 8446 §6.1): one who says close_notify may be waiting for ours. */
  @Override
  public void userEventTriggered(ChannelHandlerContext context, Object event) {
    TcpPeer joined = peer;
    FiveTuple before = tuple;
    if (event == FirstByte.Found.TLS && before != null) {
      is(before.client(), before.server(), Transport.TLS);
    } else if (event instanceof SslCloseCompletionEvent) {
      close();
    } else if (event instanceof ChannelInputShutdownEvent && joined != null) {
      joined.clientEnds();
    }
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
    listener.receiver().onFailure(this, cause);
    context.close();
  }

  /** Whether the client sits behind IPv6. */
  public boolean isIpv6() {
    return packet.sourceFamily == Family.IPV6;
  }

  /** TCP or TLS. */
  public Transport transport() {
    FiveTuple known = tuple;
    return known == null ? listener.transport() : known.transport();
  }
}

package puente.launcher;

import com.hazelcast.cluster.Address;
import com.hazelcast.instance.EndpointQualifier;
import com.hazelcast.instance.impl.DefaultNodeContext;
import com.hazelcast.instance.impl.DefaultNodeExtension;
import com.hazelcast.instance.impl.Node;
import com.hazelcast.instance.impl.NodeExtension;
import com.hazelcast.internal.cluster.Joiner;
import com.hazelcast.internal.networking.Channel;
import com.hazelcast.internal.networking.ChannelInitializer;
import com.hazelcast.internal.networking.HandlerStatus;
import com.hazelcast.internal.networking.InboundHandler;
import com.hazelcast.internal.networking.OutboundHandler;
import com.hazelcast.internal.server.ServerConnection;
import com.hazelcast.internal.server.ServerContext;
import com.hazelcast.internal.server.tcp.TcpServerConnection;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.nio.ByteBuffer;
import java.security.GeneralSecurityException;
import java.util.LinkedHashSet;
import java.util.SequencedSet;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.event.Level;

/**
 * Puts a {@link LinkSeal} around every connection of Hazelcast, whose community edition has neither
 * TLS nor authentication. Nothing of Hazelcast's own protocol is read from, or written to, an end
 * that has not shown that it knows the secret.
 */
class HazelcastClusterLink extends DefaultNodeContext {
  /** Callers that have not said hello yet; the oldest goes when there are more. */
  private static final int STRANGERS_MAX = 64;

  private static final int BUFFER_BYTES = 1 << 17;

  /** Marks a channel that bytes pass sealed or not at all. */
  private static final String SEALED = "puente.sealed";

  private final String secret;
  private final SequencedSet<Channel> strangers = new LinkedHashSet<>();
  private final AtomicLong established = new AtomicLong();
  private final AtomicLong refused = new AtomicLong();
  private volatile @Nullable Node member;
  private volatile boolean asked;

  HazelcastClusterLink(String secret) {
    this.secret = secret;
  }

  /** Links that were sealed and opened by the other end. */
  long established() {
    return established.get();
  }

  /** Links that were closed because the other end did not know the secret. */
  long refused() {
    return refused.get();
  }

  /** This member's links are in clear: it must not be a member for a moment longer. */
  static final class InClear extends RuntimeException {
    private static final long serialVersionUID = 1;

    InClear(String what) {
      super(what);
    }
  }

  /**
   * Sees that every link of this member is sealed. The seal is put in by internal classes of
   * Hazelcast; another version of it may go another way, and say nothing.
   *
   * @throws InClear if there is a link, or may be one, that is not
   */
  void check() {
    Node node = member;
    if (node == null || !asked) {
      throw new InClear("Hazelcast has not asked for the seal of its links");
    }
    for (ServerConnection connection : node.getServer().getConnections()) {
      if (connection.isAlive() && !isSealed(connection)) {
        throw new InClear("the link to " + connection.getRemoteAddress() + " is not sealed");
      }
    }
  }

  /** A link is known before it is set up; as long as nothing went over it, nothing was in clear. */
  private static boolean isSealed(ServerConnection connection) {
    if (!(connection instanceof TcpServerConnection tcp)) {
      return false;
    }
    Channel channel = tcp.getChannel();
    boolean isUnused = channel.bytesRead() == 0 && channel.bytesWritten() == 0;
    return isUnused || channel.attributeMap().containsKey(SEALED);
  }

  @Override
  public NodeExtension createNodeExtension(Node node) {
    member = node;
    asked = false;
    return new DefaultNodeExtension(node) {
      @Override
      public Function<EndpointQualifier, ChannelInitializer> createChannelInitializerFn(
          ServerContext context) {
        Function<EndpointQualifier, ChannelInitializer> inner =
            super.createChannelInitializerFn(context);
        asked = true;
        return endpoint -> channel -> seal(node, channel, inner.apply(endpoint));
      }
    };
  }

  /** What calls the other members is made last: before anybody is called. */
  @Override
  public Joiner createJoiner(Node node) {
    check();
    return super.createJoiner(node);
  }

  private void seal(Node node, Channel channel, ChannelInitializer inner) throws Exception {
    LinkSeal.End end = channel.isClientMode() ? LinkSeal.End.CALLER : LinkSeal.End.CALLED;
    LinkSeal seal = new LinkSeal(secret, end);
    Opener opener = new Opener(seal);
    arrived(channel);
    SocketAddress remote = channel.remoteSocketAddress();
    channel.addCloseListener(
        closed -> {
          known(closed);
          if (end == LinkSeal.End.CALLER && !opener.proven) {
            avoid(node, remote);
          }
        });
    channel.inboundPipeline().addLast(opener);
    inner.initChannel(channel);
    channel.outboundPipeline().addLast(new Sealer(seal));
    mark(channel);
  }

  @SuppressWarnings("unchecked") // Hazelcast has not said what is in the map.
  private static void mark(Channel channel) {
    channel.attributeMap().put(SEALED, Boolean.TRUE);
  }

  /** Who picks up and hangs up again is not there: else joining would wait for it in vain. */
  private static void avoid(Node node, SocketAddress remote) {
    Joiner joiner = node.getJoiner();
    if (joiner != null && remote instanceof InetSocketAddress address) {
      joiner.blacklist(new Address(address), false);
    }
  }

  private void arrived(Channel channel) throws IOException {
    Channel eldest = null;
    synchronized (strangers) {
      strangers.add(channel);
      if (strangers.size() > STRANGERS_MAX) {
        eldest = strangers.removeFirst();
      }
    }
    if (eldest != null) {
      eldest.close();
    }
  }

  private void known(Channel channel) {
    synchronized (strangers) {
      strangers.remove(channel);
    }
  }

  /** Bytes of the socket in, what the other end sealed out. */
  private final class Opener extends InboundHandler<ByteBuffer, ByteBuffer> {
    private final LinkSeal seal;
    private final ByteBuffer text = ByteBuffer.allocate(LinkSeal.RECORD_TEXT_MAX).limit(0);
    private volatile boolean proven;

    Opener(LinkSeal seal) {
      this.seal = seal;
    }

    @Override
    public void handlerAdded() {
      initSrcBuffer(BUFFER_BYTES);
    }

    @Override
    public HandlerStatus onRead() throws Exception {
      src.flip();
      try {
        return read();
      } catch (GeneralSecurityException stranger) {
        refuse(stranger);
        throw stranger;
      } finally {
        src.compact();
      }
    }

    private HandlerStatus read() throws GeneralSecurityException {
      if (!seal.isReady()) {
        if (src.remaining() < LinkSeal.HELLO_BYTES) {
          return HandlerStatus.CLEAN;
        }
        byte[] hello = new byte[LinkSeal.HELLO_BYTES];
        src.get(hello);
        seal.accept(hello);
        channel.outboundPipeline().wakeup();
      }
      while (deliver() && next()) {
        prove();
      }
      return text.hasRemaining() ? HandlerStatus.DIRTY : HandlerStatus.CLEAN;
    }

    /** Whether all of the last record has been taken. */
    private boolean deliver() {
      int fits = Math.min(text.remaining(), dst.remaining());
      dst.put(text.slice(text.position(), fits));
      text.position(text.position() + fits);
      return !text.hasRemaining();
    }

    private boolean next() throws GeneralSecurityException {
      text.clear();
      boolean whole = seal.open(src, text);
      text.flip();
      return whole;
    }

    private void prove() {
      if (!proven) {
        proven = true;
        known(channel);
        established.incrementAndGet();
      }
    }

    private void refuse(GeneralSecurityException why) {
      if (!proven) {
        refused.incrementAndGet();
      }
      Events.limited(
          "cluster-link-refused",
          Level.WARN,
          "cluster-link-refused",
          "from",
          String.valueOf(channel.remoteSocketAddress()),
          "reason",
          String.valueOf(why.getMessage()),
          "meaning",
          "no node of this cluster, or one with another cluster-secret");
    }
  }

  /** What Hazelcast writes in, sealed bytes for the socket out. */
  private static final class Sealer extends OutboundHandler<ByteBuffer, ByteBuffer> {
    private final LinkSeal seal;
    private boolean helloSent;

    Sealer(LinkSeal seal) {
      this.seal = seal;
    }

    @Override
    public void handlerAdded() {
      initDstBuffer(BUFFER_BYTES);
    }

    @Override
    public HandlerStatus onWrite() throws Exception {
      dst.compact();
      try {
        if (!helloSent) {
          helloSent = true;
          dst.put(seal.hello());
        }
        if (!seal.isReady()) {
          return HandlerStatus.BLOCKED;
        }
        seal.seal(src, dst);
        return src.hasRemaining() ? HandlerStatus.DIRTY : HandlerStatus.CLEAN;
      } finally {
        dst.flip();
      }
    }
  }
}

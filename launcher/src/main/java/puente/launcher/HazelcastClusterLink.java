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
import com.hazelcast.internal.server.ServerContext;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.nio.ByteBuffer;
import java.security.GeneralSecurityException;
import java.util.LinkedHashSet;
import java.util.SequencedSet;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Function;
import org.slf4j.event.Level;

/**
 * Puts a {@link LinkSeal} around every connection of Hazelcast, whose community edition has neither
 * TLS nor authentication. Nothing of Hazelcast's own protocol is read from, or written to, an end
 * that has not shown that it knows the secret.
 */
final class HazelcastClusterLink extends DefaultNodeContext {
  /** Callers that have not said hello yet; the oldest goes when there are more. */
  private static final int STRANGERS_MAX = 64;

  private static final int BUFFER_BYTES = 1 << 17;

  private final String secret;
  private final SequencedSet<Channel> strangers = new LinkedHashSet<>();
  private final AtomicLong established = new AtomicLong();
  private final AtomicLong refused = new AtomicLong();

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

  @Override
  public NodeExtension createNodeExtension(Node node) {
    return new DefaultNodeExtension(node) {
      @Override
      public Function<EndpointQualifier, ChannelInitializer> createChannelInitializerFn(
          ServerContext context) {
        Function<EndpointQualifier, ChannelInitializer> inner =
            super.createChannelInitializerFn(context);
        return endpoint -> channel -> seal(node, channel, inner.apply(endpoint));
      }
    };
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

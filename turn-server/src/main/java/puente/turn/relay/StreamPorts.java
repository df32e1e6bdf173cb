package puente.turn.relay;

import io.netty.handler.ssl.SslContext;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.function.Supplier;
import puente.net.BindFailure;
import puente.net.EventLoops;
import puente.net.StreamListener;
import puente.stun.Transport;
import puente.stun.TransportAddress;

/**
 * The TCP ports of a node. Where clients with and without TLS are served, every port serves both:
 * the first byte of a connection tells.
 */
final class StreamPorts {

  private final EventLoops loops;
  private final List<ShardStreams> streams;
  private final ThreadPoolExecutor handshakes = HandshakeThreads.start();
  private final List<StreamListener> listeners = new ArrayList<>();
  private final Map<TransportAddress, Integer> numberByLocal = new HashMap<>();

  /**
   * @param streams of each shard, in order; they may come later
   */
  StreamPorts(EventLoops loops, List<ShardStreams> streams) {
    this.loops = loops;
    this.streams = streams;
  }

  /** One that is open already is the same port, under another name. */
  Endpoint open(TurnNode.Listen listen, TurnNode.Options options, int number) throws BindFailure {
    Integer same = numberByLocal.get(listen.local());
    if (same != null) {
      return new Endpoint(same, listen.transport(), listen.local());
    }
    TransportAddress local = PortProbe.stream(listen.local());
    Supplier<SslContext> tls = options.has(Transport.TLS) ? options.tls() : null;
    // Without epoll only one socket can have the port: all streams are the first shard's then.
    int listening = loops.isNative() ? streams.size() : 1;
    for (int i = 0; i < listening; i++) {
      StreamListener.Options wanted =
          new StreamListener.Options(
              local,
              number,
              options.streams().messageMax(),
              loops.isNative(),
              options.has(Transport.TCP),
              tls,
              handshakes,
              options.http());
      listeners.add(StreamListener.open(loops.shards().get(i), wanted, streams.get(i)));
    }
    numberByLocal.put(local, number);
    return new Endpoint(number, listen.transport(), local);
  }

  /** Accepts no more; open connections stay. */
  void close() {
    listeners.forEach(listener -> listener.close().toCompletableFuture().join());
    listeners.clear();
  }

  void shutdown() {
    handshakes.shutdown();
  }
}

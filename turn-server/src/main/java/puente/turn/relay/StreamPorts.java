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
  private final Map<TransportAddress, Port> portByLocal = new HashMap<>();

  /** A port, with a listener of each loop that can have one. */
  private record Port(int number, List<StreamListener> listeners) {
    void close() {
      listeners.forEach(listener -> listener.close().toCompletableFuture().join());
    }
  }

  /**
   * @param streams of each shard, in order; they may come later
   */
  StreamPorts(EventLoops loops, List<ShardStreams> streams) {
    this.loops = loops;
    this.streams = streams;
  }

  /** One that is open already is the same port, under another name. */
  Endpoint open(TurnNode.Listen listen, TurnNode.Options options, int number) throws BindFailure {
    Port same = portByLocal.get(listen.local());
    if (same != null) {
      return new Endpoint(same.number, listen.transport(), listen.local());
    }
    TransportAddress local = PortProbe.stream(listen.local());
    Supplier<SslContext> tls = options.has(Transport.TLS) ? options.tls() : null;
    // Without epoll only one socket can have the port: all streams are the first shard's then.
    int listening = loops.isNative() ? streams.size() : 1;
    Port port = new Port(number, new ArrayList<>());
    try {
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
        port.listeners.add(StreamListener.open(loops.shards().get(i), wanted, streams.get(i)));
      }
    } catch (BindFailure refused) {
      port.close();
      throw refused;
    }
    portByLocal.put(local, port);
    return new Endpoint(number, listen.transport(), local);
  }

  /** One port accepts no more; its open connections stay. */
  void close(TransportAddress local) {
    Port port = portByLocal.remove(local);
    if (port != null) {
      port.close();
    }
  }

  /** Ends the connections that one has accepted. */
  void closeConnections(int number) {
    for (int i = 0; i < streams.size(); i++) {
      ShardStreams shardStreams = streams.get(i);
      loops.shards().get(i).eventLoop().execute(() -> shardStreams.closeAt(number));
    }
  }

  /** Accepts no more, and ends every connection. */
  void closeAll() {
    portByLocal.values().forEach(Port::close);
    portByLocal.clear();
    for (int i = 0; i < streams.size(); i++) {
      ShardStreams shardStreams = streams.get(i);
      loops.shards().get(i).eventLoop().submit(shardStreams::closeAll).awaitUninterruptibly();
    }
  }

  void shutdown() {
    handshakes.shutdown();
  }
}

package puente.turn.relay;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import puente.net.ClientConnection;
import puente.stun.FiveTuple;
import puente.stun.Packet;
import puente.turn.Counter;

/**
 * A connection on another shard's loop, as the shard sees it that has its client's allocation: for
 * that one's thread. What is written waits for the other loop, so much and no more.
 */
final class Abroad implements ClientConnection {

  /** Messages on their way to the other loop: what comes in one of its turns, and to spare. */
  private static final int WAITING_MAX = 1024;

  private final Shard host;
  private final ClientConnection connection;
  private final AtomicInteger waiting = new AtomicInteger();

  private Abroad(Shard host, ClientConnection connection) {
    this.host = host;
    this.connection = connection;
  }

  /** The same client, with a way back that others than its own shard may take. */
  static FiveTuple tupleOf(FiveTuple client, Shard host, ClientConnection connection) {
    Abroad abroad = new Abroad(host, connection);
    return new FiveTuple(
        client.transport(), client.client(), client.server(), client.listener(), abroad);
  }

  @Override
  public @Nullable FiveTuple tuple() {
    return connection.tuple();
  }

  @Override
  public long openedAt() {
    return connection.openedAt();
  }

  @Override
  public long heardAt() {
    return connection.heardAt();
  }

  @Override
  public boolean hasSpoken() {
    return connection.hasSpoken();
  }

  @Override
  public @Nullable String serverName() {
    return connection.serverName();
  }

  @Override
  public boolean write(byte[] message, int length) {
    byte[] copy = Arrays.copyOf(message, length);
    return later(
        () -> {
          if (!connection.write(copy, length)) {
            host.counters().count(Counter.MTU);
          }
        });
  }

  @Override
  public boolean writeChannelData(int number, Packet from, int offset, int length) {
    byte[] copy = new byte[length];
    from.buffer.get(from.offset + offset, copy);
    int trafficClass = from.trafficClass;
    return later(
        () -> {
          Packet packet = new Packet();
          packet.buffer = ByteBuffer.wrap(copy);
          packet.trafficClass = trafficClass;
          if (!connection.writeChannelData(number, packet, 0, length)) {
            host.counters().count(Counter.SEND_BUFFER);
          }
        });
  }

  @Override
  public void close() {
    later(connection::close);
  }

  private boolean later(Runnable work) {
    if (waiting.incrementAndGet() > WAITING_MAX) {
      waiting.decrementAndGet();
      return false;
    }
    try {
      host.loop()
          .eventLoop()
          .execute(
              () -> {
                waiting.decrementAndGet();
                work.run();
                host.loop().datagrams().flush();
              });
      return true;
    } catch (RejectedExecutionException over) {
      // The other shard has ended, and with it the connection.
      return true;
    }
  }
}

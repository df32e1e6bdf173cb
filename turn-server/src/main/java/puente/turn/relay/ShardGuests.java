package puente.turn.relay;

import java.util.concurrent.RejectedExecutionException;
import org.jspecify.annotations.Nullable;
import puente.net.UdpSocket;
import puente.stun.FiveTuple;
import puente.stun.Packet;
import puente.stun.TransportAddress;

/** Datagrams of another protocol on one shard's sockets. Used on the shard's loop. */
final class ShardGuests {
  private final Shard shard;
  private @Nullable Guests guests;

  ShardGuests(Shard shard) {
    this.shard = shard;
  }

  void admit(Guests newGuests) {
    guests = newGuests;
  }

  boolean take(Packet packet) {
    Guests to = guests;
    if (to == null
        || packet.connection != null
        || packet.length == 0
        || packet.length > to.lengthMax()
        || packet.u8(0) != to.firstByte()) {
      return false;
    }
    FiveTuple tuple = shard.tupleOf(packet);
    byte[] datagram = new byte[packet.length];
    packet.copyTo(datagram, packet.length);
    to.onDatagram(datagram, tuple.client(), (client, bytes) -> send(tuple, client, bytes));
    return true;
  }

  private void send(FiveTuple tuple, TransportAddress client, byte[] datagram) {
    try {
      shard.loop().eventLoop().execute(() -> sendNow(tuple, client, datagram));
    } catch (RejectedExecutionException over) {
      // The shard has ended, and with it the socket.
    }
  }

  private void sendNow(FiveTuple tuple, TransportAddress client, byte[] datagram) {
    // It may have closed since.
    if (tuple.link() instanceof UdpSocket socket && shard.listeners().contains(socket)) {
      socket.send(client, 0, datagram, datagram.length);
      shard.loop().datagrams().flush();
    }
  }
}

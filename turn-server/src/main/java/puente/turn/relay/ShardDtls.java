package puente.turn.relay;

import org.jspecify.annotations.Nullable;
import puente.net.DtlsClients;
import puente.net.DtlsHandshakes;
import puente.net.UdpSocket;
import puente.stun.Packet;

/** Clients in DTLS, who come by the sockets of the others (RFC 7983 §7). For one shard's loop. */
final class ShardDtls {
  private final Shard shard;
  private @Nullable DtlsClients clients;

  ShardDtls(Shard shard) {
    this.shard = shard;
  }

  void serve(DtlsHandshakes handshakes, ShardStreams connections) {
    clients = new DtlsClients(shard.loop(), connections, handshakes, connections::onDtls);
  }

  boolean take(Packet packet) {
    DtlsClients serving = clients;
    // What comes in a connection is that one's, whatever it looks like.
    UdpSocket socket = packet.connection == null ? shard.listeners().get(packet.listener) : null;
    if (serving == null || socket == null || !DtlsClients.isDtls(packet)) {
      return false;
    }
    serving.onDatagram(packet, socket);
    return true;
  }
}

package puente.turn.relay;

import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;
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

  /**
   * On all shards. To load what DTLS is made of takes longer than all else of a start, and clients in
   * clear must not wait for it; one in DTLS who comes meanwhile sends again (RFC 6347 §4.2.4).
   */
  static CompletableFuture<Void> serve(
      DtlsHandshakes handshakes, List<Shard> shards, List<ShardStreams> connections) {
    return CompletableFuture.runAsync(
            DtlsClients::load, load -> Thread.ofPlatform().name("puente-dtls").start(load))
        .thenCompose(
            loaded ->
                CompletableFuture.allOf(
                    IntStream.range(0, shards.size())
                        .mapToObj(i -> shards.get(i).dtls.begin(handshakes, connections.get(i)))
                        .toArray(CompletableFuture<?>[]::new)));
  }

  private CompletableFuture<Void> begin(DtlsHandshakes handshakes, ShardStreams connections) {
    return CompletableFuture.runAsync(
        () -> serve(handshakes, connections), shard.loop().eventLoop());
  }

  private void serve(DtlsHandshakes handshakes, ShardStreams connections) {
    clients = new DtlsClients(shard.loop(), connections, handshakes, connections::onDtls);
  }

  boolean take(Packet packet) {
    DtlsClients serving = clients;
    // What comes in a connection is that one's, whatever it looks like.
    UdpSocket socket = packet.connection == null ? shard.listeners().get(packet.listener) : null;
    if (serving == null || socket == null || !DtlsClients.isDtls(packet)) {
      return false;
    }
    serving.onDatagram(packet, socket, !shard.doors.isRetired(packet.listener));
    return true;
  }

  /** Ends the associations of clients who came by this listener. */
  void close(int number) {
    DtlsClients serving = clients;
    if (serving != null) {
      serving.closeAll(number);
    }
  }
}

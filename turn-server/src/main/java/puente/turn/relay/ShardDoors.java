package puente.turn.relay;

import java.util.BitSet;
import java.util.List;
import org.jspecify.annotations.Nullable;
import puente.net.DtlsClients;
import puente.net.UdpSocket;
import puente.stun.FiveTuple;
import puente.stun.Packet;
import puente.turn.Counter;

/**
 * The datagram sockets of one shard that are on their way out: whoever has an allocation goes on by
 * them, and nobody new is served. For the shard's loop.
 */
final class ShardDoors {
  private static final int BINDING_REQUEST = 0x0001;

  private final Shard shard;
  private final BitSet retired = new BitSet();

  ShardDoors(Shard shard) {
    this.shard = shard;
  }

  /** From now on nobody new by this one, or anybody again. */
  void retire(int number, boolean isRetired) {
    retired.set(number, isRetired);
  }

  boolean isRetired(int number) {
    return retired.get(number);
  }

  /**
   * Whether it is left out, as if the port were closed: what somebody new begins with. All else is
   * of an allocation, here or on another shard, or is answered that there is none.
   */
  boolean refuses(Packet packet) {
    boolean refused =
        !retired.isEmpty()
            && packet.connection == null
            && retired.get(packet.listener)
            && begins(packet)
            && shard.server().allocationOf(shard.tupleOf(packet)) == null;
    if (refused) {
      shard.counters().count(Counter.LISTENER_RETIRED);
    }
    return refused;
  }

  private static boolean begins(Packet packet) {
    int type = packet.length < 2 ? 0 : packet.u16(0);
    return type == BINDING_REQUEST || type == ShardForwarding.ALLOCATE_REQUEST;
  }

  /** How many allocations have come by this listener, made or being made. */
  int clientsAt(int number) {
    int[] count = new int[1];
    shard
        .server()
        .forEachAllocation(allocation -> count[0] += isAt(allocation.client(), number) ? 1 : 0);
    return count[0];
  }

  static boolean isAt(FiveTuple client, int number) {
    return (client.listener() & ~DtlsClients.NUMBER) == number;
  }

  void close(int number) {
    List<@Nullable UdpSocket> sockets = shard.listeners();
    UdpSocket socket = number < sockets.size() ? sockets.get(number) : null;
    retired.clear(number);
    if (socket != null) {
      shard.dtls.close(number);
      socket.close();
      sockets.set(number, null);
      shard.proxies.close(number);
    }
  }

  void closeAll() {
    for (UdpSocket socket : shard.listeners()) {
      if (socket != null) {
        socket.close();
      }
    }
    shard.listeners().clear();
  }
}

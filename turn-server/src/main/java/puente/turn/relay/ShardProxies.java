package puente.turn.relay;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import puente.net.BindFailure;
import puente.net.Datagrams;
import puente.net.ProxyDatagram;
import puente.net.UdpSocket;
import puente.stun.AddressRange;
import puente.stun.Family;
import puente.stun.Packet;
import puente.stun.TransportAddress;
import puente.turn.Counter;

/** Proxies that pass datagrams on, by the PROXY protocol, version 2. For one shard's loop. */
final class ShardProxies {

  private static final Logger LOG = LoggerFactory.getLogger("puente.turn");

  private final Shard shard;
  private final long seed;
  private final List<@Nullable ProxyDoor> doors = new ArrayList<>();
  private AddressRange[] trusted = {};
  private boolean refusedLogged;
  private boolean badLogged;

  ShardProxies(Shard shard, long seed) {
    this.shard = shard;
    this.seed = seed;
  }

  /** From now on these are believed, and no others. */
  void trust(List<AddressRange> proxies) {
    trusted = proxies.toArray(AddressRange[]::new);
  }

  boolean trusts(long hi, long lo) {
    for (AddressRange range : trusted) {
      if (range.contains(hi, lo)) {
        return true;
      }
    }
    return false;
  }

  /**
   * Opens a socket that clients come to, with us before whoever takes their datagrams.
   *
   * @param clearToo whether datagrams in clear are answered there, or those of DTLS alone
   */
  UdpSocket open(Endpoint endpoint, boolean clearToo) throws BindFailure {
    int number = endpoint.number();
    while (doors.size() <= number) {
      doors.add(null);
    }
    Datagrams.Receiver receiver = clearToo ? shard : this::onSecure;
    ProxyDoor door = new ProxyDoor(shard, this, number, receiver, seed + 2L * number);
    UdpSocket socket =
        shard.loop().datagrams().open(endpoint.local(), Datagrams.Role.LISTENER, number, door);
    socket.detour(door);
    doors.set(number, door);
    return socket;
  }

  /** What is known of who came by it is forgotten. */
  void close(int number) {
    doors.set(number, null);
  }

  private void onSecure(Packet packet) {
    if (!shard.dtls.take(packet)) {
      refuse(packet);
    }
  }

  /** A datagram that another shard has handed over. */
  void learn(Packet packet) {
    TransportAddress proxy = packet.via;
    ProxyDoor door = proxy == null ? null : doors.get(packet.listener);
    if (proxy != null && door != null) {
      door.learn(packet, proxy);
    }
  }

  /** Whether this is a header of somebody who is not believed: then it is counted, and dropped. */
  boolean refuse(Packet packet) {
    if (packet.connection != null || !ProxyDatagram.startsIn(packet)) {
      return false;
    }
    shard.counters().count(Counter.PROXY_HEADER);
    if (!refusedLogged) {
      refusedLogged = true;
      LOG.warn(
          "event=proxy-header-refused transport=udp from={} hint=\"if this is your proxy, say so: "
              + "proxy-protocol-from\"",
          packet.source());
    }
    return true;
  }

  /** A header of a proxy that is believed, but cannot be read. */
  void bad(Packet packet) {
    shard.counters().count(Counter.PROXY_HEADER);
    if (!badLogged) {
      badLogged = true;
      LOG.warn(
          "event=proxy-header-bad transport=udp from={} hint=\"version 2 with UDP over IPv4 or IPv6 "
              + "is understood\"",
          packet.source());
    }
  }

  static Family familyOf(long hi, long lo) {
    return TransportAddress.isMapped(hi, lo) ? Family.IPV4 : Family.IPV6;
  }
}

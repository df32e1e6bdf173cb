package puente.turn.relay;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import puente.net.Datagrams;
import puente.net.DtlsClients;
import puente.net.ProxyDatagram;
import puente.net.UdpSocket;
import puente.stun.AddressMap;
import puente.stun.FiveTuple;
import puente.stun.Packet;
import puente.stun.Transport;
import puente.stun.TransportAddress;
import puente.turn.Counter;

/**
 * One listener's datagrams that come by trusted proxies: each becomes its client's, and what goes to
 * that client goes to the proxy that its last one came by, without a header. Who sends none, as in
 * the later datagrams of a flow, is whom the last header from the same port of the proxy named. For
 * the shard's loop; clients that are known cost no garbage.
 */
final class ProxyDoor implements Datagrams.Receiver, UdpSocket.Detour {

  /** Some 10 MB; more clients than the relay ports of one address serve. */
  static final int CLIENTS_MAX = 1 << 16;

  /** Whoever lives speaks more often; clients of ICE every 5 to 15 seconds. */
  static final long SILENT_MS = 30_000;

  /** When there is no room: so many places are looked through for one. */
  private static final int LOOKED_THROUGH = 256;

  private static final class Way {
    private final TransportAddress client;
    private TransportAddress proxy;
    private long heardMs;

    Way(TransportAddress client, TransportAddress proxy) {
      this.client = client;
      this.proxy = proxy;
    }
  }

  private final Shard shard;
  private final ShardProxies proxies;
  private final int listener;
  private final Datagrams.Receiver receiver;
  private final AddressMap<Way> wayByClient;
  private final AddressMap<Way> wayByProxy;
  private final Packet inner = new Packet();
  private int lookedThrough;

  /**
   * @param receiver takes datagrams as their clients sent them
   */
  ProxyDoor(
      Shard shard, ShardProxies proxies, int listener, Datagrams.Receiver receiver, long seed) {
    this.shard = shard;
    this.proxies = proxies;
    this.listener = listener;
    this.receiver = receiver;
    wayByClient = new AddressMap<>(seed);
    wayByProxy = new AddressMap<>(seed + 1);
  }

  @Override
  public void onPacket(Packet packet) {
    if (proxies.trusts(packet.sourceHi, packet.sourceLo)) {
      fromProxy(packet);
      return;
    }
    if (!wayByClient.isEmpty()) {
      comesItself(packet);
    }
    receiver.onPacket(packet);
  }

  /** Where to send what is meant for this client. */
  @Override
  public TransportAddress of(TransportAddress to) {
    Way way = wayByClient.find(to.hi(), to.lo(), to.port());
    return way == null ? to : way.proxy;
  }

  /** The client of a datagram that came to another shard comes by this proxy. */
  void learn(Packet packet, TransportAddress proxy) {
    way(packet, proxy.hi(), proxy.lo(), proxy.port(), proxy);
  }

  private void fromProxy(Packet packet) {
    show(packet);
    Way way = null;
    switch (ProxyDatagram.strip(inner)) {
      case BAD -> {
        proxies.bad(packet);
        return;
      }
      case CLIENT -> {
        way = way(inner, packet.sourceHi, packet.sourceLo, packet.sourcePort, null);
        if (way == null) {
          shard.counters().count(Counter.PROXY_FULL);
          return;
        }
      }
      case NONE -> {
        way = wayByProxy.find(packet.sourceHi, packet.sourceLo, packet.sourcePort);
        if (way != null) {
          way.heardMs = shard.now();
          inner.sourceFamily = way.client.family();
          inner.sourceHi = way.client.hi();
          inner.sourceLo = way.client.lo();
          inner.sourcePort = way.client.port();
        }
      }
      case PROXY -> {}
    }
    inner.via = way == null ? null : way.proxy;
    receiver.onPacket(inner);
  }

  /** The datagram, to be changed: of joined ones the next has the same source (UDP_GRO). */
  private void show(Packet packet) {
    inner.buffer = packet.buffer;
    inner.address = packet.address;
    inner.offset = packet.offset;
    inner.length = packet.length;
    inner.sourceFamily = packet.sourceFamily;
    inner.sourceHi = packet.sourceHi;
    inner.sourceLo = packet.sourceLo;
    inner.sourcePort = packet.sourcePort;
    inner.listener = packet.listener;
    inner.trafficClass = packet.trafficClass;
  }

  /** The way to the packet's client, which is by this proxy from now on; null if there is no room. */
  private @Nullable Way way(
      Packet from, long proxyHi, long proxyLo, int proxyPort, @Nullable TransportAddress proxy) {
    Way way = wayByClient.find(from.sourceHi, from.sourceLo, from.sourcePort);
    if (way != null
        && way.proxy.sameIp(proxyHi, proxyLo)
        && way.proxy.port() == proxyPort
        && wayByProxy.find(proxyHi, proxyLo, proxyPort) == way) {
      way.heardMs = shard.now();
      return way;
    }
    TransportAddress by =
        proxy != null
            ? proxy
            : new TransportAddress(
                ShardProxies.familyOf(proxyHi, proxyLo), proxyHi, proxyLo, proxyPort);
    if (way == null) {
      if (wayByClient.size() >= CLIENTS_MAX && !makeRoom()) {
        return null;
      }
      way = new Way(from.source(), by);
      wayByClient.put(from.sourceHi, from.sourceLo, from.sourcePort, way);
    }
    forgetProxyOf(way);
    way.proxy = by;
    way.heardMs = shard.now();
    wayByProxy.put(proxyHi, proxyLo, proxyPort, way);
    return way;
  }

  /** Who was known by a proxy, and has been silent there, comes without one now. */
  private void comesItself(Packet packet) {
    Way way = wayByClient.find(packet.sourceHi, packet.sourceLo, packet.sourcePort);
    // Anybody can forge a datagram; it takes away nobody's way back.
    if (way != null && shard.now() - way.heardMs >= SILENT_MS) {
      forget(way);
    }
  }

  private boolean makeRoom() {
    List<Way> over = new ArrayList<>();
    int from = lookedThrough;
    wayByClient.forEach(
        from,
        from + LOOKED_THROUGH,
        way -> {
          if (shard.now() - way.heardMs >= SILENT_MS && !isServed(way.client)) {
            over.add(way);
          }
        });
    lookedThrough = from + LOOKED_THROUGH < wayByClient.slots() ? from + LOOKED_THROUGH : 0;
    over.forEach(this::forget);
    return !over.isEmpty();
  }

  private boolean isServed(TransportAddress client) {
    return has(Transport.UDP, client, listener)
        || has(Transport.DTLS, client, listener | DtlsClients.NUMBER);
  }

  private boolean has(Transport transport, TransportAddress client, int number) {
    return shard.server().allocationOf(new FiveTuple(transport, client, client, number, null))
        != null;
  }

  private void forget(Way way) {
    wayByClient.remove(way.client.hi(), way.client.lo(), way.client.port());
    forgetProxyOf(way);
  }

  private void forgetProxyOf(Way way) {
    TransportAddress proxy = way.proxy;
    if (wayByProxy.find(proxy.hi(), proxy.lo(), proxy.port()) == way) {
      wayByProxy.remove(proxy.hi(), proxy.lo(), proxy.port());
    }
  }
}

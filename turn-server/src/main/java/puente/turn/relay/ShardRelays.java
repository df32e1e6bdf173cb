package puente.turn.relay;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import puente.net.BindFailure;
import puente.net.Datagrams;
import puente.net.TcpRelay;
import puente.net.UdpSocket;
import puente.turn.Relay;

/** The sockets of one shard's relayed addresses. For its loop. */
final class ShardRelays {

  private static final Logger LOG = LoggerFactory.getLogger("puente.turn");

  private final Shard shard;
  private boolean failureLogged;

  ShardRelays(Shard shard) {
    this.shard = shard;
  }

  void bind(Relay relay) {
    if (relay.isTcp()) {
      shard.tcp().open(relay);
      return;
    }
    try {
      relay.socket = relay.isShared() ? shared(relay.carrier()) : own(relay);
      bound(relay);
    } catch (BindFailure failure) {
      failed(relay, failure);
    }
  }

  private UdpSocket own(Relay relay) throws BindFailure {
    return open(relay, relay.isReserved() ? Datagrams.Role.RESERVED : Datagrams.Role.RELAY);
  }

  /** The socket of a port with many allocations: opened for the first, and never closed. */
  private Object shared(Relay port) throws BindFailure {
    Object open = port.socket;
    if (open == null) {
      open = open(port, Datagrams.Role.SHARED_RELAY);
      port.socket = open;
    }
    return open;
  }

  private UdpSocket open(Relay relay, Datagrams.Role role) throws BindFailure {
    return shard.loop().datagrams().open(relay.local(), role, 0, new PeerSide(shard, relay));
  }

  void bound(Relay relay) {
    shard.pend(new Pending.Bound(relay));
  }

  void failed(Relay relay, BindFailure failure) {
    boolean inUse = failure.reason() == BindFailure.Cause.IN_USE;
    shard.pend(new Pending.NotBound(relay, inUse));
    if (!inUse && !failureLogged) {
      failureLogged = true;
      LOG.warn("event=relay-bind-failed reason=\"{}\"", failure.getMessage());
    }
  }

  void unbind(Relay relay) {
    if (relay.socket instanceof UdpSocket socket) {
      relay.socket = null;
      if (!relay.isShared()) {
        socket.close();
      }
    } else if (relay.socket instanceof TcpRelay stream) {
      relay.socket = null;
      stream.close();
    }
  }
}

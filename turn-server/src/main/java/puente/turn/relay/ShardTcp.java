package puente.turn.relay;

import java.util.List;
import org.jspecify.annotations.Nullable;
import puente.net.BindFailure;
import puente.net.StreamConnection;
import puente.net.TcpPeer;
import puente.net.TcpRelay;
import puente.turn.Binding;
import puente.turn.Connections;
import puente.turn.PeerConnection;
import puente.turn.Relay;

/** TCP relays of one shard, and the way of a ConnectionBind to another. For its loop. */
final class ShardTcp implements Connections.World, TcpPeer.Receiver {

  private final Shard shard;
  private final ShardRelays relays;
  private List<Shard> all = List.of();

  ShardTcp(Shard shard, ShardRelays relays) {
    this.shard = shard;
    this.relays = relays;
  }

  /** Any shard may be asked for what another one has. */
  void meet(List<Shard> shards) {
    all = shards;
  }

  void open(Relay relay) {
    try {
      // Whoever has the port without sharing it is noticed; sharing is for our own calls.
      PortProbe.stream(relay.local());
    } catch (BindFailure taken) {
      relays.failed(relay, taken);
      return;
    }
    TcpRelay socket = new TcpRelay(shard.loop(), shard.isNative, relay.local(), this);
    relay.socket = socket;
    socket.open(relay, failure -> opened(relay, failure));
  }

  private void opened(Relay relay, @Nullable BindFailure failure) {
    if (failure == null) {
      relays.bound(relay);
    } else {
      relay.socket = null;
      relays.failed(relay, failure);
    }
    shard.onWorld();
  }

  @Override
  public void connect(PeerConnection connection) {
    if (!(connection.relaySocket() instanceof TcpRelay socket)) {
      throw new IllegalStateException("a relay without a socket: " + connection.local());
    }
    connection.socket = socket.call(connection.peer(), connection);
  }

  @Override
  public void disconnect(PeerConnection connection) {
    if (connection.socket instanceof TcpPeer peer) {
      connection.socket = null;
      peer.close();
    }
  }

  @Override
  public void bind(Binding binding) {
    if (!(binding.client().link() instanceof StreamConnection connection)) {
      throw new IllegalStateException("a stream without a connection: " + binding.client());
    }
    connection.pause();
    Shard owner = binding.shard() < all.size() ? all.get(binding.shard()) : shard;
    owner
        .loop()
        .eventLoop()
        .execute(
            () -> {
              Binding verdict = owner.server().connections().judge(binding);
              shard.loop().eventLoop().execute(() -> judged(verdict, connection, owner));
            });
  }

  private void judged(Binding verdict, StreamConnection connection, Shard owner) {
    shard.server().connections().judged(verdict, shard.freshNow(), shard);
    PeerConnection to = verdict.connection();
    if (to == null) {
      connection.resume();
    } else if (!(to.socket instanceof TcpPeer peer) || !connection.join(peer)) {
      connection.close();
      owner.loop().eventLoop().execute(() -> owner.tcp().ended(to));
    }
  }

  private void ended(PeerConnection connection) {
    shard.server().connections().onDisconnected(connection, shard.freshNow(), shard);
    shard.onWorld();
  }

  // ---- inputs

  @Override
  public boolean onOpen(TcpPeer peer) {
    switch (peer.attachment()) {
      case PeerConnection called ->
          shard.server().connections().onConnected(called, shard.freshNow(), shard);
      case Relay relay -> {
        PeerConnection taken =
            shard.server().connections().onAccepted(relay, peer.address(), shard.freshNow(), shard);
        if (taken == null) {
          return false;
        }
        taken.socket = peer;
        peer.attach(taken);
      }
      case null, default -> throw new IllegalStateException("a connection of nobody");
    }
    shard.onWorld();
    return true;
  }

  @Override
  public void onFailed(TcpPeer peer, Throwable why) {
    if (peer.attachment() instanceof PeerConnection called) {
      shard.server().connections().onConnectFailed(called, shard.freshNow(), shard);
      shard.onWorld();
    }
  }

  @Override
  public void onClosed(TcpPeer peer) {
    if (peer.attachment() instanceof PeerConnection connection) {
      ended(connection);
    }
  }

  @Override
  public void onBytes(TcpPeer peer, boolean up, int length) {
    if (peer.attachment() instanceof PeerConnection connection) {
      shard.server().connections().onBytes(connection, up, length, shard.freshNow());
    }
  }

  @Override
  public boolean pays(TcpPeer peer, boolean up, int length) {
    return !(peer.attachment() instanceof PeerConnection connection)
        || shard.server().connections().pays(connection, up, length, shard.freshNow());
  }
}

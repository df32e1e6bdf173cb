package puente.launcher;

import java.util.Set;
import puente.peer.FileExchange;
import puente.peer.Peer;

/** Tells an exchange of files of those in the room who take part in it, and prints what becomes of them. */
abstract class FileHearing extends PeerLines.Told {
  private final FileExchange exchange;
  private final Set<String> roles;

  /**
   * @param roles of those who take part; of others nothing is said
   */
  FileHearing(PeerLines said, FileExchange exchange, Set<String> roles) {
    super(said);
    this.exchange = exchange;
    this.roles = roles;
  }

  @Override
  public void onPeer(Peer peer) {
    if (roles.contains(peer.role())) {
      super.onPeer(peer);
      met(peer);
    }
  }

  void met(Peer peer) {
    exchange.met(peer);
  }

  @Override
  public void onGone(Peer peer, String why) {
    if (roles.contains(peer.role())) {
      super.onGone(peer, why);
      exchange.gone(peer);
    }
  }

  @Override
  public void onSilent(Peer peer) {
    if (roles.contains(peer.role())) {
      super.onSilent(peer);
      exchange.path(peer);
    }
  }

  @Override
  public void onBack(Peer peer) {
    if (roles.contains(peer.role())) {
      super.onBack(peer);
      exchange.path(peer);
    }
  }

  @Override
  public void onPath(Peer peer) {
    super.onPath(peer);
    exchange.path(peer);
  }

  @Override
  public void onMessage(Peer peer, byte[] message) {
    exchange.onMessage(peer, message);
  }
}

package puente.turn;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.NullUnmarked;
import puente.stun.TransportAddress;

/** Peers that can be called, and who is connected with whom. */
@NullUnmarked
final class TcpLab implements Connections.World {

  private final Lab lab;

  /** Who answers; others refuse at once. */
  final Set<TransportAddress> listening = new HashSet<>();

  /** Who neither answers nor refuses. */
  final Set<TransportAddress> silent = new HashSet<>();

  final List<PeerConnection> open = new ArrayList<>();
  final List<PeerConnection> joined = new ArrayList<>();

  TcpLab(Lab lab) {
    this.lab = lab;
  }

  /** A peer calls a relayed address; whether it is taken. */
  PeerConnection calls(String peer, TransportAddress relayed) {
    for (Relay relay : lab.open) {
      if (relay.advertised().equals(relayed)) {
        PeerConnection taken =
            lab.server.connections().onAccepted(relay, Lab.address(peer), lab.now, lab);
        if (taken != null) {
          open.add(taken);
        }
        lab.settle();
        return taken;
      }
    }
    throw new AssertionError("nobody listens on " + relayed);
  }

  void closes(PeerConnection connection) {
    lab.server.connections().onDisconnected(connection, lab.now, lab);
    lab.settle();
  }

  @Override
  public void connect(PeerConnection connection) {
    if (silent.contains(connection.peer())) {
      return;
    }
    boolean answers = listening.contains(connection.peer());
    lab.later(
        () -> {
          if (answers) {
            open.add(connection);
            lab.server.connections().onConnected(connection, lab.now, lab);
          } else {
            lab.server.connections().onConnectFailed(connection, lab.now, lab);
          }
        });
  }

  @Override
  public void disconnect(PeerConnection connection) {
    open.remove(connection);
    joined.remove(connection);
  }

  @Override
  public void bind(Binding binding) {
    lab.later(
        () -> {
          Binding verdict = lab.server.connections().judge(binding);
          lab.server.connections().judged(verdict, lab.now, lab);
          if (verdict.connection() != null) {
            joined.add(verdict.connection());
          }
        });
  }
}

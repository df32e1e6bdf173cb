package puente.turn;

import org.jspecify.annotations.Nullable;

/** The relayed transport address of one allocation on a {@link SharedPort}. */
final class SharedRelay extends Relay {

  private final SharedPort port;

  /** Its own port, once a peer that it wants was another's on the shared one. */
  @Nullable SpareRelay spare;

  /** Peers that are its own, on either port. */
  int flows;

  /** What its client calls itself in ICE checks, the newest first. */
  @Nullable IceName names;

  int nameCount;

  SharedRelay(SharedPort port) {
    super(port.local(), port.advertised());
    this.port = port;
  }

  SharedPort port() {
    return port;
  }

  @Override
  @Nullable SpareRelay openSpare() {
    return spare == null || spare.state == State.CLOSED ? null : spare;
  }

  @Override
  public Relay carrier() {
    return port;
  }

  @Override
  @Nullable Relay direct() {
    return null;
  }

  @Override
  void hold(Permission permission) {
    port.hold(permission);
  }

  @Override
  void end(Permission permission) {
    for (Flow flow = permission.flows; flow != null; ) {
      final Flow next = flow.next;
      flows--;
      flow.next = null;
      flow.permission = null;
      if (flow.relay instanceof SpareRelay own) {
        own.forget(flow);
      } else {
        port.rest(flow);
      }
      flow = next;
    }
    permission.flows = null;
    port.letGo(permission);
  }
}

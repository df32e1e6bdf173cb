package puente.launcher;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import org.slf4j.event.Level;
import puente.net.Addresses;
import puente.net.BindFailure;
import puente.stun.TransportAddress;
import puente.turn.relay.TurnNode;

/** What a node listens on for TURN, and how that changes at a reload. For one thread at a time. */
final class NodeListening {
  /** Which kinds of clients there are is decided once: shards and TLS are made for them. */
  private static final List<Setting<?>> FOR_LIFE =
      List.of(
          Settings.NO_UDP,
          Settings.NO_TCP,
          Settings.NO_TLS,
          Settings.RFC5780,
          ProtocolSettings.DTLS);

  /** What says where clients come to. */
  private static final List<Setting<?>> WHERE =
      List.of(
          Settings.LISTENING_IP,
          Settings.LISTENING_PORT,
          Settings.TLS_LISTENING_PORT,
          Settings.ALT_LISTENING_PORT,
          ProtocolSettings.TCP_PROXY_PORT);

  private final Config started;
  private final StateDirectory state;
  private final TurnNode turn;
  private Config opened;
  private volatile List<TransportAddress> own;

  /**
   * @param own what must not be a peer, as it was at the start
   */
  NodeListening(Config started, StateDirectory state, TurnNode turn, List<TransportAddress> own) {
    this.started = started;
    opened = started;
    this.state = state;
    this.turn = turn;
    this.own = own;
  }

  /** What must never be a peer, now. */
  List<TransportAddress> own() {
    return own;
  }

  /** Every port that TURN clients can reach. */
  List<Listening> open() {
    return turn.endpoints().stream()
        .map(
            endpoint ->
                new Listening(
                    endpoint.transport().name().toLowerCase(Locale.ROOT),
                    Addresses.of(endpoint.local())))
        .toList();
  }

  /**
   * Opens what is new and takes out what is gone. A port that somebody else has must not keep a
   * certificate or a secret from being renewed: all else is for the caller to go on with.
   *
   * @return why not, naming the address that cannot be opened; all listeners are as before then
   */
  Optional<String> change(Config next) {
    try {
      open(next);
      opened = next;
      return Optional.empty();
    } catch (StartFailure refused) {
      Events.log(Level.ERROR, "listeners-refused", "reason", refused.line());
      return Optional.of(refused.line());
    }
  }

  /** The same, with the listeners that are open. */
  Config inForce(Config next) {
    return next.with(WHERE, opened);
  }

  private void open(Config next) throws StartFailure {
    Config fixed = next.with(FOR_LIFE, started);
    checkSharedPorts(fixed);
    NodeConfig parts = new NodeConfig(fixed, state);
    List<TurnNode.Listen> listens = parts.listens();
    try {
      turn.listen(
          listens, parts.binding().squares(), next.value(DrainSettings.DEADLINE).toMillis());
    } catch (BindFailure refused) {
      throw StartFailure.of(refused);
    }
    Set<TransportAddress> all = new LinkedHashSet<>(NodePreparation.ownEndpoints(fixed, listens));
    all.addAll(turn.addresses());
    own = new ArrayList<>(all);
  }

  /** HTTP is behind TURN's port or has one of its own for life. */
  private void checkSharedPorts(Config next) throws StartFailure {
    Config http = next.with(List.of(HttpSettings.HTTP_PORT, HttpSettings.HTTPS_PORT), started);
    if (OnePort.sharesHttp(http) != OnePort.sharesHttp(started)
        || OnePort.sharesHttps(http) != OnePort.sharesHttps(started)) {
      throw StartFailure.configuration(
          "listening-port and tls-listening-port: whether HTTP shares one changes with a restart"
              + " only");
    }
  }
}

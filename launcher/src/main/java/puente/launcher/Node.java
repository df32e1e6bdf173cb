package puente.launcher;

import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import java.net.InetAddress;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicReference;
import javax.net.ssl.SSLException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import puente.net.Addresses;
import puente.net.BindFailure;
import puente.net.EventLoops;
import puente.stun.BindingConfig;
import puente.stun.Transport;
import puente.stun.TransportAddress;
import puente.turn.TurnConfig;
import puente.turn.relay.Endpoint;
import puente.turn.relay.TurnNode;
import puente.turn.store.LocalStore;

/** The running server of one process: what the configuration says, wired together. */
final class Node {
  private static final Logger LOG = LoggerFactory.getLogger("puente");

  private final StateDirectory state;
  private final EventLoops loops;
  private final LocalStore store;
  private final AtomicReference<SslContext> tls;
  private final TurnNode turn;
  private final List<TransportAddress> own;

  private Node(
      StateDirectory state,
      EventLoops loops,
      LocalStore store,
      AtomicReference<SslContext> tls,
      TurnNode turn,
      List<TransportAddress> own) {
    this.state = state;
    this.loops = loops;
    this.store = store;
    this.tls = tls;
    this.turn = turn;
    this.own = own;
  }

  /**
   * Starts everything.
   *
   * @throws StartFailure in one clear line; nothing is left running then
   */
  static Node start(Config config, StateDirectory state) throws StartFailure {
    NodeConfig parts = new NodeConfig(config, state);
    List<TurnNode.Listen> listens = parts.listens();
    List<TransportAddress> own = ownEndpoints(config, listens);
    TurnConfig turnConfig = parts.turn(own);
    BindingConfig binding = parts.binding();
    boolean wantsTls = listens.stream().anyMatch(listen -> listen.transport() == Transport.TLS);
    AtomicReference<SslContext> tls = new AtomicReference<>();
    if (wantsTls) {
      tls.set(tlsContext(config, state));
    }
    EventLoops loops = openLoops(parts);
    LocalStore store = new LocalStore(parts.quotas());
    TurnNode.Options options =
        new TurnNode.Options(
            listens, wantsTls ? tls::get : null, turnConfig, binding, parts.streams());
    try {
      TurnNode turn = TurnNode.start(loops, options, store);
      LOG.info(
          "event=started shards={} udp=\"{}\" realm=\"{}\"",
          loops.shards().size(),
          turn.datagramDescription(),
          turnConfig.realm());
      return new Node(state, loops, store, tls, turn, own);
    } catch (BindFailure refused) {
      loops.close().toCompletableFuture().join();
      throw startFailure(refused);
    }
  }

  private static EventLoops openLoops(NodeConfig parts) throws StartFailure {
    try {
      return EventLoops.open(parts.shards(), parts.udpIo(), parts.joinsDatagrams());
    } catch (IllegalArgumentException unavailable) {
      throw StartFailure.configuration(String.valueOf(unavailable.getMessage()));
    }
  }

  private static StartFailure startFailure(BindFailure refused) {
    StartFailure.Kind kind =
        switch (refused.reason()) {
          case DENIED -> StartFailure.Kind.PERMISSION;
          case IN_USE, NO_SUCH_ADDRESS -> StartFailure.Kind.PORT;
          case NO_DESCRIPTORS, OTHER -> StartFailure.Kind.OTHER;
        };
    return new StartFailure(kind, String.valueOf(refused.getMessage()), refused);
  }

  /** What must never be a peer: our listeners and the admin port, by every name they have. */
  private static List<TransportAddress> ownEndpoints(Config config, List<TurnNode.Listen> listens) {
    List<TransportAddress> own = new ArrayList<>();
    for (TurnNode.Listen listen : listens) {
      own.add(listen.local());
      for (ExternalAddress external : config.all(Settings.EXTERNAL_IP)) {
        own.add(Addresses.of(external.publicAddress(), listen.local().port()));
      }
    }
    int adminPort = config.value(Settings.ADMIN_PORT);
    own.add(Addresses.of(config.value(Settings.ADMIN_IP), adminPort));
    for (InetAddress ip : NodeAddresses.listening(config)) {
      own.add(Addresses.of(ip, adminPort));
    }
    return own.stream().distinct().toList();
  }

  private static SslContext tlsContext(Config config, StateDirectory state) throws StartFailure {
    CertificateChain chain =
        state.certificate(config, NodeAddresses.reachable(config).getHostAddress(), Instant.now());
    List<String> protocols =
        config.value(Settings.NO_TLSV1_2) ? List.of("TLSv1.3") : List.of("TLSv1.3", "TLSv1.2");
    try {
      return SslContextBuilder.forServer(
              chain.key(), chain.certificates().toArray(X509Certificate[]::new))
          .protocols(protocols)
          .build();
    } catch (SSLException | IllegalArgumentException unusable) {
      throw StartFailure.configuration("the certificate cannot be used: " + unusable.getMessage());
    }
  }

  /** What clients can reach. */
  List<Endpoint> endpoints() {
    return turn.endpoints();
  }

  /**
   * Takes over what can change while running: certificate, users, secrets, peer rules, limits.
   *
   * @throws StartFailure if the new configuration is wrong; the old one stays in force
   */
  void reload(Config config) throws StartFailure {
    NodeConfig parts = new NodeConfig(config, state);
    TurnConfig turnConfig = parts.turn(own);
    if (tls.get() != null) {
      tls.set(tlsContext(config, state));
    }
    store.quotas(parts.quotas());
    turn.reconfigure(turnConfig, parts.streams());
    LOG.info("event=reloaded");
  }

  /** Stops in order: listeners first, then the loops. */
  CompletionStage<Void> stop() {
    return turn.stop().thenCompose(stopped -> loops.close());
  }
}

package puente.launcher;

import java.net.InetAddress;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import puente.net.Addresses;
import puente.net.DescriptorHolder;
import puente.net.DtlsHandshakes;
import puente.net.EventLoops;
import puente.stun.Transport;
import puente.stun.TransportAddress;
import puente.turn.TurnConfig;
import puente.turn.relay.TurnNode;
import puente.turn.store.LocalStore;

/**
 * What a {@link Node} has before it opens a port or takes the lock of its state: a process that
 * waits for its turn has this already, and its clients are spared the time.
 */
record NodePreparation(
    Config given,
    AddedAccess added,
    Config config,
    List<TransportAddress> own,
    TurnConfig turnConfig,
    @Nullable NodeTls tls,
    LocalStore store,
    NodeFleet fleet,
    NodeUsers users,
    Cluster cluster,
    TurnNode.Options options,
    EventLoops loops,
    long madeNanos) {

  private static final long FRESH_NANOS = 1_000_000_000;

  /** From the cookie to the Finished: as long as a TLS handshake may take. */
  private static final Duration DTLS_HANDSHAKE_MAX = Duration.ofSeconds(10);

  static NodePreparation of(Config given, StateDirectory state, DescriptorHolder holder)
      throws StartFailure {
    AddedAccess added = AddedAccess.read(state);
    NodeUsers users = NodeUsers.open(given, state);
    Config config = users.over(added.over(given, state, Instant.now()));
    Set<String> revoked = Revoked.read(config, state).names();
    NodeConfig parts = new NodeConfig(config, state, revoked);
    List<TurnNode.Listen> listens = parts.listens();
    List<TransportAddress> own = ownEndpoints(config, listens);
    LocalStore store = new LocalStore(parts.quotas());
    store.quotas(parts.quotas(), users.quotasByRealm(config, parts.quotas()));
    NodeFleet fleet = new NodeFleet(store);
    TurnConfig turnConfig = users.apply(fleet.apply(parts.turn(own), config), config, revoked);
    boolean wantsTls =
        NodeSignaling.wantsTls(config)
            || ProtocolSettings.servesDtls(config)
            || listens.stream().anyMatch(listen -> listen.transport() == Transport.TLS);
    NodeTls tls = wantsTls ? NodeTls.open(config, state) : null;
    Cluster cluster = cluster(config, store);
    DtlsHandshakes handshakes =
        tls == null || !ProtocolSettings.servesDtls(config)
            ? null
            : new DtlsHandshakes(
                tls::dtlsIdentity,
                config.value(ProtocolSettings.MAX_DTLS_HANDSHAKES),
                DTLS_HANDSHAKE_MAX);
    OnePort.removeLeft(state);
    OnePort shared = OnePort.of(config, state);
    TurnNode.Options options =
        new TurnNode.Options(
            listens,
            tls == null ? null : tls::context,
            handshakes,
            turnConfig,
            parts.binding(),
            parts.streams(),
            users.accounts(),
            shared.handsOver());
    EventLoops loops = openLoops(parts, holder);
    if (!shared.isNone() && !loops.isNative()) {
      throw StartFailure.configuration(
          "TURN and HTTP can share a port on Linux only: give others as http-port and https-port");
    }
    return new NodePreparation(
        given,
        added,
        config,
        own,
        turnConfig,
        tls,
        store,
        fleet,
        users,
        cluster,
        options,
        loops,
        System.nanoTime());
  }

  private static Cluster cluster(Config config, LocalStore store) throws StartFailure {
    Optional<ClusterConfig> several = ClusterConfig.of(config);
    return several.isPresent()
        ? new HazelcastCluster(several.get(), store)
        : new SingleNode(ClusterConfig.nodeId(config), store);
  }

  private static EventLoops openLoops(NodeConfig parts, DescriptorHolder holder)
      throws StartFailure {
    try {
      return EventLoops.open(
          parts.shards(), parts.udpIo(), parts.joinsDatagrams(), parts.bufferSize(), holder);
    } catch (IllegalArgumentException unavailable) {
      throw StartFailure.configuration(String.valueOf(unavailable.getMessage()));
    }
  }

  /** What must never be a peer: our listeners, HTTP and the admin port, by every name they have. */
  static List<TransportAddress> ownEndpoints(Config config, List<TurnNode.Listen> listens) {
    List<TransportAddress> own = new ArrayList<>();
    for (TurnNode.Listen listen : listens) {
      own.add(listen.local());
      for (ExternalAddress external : config.all(Settings.EXTERNAL_IP)) {
        own.add(Addresses.of(external.publicAddress(), listen.local().port()));
      }
    }
    own.add(Addresses.of(config.value(Settings.ADMIN_IP), config.value(Settings.ADMIN_PORT)));
    for (Setting<Integer> port :
        List.of(Settings.ADMIN_PORT, HttpSettings.HTTP_PORT, HttpSettings.HTTPS_PORT)) {
      for (InetAddress ip : NodeAddresses.listening(config)) {
        own.add(Addresses.of(ip, config.value(port)));
      }
    }
    NodeUsers.endpoints(config).forEach(endpoint -> own.add(Addresses.of(endpoint)));
    config
        .find(ClusterSettings.CLUSTER_IP)
        .ifPresent(ip -> own.add(Addresses.of(ip, config.value(ClusterSettings.CLUSTER_PORT))));
    return own.stream().distinct().toList();
  }

  /** Whether files that it was made of may have changed since. */
  boolean isOld() {
    return System.nanoTime() - madeNanos > FRESH_NANOS;
  }

  /** Lets go of it all. */
  void close() {
    users.close();
    loops.close().toCompletableFuture().join();
  }
}

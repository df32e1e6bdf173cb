package puente.launcher;

import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.time.Clock;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import java.util.zip.CRC32;
import org.jspecify.annotations.Nullable;
import puente.net.EventLoops;
import puente.signal.CredentialRoutes;
import puente.signal.GatewayFleet;
import puente.signal.GatewayServer;
import puente.signal.GatewayStartFailure;
import puente.signal.IceServers;
import puente.signal.Keys;
import puente.signal.Origins;
import puente.signal.Pages;
import puente.signal.PeerJsServer;
import puente.signal.Rendezvous;
import puente.signal.RendezvousDesk;
import puente.signal.RendezvousRoute;
import puente.signal.RoomLimits;
import puente.signal.Signal;
import puente.signal.SignalingServer;
import puente.signal.SocketRoute;
import puente.signal.Tokens;
import puente.signal.TrustedProxies;
import puente.signal.YWebrtcServer;
import puente.stun.Family;
import puente.stun.Transport;

/** The gateway of this node: what the configuration says, wired to the rest. */
final class NodeSignaling {
  static final String DEV_KEY = "dev";
  static final Keys.PublicKey DEV_PUBLIC_KEY = new Keys.PublicKey("pub_dev", Keys.SELF);

  /** Clients leave some time within this, so that they do not all arrive elsewhere at once. */
  private static final long GO_AWAY_MS = 12_000;

  private final StateDirectory state;
  private volatile List<Listening> turn;
  private final Consumer<String> onRevoked;
  private final Cluster cluster;
  private volatile NodeIce ice;
  private volatile Keys keys;
  private volatile @Nullable Tokens tokens;
  private @Nullable SignalingServer signaling;
  private @Nullable GatewayFleet fleet;
  private @Nullable RendezvousDesk rendezvous;
  private boolean sharesSecret;
  private @Nullable PeerJsServer peerJs;
  private @Nullable YWebrtcServer yWebrtc;
  private @Nullable GatewayServer server;
  private @Nullable NodeAcme acme;

  private NodeSignaling(
      Config config,
      StateDirectory state,
      List<Listening> turn,
      Cluster cluster,
      Consumer<String> onRevoked)
      throws StartFailure {
    this.state = state;
    this.turn = turn;
    this.cluster = cluster;
    this.onRevoked = onRevoked;
    ice = ice(config);
    keys = keys(config, state);
  }

  /** Whether a certificate is needed here. */
  static boolean wantsTls(Config config) {
    return !config.value(HttpSettings.NO_HTTP)
        && (config.isGiven(Settings.CERT)
            || config.isGiven(HttpSettings.HTTPS_PORT)
            || NodeAcme.isWanted(config));
  }

  /**
   * Opens the HTTP ports on the control loop, unless they are switched off.
   *
   * @param turn what TURN clients can reach
   * @param cluster whose nodes share rooms
   * @param onRevoked told of each username that is to be refused
   */
  static NodeSignaling start(
      Config config,
      StateDirectory state,
      EventLoops loops,
      @Nullable NodeTls tls,
      List<Listening> turn,
      Cluster cluster,
      Consumer<String> onRevoked)
      throws StartFailure {
    NodeSignaling signaling = new NodeSignaling(config, state, turn, cluster, onRevoked);
    NodeAcme.check(config);
    if (tls != null && NodeAcme.isWanted(config)) {
      signaling.acme = new NodeAcme(config, state, cluster, tls, Clock.systemUTC());
    }
    if (!config.value(HttpSettings.NO_HTTP)) {
      signaling.open(config, loops, wantsTls(config) ? tls : null);
    }
    signaling.acme().ifPresent(NodeAcme::start);
    return signaling;
  }

  private void open(Config config, EventLoops loops, @Nullable NodeTls tls) throws StartFailure {
    GatewayServer.Options options =
        new GatewayServer.Options(
            config.value(HttpSettings.HTTP_IP),
            OnePort.sharesHttp(config)
                ? OptionalInt.empty()
                : OptionalInt.of(config.value(HttpSettings.HTTP_PORT)),
            tls == null || OnePort.sharesHttps(config)
                ? OptionalInt.empty()
                : OptionalInt.of(config.value(HttpSettings.HTTPS_PORT)),
            tls == null ? null : new GatewayServer.Tls(tls.keyManager(), tls.protocols()),
            origins(config, keys),
            new GatewayServer.Limits(
                config.value(HttpSettings.MAX_HTTP_CONNECTIONS),
                config.value(HttpSettings.MAX_HTTP_CONNECTIONS_PER_SOURCE),
                GatewayServer.Limits.STANDARD.requestMs()),
            new TrustedProxies(config.all(HttpSettings.HTTP_TRUSTED_PROXY)),
            OnePort.of(config, state).receives());
    tokens = NodeTokens.of(config, loops.control());
    List<GatewayServer.Route> routes = new ArrayList<>();
    List<SocketRoute> sockets = new ArrayList<>();
    serve(config, loops, routes, sockets);
    try {
      server =
          GatewayServer.start(loops.vertx(), loops.control(), options, routes, sockets)
              .toCompletableFuture()
              .join();
    } catch (CompletionException failure) {
      if (failure.getCause() instanceof GatewayStartFailure refused) {
        StartFailure.Kind kind =
            switch (refused.reason()) {
              case IN_USE, NO_SUCH_ADDRESS -> StartFailure.Kind.PORT;
              case DENIED -> StartFailure.Kind.PERMISSION;
              case OTHER -> StartFailure.Kind.OTHER;
            };
        throw new StartFailure(kind, String.valueOf(refused.getMessage()), refused);
      }
      throw failure;
    }
  }

  private void serve(
      Config config, EventLoops loops, List<GatewayServer.Route> routes, List<SocketRoute> sockets)
      throws StartFailure {
    IceServers iceServers = new IceServers(family -> ice.of(family));
    RoomLimits limits = limits(config);
    GatewayFleet others =
        new GatewayFleet(
            loops.control(),
            new SignalNodes(cluster),
            System.currentTimeMillis(),
            limits.resumeWindowMs());
    fleet = others;
    SignalingServer server =
        new SignalingServer(
            loops.control(),
            limits,
            cluster.nodeId(),
            iceServers,
            () -> keys,
            () -> tokens,
            new SecureRandom(),
            others);
    signaling = server;
    pushWhenNodesChange(server);
    sockets.add(server);
    routes.addAll(server.routes());
    routes.addAll(
        new CredentialRoutes(iceServers, () -> keys, () -> tokens, onRevoked::accept).routes());
    acme().ifPresent(orders -> routes.add(orders.route()));
    routes.addAll(Pages.routes(request -> keys.forOwnPage(request)));
    if (!config.value(HttpSettings.NO_RENDEZVOUS)) {
      byte[] secret = rendezvousSecret(config);
      rendezvous = rendezvous(loops, secret);
      routes.addAll(
          new RendezvousRoute(secret, this::rendezvousServers, () -> keys, () -> tokens).routes());
    }
    if (!config.value(HttpSettings.NO_PEERJS)) {
      PeerJsServer peers = new PeerJsServer(loops.vertx(), peerJsOptions(config), others);
      peerJs = peers;
      routes.addAll(peers.routes());
      sockets.addAll(peers.socketRoutes());
    }
    if (!config.value(HttpSettings.NO_Y_WEBRTC)) {
      YWebrtcServer documents = new YWebrtcServer(others);
      yWebrtc = documents;
      routes.addAll(documents.routes());
      sockets.add(documents);
    }
  }

  /** Who was given a node that drains or died hears of others at once. */
  private void pushWhenNodesChange(SignalingServer server) {
    AtomicReference<Set<String>> before = new AtomicReference<>(ice.takers());
    cluster.onChange(
        nodes -> {
          Set<String> takers = ice.takers();
          if (!takers.equals(before.getAndSet(takers))) {
            server.iceChanged();
          }
        });
  }

  private static RendezvousDesk rendezvous(EventLoops loops, byte[] secret) {
    byte[] cookieKey = new byte[32];
    new SecureRandom().nextBytes(cookieKey);
    Rendezvous.Limits limits = Rendezvous.Limits.STANDARD;
    return new RendezvousDesk(loops.control(), limits, new Rendezvous(limits, secret, cookieKey));
  }

  /** The secret that all nodes share, where there is one: a token is then good at each of them. */
  private byte[] rendezvousSecret(Config config) throws StartFailure {
    sharesSecret = sharesSecret(config);
    String secret =
        config.usesSharedSecret()
            ? new NodeConfig(config, state).secrets().getFirst()
            : state.secret("rendezvous-secret");
    return ("rendezvous " + secret).getBytes(StandardCharsets.UTF_8);
  }

  /** Where STUN over UDP is, the rendezvous is; of several nodes all choose the same for a meeting. */
  private List<String> rendezvousServers(String meeting) {
    List<String> own =
        ice.own(Family.IPV4).stun().stream().map(url -> url.substring("stun:".length())).toList();
    List<String> all =
        cluster.nodes().stream()
            .filter(NodeState::takesClients)
            .sorted(Comparator.comparingInt(node -> weight(meeting + "/" + node.id())))
            .flatMap(node -> node.doors().stream())
            .filter(door -> door.transport() == Transport.UDP)
            .map(door -> door.address().toString())
            .toList();
    return sharesSecret && all.size() > 1 ? all : own;
  }

  private static int weight(String text) {
    CRC32 sum = new CRC32();
    sum.update(text.getBytes(StandardCharsets.UTF_8));
    return (int) sum.getValue();
  }

  Optional<RendezvousDesk> rendezvous() {
    return Optional.ofNullable(rendezvous);
  }

  private static PeerJsServer.Options peerJsOptions(Config config) {
    Set<String> keys = new HashSet<>(config.all(HttpSettings.PEERJS_KEY));
    return new PeerJsServer.Options(
        keys.isEmpty() ? Set.of(PeerJsServer.DEFAULT_KEY) : keys,
        config.value(HttpSettings.PEERJS_DISCOVERY));
  }

  private static RoomLimits limits(Config config) {
    return RoomLimits.STANDARD.with(
        config.value(HttpSettings.MAX_HTTP_CONNECTIONS),
        config.value(HttpSettings.MAX_ROOMS),
        config.value(HttpSettings.MAX_PEERS_PER_ROOM),
        config.value(HttpSettings.MAX_ROOMS_PER_PEER),
        config.value(HttpSettings.MAX_SIGNALS_PER_SECOND));
  }

  /** What is counted; empty when HTTP is off. */
  Optional<SignalingServer> signaling() {
    return Optional.ofNullable(signaling);
  }

  Optional<PeerJsServer> peerJs() {
    return Optional.ofNullable(peerJs);
  }

  Optional<YWebrtcServer> yWebrtc() {
    return Optional.ofNullable(yWebrtc);
  }

  Optional<GatewayFleet> fleet() {
    return Optional.ofNullable(fleet);
  }

  Optional<NodeAcme> acme() {
    return Optional.ofNullable(acme);
  }

  Optional<GatewayServer> gateway() {
    return Optional.ofNullable(server);
  }

  /**
   * Sends clients away when this node drains, if there is another to go to: else their signaling is
   * best where it is until the end.
   */
  void onPhase(NodeState.Phase phase) {
    List<NodeState> others = others();
    SignalingServer running = signaling;
    if (running == null) {
      return;
    }
    switch (phase) {
      case SERVING -> running.undrain();
      case DRAINING -> {
        if (!others.isEmpty()) {
          Signal.GoAway goAway = new Signal.GoAway("drain", GO_AWAY_MS, null, true);
          running.drain(
              goAway, others.stream().flatMap(node -> node.more().signaling().stream()).toList());
        }
      }
      case DRAINED, STOPPING -> {}
    }
  }

  /** Nodes that take clients, those with the most room first. */
  private List<NodeState> others() {
    return cluster.nodes().stream()
        .filter(NodeState::takesClients)
        .filter(node -> !node.id().equals(cluster.nodeId()))
        .sorted(Comparator.comparing((NodeState node) -> node.load().share()))
        .toList();
  }

  /** Ends the sessions of those whose credentials these are. */
  void revoke(Set<String> usernames) {
    String separator = ice.own(Family.IPV4).separator();
    Set<String> users = new HashSet<>();
    for (String name : usernames) {
      int at = name.indexOf(separator);
      String user = at < 0 ? "" : name.substring(at + separator.length());
      // Some programs write the name before the expiry.
      users.add(user.matches("[0-9]+") ? name.substring(0, at) : user);
    }
    users.remove("");
    signaling().ifPresent(server -> server.revoke(users));
  }

  /** Takes over secrets, keys, origins and lifetimes. */
  void reload(Config config, EventLoops loops, List<Listening> turnListening) throws StartFailure {
    turn = turnListening;
    NodeIce newIce = ice(config);
    Keys newKeys = keys(config, state);
    tokens = NodeTokens.of(config, loops.control());
    boolean isOther = !newIce.own().equals(ice.own());
    ice = newIce;
    keys = newKeys;
    if (isOther) {
      signaling().ifPresent(SignalingServer::iceChanged);
    }
    GatewayServer running = server;
    if (running != null) {
      running.reconfigure(origins(config, newKeys));
    }
  }

  List<Listening> listening(Config config) {
    List<Listening> open = new ArrayList<>();
    GatewayServer running = server;
    if (running != null) {
      running.port().ifPresent(port -> open.add(listening("http", config, port)));
      running.tlsPort().ifPresent(port -> open.add(listening("https", config, port)));
      if (OnePort.sharesHttp(config)) {
        open.add(listening("http", config, config.value(HttpSettings.HTTP_PORT)));
      }
      if (OnePort.sharesHttps(config)) {
        open.add(listening("https", config, config.value(HttpSettings.HTTPS_PORT)));
      }
    }
    return open;
  }

  private static Listening listening(String transport, Config config, int port) {
    InetSocketAddress address = new InetSocketAddress(config.value(HttpSettings.HTTP_IP), port);
    return new Listening(transport, address);
  }

  CompletionStage<Void> stop() {
    acme().ifPresent(NodeAcme::close);
    GatewayServer running = server;
    return running == null ? CompletableFuture.completedStage(null) : running.close();
  }

  /** The key that {@code --dev} makes, once for each state directory. */
  static Keys.ApiKey devKey(StateDirectory state) throws StartFailure {
    return new Keys.ApiKey(DEV_KEY, state.secret("dev-api-key"));
  }

  private static Keys keys(Config config, StateDirectory state) throws StartFailure {
    List<Keys.ApiKey> secrets = new ArrayList<>(config.all(HttpSettings.API_KEY));
    List<Keys.PublicKey> published = new ArrayList<>(config.all(HttpSettings.PUBLIC_KEY));
    if (config.value(Settings.DEV)) {
      secrets.add(devKey(state));
      published.add(DEV_PUBLIC_KEY);
    }
    return new Keys(secrets, published);
  }

  private static Origins origins(Config config, Keys keys) {
    Set<String> origins = new HashSet<>(config.all(HttpSettings.HTTP_ORIGIN));
    origins.addAll(keys.origins());
    return new Origins(origins);
  }

  private NodeIce ice(Config config) throws StartFailure {
    Map<Family, IceServers.Config> own = new EnumMap<>(Family.class);
    for (Family family : Family.values()) {
      own.put(family, iceServers(family, config));
    }
    return new NodeIce(cluster, own, sharesSecret(config));
  }

  /** Whether other nodes know the secret that this one makes credentials and tokens with. */
  private static boolean sharesSecret(Config config) {
    return config.usesSharedSecret() && config.isGiven(Settings.STATIC_AUTH_SECRET);
  }

  private IceServers.Config iceServers(Family family, Config config) throws StartFailure {
    IceUrls urls = IceUrls.towards(family, config, turn);
    String secret =
        config.usesSharedSecret() ? new NodeConfig(config, state).secrets().getFirst() : "";
    return new IceServers.Config(
        secret,
        config.value(Settings.REST_API_SEPARATOR),
        config.value(HttpSettings.CREDENTIAL_TTL).toSeconds(),
        config.value(HttpSettings.CREDENTIAL_TTL_MAX).toSeconds(),
        urls.stun(),
        urls.turn().stream().map(url -> new IceServers.Turn(transport(url), url)).toList());
  }

  private static String transport(String url) {
    if (url.startsWith("turns:")) {
      return "tls";
    }
    return url.endsWith("transport=tcp") ? "tcp" : "udp";
  }
}

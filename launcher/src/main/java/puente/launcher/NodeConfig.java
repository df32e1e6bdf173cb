package puente.launcher;

import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import puente.net.Addresses;
import puente.net.EventLoops;
import puente.stun.AddressRange;
import puente.stun.BindingConfig;
import puente.stun.Family;
import puente.stun.IntegrityKey;
import puente.stun.Nonce;
import puente.stun.Transport;
import puente.stun.TransportAddress;
import puente.turn.ClientRules;
import puente.turn.Credentials;
import puente.turn.Lifetimes;
import puente.turn.Limits;
import puente.turn.PeerPolicy;
import puente.turn.RelayAddress;
import puente.turn.TurnConfig;
import puente.turn.relay.StreamLimits;
import puente.turn.relay.TurnNode;
import puente.turn.store.LocalStore;

/** Turns the settings into what the parts are made of. */
final class NodeConfig {
  private static final String SOFTWARE = "Puente";
  private static final int STREAM_MESSAGE_MAX = 0x1_0000 + 64;
  private static final int UNAUTHORIZED_BURST_FACTOR = 10;

  /** Each takes half a megabyte of tables for its ports. */
  private static final int RELAY_ADDRESSES_MAX = 64;

  /** A nonce that never gets stale still has to be told apart after so long. */
  private static final int NONCE_SECONDS_MAX = 24 * 60 * 60;

  private static final List<AddressRange> PRIVATE =
      List.of(
          AddressRange.parse("10.0.0.0/8"),
          AddressRange.parse("172.16.0.0/12"),
          AddressRange.parse("192.168.0.0/16"),
          AddressRange.parse("100.64.0.0/10"),
          AddressRange.parse("fc00::/7"));

  private final Config config;
  private final StateDirectory state;
  private final Set<String> revoked;

  NodeConfig(Config config, StateDirectory state) {
    this(config, state, Set.of());
  }

  /**
   * @param revoked ephemeral usernames to refuse
   */
  NodeConfig(Config config, StateDirectory state, Set<String> revoked) {
    this.config = config;
    this.state = state;
    this.revoked = revoked;
  }

  int shards() {
    int configured = config.value(Settings.RELAY_THREADS);
    return configured > 0 ? configured : Runtime.getRuntime().availableProcessors();
  }

  EventLoops.UdpIo udpIo() {
    return EventLoops.UdpIo.valueOf(
        config.value(Settings.UDP_IO).toUpperCase(java.util.Locale.ROOT));
  }

  int bufferSize() {
    return config.value(Settings.SOCK_BUF_SIZE);
  }

  boolean joinsDatagrams() {
    return config.value(Settings.UDP_GRO) && config.value(Settings.UDP_GSO);
  }

  /** Everything to listen on: ports of every address, in the order UDP, TCP, TLS, DTLS. */
  List<TurnNode.Listen> listens() {
    List<TurnNode.Listen> all = new ArrayList<>();
    List<InetAddress> addresses = NodeAddresses.listening(config);
    if (!config.value(Settings.NO_UDP)) {
      add(all, Transport.UDP, addresses, config.value(Settings.LISTENING_PORT));
      if (config.value(Settings.RFC5780)) {
        add(all, Transport.UDP, addresses, alternatePort(config));
      }
    }
    if (!config.value(Settings.NO_TCP)) {
      add(all, Transport.TCP, addresses, config.value(Settings.LISTENING_PORT));
      if (config.value(Settings.RFC5780)) {
        add(all, Transport.TCP, addresses, alternatePort(config));
      }
      config
          .find(ProtocolSettings.TCP_PROXY_PORT)
          .ifPresent(port -> add(all, Transport.TCP, addresses, port));
    }
    if (!config.value(Settings.NO_TLS)) {
      add(all, Transport.TLS, addresses, config.value(Settings.TLS_LISTENING_PORT));
    }
    if (ProtocolSettings.servesDtls(config)) {
      addDtls(all, addresses, config.value(Settings.TLS_LISTENING_PORT));
    }
    return all;
  }

  /** Where datagrams are received anyhow, those of DTLS are as well. */
  private static void addDtls(List<TurnNode.Listen> all, List<InetAddress> addresses, int port) {
    boolean isServed =
        all.stream()
            .anyMatch(
                listen ->
                    listen.transport() == Transport.UDP
                        && port != 0
                        && listen.local().port() == port);
    if (!isServed) {
      add(all, Transport.DTLS, addresses, port);
    }
  }

  private static void add(
      List<TurnNode.Listen> all, Transport transport, List<InetAddress> addresses, int port) {
    for (InetAddress address : addresses) {
      all.add(new TurnNode.Listen(transport, Addresses.of(address, port)));
    }
  }

  private static int alternatePort(Config config) {
    int configured = config.find(Settings.ALT_LISTENING_PORT).orElse(0);
    return configured > 0 ? configured : config.value(Settings.LISTENING_PORT) + 1;
  }

  BindingConfig binding() {
    boolean discovery = config.value(Settings.RFC5780);
    return new BindingConfig(
        software(),
        config.value(Settings.FINGERPRINT),
        discovery,
        config.value(Settings.RFC3489_COMPATIBILITY)
            || config.value(Settings.STUN_BACKWARD_COMPATIBILITY),
        discovery ? squares() : List.of(),
        null);
  }

  /**
   * The first two addresses of each family that clients see as two make a square (RFC 5780 §6). It
   * has the public addresses, as OTHER-ADDRESS is for clients beyond the NAT; and loopback only
   * where that was asked for.
   */
  private List<BindingConfig.Square> squares() {
    int port = config.value(Settings.LISTENING_PORT);
    List<BindingConfig.Square> squares = new ArrayList<>();
    for (Family family : Family.values()) {
      List<RelayAddress> corners = corners(family, config);
      RelayAddress first = corners.isEmpty() ? null : corners.getFirst();
      for (RelayAddress second : corners) {
        if (first != null && !second.advertised().equals(first.advertised())) {
          squares.add(
              new BindingConfig.Square(
                  first.local().withPort(port),
                  second.local().withPort(alternatePort(config)),
                  first.advertised().withPort(port),
                  second.advertised().withPort(alternatePort(config))));
          break;
        }
      }
    }
    return squares;
  }

  private static List<RelayAddress> corners(Family family, Config config) {
    boolean chosen = config.isGiven(Settings.LISTENING_IP);
    return NodeAddresses.ofFamily(NodeAddresses.unicast(config), family).stream()
        .filter(ip -> chosen || !ip.isLoopbackAddress())
        .map(ip -> NodeAddresses.advertised(ip, config))
        .toList();
  }

  /** What this node has to offer to others that discover NATs: one address of each family. */
  static List<NodeState.Corner> corners(Config config) {
    int port = config.value(Settings.LISTENING_PORT);
    if (!config.value(Settings.RFC5780) || config.value(Settings.NO_UDP) || port == 0) {
      return List.of();
    }
    return Arrays.stream(Family.values())
        .flatMap(family -> corners(family, config).stream().limit(1))
        .map(
            corner ->
                new NodeState.Corner(
                    corner.local().withPort(port),
                    corner.advertised().withPort(port),
                    alternatePort(config)))
        .toList();
  }

  private @Nullable String software() {
    return config.value(Settings.SOFTWARE_ATTRIBUTE) ? SOFTWARE : null;
  }

  /**
   * @param own what we listen on, which is never anybody's peer
   */
  TurnConfig turn(List<TransportAddress> own) throws StartFailure {
    checkRealmRelays();
    boolean anonymous = config.isAnonymous();
    TurnConfig.Builder turn =
        TurnConfig.builder()
            .software(software())
            .fingerprint(config.value(Settings.FINGERPRINT))
            .credentials(credentials())
            .tokens(ProtocolSettings.tokens(config))
            .nonceKeys(nonceKeys())
            .mobility(ticketKeys())
            .strictExpiry(config.value(Settings.STRICT_EXPIRY))
            .relayAddresses(NodeAddresses.relay(config).toArray(RelayAddress[]::new))
            .ports(config.value(Settings.MIN_PORT), config.value(Settings.MAX_PORT))
            .sharedPorts(config.value(ProtocolSettings.SHARED_RELAY_PORTS))
            .lifetimes(lifetimes())
            .limits(limits())
            .peers(peers(own))
            .defaultFamily(defaultFamily())
            .stunOnly(config.value(Settings.STUN_ONLY))
            .noStun(config.value(Settings.NO_STUN))
            .overloadMs(config.value(OverloadSettings.OVERLOAD_SHEDDING))
            .secureStun(config.value(Settings.SECURE_STUN) && !anonymous)
            .claims(ClusterConfig.of(config).isPresent())
            .noUdpRelay(config.value(Settings.NO_UDP_RELAY))
            .tcpRelay(
                config.value(ProtocolSettings.TCP_RELAY),
                config.value(ProtocolSettings.MAX_TCP_CONNECTIONS))
            .clients(
                new ClientRules(
                    config.all(ProtocolSettings.ALLOWED_CLIENT_IP),
                    config.all(ProtocolSettings.DENIED_CLIENT_IP)))
            .anycast(NodeAddresses.unicastByAnycast(config))
            .rfc5766Channels(config.value(Settings.RFC5766_CHANNEL_NUMBERS));
    if (anonymous) {
      turn.noAuth();
    }
    try {
      return turn.build();
    } catch (IllegalArgumentException wrong) {
      throw StartFailure.configuration(String.valueOf(wrong.getMessage()));
    }
  }

  private void checkRealmRelays() throws StartFailure {
    String main = config.value(Settings.REALM);
    for (RealmRule rule : config.all(UserSettings.RELAY_REALM)) {
      if (rule.realm().equals(main)) {
        throw StartFailure.configuration(
            UserSettings.RELAY_REALM + "=" + rule + ": of the main realm, relay-ip says it");
      }
    }
    if (NodeAddresses.allRelays(config).size() > RELAY_ADDRESSES_MAX) {
      throw StartFailure.configuration(
          UserSettings.RELAY_REALM + ": more than " + RELAY_ADDRESSES_MAX + " relay addresses");
    }
  }

  private Credentials credentials() throws StartFailure {
    Map<String, String> passwords = new HashMap<>();
    Map<String, byte[]> keys = new HashMap<>();
    for (User user : config.all(Settings.USER)) {
      user.password().ifPresent(password -> passwords.put(user.name(), password));
      user.key().ifPresent(key -> keys.put(user.name(), key));
    }
    Credentials credentials =
        Credentials.ofRealm(config.value(Settings.REALM))
            .withUsers(passwords)
            .withKeys(keys)
            .withRevoked(revoked)
            .withSeparator(config.value(Settings.REST_API_SEPARATOR).charAt(0));
    return config.usesSharedSecret() ? credentials.withSecrets(secrets()) : credentials;
  }

  /** The shared secrets that count: the configured ones, else the generated one. */
  List<String> secrets() throws StartFailure {
    List<String> configured = config.all(Settings.STATIC_AUTH_SECRET);
    return configured.isEmpty() ? List.of(state.sharedSecret()) : configured;
  }

  private Nonce.Keys nonceKeys() throws StartFailure {
    return new Nonce.Keys(IntegrityKey.of(sha256("puente nonce " + nonceSecret())), null);
  }

  /** Of the cluster, where there is one with a secret: a ticket holds on all its nodes. */
  private Nonce.@Nullable Keys ticketKeys() throws StartFailure {
    if (!config.value(ProtocolSettings.MOBILITY) || config.isAnonymous()) {
      return null;
    }
    Optional<String> shared = ClusterConfig.of(config).flatMap(ClusterConfig::secret);
    String secret = shared.isPresent() ? shared.get() : nonceSecret();
    return new Nonce.Keys(IntegrityKey.of(sha256("puente ticket " + secret)), null);
  }

  private String nonceSecret() throws StartFailure {
    Optional<String> configured = config.find(Settings.STATELESS_NONCE_SECRET);
    return configured.isPresent() ? configured.get() : state.secret("nonce-key");
  }

  private static byte[] sha256(String text) {
    try {
      return MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8));
    } catch (NoSuchAlgorithmException impossible) {
      throw new IllegalStateException(impossible);
    }
  }

  private Lifetimes lifetimes() {
    int nonceSeconds = (int) config.value(Settings.STALE_NONCE).toSeconds();
    int maxSeconds = (int) config.value(Settings.MAX_ALLOCATE_LIFETIME).toSeconds();
    return Lifetimes.STANDARD
        .withAllocation(Math.min(Lifetimes.STANDARD.defaultSeconds(), maxSeconds), maxSeconds)
        .withPermission((int) config.value(Settings.PERMISSION_LIFETIME).toSeconds())
        .withChannel((int) config.value(Settings.CHANNEL_LIFETIME).toSeconds())
        .withNonce(nonceSeconds > 0 ? nonceSeconds : NONCE_SECONDS_MAX)
        .withQuarantine(config.value(Settings.PORT_QUARANTINE).toMillis());
  }

  private Limits limits() {
    int perSecond =
        config.value(Settings.UNAUTHORIZED_RATELIMIT)
            ? config.value(Settings.UNAUTHORIZED_RATELIMIT_RPS)
            : 0;
    return Limits.STANDARD
        .withBytesPerSecond(config.value(Settings.MAX_BPS))
        .withPeers(config.value(Settings.MAX_PERMISSIONS), config.value(Settings.MAX_CHANNELS))
        .withUnauthorized(perSecond, perSecond * UNAUTHORIZED_BURST_FACTOR);
  }

  private PeerPolicy peers(List<TransportAddress> own) {
    boolean dev = config.value(Settings.DEV);
    List<AddressRange> allowed = new ArrayList<>(config.all(Settings.ALLOWED_PEER_IP));
    if (dev || config.value(Settings.ALLOW_PRIVATE_PEERS)) {
      allowed.addAll(PRIVATE);
    }
    List<AddressRange> denied = new ArrayList<>(config.all(Settings.DENIED_PEER_IP));
    if (!config.value(Settings.HAIRPIN)) {
      for (RelayAddress relay : NodeAddresses.allRelays(config)) {
        denied.add(AddressRange.parse(relay.local().ip()));
        denied.add(AddressRange.parse(relay.advertised().ip()));
      }
    }
    return PeerPolicy.SAFE
        .withAllowed(allowed.toArray(AddressRange[]::new))
        .withDenied(denied.toArray(AddressRange[]::new))
        .withLoopback(dev || config.value(Settings.ALLOW_LOOPBACK_PEERS))
        .withOwnEndpoints(own);
  }

  private @Nullable Family defaultFamily() {
    return switch (config.value(Settings.ALLOCATION_DEFAULT_ADDRESS_FAMILY)) {
      case "ipv6" -> Family.IPV6;
      case "keep" -> null;
      default -> Family.IPV4;
    };
  }

  LocalStore.Quotas quotas() {
    return new LocalStore.Quotas(
        config.value(Settings.USER_QUOTA),
        config.value(Settings.REALM_QUOTA),
        config.value(Settings.SOURCE_QUOTA),
        config.value(Settings.TOTAL_QUOTA));
  }

  StreamLimits streams() {
    return new StreamLimits(
        config.value(Settings.MAX_UNAUTHENTICATED_CONNECTIONS),
        config.value(Settings.MAX_CONNECTIONS_PER_SOURCE),
        config.value(Settings.STREAM_FIRST_MESSAGE_TIMEOUT).toMillis(),
        config.value(Settings.STREAM_AUTHENTICATION_TIMEOUT).toMillis(),
        config.value(Settings.STREAM_IDLE_TIMEOUT).toMillis(),
        STREAM_MESSAGE_MAX,
        config.all(ProtocolSettings.PROXY_PROTOCOL_FROM));
  }
}

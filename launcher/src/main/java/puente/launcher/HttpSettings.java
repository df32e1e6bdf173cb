package puente.launcher;

import static puente.launcher.Setting.row;

import java.net.InetAddress;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import puente.launcher.Setting.Group;
import puente.signal.Keys;
import puente.signal.Origins;
import puente.stun.AddressRange;

/** The rows of the table of {@link Settings} that are about HTTP and signaling. */
final class HttpSettings {
  private static final List<Setting<?>> ROWS = new ArrayList<>();

  private static final Type<Duration> CREDENTIAL_LIFETIME =
      Type.duration(Duration.ofMinutes(1), Duration.ofDays(30));

  static final Setting<Boolean> NO_HTTP =
      Settings.flag(
              Group.HTTP, "no-http", "No HTTP: neither signaling, nor credentials, nor pages.")
          .in(ROWS);
  static final Setting<Boolean> NO_RENDEZVOUS =
      Settings.flag(
              Group.HTTP,
              "no-rendezvous",
              "No rendezvous over UDP on the port of STUN, nor tokens for it.")
          .in(ROWS);
  static final Setting<Boolean> NO_PEERJS =
      Settings.flag(Group.HTTP, "no-peerjs", "No PeerJS server at /peerjs.").in(ROWS);
  static final Setting<String> PEERJS_KEY =
      row(
              Group.HTTP,
              "peerjs-key",
              Type.TEXT,
              "Key that clients of PeerJS must show, and whose clients see each other; several "
                  + "times. Without it: peerjs, as with PeerServer.")
          .adds()
          .in(ROWS);
  static final Setting<Boolean> PEERJS_DISCOVERY =
      Settings.flag(
              Group.HTTP,
              "peerjs-discovery",
              "Everybody may list all clients of PeerJS (allow_discovery of PeerServer).")
          .in(ROWS);
  static final Setting<Boolean> NO_Y_WEBRTC =
      Settings.flag(Group.HTTP, "no-y-webrtc", "No y-webrtc server at /y-webrtc.").in(ROWS);
  static final Setting<InetAddress> HTTP_IP =
      row(
              Group.HTTP,
              "http-ip",
              Type.ADDRESS,
              "Address of signaling, credential endpoints, SDK and pages; :: is IPv6 and IPv4.")
          .fallback("0.0.0.0")
          .in(ROWS);
  static final Setting<Integer> HTTP_PORT =
      row(
              Group.HTTP,
              "http-port",
              Type.PORT,
              "Port of the same; 0 takes any free port. Where it is listening-port, both share it.")
          .fallback("8080")
          .in(ROWS);
  static final Setting<Integer> HTTPS_PORT =
      row(
              Group.HTTP,
              "https-port",
              Type.PORT,
              "The same over TLS; opened when there is a cert, or when it is given. Where it is "
                  + "tls-listening-port, as 443 can be, both share it.")
          .fallback("8443")
          .in(ROWS);
  static final Setting<Keys.ApiKey> API_KEY =
      row(
              Group.HTTP,
              "api-key",
              new Type<>("name:secret", true, Keys.ApiKey::parse),
              "Key of a backend for credentials and signaling; several times.")
          .adds()
          .secret()
          .in(ROWS);
  static final Setting<Keys.PublicKey> PUBLIC_KEY =
      row(
              Group.HTTP,
              "public-key",
              new Type<>("key@https://origin or key@self", true, Keys.PublicKey::parse),
              "Key that pages of one origin carry for all to see; self is this server's own pages. "
                  + "Several times.")
          .adds()
          .in(ROWS);
  static final Setting<String> HTTP_ORIGIN =
      row(
              Group.HTTP,
              "http-origin",
              new Type<>("https://origin or *", true, HttpSettings::origin),
              "Web origin whose pages may call; several times. Beside it: our own pages, and the "
                  + "origins of public keys.")
          .replaces()
          .in(ROWS);
  static final Setting<AddressRange> HTTP_TRUSTED_PROXY =
      row(
              Group.HTTP,
              "http-trusted-proxy",
              Type.RANGE,
              "Reverse proxy whose X-Forwarded-For is believed, and whose clients are limited one by "
                  + "one; several times. Of others it is not looked at.")
          .adds()
          .in(ROWS);
  static final Setting<String> SIGNAL_URL =
      row(
              Group.HTTP,
              "signal-url",
              new Type<>("wss://host/signal", true, HttpSettings::signalUrl),
              "Where clients of signaling reach this node and no other: other nodes that drain send "
                  + "theirs here (goaway). Without it: wss://NODE-DOMAIN:HTTPS-PORT/signal, if "
                  + "node-domain is given.")
          .in(ROWS);
  static final Setting<Duration> CREDENTIAL_TTL =
      row(
              Group.HTTP,
              "credential-ttl",
              CREDENTIAL_LIFETIME,
              "Lifetime of credentials that are given out, when nobody asks for another.")
          .fallback("1h")
          .in(ROWS);
  static final Setting<Duration> CREDENTIAL_TTL_MAX =
      row(Group.HTTP, "credential-ttl-max", CREDENTIAL_LIFETIME, "The longest to be had.")
          .fallback("1d")
          .in(ROWS);
  static final Setting<String> JWT_SECRET =
      row(
              Group.HTTP,
              "jwt-secret",
              new Type<>("secret", true, HttpSettings::jwtSecret),
              "Secret of tokens signed by HS256, 32 characters or more; several times.")
          .adds()
          .secret()
          .in(ROWS);
  static final Setting<String> JWT_JWKS =
      row(
              Group.HTTP,
              "jwt-jwks",
              Type.TEXT,
              "Keys of tokens signed by RS256, ES256 or EdDSA: a JWKS file, or an https URL.")
          .in(ROWS);
  static final Setting<String> JWT_AUDIENCE =
      row(Group.HTTP, "jwt-audience", Type.TEXT, "What tokens must name as aud.").in(ROWS);
  static final Setting<String> JWT_ISSUER =
      row(Group.HTTP, "jwt-issuer", Type.TEXT, "What tokens must name as iss.").in(ROWS);
  static final Setting<Integer> MAX_ROOMS =
      row(Group.HTTP, "max-rooms", Type.count(1, 1_000_000), "Rooms of this node.")
          .fallback("10000")
          .in(ROWS);
  static final Setting<Integer> MAX_PEERS_PER_ROOM =
      row(Group.HTTP, "max-peers-per-room", Type.count(1, 10_000), "Peers of one room.")
          .fallback("100")
          .in(ROWS);
  static final Setting<Integer> MAX_ROOMS_PER_PEER =
      row(Group.HTTP, "max-rooms-per-peer", Type.count(1, 1000), "Rooms of one peer at a time.")
          .fallback("20")
          .in(ROWS);
  static final Setting<Integer> MAX_SIGNALS_PER_SECOND =
      row(
              Group.HTTP,
              "max-signals-per-second",
              Type.count(1, 100_000),
              "Signaling messages of one peer; four times as many in a burst.")
          .fallback("50")
          .in(ROWS);
  static final Setting<Integer> MAX_HTTP_CONNECTIONS =
      row(
              Group.HTTP,
              "max-http-connections",
              Type.count(1, 1_000_000),
              "Connections of HTTP and WebSocket in all.")
          .fallback("20000")
          .in(ROWS);
  static final Setting<Integer> MAX_HTTP_CONNECTIONS_PER_SOURCE =
      row(
              Group.HTTP,
              "max-http-connections-per-source",
              Type.count(1, 1_000_000),
              "Of these from one address; raise it behind a reverse proxy.")
          .fallback("256")
          .in(ROWS);

  private HttpSettings() {}

  static void addTo(List<Setting<?>> table) {
    table.addAll(ROWS);
  }

  /** RFC 7518 §3.2: as long as the hash, at least. */
  private static String jwtSecret(String text) {
    if (text.getBytes(java.nio.charset.StandardCharsets.UTF_8).length < 32) {
      throw new IllegalArgumentException("shorter than 32 bytes");
    }
    return text;
  }

  private static String signalUrl(String text) {
    URI url = URI.create(text);
    boolean isWebSocket = "wss".equals(url.getScheme()) || "ws".equals(url.getScheme());
    if (!isWebSocket || url.getHost() == null || url.getQuery() != null || text.length() > 500) {
      throw new IllegalArgumentException("not wss://host/signal");
    }
    return text;
  }

  /** Under which URL other nodes send signaling clients to this one; empty if nobody knows. */
  static Optional<String> signalingUrl(Config config) {
    int port = config.value(HTTPS_PORT);
    if (config.value(NO_HTTP)) {
      return Optional.empty();
    }
    return config
        .find(SIGNAL_URL)
        .or(
            () ->
                config
                    .find(DrainSettings.NODE_DOMAIN)
                    .filter(domain -> NodeSignaling.wantsTls(config) && port != 0)
                    .map(
                        domain -> "wss://" + domain + (port == 443 ? "" : ":" + port) + "/signal"));
  }

  private static String origin(String text) {
    if (!Origins.isOrigin(text)) {
      throw new IllegalArgumentException("not https://host or https://host:port, nor *");
    }
    return text;
  }
}

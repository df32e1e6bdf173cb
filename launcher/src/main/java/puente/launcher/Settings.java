package puente.launcher;

import static puente.launcher.Setting.row;

import java.net.InetAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import puente.launcher.Setting.Group;
import puente.stun.AddressRange;

/**
 * The one table of settings. Command-line options, environment names, the reader of files, {@code
 * --help}, {@code puente config}, {@code puente migrate} and docs/CONFIG.md are made from it.
 *
 * <p>The words are coturn's where coturn has one. Its words that have no effect here are rows of
 * {@link CoturnWords}, in the same table.
 */
final class Settings {
  private static final List<Setting<?>> ROWS = new ArrayList<>();

  private static final Type<Duration> UP_TO_AN_HOUR =
      Type.duration(Duration.ofSeconds(1), Duration.ofHours(1));
  private static final Type<Duration> UP_TO_A_DAY =
      Type.duration(Duration.ZERO, Duration.ofDays(1));

  // Listeners

  static final Setting<InetAddress> LISTENING_IP =
      row(
              Group.LISTENERS,
              "listening-ip",
              Type.ADDRESS,
              "Address to listen on; may be given several times. Without it: every address.")
          .letter('L')
          .replaces()
          .in(ROWS);
  static final Setting<Integer> LISTENING_PORT =
      row(Group.LISTENERS, "listening-port", Type.PORT, "UDP and TCP port; 0 is any free one.")
          .letter('p')
          .fallback("3478")
          .in(ROWS);
  static final Setting<Integer> TLS_LISTENING_PORT =
      row(Group.LISTENERS, "tls-listening-port", Type.PORT, "TCP port of TURN over TLS.")
          .fallback("5349")
          .in(ROWS);
  static final Setting<Integer> ALT_LISTENING_PORT =
      row(
              Group.LISTENERS,
              "alt-listening-port",
              Type.PORT,
              "Second port for NAT behaviour discovery (RFC 5780); 0 is listening-port + 1.")
          .fallback("0")
          .in(ROWS);
  static final Setting<Integer> ALT_TLS_LISTENING_PORT =
      row(
              Group.LISTENERS,
              "alt-tls-listening-port",
              Type.PORT,
              "Second TLS port for RFC 5780; 0 is tls-listening-port + 1.")
          .fallback("0")
          .ignored("NAT behaviour discovery is served over UDP and TCP")
          .in(ROWS);
  static final Setting<Boolean> NO_UDP =
      flag(Group.LISTENERS, "no-udp", "No UDP listeners.").in(ROWS);
  static final Setting<Boolean> NO_TCP =
      flag(Group.LISTENERS, "no-tcp", "No TCP listeners.").in(ROWS);
  static final Setting<Boolean> NO_TLS =
      flag(Group.LISTENERS, "no-tls", "No TLS listeners; no certificate is needed then.").in(ROWS);
  static final Setting<Integer> RELAY_THREADS =
      row(
              Group.LISTENERS,
              "relay-threads",
              Type.count(0, 128),
              "Shards: event loops that carry traffic; 0 is one per processor.")
          .letter('m')
          .fallback("0")
          .in(ROWS);
  static final Setting<Integer> SOCK_BUF_SIZE =
      row(
              Group.LISTENERS,
              "sock-buf-size",
              Type.count(4096, 1 << 30),
              "Bytes of kernel buffer of a listening UDP socket; a relay has an eighth.")
          .fallback("4194304")
          .in(ROWS);
  static final Setting<String> UDP_IO =
      row(
              Group.LISTENERS,
              "udp-io",
              Type.oneOf("auto", "ffm", "nio"),
              "How UDP is done: batched system calls, plain Java, or the best that works here.")
          .fallback("auto")
          .in(ROWS);
  static final Setting<Boolean> UDP_GRO =
      flag(Group.LISTENERS, "udp-gro", "Let the kernel join received datagrams of one flow.")
          .fallback("yes")
          .in(ROWS);
  static final Setting<Boolean> UDP_GSO =
      flag(Group.LISTENERS, "udp-gso", "Let the kernel split sent datagrams of one flow.")
          .fallback("yes")
          .in(ROWS);

  // Relay

  static final Setting<InetAddress> RELAY_IP =
      row(
              Group.RELAY,
              "relay-ip",
              Type.ADDRESS,
              "Local address of relayed sockets; several times. Without it: as the listener.")
          .letter('E')
          .replaces()
          .in(ROWS);
  static final Setting<ExternalAddress> EXTERNAL_IP =
      row(
              Group.RELAY,
              "external-ip",
              Type.EXTERNAL,
              "Address that clients are told, when a 1:1 NAT stands before the server; several "
                  + "times as public/private; auto asks the cloud and STUN servers.")
          .letter('X')
          .replaces()
          .in(ROWS);
  static final Setting<Integer> MIN_PORT =
      row(Group.RELAY, "min-port", Type.count(1, 65_535), "Lowest relay port.")
          .fallback("49152")
          .in(ROWS);
  static final Setting<Integer> MAX_PORT =
      row(Group.RELAY, "max-port", Type.count(1, 65_535), "Highest relay port.")
          .fallback("65535")
          .in(ROWS);
  static final Setting<Duration> PORT_QUARANTINE =
      row(
              Group.RELAY,
              "port-quarantine",
              UP_TO_A_DAY,
              "How long a freed relay port rests, so that late packets reach nobody else.")
          .fallback("30")
          .in(ROWS);
  static final Setting<Boolean> NO_UDP_RELAY =
      flag(Group.RELAY, "no-udp-relay", "Refuse UDP allocations.").in(ROWS);
  static final Setting<String> ALLOCATION_DEFAULT_ADDRESS_FAMILY =
      row(
              Group.RELAY,
              "allocation-default-address-family",
              Type.oneOf("ipv4", "ipv6", "keep"),
              "Family of an allocation that asks for none; keep is the family of the client.")
          .letter('A')
          .fallback("ipv4")
          .in(ROWS);

  // Credentials

  static final Setting<String> REALM =
      row(Group.CREDENTIALS, "realm", Type.REALM, "Realm of the credentials.")
          .letter('r')
          .fallback("puente")
          .in(ROWS);
  static final Setting<User> USER =
      row(Group.CREDENTIALS, "user", Type.USER, "A long-term user; several times.")
          .letter('u')
          .adds()
          .in(ROWS);
  static final Setting<Boolean> USE_AUTH_SECRET =
      flag(
              Group.CREDENTIALS,
              "use-auth-secret",
              "Accept ephemeral credentials made with a shared secret, beside users. On whenever "
                  + "there is a static-auth-secret, and when nothing else is configured.")
          .in(ROWS);
  static final Setting<String> STATIC_AUTH_SECRET =
      row(
              Group.CREDENTIALS,
              "static-auth-secret",
              Type.SECRET,
              "Shared secret of ephemeral credentials; several are valid at once, for rotation. "
                  + "Without one, a secret is generated in state-dir.")
          .adds()
          .in(ROWS);
  static final Setting<String> REST_API_SEPARATOR =
      row(Group.CREDENTIALS, "rest-api-separator", Type.TEXT, "Between expiry and user name.")
          .letter('C')
          .fallback(":")
          .in(ROWS);
  static final Setting<Boolean> LT_CRED_MECH =
      flag(Group.CREDENTIALS, "lt-cred-mech", "Always on unless no-auth is given.")
          .letter('a')
          .fallback("yes")
          .in(ROWS);
  static final Setting<Boolean> NO_AUTH =
      flag(Group.CREDENTIALS, "no-auth", "Serve anybody. Anybody can then relay through you.")
          .letter('z')
          .in(ROWS);
  static final Setting<Boolean> STRICT_EXPIRY =
      flag(
              Group.CREDENTIALS,
              "strict-expiry",
              "End an allocation when the ephemeral credential that made it expires.")
          .in(ROWS);
  static final Setting<Duration> STALE_NONCE =
      row(Group.CREDENTIALS, "stale-nonce", UP_TO_A_DAY, "How long a nonce is good; 0 is for ever.")
          .fallback("600")
          .bare("600")
          .in(ROWS);
  static final Setting<String> STATELESS_NONCE_SECRET =
      row(
              Group.CREDENTIALS,
              "stateless-nonce-secret",
              Type.SECRET,
              "Lets several servers share nonces.")
          .in(ROWS);

  // Peers

  static final Setting<AddressRange> ALLOWED_PEER_IP =
      row(
              Group.PEERS,
              "allowed-peer-ip",
              Type.RANGE,
              "Peers to allow; wins over denied-peer-ip and the private ranges. Several times.")
          .adds()
          .in(ROWS);
  static final Setting<AddressRange> DENIED_PEER_IP =
      row(
              Group.PEERS,
              "denied-peer-ip",
              Type.RANGE,
              "Peers to deny, beside the special-purpose ranges that are always denied. Several "
                  + "times.")
          .adds()
          .in(ROWS);
  static final Setting<Boolean> ALLOW_LOOPBACK_PEERS =
      flag(Group.PEERS, "allow-loopback-peers", "Allow 127.0.0.0/8 and ::1. For trying out only.")
          .in(ROWS);
  static final Setting<Boolean> ALLOW_PRIVATE_PEERS =
      flag(Group.PEERS, "allow-private-peers", "Allow RFC 1918, RFC 6598 and fc00::/7.").in(ROWS);
  static final Setting<Boolean> HAIRPIN =
      flag(Group.PEERS, "hairpin", "Let one allocation of this server be the peer of another.")
          .fallback("yes")
          .in(ROWS);

  // Limits

  static final Setting<Integer> USER_QUOTA =
      limit("user-quota", 0, "Allocations per user.").letter('q').in(ROWS);
  static final Setting<Integer> TOTAL_QUOTA =
      limit("total-quota", 0, "Allocations in all.").letter('Q').in(ROWS);
  static final Setting<Integer> REALM_QUOTA =
      limit("realm-quota", 0, "Allocations of this node's realm, over all nodes.").in(ROWS);
  static final Setting<Integer> SOURCE_QUOTA =
      limit("source-quota", 0, "Allocations per client address.").in(ROWS);
  static final Setting<Long> MAX_BPS =
      row(Group.LIMITS, "max-bps", Type.BYTES_PER_SECOND, "Bytes/s of one allocation, each way.")
          .letter('s')
          .fallback("0")
          .in(ROWS);
  static final Setting<Long> BPS_CAPACITY =
      row(Group.LIMITS, "bps-capacity", Type.BYTES_PER_SECOND, "Bytes/s of the server, each way.")
          .letter('B')
          .fallback("0")
          .in(ROWS);
  static final Setting<Integer> MAX_PERMISSIONS =
      limit("max-permissions", 256, "Permissions of one allocation.").in(ROWS);
  static final Setting<Integer> MAX_CHANNELS =
      limit("max-channels", 4096, "Channels of one allocation.").in(ROWS);
  static final Setting<Boolean> UNAUTHORIZED_RATELIMIT =
      flag(
              Group.LIMITS,
              "unauthorized-ratelimit",
              "Limit the 401 answers to one address, which a forger could aim at a victim.")
          .fallback("yes")
          .in(ROWS);
  static final Setting<Integer> UNAUTHORIZED_RATELIMIT_RPS =
      row(
              Group.LIMITS,
              "unauthorized-ratelimit-rps",
              Type.count(1, 1_000_000),
              "401 answers per second to one address.")
          .fallback("10")
          .bare("10")
          .in(ROWS);
  static final Setting<Integer> MAX_UNAUTHENTICATED_CONNECTIONS =
      limit("max-unauthenticated-connections", 4096, "Connections without a valid credential yet.")
          .in(ROWS);
  static final Setting<Integer> MAX_CONNECTIONS_PER_SOURCE =
      limit("max-connections-per-source", 2048, "TCP and TLS connections of one address.").in(ROWS);
  static final Setting<Duration> STREAM_FIRST_MESSAGE_TIMEOUT =
      time(
              "stream-first-message-timeout",
              "15",
              "Time for the first whole message of a TCP or TLS connection.")
          .in(ROWS);
  static final Setting<Duration> STREAM_AUTHENTICATION_TIMEOUT =
      time(
              "stream-authentication-timeout",
              "30",
              "Time until a TCP or TLS connection has shown a valid credential.")
          .in(ROWS);
  static final Setting<Duration> STREAM_IDLE_TIMEOUT =
      time(
              "stream-idle-timeout",
              "60",
              "Time without a message after which a connection without an allocation is closed.")
          .in(ROWS);
  static final Setting<Duration> MAX_ALLOCATE_LIFETIME =
      row(
              Group.LIMITS,
              "max-allocate-lifetime",
              Type.duration(Duration.ofSeconds(1), Duration.ofDays(7)),
              "Longest lifetime of an allocation between two refreshes.")
          .fallback("3600")
          .bare("3600")
          .in(ROWS);
  static final Setting<Duration> CHANNEL_LIFETIME =
      time(
              "channel-lifetime",
              "600",
              "Lifetime of a channel; RFC 8656 §12 says 600 seconds. For tests.")
          .bare("600")
          .in(ROWS);
  static final Setting<Duration> PERMISSION_LIFETIME =
      time(
              "permission-lifetime",
              "300",
              "Lifetime of a permission; RFC 8656 §9 says 300 seconds. For tests.")
          .bare("300")
          .in(ROWS);

  // Protocol

  static final Setting<Boolean> FINGERPRINT =
      flag(Group.PROTOCOL, "fingerprint", "Add FINGERPRINT to every message.").letter('f').in(ROWS);
  static final Setting<Boolean> RFC5780 =
      flag(Group.PROTOCOL, "rfc5780", "NAT behaviour discovery; needs two addresses.").in(ROWS);
  static final Setting<Boolean> RFC3489_COMPATIBILITY =
      flag(Group.PROTOCOL, "rfc3489-compatibility", "Answer clients of the first STUN, RFC 3489.")
          .in(ROWS);
  static final Setting<Boolean> RFC5766_CHANNEL_NUMBERS =
      flag(
              Group.PROTOCOL,
              "rfc5766-channel-numbers",
              "Let old clients bind channels up to 0x7FFF; RFC 8656 ends at 0x4FFF.")
          .in(ROWS);
  static final Setting<Boolean> STUN_BACKWARD_COMPATIBILITY =
      flag(Group.PROTOCOL, "stun-backward-compatibility", "Add MAPPED-ADDRESS to Binding answers.")
          .in(ROWS);
  static final Setting<Boolean> SECURE_STUN =
      flag(Group.PROTOCOL, "secure-stun", "Ask for a credential for Binding too.").in(ROWS);
  static final Setting<Boolean> STUN_ONLY =
      flag(Group.PROTOCOL, "stun-only", "STUN without TURN.").letter('S').in(ROWS);
  static final Setting<Boolean> NO_STUN =
      flag(Group.PROTOCOL, "no-stun", "TURN without STUN Binding.").in(ROWS);
  static final Setting<Boolean> SOFTWARE_ATTRIBUTE =
      flag(Group.PROTOCOL, "software-attribute", "Tell clients the product and its version.")
          .in(ROWS);
  static final Setting<Boolean> INCLUDE_REASON_STRING =
      flag(Group.PROTOCOL, "include-reason-string", "Put a reason phrase into error answers.")
          .fallback("yes")
          .ignored("error answers always carry their reason phrase")
          .in(ROWS);

  // TLS

  static final Setting<Path> CERT =
      row(
              Group.TLS,
              "cert",
              Type.PATH,
              "Certificate chain, PEM. Without it, a self-signed one is made in state-dir.")
          .in(ROWS);
  static final Setting<Path> PKEY =
      row(Group.TLS, "pkey", Type.PATH, "Private key, PEM. Without it, it is looked for in cert.")
          .in(ROWS);
  static final Setting<String> PKEY_PWD =
      row(Group.TLS, "pkey-pwd", Type.SECRET, "Password of the private key.").in(ROWS);
  static final Setting<Boolean> NO_TLSV1_2 =
      flag(Group.TLS, "no-tlsv1_2", "TLS 1.3 only.").in(ROWS);

  // Administration

  static final Setting<InetAddress> ADMIN_IP =
      row(
              Group.ADMIN,
              "admin-ip",
              Type.ADDRESS,
              "Address of console, API, /metrics, /healthz and /readyz.")
          .fallback("127.0.0.1")
          .in(ROWS);
  static final Setting<Integer> ADMIN_PORT =
      row(Group.ADMIN, "admin-port", Type.PORT, "Port of the same; 0 takes any free port.")
          .fallback("9641")
          .in(ROWS);
  static final Setting<String> ADMIN_TOKEN =
      row(
              Group.ADMIN,
              "admin-token",
              Type.SECRET,
              "Bearer token of the admin port; needed when it is not on loopback.")
          .in(ROWS);

  // Logging

  static final Setting<String> LOG_FILE =
      row(
              Group.LOGGING,
              "log-file",
              Type.TEXT,
              "File to log to, or stdout. Without it the log goes to the standard error.")
          .letter('l')
          .in(ROWS);
  static final Setting<Boolean> NO_STDOUT_LOG =
      flag(Group.LOGGING, "no-stdout-log", "With a log-file: nothing beside it.").in(ROWS);
  static final Setting<String> LOG_FORMAT =
      row(
              Group.LOGGING,
              "log-format",
              Type.oneOf("text", "json"),
              "One line of text or one JSON object for each event.")
          .fallback("text")
          .in(ROWS);
  static final Setting<String> LOG_MIN_LEVEL =
      row(
              Group.LOGGING,
              "log-min-level",
              Type.oneOf("trace", "debug", "info", "warning", "error"),
              "Least level to log.")
          .fallback("info")
          .in(ROWS);

  // Process

  static final Setting<Path> STATE_DIR =
      row(
              Group.PROCESS,
              "state-dir",
              Type.PATH,
              "Where the generated secret, the certificate and state are kept. Without it: "
                  + "/var/lib/puente for root, else $XDG_STATE_HOME/puente.")
          .in(ROWS);
  static final Setting<Path> PIDFILE =
      row(Group.PROCESS, "pidfile", Type.PATH, "File to write the process id to.").in(ROWS);
  static final Setting<Boolean> DEV =
      flag(
              Group.PROCESS,
              "dev",
              "For trying on one machine: loopback and private peers are allowed.")
          .in(ROWS);

  /** Every row, in the order of the documentation. */
  static final List<Setting<?>> TABLE = table();

  private Settings() {}

  /** The setting of that name or alias; case matters, as {@code verbose} and {@code Verbose}. */
  static Optional<Setting<?>> named(String name) {
    for (Setting<?> setting : TABLE) {
      if (setting.name().equals(name) || setting.aliases().contains(name)) {
        return Optional.of(setting);
      }
    }
    return Optional.empty();
  }

  static Setting.Row<Boolean> flag(Group group, String name, String help) {
    return row(group, name, Type.FLAG, help).fallback("no");
  }

  /** Where there is none by default, 0 is none; elsewhere there always is one. */
  private static Setting.Row<Integer> limit(String name, int fallback, String help) {
    return row(Group.LIMITS, name, Type.count(fallback == 0 ? 0 : 1, 100_000_000), help)
        .fallback(Integer.toString(fallback));
  }

  private static Setting.Row<Duration> time(String name, String fallback, String help) {
    return row(Group.LIMITS, name, UP_TO_AN_HOUR, help).fallback(fallback);
  }

  private static List<Setting<?>> table() {
    List<Setting<?>> all = new ArrayList<>(ROWS);
    ProtocolSettings.addTo(all);
    UserSettings.addTo(all);
    OidcSettings.addTo(all);
    AcmeSettings.addTo(all);
    HttpSettings.addTo(all);
    ClusterSettings.addTo(all);
    DrainSettings.addTo(all);
    FleetSettings.addTo(all);
    OverloadSettings.addTo(all);
    TakeoverSettings.addTo(all);
    SupervisionSettings.addTo(all);
    StateSettings.addTo(all);
    CoturnWords.addTo(all);
    return List.copyOf(all);
  }
}

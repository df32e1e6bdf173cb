package puente.launcher;

import static puente.launcher.Setting.row;
import static puente.launcher.Settings.flag;

import java.util.List;
import java.util.function.UnaryOperator;
import puente.launcher.Setting.Group;

/**
 * The rows of the table that nothing reads: words of coturn that say what Puente does anyhow, that
 * are another word for a setting, or that have no effect here; and settings whose time has not
 * come.
 */
final class CoturnWords {
  private static final String NO_MONGO =
      "MongoDB is not read; SQLite, PostgreSQL, MySQL, MariaDB and Redis are";
  private static final String NO_TELNET = "there is no telnet console";
  private static final String ON_ADMIN_PORT = "the console is at admin-ip and admin-port";
  private static final String STRONG_ONLY =
      "strong parameters only are offered, and the client chooses";

  private static final UnaryOperator<String> SAME = text -> text;
  private static final UnaryOperator<String> OPPOSITE = text -> Type.flag(text) ? "no" : "yes";

  private CoturnWords() {}

  static void addTo(List<Setting<?>> table) {
    listeners(table);
    relay(table);
    credentials(table);
    protocol(table);
    tls(table);
    administration(table);
    logging(table);
    process(table);
  }

  private static void listeners(List<Setting<?>> table) {
    text(Group.LISTENERS, "listening-device", "Interface of the listeners.")
        .letter('d')
        .ignored("bind by address: listening-ip")
        .in(table);
    text(Group.LISTENERS, "aux-server", "More listeners.")
        .replaces()
        .ignored("all listeners share listening-port; give more addresses as listening-ip")
        .in(table);
    flag(Group.LISTENERS, "udp-self-balance", "Balance over aux servers.")
        .ignored("the shards share one port already")
        .in(table);
    flag(Group.LISTENERS, "no-dtls", "No DTLS.").mapsTo(ProtocolSettings.DTLS, OPPOSITE).in(table);
    row(Group.LISTENERS, "cpus", Type.count(1, 128), "Processors to count with.")
        .mapsTo(Settings.RELAY_THREADS, SAME)
        .in(table);
    row(Group.LISTENERS, "ne", Type.TEXT, "Network engine.")
        .ignored("there is one engine; see udp-io")
        .in(table);
    flag(Group.LISTENERS, "udp-recvmmsg", "Batched receive.")
        .held("UDP is batched unless udp-io=nio")
        .in(table);
    for (String log : List.of("udp-recvmmsg-log", "udp-sendmmsg-log")) {
      flag(Group.LISTENERS, log, "Log batches.")
          .ignored("batches are counted in /metrics")
          .in(table);
    }
    flag(Group.LISTENERS, "multiplex-peer", "One relay port for many peers.")
        .mapsTo(ProtocolSettings.SHARED_RELAY_PORTS, text -> Type.flag(text) ? "1" : "0")
        .in(table);
    row(Group.LISTENERS, "multiplex-peer-port", Type.PORT, "Port of multiplex-peer.")
        .ignored("shared ports are chosen from min-port to max-port")
        .in(table);
    row(Group.LISTENERS, "multiplex-peer-max-peers", Type.TEXT, "Peers of multiplex-peer.")
        .ignored("see max-channels, which bounds the peers of one allocation")
        .in(table);
  }

  private static void relay(List<Setting<?>> table) {
    text(Group.RELAY, "relay-device", "Interface of relayed sockets.")
        .letter('i')
        .ignored("bind by address: relay-ip")
        .in(table);
    flag(Group.RELAY, "no-tcp-relay", "No TCP allocations.")
        .mapsTo(ProtocolSettings.TCP_RELAY, OPPOSITE)
        .in(table);
    flag(Group.RELAY, "keep-address-family", "Allocate in the family of the client.")
        .letter('K')
        .mapsTo(Settings.ALLOCATION_DEFAULT_ADDRESS_FAMILY, text -> Type.flag(text) ? "keep" : "")
        .in(table);
    flag(Group.RELAY, "server-relay", "Relay without permissions.")
        .ignored("it would lift the permission check; permissions are always checked")
        .in(table);
    flag(Group.PEERS, "no-multicast-peers", "Deny multicast peers.")
        .held("multicast is always denied")
        .in(table);
    flag(Group.PEERS, "no-loopback-peers", "Deny loopback peers.")
        .dead()
        .held("loopback is denied by default")
        .in(table);
    row(Group.LIMITS, "max-allocate-timeout", Type.TEXT, "Time to complete an allocation.")
        .ignored("see stream-authentication-timeout; UDP keeps no state before it")
        .in(table);
  }

  private static void credentials(List<Setting<?>> table) {
    connection("mongo-userdb").letter('J').ignored(NO_MONGO).in(table);
    connection("redis-statsdb").letter('O').ignored("see /metrics on the admin port").in(table);
    text(Group.CREDENTIALS, "secret-key-file", "Key of an encrypted database password.")
        .ignored("give the password of the database as it is, in a file that only its owner reads")
        .in(table);
    flag(Group.CREDENTIALS, "check-origin-consistency", "Check ORIGIN across a session.")
        .ignored("ORIGIN chooses the realm of a first request and nothing else")
        .in(table);
    flag(Group.CREDENTIALS, "stateless-nonce", "Nonces without state.")
        .held("nonces are always stateless")
        .in(table);
    flag(Group.CREDENTIALS, "no-auth-pings", "No database checks.")
        .ignored("the database is read again every userdb-refresh, on threads of its own")
        .in(table);
  }

  private static void protocol(List<Setting<?>> table) {
    flag(Group.PROTOCOL, "no-software-attribute", "Do not tell product and version.")
        .mapsTo(Settings.SOFTWARE_ATTRIBUTE, OPPOSITE)
        .in(table);
    flag(Group.PROTOCOL, "prod", "Do not tell product and version.")
        .dead()
        .mapsTo(Settings.SOFTWARE_ATTRIBUTE, OPPOSITE)
        .in(table);
    flag(Group.PROTOCOL, "no-rfc5780", "No NAT behaviour discovery.")
        .mapsTo(Settings.RFC5780, OPPOSITE)
        .in(table);
    flag(Group.PROTOCOL, "no-stun-backward-compatibility", "No MAPPED-ADDRESS.")
        .dead()
        .mapsTo(Settings.STUN_BACKWARD_COMPATIBILITY, OPPOSITE)
        .in(table);
    flag(Group.PROTOCOL, "response-origin-only-with-rfc5780", "RESPONSE-ORIGIN with RFC 5780.")
        .held("RESPONSE-ORIGIN is sent with rfc5780 only")
        .in(table);
    flag(Group.PROTOCOL, "drop-invalid-packets", "Drop what is not STUN.")
        .held("what is not STUN is dropped and counted")
        .in(table);
    flag(Group.PROTOCOL, "drop-invalid-packets-log", "Log what is not STUN.")
        .ignored("it is counted in /metrics")
        .in(table);
    flag(Group.PROTOCOL, "respond-http-unsupported", "Answer HTTP on the TURN port.")
        .ignored("HTTP is not spoken on the TURN port")
        .in(table);
    text(Group.PROTOCOL, "acme-redirect", "Redirect of ACME challenges.")
        .ignored("HTTP is not spoken on the TURN port")
        .in(table);
  }

  private static void tls(List<Setting<?>> table) {
    text(Group.TLS, "CA-file", "Ask clients for a certificate.")
        .ignored("this version asks no client for a certificate; TURN credentials are checked")
        .in(table);
    text(Group.TLS, "cipher-list", "OpenSSL cipher list.").ignored(STRONG_ONLY).in(table);
    text(Group.TLS, "ec-curve-name", "Elliptic curve.").ignored(STRONG_ONLY).in(table);
    text(Group.TLS, "dh-file", "Diffie-Hellman parameters.").ignored(STRONG_ONLY).in(table);
    flag(Group.TLS, "dh566", "Weak Diffie-Hellman.").ignored(STRONG_ONLY).in(table);
    flag(Group.TLS, "dh1066", "Weak Diffie-Hellman.").ignored(STRONG_ONLY).in(table);
    flag(Group.TLS, "dh2066", "Diffie-Hellman of 2066 bits.").dead().ignored(STRONG_ONLY).in(table);
    flag(Group.TLS, "raw-public-keys", "Raw public keys (RFC 7250).")
        .ignored("X.509 certificates are used")
        .in(table);
    for (String old : List.of("tlsv1", "tlsv1_1")) {
      flag(Group.TLS, old, "Old TLS.").ignored("TLS 1.2 and 1.3 are spoken, no older").in(table);
    }
    for (String old : List.of("no-tlsv1", "no-tlsv1_1", "no-sslv2", "no-sslv3")) {
      flag(Group.TLS, old, "No old TLS.")
          .dead()
          .held("TLS 1.2 and 1.3 are spoken, no older")
          .in(table);
    }
  }

  private static void administration(List<Setting<?>> table) {
    flag(Group.ADMIN, "prometheus", "Metrics.").held("/metrics is on the admin port").in(table);
    row(Group.ADMIN, "prometheus-port", Type.PORT, "Port of the metrics.")
        .mapsTo(Settings.ADMIN_PORT, SAME)
        .in(table);
    row(Group.ADMIN, "prometheus-address", Type.ADDRESS, "Address of the metrics.")
        .mapsTo(Settings.ADMIN_IP, SAME)
        .in(table);
    text(Group.ADMIN, "prometheus-path", "Path of the metrics.")
        .ignored("the path is /metrics")
        .in(table);
    flag(Group.ADMIN, "prometheus-username-labels", "User names in metrics.")
        .ignored("names of users are not labels")
        .in(table);
    for (String tls : List.of("prometheus-tls", "prometheus-cert", "prometheus-key")) {
      text(Group.ADMIN, tls, "Metrics over TLS.")
          .ignored("the admin port speaks HTTP; put a TLS proxy before it")
          .in(table);
    }
    flag(Group.ADMIN, "no-cli", "No telnet console.").held(NO_TELNET).in(table);
    flag(Group.ADMIN, "cli", "Telnet console.").ignored(NO_TELNET).in(table);
    text(Group.ADMIN, "cli-ip", "Address of the telnet console.").ignored(NO_TELNET).in(table);
    text(Group.ADMIN, "cli-port", "Port of the telnet console.").ignored(NO_TELNET).in(table);
    text(Group.ADMIN, "cli-password", "Password of the telnet console.")
        .secret()
        .ignored(NO_TELNET)
        .in(table);
    text(Group.ADMIN, "cli-max-output-sessions", "Lines of output.").ignored(NO_TELNET).in(table);
    flag(Group.ADMIN, "web-admin", "Web console.").ignored(ON_ADMIN_PORT).in(table);
    text(Group.ADMIN, "web-admin-ip", "Address of the web console.")
        .ignored(ON_ADMIN_PORT)
        .in(table);
    text(Group.ADMIN, "web-admin-port", "Port of the web console.")
        .ignored(ON_ADMIN_PORT)
        .in(table);
    flag(Group.ADMIN, "web-admin-listen-on-workers", "Web console on the TURN ports.")
        .ignored("management is never served on the TURN ports")
        .in(table);
  }

  private static void logging(List<Setting<?>> table) {
    flag(Group.LOGGING, "verbose", "Log at level debug.")
        .letter('v')
        .mapsTo(Settings.LOG_MIN_LEVEL, text -> Type.flag(text) ? "debug" : "")
        .in(table);
    flag(Group.LOGGING, "Verbose", "Log at level trace.")
        .letter('V')
        .mapsTo(Settings.LOG_MIN_LEVEL, text -> Type.flag(text) ? "trace" : "")
        .in(table);
    flag(Group.LOGGING, "syslog", "Log to syslog.")
        .ignored("the log goes to the standard error, which the service manager's journal takes")
        .in(table);
    text(Group.LOGGING, "syslog-facility", "Facility of syslog messages.")
        .ignored("see syslog")
        .in(table);
    flag(Group.LOGGING, "simple-log", "No rollover of the log file.")
        .held("the log file has the name you give it; a reload reopens it")
        .in(table);
    flag(Group.LOGGING, "new-log-timestamp", "ISO 8601 times in the log.")
        .held("times are ISO 8601 in UTC")
        .in(table);
    text(Group.LOGGING, "new-log-timestamp-format", "Format of times.")
        .ignored("times are ISO 8601 in UTC")
        .in(table);
    flag(Group.LOGGING, "log-binding", "Log Binding requests.")
        .ignored("they are counted in /metrics; nothing is logged per packet")
        .in(table);
  }

  private static void process(List<Setting<?>> table) {
    flag(Group.PROCESS, "daemon", "Run in the background.")
        .letter('o')
        .ignored("Puente runs in the foreground; a service manager puts it in the background")
        .in(table);
    for (String name : List.of("proc-user", "proc-group")) {
      text(Group.PROCESS, name, "Account to change to.")
          .ignored("Puente keeps the account that started it; start it as the one you want")
          .in(table);
    }
  }

  private static Setting.Row<String> text(Group group, String name, String help) {
    return row(group, name, Type.TEXT, help);
  }

  private static Setting.Row<String> connection(String name) {
    return text(Group.CREDENTIALS, name, "Connection to a database.").secret();
  }
}

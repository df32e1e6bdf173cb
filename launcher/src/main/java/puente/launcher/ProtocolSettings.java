package puente.launcher;

import static puente.launcher.Setting.row;
import static puente.launcher.Settings.flag;

import java.net.InetAddress;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import puente.launcher.Setting.Group;
import puente.stun.AddressRange;
import puente.turn.Tokens;

/** The rows of the table that are about ways to reach the server and extensions of TURN. */
final class ProtocolSettings {
  private static final List<Setting<?>> ROWS = new ArrayList<>();

  static final Setting<Boolean> DTLS =
      flag(
              Group.LISTENERS,
              "dtls",
              "Serve DTLS 1.2 clients (RFC 7350): over UDP at tls-listening-port, and wherever "
                  + "plain UDP is served. With no-tls only where it is given.")
          .fallback("yes")
          .in(ROWS);
  static final Setting<Integer> MAX_DTLS_HANDSHAKES =
      row(
              Group.LIMITS,
              "max-dtls-handshakes",
              Type.count(1, 100_000),
              "DTLS handshakes under way at a time; more are refused.")
          .fallback("512")
          .in(ROWS);

  static final Setting<AddressRange> PROXY_PROTOCOL_FROM =
      row(
              Group.LISTENERS,
              "proxy-protocol-from",
              Type.RANGE,
              "Proxy or load balancer that may say for whom it speaks, by a PROXY header: version 1 or "
                  + "2 on TCP and TLS, 2 on UDP and DTLS, at any port; several times. Of others a header "
                  + "ends the connection, or the datagram is dropped.")
          .adds()
          .in(ROWS);
  static final Setting<Integer> TCP_PROXY_PORT =
      row(
              Group.LISTENERS,
              "tcp-proxy-port",
              Type.PORT,
              "One more port for TCP and TLS, as coturn's for a load balancer; whose headers count "
                  + "says proxy-protocol-from.")
          .in(ROWS);

  static final Setting<Integer> SHARED_RELAY_PORTS =
      row(
              Group.RELAY,
              "shared-relay-ports",
              Type.count(0, 64),
              "Put allocations that ask for no certain port on so many ports, for each relay thread"
                  + " and address, which they share; one that wants a peer of another's gets a port"
                  + " of its own for it. 0 gives each its own port, as RFC 8656 wants.")
          .fallback("0")
          .in(ROWS);
  static final Setting<AddressRange> ALLOWED_CLIENT_IP =
      row(
              Group.LISTENERS,
              "allowed-client-ip",
              Type.RANGE,
              "Answer STUN and TURN clients of these addresses, and no others; several times. "
                  + "Without it: all.")
          .adds()
          .in(ROWS);
  static final Setting<AddressRange> DENIED_CLIENT_IP =
      row(
              Group.LISTENERS,
              "denied-client-ip",
              Type.RANGE,
              "Do not answer STUN and TURN clients of these addresses, whatever allowed-client-ip "
                  + "says; several times.")
          .adds()
          .in(ROWS);
  static final Setting<InetAddress> ANYCAST_IP =
      row(
              Group.LISTENERS,
              "anycast-ip",
              Type.ADDRESS,
              "Listening address that other servers have, too, as 192.0.0.10 and 2001:1::2 (RFC 8155): "
                  + "Allocate is answered there with 300 and the address that is ours alone. Several "
                  + "times.")
          .replaces()
          .in(ROWS);

  static final Setting<Boolean> TCP_RELAY =
      flag(
              Group.RELAY,
              "tcp-relay",
              "Allow TCP allocations (RFC 6062): clients of TCP and TLS may then have TCP with"
                  + " their peers, as the peer rules allow.")
          .in(ROWS);
  static final Setting<Integer> MAX_TCP_CONNECTIONS =
      row(
              Group.LIMITS,
              "max-tcp-connections",
              Type.count(1, 65_535),
              "Connections with peers of one TCP allocation at a time.")
          .fallback("64")
          .in(ROWS);

  static final Setting<Boolean> MOBILITY =
      flag(
              Group.PROTOCOL,
              "mobility",
              "Let clients take their allocation along to another address, port or transport "
                  + "(RFC 8016), by sealed tickets; in a cluster to any node. Not with no-auth.")
          .in(ROWS);

  static final Setting<Boolean> OAUTH =
      flag(
              Group.CREDENTIALS,
              "oauth",
              "Let clients in by tokens of an authorization server (RFC 7635), beside all others.")
          .in(ROWS);
  static final Setting<TokenKey> OAUTH_KEY =
      row(
              Group.CREDENTIALS,
              "oauth-key",
              Type.TOKEN_KEY,
              "A key that an authorization server seals its tokens with, as a row of coturn's "
                  + "oauth_key; A256GCM or A128GCM, times in seconds. Several times.")
          .adds()
          .in(ROWS);
  static final Setting<String> SERVER_NAME =
      row(
              Group.CREDENTIALS,
              "server-name",
              Type.TEXT,
              "What tokens are bound to, and clients are told; without it, the realm.")
          .in(ROWS);

  private ProtocolSettings() {}

  static void addTo(List<Setting<?>> table) {
    table.addAll(ROWS);
  }

  /** Who may come with a token. */
  static Tokens tokens(Config config) {
    Map<String, Tokens.Key> keys = new HashMap<>();
    if (config.value(OAUTH)) {
      config.all(OAUTH_KEY).forEach(key -> keys.put(key.id(), key.key()));
    }
    return Tokens.of(config.find(SERVER_NAME).orElse(config.value(Settings.REALM)), keys);
  }

  static boolean servesDtls(Config config) {
    return config.value(DTLS) && (!config.value(Settings.NO_TLS) || config.isGiven(DTLS));
  }
}

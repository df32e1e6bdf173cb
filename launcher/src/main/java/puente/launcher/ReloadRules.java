package puente.launcher;

import java.util.List;
import puente.stun.TransportAddress;
import puente.turn.RelayAddress;

/** What a reload cannot change: it is refused or said, never left out in silence. */
final class ReloadRules {
  /** Sockets, threads and what else is made once. */
  private static final List<Setting<?>> AT_START =
      List.of(
          Settings.NO_UDP,
          Settings.NO_TCP,
          Settings.NO_TLS,
          ProtocolSettings.DTLS,
          UserSettings.USERDB,
          UserSettings.PSQL_USERDB,
          UserSettings.MYSQL_USERDB,
          UserSettings.REDIS_USERDB,
          UserSettings.WEBHOOK,
          UserSettings.WEBHOOK_SECRET,
          UserSettings.WEBHOOK_TIMEOUT,
          Settings.RELAY_THREADS,
          Settings.SOCK_BUF_SIZE,
          Settings.UDP_IO,
          Settings.UDP_GRO,
          Settings.UDP_GSO,
          Settings.RELAY_IP,
          Settings.MIN_PORT,
          Settings.MAX_PORT,
          Settings.FINGERPRINT,
          Settings.RFC5780,
          Settings.RFC3489_COMPATIBILITY,
          Settings.STUN_BACKWARD_COMPATIBILITY,
          Settings.SOFTWARE_ATTRIBUTE,
          Settings.ADMIN_IP,
          Settings.ADMIN_PORT,
          Settings.ADMIN_TOKEN,
          OidcSettings.ISSUER,
          OidcSettings.CLIENT_ID,
          OidcSettings.CLIENT_SECRET,
          OidcSettings.ROLE_CLAIM,
          OidcSettings.ROLE,
          OidcSettings.NAME_CLAIM,
          OidcSettings.SCOPE,
          OidcSettings.REDIRECT,
          AcmeSettings.DOMAIN,
          AcmeSettings.EMAIL,
          AcmeSettings.DIRECTORY,
          AcmeSettings.CHALLENGE,
          AcmeSettings.DNS_HOOK,
          AcmeSettings.TIMEOUT,
          HttpSettings.NO_HTTP,
          HttpSettings.HTTP_IP,
          HttpSettings.HTTP_PORT,
          HttpSettings.HTTPS_PORT,
          HttpSettings.SIGNAL_URL,
          HttpSettings.NO_PEERJS,
          HttpSettings.NO_Y_WEBRTC,
          HttpSettings.MAX_ROOMS,
          HttpSettings.MAX_PEERS_PER_ROOM,
          HttpSettings.MAX_ROOMS_PER_PEER,
          HttpSettings.MAX_SIGNALS_PER_SECOND,
          HttpSettings.MAX_HTTP_CONNECTIONS,
          HttpSettings.MAX_HTTP_CONNECTIONS_PER_SOURCE,
          TakeoverSettings.HOOK,
          TakeoverSettings.AFTER,
          TakeoverSettings.HOOK_TIMEOUT,
          Settings.STATE_DIR,
          Settings.PIDFILE);

  private ReloadRules() {}

  /**
   * @throws StartFailure if the server would go on in a way that its configuration does not say
   */
  static void check(Config running, Config next) throws StartFailure {
    if (running.isAnonymous() != next.isAnonymous()) {
      throw StartFailure.configuration(
          "no-auth: whether clients need a credential changes with a restart only");
    }
  }

  /** Whether a change takes effect without a restart. */
  static boolean isReloadable(Setting<?> setting) {
    return !AT_START.contains(setting);
  }

  /** The settings that were changed and wait for a restart. */
  static List<String> waiting(Config running, Config next) {
    return AT_START.stream()
        .filter(setting -> isOther(setting, running, next))
        .map(Setting::name)
        .toList();
  }

  /** Relays that nobody has named are at the addresses listened on, those of the start. */
  private static boolean isOther(Setting<?> setting, Config running, Config next) {
    return !running.all(setting).equals(next.all(setting))
        || setting == Settings.RELAY_IP && !relays(running).equals(relays(next));
  }

  private static List<TransportAddress> relays(Config config) {
    return NodeAddresses.relay(config).stream().map(RelayAddress::local).toList();
  }
}

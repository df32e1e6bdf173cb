package puente.launcher;

import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** What somebody sees who starts the server by hand. */
final class Banner {
  /** Long enough to try it out, short enough to be found in an old terminal without harm. */
  static final Duration CREDENTIAL_LIFETIME = Duration.ofHours(1);

  /**
   * What somebody who tries the server out needs to see.
   *
   * @param shared of which a credential is made
   * @param devKey the API key that {@code --dev} makes
   */
  record Secrets(Optional<String> shared, Optional<String> devKey) {}

  private Banner() {}

  static String text(Config config, List<Listening> listening, Secrets secrets, Instant now) {
    StringBuilder text = new StringBuilder();
    text.append(VersionCommand.product()).append(" is running.\n\n");
    for (String transport : List.of("udp", "tcp", "tls", "http", "https", "admin")) {
      line(transport, listening, text);
    }
    text.append(String.format("  %-6s %s%n", "state", config.value(Settings.STATE_DIR)));
    if (config.value(Settings.DEV)) {
      text.append("\n  *** --dev: loopback and private peers are ALLOWED. ");
      text.append("Never run this on the Internet. ***\n");
    }
    secrets.devKey.ifPresent(key -> text.append("\n  API key: ").append(key).append("\n"));
    secrets.shared.ifPresent(some -> credential(config, listening, some, now, text));
    text.append("\nNext:\n");
    if (config.usesSharedSecret()) {
      next("puente credentials --user ana", "another credential; --help says more", text);
    } else if (!config.isAnonymous()) {
      next("puente serve --use-auth-secret", "beside your users, pages get relays, too", text);
    }
    if (!config.isGiven(Settings.EXTERNAL_IP) && !config.value(Settings.DEV)) {
      next("puente serve --external-ip=IP", "behind a 1:1 NAT, as in a cloud", text);
    }
    next("puente config --effective", "every setting, its value and its origin", text);
    next("Ctrl-C", "stops", text);
    return text.toString();
  }

  private static void line(String transport, List<Listening> listening, StringBuilder text) {
    List<String> addresses =
        listening.stream()
            .filter(one -> one.transport().equals(transport))
            .map(Listening::hostAndPort)
            .distinct()
            .toList();
    if (!addresses.isEmpty()) {
      text.append(String.format("  %-6s %s%n", transport, String.join("  ", addresses)));
    }
  }

  private static void credential(
      Config config, List<Listening> listening, String secret, Instant now, StringBuilder text) {
    Instant expires = now.plus(CREDENTIAL_LIFETIME).truncatedTo(ChronoUnit.SECONDS);
    Credential credential =
        Credential.create(secret, "you", expires, config.value(Settings.REST_API_SEPARATOR));
    IceUrls urls = new IceUrls(config, Optional.empty(), listening);
    Map<String, Object> iceServers = new LinkedHashMap<>();
    iceServers.put("iceServers", credential.iceServers(urls.stun(), urls.turn()));
    text.append("\nFor new RTCPeerConnection(...), good until ").append(expires).append(":\n\n");
    text.append(Json.pretty(iceServers)).append('\n');
  }

  private static void next(String command, String what, StringBuilder text) {
    text.append(String.format("  %-32s %s%n", command, what));
  }
}

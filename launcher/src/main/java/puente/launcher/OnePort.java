package puente.launcher;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import puente.net.SharedHttp;
import puente.signal.GatewayServer;

/**
 * TURN and HTTP at one port: where {@code http-port} is {@code listening-port}, or {@code
 * https-port} is {@code tls-listening-port}, TURN's port is open and hands over who speaks HTTP, by
 * a Unix socket in {@code state-dir}.
 *
 * @param http for clients without TLS
 * @param https for clients whose TLS has ended at TURN's port
 */
record OnePort(Optional<Path> http, Optional<Path> https) {
  static final OnePort NONE = new OnePort(Optional.empty(), Optional.empty());

  /** {@code sun_path} of Linux holds 107 bytes and a zero. */
  private static final int PATH_MAX = 107;

  private static final Pattern NAME = Pattern.compile("https?-(\\d+)\\.sock");

  static OnePort of(Config config, StateDirectory state) throws StartFailure {
    boolean plain = sharesHttp(config);
    boolean secure = sharesHttps(config);
    if (!plain && !secure) {
      return NONE;
    }
    return new OnePort(
        plain ? Optional.of(door(state, "http")) : Optional.empty(),
        secure ? Optional.of(door(state, "https")) : Optional.empty());
  }

  boolean isNone() {
    return http.isEmpty() && https.isEmpty();
  }

  static boolean sharesHttp(Config config) {
    int port = config.value(HttpSettings.HTTP_PORT);
    return port != 0
        && port == config.value(Settings.LISTENING_PORT)
        && !config.value(HttpSettings.NO_HTTP)
        && !config.value(Settings.NO_TCP);
  }

  static boolean sharesHttps(Config config) {
    int port = config.value(HttpSettings.HTTPS_PORT);
    return port != 0
        && port == config.value(Settings.TLS_LISTENING_PORT)
        && NodeSignaling.wantsTls(config)
        && !config.value(Settings.NO_TLS);
  }

  private static Path door(StateDirectory state, String name) throws StartFailure {
    Path path = state.directory().resolve(name + "-" + ProcessHandle.current().pid() + ".sock");
    if (path.toAbsolutePath().toString().getBytes(StandardCharsets.UTF_8).length > PATH_MAX) {
      throw StartFailure.configuration(
          name + "-port: to share TURN's port, it needs a state-dir with a shorter path");
    }
    return path.toAbsolutePath();
  }

  /** What processes that were killed have left. */
  static void removeLeft(StateDirectory state) {
    try (DirectoryStream<Path> all = Files.newDirectoryStream(state.directory(), "http*.sock")) {
      for (Path one : all) {
        Matcher name = NAME.matcher(one.getFileName().toString());
        if (name.matches() && !isAlive(name.group(1))) {
          Files.deleteIfExists(one);
        }
      }
    } catch (IOException kept) {
      // A few names too many in a directory of ours.
    }
  }

  private static boolean isAlive(String pid) {
    boolean other = ProcessHandle.of(Long.parseLong(pid)).isPresent();
    return other && Long.parseLong(pid) != ProcessHandle.current().pid();
  }

  SharedHttp handsOver() {
    return new SharedHttp(orNull(http), orNull(https));
  }

  private static @Nullable Path orNull(Optional<Path> path) {
    return path.isPresent() ? path.get() : null;
  }

  GatewayServer.SharedPorts receives() {
    return new GatewayServer.SharedPorts(http, https);
  }
}

package puente.launcher;

import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import puente.peer.Gateway;

/** Where the peers' commands meet, and by what they are let in. */
final class GatewayOptions {
  private static final int KEY_FILE_BYTES_MAX = 16_384;

  @Option(
      names = "--server",
      paramLabel = "URL",
      description = "The server's HTTP port. Without it: PUENTE_SERVER, or http://127.0.0.1:8080.")
  private Optional<String> server = Optional.empty();

  @Option(
      names = "--key-file",
      paramLabel = "FILE",
      description =
          "File with an API key's secret or a JWT. Without it: PUENTE_PEER_KEY, which other users"
              + " of this machine may see less easily than an option.")
  private Optional<Path> keyFile = Optional.empty();

  @Option(names = "--key", paramLabel = "SECRET", description = "The same as a word.")
  private Optional<String> key = Optional.empty();

  @Option(names = "--name", paramLabel = "NAME", description = "What the others call you.")
  private Optional<String> name = Optional.empty();

  @Mixin private final TrustOption authority = new TrustOption();

  String name() {
    return name.orElseGet(() -> System.getProperty("user.name", "somebody"));
  }

  Gateway gateway(Surroundings surroundings) throws StartFailure {
    AddressOrder.suitThisHost();
    String url =
        server.orElse(
            surroundings.environment().getOrDefault("PUENTE_SERVER", "http://127.0.0.1:8080"));
    try {
      return new Gateway(URI.create(url), credential(surroundings), authority.trust(surroundings));
    } catch (IllegalArgumentException wrong) {
      throw new StartFailure(
          StartFailure.Kind.CONFIGURATION, SafeText.excerpt(url, 100) + ": " + wrong.getMessage());
    }
  }

  private String credential(Surroundings surroundings) throws StartFailure {
    if (keyFile.isEmpty()) {
      return key.orElse(surroundings.environment().getOrDefault("PUENTE_PEER_KEY", "")).strip();
    }
    Path file = surroundings.directory().resolve(keyFile.get());
    try {
      if (Files.size(file) > KEY_FILE_BYTES_MAX) {
        throw new StartFailure(StartFailure.Kind.CONFIGURATION, file + " is too long for a key");
      }
      return Files.readString(file).strip();
    } catch (IOException unreadable) {
      throw new StartFailure(
          StartFailure.Kind.CONFIGURATION, file + " cannot be read: " + unreadable.getMessage());
    }
  }
}

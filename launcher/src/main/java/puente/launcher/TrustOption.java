package puente.launcher;

import java.nio.file.Path;
import java.util.Optional;
import picocli.CommandLine.Option;
import puente.peer.Trust;

/** Whom a client of a server's HTTP port believes. */
final class TrustOption {
  @Option(
      names = "--ca",
      paramLabel = "FILE",
      description =
          "Certificates to trust beside the well-known ones, PEM: of your own CA, or the server's"
              + " (self-signed.pem in its state-dir).")
  private Optional<Path> authority = Optional.empty();

  Trust trust(Surroundings surroundings) throws StartFailure {
    if (authority.isEmpty()) {
      return Trust.usual();
    }
    try {
      return Trust.beside(
          CertificateChain.certificates(surroundings.directory().resolve(authority.get())));
    } catch (StartFailure bad) {
      throw new StartFailure(bad.kind(), "--ca: " + bad.line(), bad);
    }
  }
}

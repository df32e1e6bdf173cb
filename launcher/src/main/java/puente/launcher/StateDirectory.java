package puente.launcher;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.ReadOnlyFileSystemException;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.Set;

/**
 * The directory for what must outlive the process. What is missing is made once: written whole
 * under another name and then linked, so that a second process or a crash never leaves half a
 * secret.
 */
final class StateDirectory {
  private static final Set<PosixFilePermission> OWNER_ONLY =
      PosixFilePermissions.fromString("rwx------");
  static final FileAttribute<?> PRIVATE_FILE =
      PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------"));

  /** 192 bits; 128 would do. */
  private static final int SECRET_BYTES = 24;

  private static final int SECRET_FILE_BYTES_MAX = 1024;

  /** A certificate this near to its end is made anew. */
  private static final Duration RENEWAL = Duration.ofDays(30);

  private final Path directory;

  private StateDirectory(Path directory) {
    this.directory = directory;
  }

  /** Where state is kept when the configuration does not say. */
  static Path usual(Map<String, String> environment) {
    if ("root".equals(System.getProperty("user.name"))) {
      return Path.of("/var/lib/puente");
    }
    String xdg = environment.getOrDefault("XDG_STATE_HOME", "");
    // The specification says that a relative path is to be ignored.
    Path base =
        xdg.startsWith("/")
            ? Path.of(xdg)
            : Path.of(System.getProperty("user.home", "/"), ".local", "state");
    return base.resolve("puente");
  }

  /** Opens the directory, and makes it when it is not there. */
  static StateDirectory open(Config config) throws StartFailure {
    Path directory = config.value(Settings.STATE_DIR);
    try {
      if (!Files.isDirectory(directory)) {
        Files.createDirectories(directory, PosixFilePermissions.asFileAttribute(OWNER_ONLY));
      }
      if (!Files.isWritable(directory)) {
        throw new AccessDeniedException(directory.toString());
      }
    } catch (FileAlreadyExistsException e) {
      throw StartFailure.configuration(directory + ": state-dir is not a directory");
    } catch (IOException | ReadOnlyFileSystemException e) {
      throw new StartFailure(
          StartFailure.Kind.PERMISSION,
          directory + ": the state directory cannot be written; give another as state-dir",
          e);
    }
    return new StateDirectory(directory);
  }

  Path directory() {
    return directory;
  }

  /** Whether the shared secret was made already. */
  boolean hasSharedSecret() {
    return Files.exists(directory.resolve("secret"));
  }

  /** The shared secret of ephemeral credentials, made on first use. */
  String sharedSecret() throws StartFailure {
    return secret("secret");
  }

  /** A named secret of 192 bits in base64url, made on first use. */
  String secret(String name) throws StartFailure {
    Path file = directory.resolve(name);
    if (!Files.exists(file)) {
      createOnce(file, FreshSecret.of(SECRET_BYTES) + "\n");
    }
    String secret = ConfigFile.text(file, SECRET_FILE_BYTES_MAX).strip();
    if (secret.length() < 16) {
      throw StartFailure.configuration(
          file + ": too short for a secret; remove it to get a new one");
    }
    return secret;
  }

  /** The configured certificate, the ordered one, or this directory's own, made on first use. */
  CertificateChain certificate(Config config, String hostName, Instant now) throws StartFailure {
    if (config.find(Settings.CERT).isPresent()) {
      return CertificateChain.load(config);
    }
    if (NodeAcme.isWanted(config) && Files.exists(directory.resolve(CertificateStore.CHAIN))) {
      return CertificateChain.load(directory.resolve(CertificateStore.CHAIN));
    }
    Path file = directory.resolve("self-signed.pem");
    if (!Files.exists(file)) {
      createOnce(file, SelfSignedCertificate.pem(hostName, now));
    }
    CertificateChain chain = CertificateChain.load(file);
    if (chain.leaf().getNotAfter().toInstant().isAfter(now.plus(RENEWAL))) {
      return chain;
    }
    replace(file, SelfSignedCertificate.pem(hostName, now));
    return CertificateChain.load(file);
  }

  /** Writes a small file for others on this machine, in place of the former. */
  void note(String name, String text) throws StartFailure {
    replace(directory.resolve(name), text);
  }

  private void createOnce(Path file, String text) throws StartFailure {
    Path whole = temporary(file, text);
    try {
      try {
        Files.createLink(file, whole);
      } catch (FileAlreadyExistsException e) {
        // Another process was faster: its file counts.
      } catch (UnsupportedOperationException | FileSystemException e) {
        // No hard links here. Two processes starting in the same instant may then disagree.
        Files.move(whole, file, StandardCopyOption.ATOMIC_MOVE);
      }
    } catch (IOException e) {
      throw unwritable(file, e);
    } finally {
      remove(whole);
    }
  }

  private void replace(Path file, String text) throws StartFailure {
    Path whole = temporary(file, text);
    try {
      Files.move(whole, file, StandardCopyOption.ATOMIC_MOVE);
    } catch (IOException e) {
      throw unwritable(file, e);
    } finally {
      remove(whole);
    }
  }

  private Path temporary(Path file, String text) throws StartFailure {
    try {
      Path whole = Files.createTempFile(directory, "." + file.getFileName(), ".new", PRIVATE_FILE);
      Files.writeString(whole, text, StandardCharsets.US_ASCII);
      return whole;
    } catch (IOException e) {
      throw unwritable(file, e);
    }
  }

  private static void remove(Path file) {
    try {
      Files.deleteIfExists(file);
    } catch (IOException e) {
      // It is private and its name says what it is; nothing depends on it.
    }
  }

  private static StartFailure unwritable(Path file, IOException e) {
    return new StartFailure(StartFailure.Kind.PERMISSION, file + ": cannot be written", e);
  }
}

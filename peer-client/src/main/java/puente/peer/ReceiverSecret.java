package puente.peer;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import java.util.HexFormat;
import java.util.Set;

/**
 * By what a sender knows a receiver again whose program was ended and started anew: a secret that
 * lies beside the unfinished files. Each sender is told another digest of it, bound to the key of his
 * own links, so that what one was told is of no use at another.
 */
final class ReceiverSecret {
  private static final String NAME = ".puente-receiver";
  private static final int BYTES = 16;
  private static final Set<OpenOption> NEW =
      Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
  private static final Set<PosixFilePermission> OURS = PosixFilePermissions.fromString("rw-------");

  private final Path file;
  private final String secret;

  private ReceiverSecret(Path file, String secret) {
    this.file = file;
    this.secret = secret;
  }

  /** Kept from before, or a new one; where nothing can be written, for this program alone. */
  static ReceiverSecret in(Path folder) {
    Path file = folder.resolve(NAME);
    try {
      if (Files.isRegularFile(file) && Files.size(file) == 2 * BYTES) {
        return new ReceiverSecret(file, Files.readString(file, StandardCharsets.US_ASCII));
      }
    } catch (IOException unreadable) {
      // as if there were none
    }
    byte[] random = new byte[BYTES];
    new SecureRandom().nextBytes(random);
    String fresh = HexFormat.of().formatHex(random);
    try {
      Files.deleteIfExists(file);
      write(file, fresh);
    } catch (IOException unwritable) {
      // the next program is somebody else
    }
    return new ReceiverSecret(file, fresh);
  }

  /** Nobody else on this host shall read it, not even at first. */
  private static void write(Path file, String text) throws IOException {
    FileAttribute<?>[] onlyOurs =
        file.getFileSystem().supportedFileAttributeViews().contains("posix")
            ? new FileAttribute<?>[] {PosixFilePermissions.asFileAttribute(OURS)}
            : new FileAttribute<?>[0];
    try (var channel = Files.newByteChannel(file, NEW, onlyOurs)) {
      channel.write(ByteBuffer.wrap(text.getBytes(StandardCharsets.US_ASCII)));
    }
  }

  /**
   * @param senderKey fingerprint of the sender's certificate
   */
  String towards(String senderKey) {
    return PeerCertificate.digest((secret + senderKey).getBytes(StandardCharsets.US_ASCII));
  }

  /** Nothing is unfinished: the next time it is somebody else. */
  void forget() {
    try {
      Files.deleteIfExists(file);
    } catch (IOException stays) {
      // the next program is the same as this one
    }
  }
}

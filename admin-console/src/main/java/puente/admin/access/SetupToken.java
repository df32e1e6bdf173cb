package puente.admin.access;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.util.Base64;
import org.jspecify.annotations.Nullable;

/**
 * What the first account is made with: there is no default password. It is in a file that only we
 * may read, and never in the log, which those may read who may do less; it ends when there is an
 * account.
 */
public final class SetupToken {

  private static final int SECRET_BYTES = 18;

  private final @Nullable Path path;
  private volatile @Nullable String text;

  private SetupToken(@Nullable Path path, @Nullable String text) {
    this.path = path;
    this.text = text;
  }

  /**
   * Reads it, or makes it, while there is no account.
   *
   * @param path null keeps no file
   */
  public static SetupToken open(@Nullable Path path, boolean isNeeded, SecureRandom random)
      throws IOException {
    if (!isNeeded) {
      SetupToken none = new SetupToken(path, null);
      none.forget();
      return none;
    }
    if (path != null && Files.exists(path)) {
      String kept = Files.readString(path).strip();
      if (!kept.isEmpty()) {
        return new SetupToken(path, kept);
      }
    }
    byte[] secret = new byte[SECRET_BYTES];
    random.nextBytes(secret);
    String text = Base64.getUrlEncoder().withoutPadding().encodeToString(secret);
    if (path != null) {
      StateFile.writePrivately(path, text + "\n");
    }
    return new SetupToken(path, text);
  }

  /** Whether it is the one; a comparison takes the same time for all. */
  public boolean matches(String shown) {
    String wanted = text;
    return wanted != null
        && MessageDigest.isEqual(
            wanted.getBytes(StandardCharsets.UTF_8),
            shown.strip().getBytes(StandardCharsets.UTF_8));
  }

  /** It has done its work. */
  public void forget() throws IOException {
    text = null;
    if (path != null) {
      Files.deleteIfExists(path);
    }
  }
}

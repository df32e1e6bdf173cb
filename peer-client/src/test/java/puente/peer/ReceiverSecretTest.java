package puente.peer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** By what a receiver is known again, which a name is not. */
class ReceiverSecretTest {
  private static final String KEY = "ab".repeat(32);

  @TempDir Path folder;

  @Test
  void whoStartsAnewBesideHisFilesIsTheSame() {
    String first = ReceiverSecret.in(folder).towards(KEY);
    assertEquals(first, ReceiverSecret.in(folder).towards(KEY));
    FileWord said = FileWord.of(new FileWord.Identity(first).bytes());
    assertEquals(new FileWord.Identity(first), said);
  }

  /** What one member of the room was told is of no use to him towards another. */
  @Test
  void eachSenderHearsSomethingElse() {
    ReceiverSecret secret = ReceiverSecret.in(folder);
    assertNotEquals(secret.towards(KEY), secret.towards("cd".repeat(32)));
  }

  @Test
  void nobodyElseReadsIt() throws Exception {
    ReceiverSecret.in(folder);
    Path file = folder.resolve(".puente-receiver");
    assertEquals("rw-------", PosixFilePermissions.toString(Files.getPosixFilePermissions(file)));
  }

  @Test
  void whoHasFinishedIsForgotten() throws Exception {
    ReceiverSecret secret = ReceiverSecret.in(folder);
    String before = secret.towards(KEY);
    secret.forget();
    try (var left = Files.list(folder)) {
      assertFalse(left.findAny().isPresent(), "nothing stays behind");
    }
    assertNotEquals(before, ReceiverSecret.in(folder).towards(KEY));
  }

  @Test
  void aFileOfAnotherKindIsReplaced() throws Exception {
    Files.writeString(folder.resolve(".puente-receiver"), "too short");
    String first = ReceiverSecret.in(folder).towards(KEY);
    assertEquals(first, ReceiverSecret.in(folder).towards(KEY));
  }
}

package puente.launcher;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class BannerTest {

  @TempDir Path directory;

  @Test
  void itNamesNextWhatCanBeDone() throws Exception {
    String text = text(new Given(directory));
    assertTrue(text.contains("puente credentials"), text);
    text = text(new Given(directory).flag("user", "ana:secret"));
    assertTrue(text.contains("puente serve --use-auth-secret"), text);
    assertFalse(text.contains("puente credentials"), "there is nothing to make them of: " + text);
  }

  private static String text(Given given) throws StartFailure {
    var none = new Banner.Secrets(Optional.empty(), Optional.empty());
    return Banner.text(given.load(), List.of(), none, Instant.EPOCH);
  }
}

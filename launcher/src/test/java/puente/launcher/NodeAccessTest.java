package puente.launcher;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import puente.admin.TurnAccess.Key;

/** What the console's page of access shows. */
class NodeAccessTest {

  @TempDir Path directory;

  @Test
  void theKeysOfDevModeAreShownBesideThoseGiven() throws Exception {
    assertEquals(List.of(), keys(new Given(directory)));
    Given given =
        new Given(directory).flag("api-key", "shop:0123456789abcdef0123").flag("dev", "yes");
    assertEquals(
        List.of(
            new Key("api-key", "shop", List.of(), "--api-key"),
            new Key("api-key", "dev", List.of(), "--dev"),
            new Key("public-key", "pub_dev", List.of("self"), "--dev")),
        keys(given));
  }

  private static List<Key> keys(Given given) throws StartFailure {
    return NodeAccess.keys(given.load());
  }
}

package puente.launcher;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.hazelcast.core.HazelcastInstance;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.jar.JarFile;
import org.junit.jupiter.api.Test;

/** What may be read of what another member sends by Java's own serialization. */
class HazelcastClusterConfigTest {

  /** An answer that cannot be read is none: the asker waits until its patience ends. */
  @Test
  void everyExceptionOfMembershipMayComeBack() throws Exception {
    List<String> exceptions = exceptions();
    assertTrue(exceptions.size() > 20, exceptions::toString);
    var filter = HazelcastClusterConfig.serializationFilter();
    assertEquals(
        List.of(),
        exceptions.stream().filter(name -> !filter.getWhitelist().isListed(name)).toList());
    assertFalse(filter.getWhitelist().isListed("javax.swing.JEditorPane"));
    assertFalse(filter.getWhitelist().isListed("java.util.HashMap"));
  }

  private static List<String> exceptions() throws IOException {
    var location = HazelcastInstance.class.getProtectionDomain().getCodeSource().getLocation();
    try (var jar = new JarFile(Path.of(location.getPath()).toFile())) {
      return jar.stream()
          .map(entry -> entry.getName().replace('/', '.'))
          .filter(
              name ->
                  name.matches(
                      "com\\.hazelcast\\.(core|cluster|partition|spi\\.exception"
                          + "|internal\\.cluster\\.impl|internal\\.partition)\\.\\w+Exception\\.class"))
          .map(name -> name.substring(0, name.length() - ".class".length()))
          .toList();
    }
  }
}

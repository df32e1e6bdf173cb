package puente.launcher;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A process that waits has read the configuration; at its turn it must see whether that holds. */
class ConfigTest {
  private static final List<String> LINES =
      List.of(
          "realm=example.org",
          "user=ana:secret",
          "user=ben:0x0123456789abcdef0123456789abcdef",
          "static-auth-secret=north",
          "external-ip=203.0.113.7/192.0.2.1",
          "denied-peer-ip=10.0.0.0-10.255.255.255",
          "allowed-peer-ip=2001:db8::/32",
          "relay-ip=192.0.2.1",
          "drain-deadline=30s",
          "max-bps=1000",
          "min-port=50000",
          "verbose");

  @TempDir Path folder;

  @Test
  void readTwiceItIsTheSame() throws Exception {
    assertTrue(read(LINES).isSameAs(read(LINES)));
  }

  @Test
  void everyLineCounts() throws Exception {
    Config all = read(LINES);
    for (String line : LINES) {
      List<String> without = new ArrayList<>(LINES);
      without.remove(line);
      assertFalse(read(without).isSameAs(all), line);
      assertFalse(all.isSameAs(read(without)), line);
    }
  }

  @Test
  void aPasswordCountsToo() throws Exception {
    assertFalse(read(List.of("user=ana:one")).isSameAs(read(List.of("user=ana:two"))));
    assertFalse(
        read(List.of("user=ana:0x0123456789abcdef0123456789abcdef"))
            .isSameAs(read(List.of("user=ana:0x0123456789abcdef0123456789abcdee"))));
  }

  private Config read(List<String> lines) throws Exception {
    return new Given(folder).file(lines.toArray(String[]::new)).load();
  }
}

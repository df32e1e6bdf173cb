package puente.launcher;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;
import puente.stun.AddressRange;
import puente.users.Contents;
import puente.users.Row;
import puente.users.Table;

/** What a database says of realms, over the configuration. */
class DatabaseOverlayTest {

  private static Config config(String... flags) throws StartFailure {
    List<ConfigLoader.Flag> all =
        java.util.Arrays.stream(flags)
            .map(flag -> flag.split("=", 2))
            .map(words -> new ConfigLoader.Flag(words[0], words[1]))
            .toList();
    return ConfigLoader.load(
        new ConfigLoader.Sources(Optional.empty(), false, Map.of(), all, Path.of("")));
  }

  private static DatabaseOverlay overlay(Map<Table, List<Row>> rows) {
    return DatabaseOverlay.of(new Contents(rows));
  }

  @Test
  void itsOwnRealmIsTheConfigurations() throws Exception {
    DatabaseOverlay overlay =
        overlay(
            Map.of(
                Table.SECRETS,
                    List.of(new Row("example.org", "", "north"), new Row("other", "", "south")),
                Table.ALLOWED_PEERS, List.of(new Row("", "", "10.0.0.0/8")),
                Table.DENIED_PEERS, List.of(new Row("example.org", "", "203.0.113.1")),
                Table.OPTIONS,
                    List.of(
                        new Row("example.org", "max-bps", "1000"),
                        new Row("example.org", "user-quota", "7"),
                        new Row("example.org", "total-quota", "99"),
                        new Row("example.org", "nonsense", "1"),
                        new Row("example.org", "max-bps", "many"))));
    Config given = config("realm=example.org", "static-auth-secret=first", "userdb=/x");
    Config all = overlay.over(given);
    assertEquals(List.of("first", "north"), all.all(Settings.STATIC_AUTH_SECRET));
    assertTrue(all.usesSharedSecret());
    assertEquals(List.of(AddressRange.parse("10.0.0.0/8")), all.all(Settings.ALLOWED_PEER_IP));
    assertEquals(List.of(AddressRange.parse("203.0.113.1")), all.all(Settings.DENIED_PEER_IP));
    assertEquals(1000L, all.value(Settings.MAX_BPS));
    assertEquals(7, all.value(Settings.USER_QUOTA));
    assertEquals(99, all.value(Settings.REALM_QUOTA));
    assertEquals(Set.of("example.org", "other"), overlay.realms());
    assertEquals(List.of("south"), overlay.secrets("other"));
    Config without =
        overlay.over(config("realm=example.org", "userdb=/x", "no-dynamic-ip-list=yes"));
    assertTrue(without.all(Settings.DENIED_PEER_IP).isEmpty());
  }

  /** Never is more allowed than was meant. */
  @Test
  void aDenialThatCannotBeReadDeniesAll() {
    DatabaseOverlay overlay =
        overlay(
            Map.of(
                Table.DENIED_PEERS, List.of(new Row("r", "", "10.0.0.0/99")),
                Table.ALLOWED_PEERS, List.of(new Row("r", "", "everything"))));
    assertTrue(overlay.denied("r").contains(AddressRange.parse("0.0.0.0/0")));
    assertTrue(overlay.denied("r").contains(AddressRange.parse("::/0")));
    assertTrue(overlay.allowed("r").isEmpty());
    assertTrue(overlay.denied("other").isEmpty());
  }

  /** A server whose users are elsewhere gives out no credentials that nobody asked for. */
  @Test
  void aDatabaseIsACredential() throws Exception {
    assertFalse(config("userdb=/x").usesSharedSecret());
    assertFalse(config("userdb=/x", "no-auth=yes").isAnonymous());
    assertTrue(config("no-auth=yes").isAnonymous());
    assertTrue(config().usesSharedSecret());
  }
}

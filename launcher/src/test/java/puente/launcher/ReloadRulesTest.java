package puente.launcher;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** SIGHUP: what takes effect, what waits for a restart, what is refused. */
class ReloadRulesTest {

  @TempDir private Path directory;

  @Test
  void usersSecretsAndRulesWaitForNothing() throws StartFailure {
    Config before = given().flag("user", "ana:one").load();
    Config after = given().flag("user", "ana:two").flag("denied-peer-ip", "192.0.2.1").load();
    ReloadRules.check(before, after);
    assertEquals(List.of(), ReloadRules.waiting(before, after));
  }

  @Test
  void relaysWaitForARestartAndListenersDoNot() throws StartFailure {
    Config after = given().flag("listening-port", "3500").flag("max-port", "60000").load();
    assertEquals(List.of("max-port"), ReloadRules.waiting(given().load(), after));
    Config here = given().flag("listening-ip", "127.0.0.1").load();
    Config there = given().flag("listening-ip", "127.0.0.2").load();
    assertEquals(List.of("relay-ip"), ReloadRules.waiting(here, there));
  }

  /** An operator who takes no-auth out must not be told that it is done while it is not. */
  @Test
  void credentialsCannotBeSwitchedOnOrOff() throws StartFailure {
    Config open = given().flag("no-auth", "yes").load();
    Config closed = given().flag("user", "ana:one").load();
    StartFailure failure = assertThrows(StartFailure.class, () -> ReloadRules.check(open, closed));
    assertTrue(failure.line().contains("no-auth"), failure::line);
    assertThrows(StartFailure.class, () -> ReloadRules.check(closed, open));
  }

  private Given given() {
    return new Given(directory);
  }
}

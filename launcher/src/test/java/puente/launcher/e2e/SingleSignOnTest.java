package puente.launcher.e2e;

import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Signing in to the console by a provider that none of us wrote, in Chromium. */
@Tag("e2e")
class SingleSignOnTest {

  private static final Duration LIMIT = Duration.ofSeconds(120);

  @Test
  void whoAnotherServerKnowsComesInWithTheRoleItSays() {
    Assumptions.assumeTrue(ServerProcess.isPuente(), "coturn has no such console");
    BrowserScripts.require();
    int port = Ports.free(1);
    try (var server =
        ServerProcess.start(
            "oidc",
            "admin-oidc-issuer=http://localhost:" + port,
            "admin-oidc-client-id=puente",
            "admin-oidc-client-secret=known-to-both-of-them",
            "admin-oidc-role-claim=groups",
            "admin-oidc-role=operator:turn-operators")) {
      var script =
          BrowserScripts.start(
              server.folder.resolve("oidc.out"),
              "oidc.mjs",
              "" + port,
              "http://127.0.0.1:" + server.adminPort,
              Path.of("target/e2e/console").toAbsolutePath().toString());
      BrowserScripts.assertPassed(script, LIMIT, server);
    }
  }
}

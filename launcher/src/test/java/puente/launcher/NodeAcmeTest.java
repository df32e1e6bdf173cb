package puente.launcher;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import puente.acme.CertificateIdentifier;
import puente.acme.TestAcmeServer;
import puente.turn.store.LocalStore;

/** Certificates come in time, and a failure leaves the old one; the DNS is a file here. */
@Timeout(120)
class NodeAcmeTest {
  private static final Instant BEGIN = Instant.now().minus(Duration.ofHours(1));
  private static final Duration DAY = Duration.ofDays(1);

  @TempDir Path directory;
  private final TestClock clock = new TestClock();

  /** Time that a test turns. */
  private static final class TestClock extends Clock {
    private Instant now = BEGIN.plus(Duration.ofHours(1));

    void turn(Duration by) {
      now = now.plus(by);
    }

    @Override
    public Instant instant() {
      return now;
    }

    @Override
    public ZoneId getZone() {
      return ZoneOffset.UTC;
    }

    @Override
    public Clock withZone(ZoneId zone) {
      return this;
    }
  }

  @BeforeEach
  void hook() throws Exception {
    Path hook = directory.resolve("hook");
    Files.writeString(
        hook,
        """
        #!/bin/sh
        zone=${0%/*}/zone
        case $1 in
        present) echo "$2 $3" >>"$zone" ;;
        clear) : >"$zone" ;;
        esac
        """);
    Files.setPosixFilePermissions(hook, PosixFilePermissions.fromString("rwx------"));
  }

  private Config config(TestAcmeServer authority) throws StartFailure {
    return new Given(directory)
        .flag("state-dir", directory.resolve("state").toString())
        .flag("acme-domain", "turn.example.org")
        .flag("acme-email", "ops@example.org")
        .flag("acme-directory", authority.directory())
        .flag("acme-challenge", "dns-01")
        .flag("acme-dns-hook", directory.resolve("hook").toString())
        .load();
  }

  @Test
  void itIsOrderedRenewedAndKept() throws Exception {
    try (TestAcmeServer authority = new TestAcmeServer()) {
      authority.zone = directory.resolve("zone");
      authority.lifetime(BEGIN, BEGIN.plus(DAY.multipliedBy(90)));
      Config config = config(authority);
      StateDirectory state = StateDirectory.open(config);
      NodeTls tls = NodeTls.open(config, state);
      X509Certificate own = tls.leaf();
      NodeAcme acme = new NodeAcme(config, state, alone(config), tls, clock);

      acme.look();
      X509Certificate first = tls.leaf();
      assertNotEquals(own, first, "in force at once");
      first.verify(authority.root().getPublicKey());
      assertEquals(1, acme.count(NodeAcme.Fact.ISSUED));
      assertEquals(
          "", Files.readString(directory.resolve("zone")), "the hook took its record away");
      assertEquals(
          "rw-------",
          PosixFilePermissions.toString(
              Files.getPosixFilePermissions(directory.resolve("state/acme-certificate.pem"))));

      clock.turn(DAY.multipliedBy(59));
      acme.look();
      assertEquals(1, authority.orders(), "two thirds of its life are not over");
      assertEquals(first, NodeTls.open(config, state).leaf(), "a restart goes on with it");

      failsAndBacksOff(authority, acme, tls);

      authority.refuse(false);
      authority.lifetime(clock.instant(), clock.instant().plus(DAY.multipliedBy(90)));
      clock.turn(Duration.ofMinutes(2));
      acme.look();
      assertEquals(2, acme.count(NodeAcme.Fact.ISSUED));
      assertNotEquals(first, tls.leaf());
      assertEquals(1, authority.accounts(), "the account's key is kept");
      acme.close();
    }
  }

  private void failsAndBacksOff(TestAcmeServer authority, NodeAcme acme, NodeTls tls) {
    X509Certificate before = tls.leaf();
    clock.turn(DAY.multipliedBy(2));
    authority.refuse(true);
    acme.look();
    assertEquals(1, acme.count(NodeAcme.Fact.FAILED));
    acme.look();
    assertEquals(1, acme.count(NodeAcme.Fact.FAILED), "not at once again");
    clock.turn(Duration.ofSeconds(61));
    acme.look();
    assertEquals(2, acme.count(NodeAcme.Fact.FAILED));
    clock.turn(Duration.ofSeconds(61));
    acme.look();
    assertEquals(2, acme.count(NodeAcme.Fact.FAILED), "after twice the time");
    assertEquals(before, tls.leaf(), "the old one stays in force");
  }

  /** RFC 9773 §4.2: in the window that the authority suggests, early as that may be, and as its successor. */
  @Test
  void itIsRenewedWhenTheAuthoritySuggests() throws Exception {
    try (TestAcmeServer authority = new TestAcmeServer()) {
      authority.zone = directory.resolve("zone");
      authority.lifetime(BEGIN, BEGIN.plus(DAY.multipliedBy(90)));
      authority.suggest(BEGIN.plus(DAY.multipliedBy(50)), BEGIN.plus(DAY.multipliedBy(52)));
      Config config = config(authority);
      StateDirectory state = StateDirectory.open(config);
      NodeTls tls = NodeTls.open(config, state);
      NodeAcme acme = new NodeAcme(config, state, alone(config), tls, clock);
      acme.look();
      X509Certificate first = tls.leaf();
      acme.look();
      acme.look();
      assertEquals(1, authority.asked(), "not again before it wants to be");

      // A revocation is planned: it wants them sooner now.
      authority.suggest(BEGIN.plus(DAY.multipliedBy(9)), BEGIN.plus(DAY.multipliedBy(10)));
      clock.turn(DAY.multipliedBy(8));
      acme.look();
      assertEquals(2, authority.asked());
      assertEquals(first, tls.leaf(), "its window has not begun");
      clock.turn(DAY.multipliedBy(2));
      acme.look();
      assertNotEquals(first, tls.leaf());
      assertEquals(CertificateIdentifier.of(first), authority.replaced());
      acme.close();
    }
  }

  /** What it says is advice: a window that never comes lets no certificate end. */
  @Test
  void aWindowTooLateIsNotWaitedFor() throws Exception {
    try (TestAcmeServer authority = new TestAcmeServer()) {
      authority.zone = directory.resolve("zone");
      authority.lifetime(BEGIN, BEGIN.plus(DAY.multipliedBy(90)));
      authority.suggest(BEGIN.plus(DAY.multipliedBy(900)), BEGIN.plus(DAY.multipliedBy(901)));
      Config config = config(authority);
      StateDirectory state = StateDirectory.open(config);
      NodeAcme acme =
          new NodeAcme(config, state, alone(config), NodeTls.open(config, state), clock);
      acme.look();
      clock.turn(DAY.multipliedBy(75));
      acme.look();
      assertEquals(1, acme.count(NodeAcme.Fact.ISSUED), "its last tenth has not begun");
      clock.turn(DAY.multipliedBy(7));
      acme.look();
      assertEquals(2, acme.count(NodeAcme.Fact.ISSUED));
      acme.close();
    }
  }

  private static Cluster alone(Config config) throws StartFailure {
    return new SingleNode(ClusterConfig.nodeId(config), new LocalStore(LocalStore.Quotas.NONE));
  }

  @Test
  void aChallengeThatFailsIsAFailure() throws Exception {
    try (TestAcmeServer authority = new TestAcmeServer()) {
      Config config = config(authority);
      StateDirectory state = StateDirectory.open(config);
      NodeTls tls = NodeTls.open(config, state);
      X509Certificate own = tls.leaf();
      NodeAcme acme = new NodeAcme(config, state, alone(config), tls, clock);
      acme.look();
      assertEquals(1, acme.count(NodeAcme.Fact.FAILED), "the authority sees no record");
      assertEquals(own, tls.leaf());
      acme.close();
    }
  }

  @Test
  void whatCannotWorkStopsTheStart() {
    refused("is no name", "acme-domain=http://a.example");
    refused("no-http", "acme-domain=a.example", "no-http=yes");
    refused("no-tls", "acme-domain=a.example", "acme-challenge=tls-alpn-01", "no-tls=yes");
    refused("acme-dns-hook", "acme-domain=a.example", "acme-challenge=dns-01");
  }

  private void refused(String why, String... flags) {
    Given given = new Given(directory);
    for (String flag : flags) {
      String[] words = flag.split("=", 2);
      given.flag(words[0], words[1]);
    }
    StartFailure failure =
        assertThrows(StartFailure.class, () -> NodeAcme.check(given.load()), why);
    assertTrue(failure.line().contains(why), failure::line);
  }
}

package puente.launcher;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class StateDirectoryTest {
  private static final Instant NOW = Instant.parse("2026-11-20T12:00:00Z");

  @TempDir private Path directory;
  private Path state;
  private Config config;

  @BeforeEach
  void newDirectory() throws StartFailure {
    state = directory.resolve("deep/state");
    config = new Given(directory).flag("state-dir", state.toString()).load();
  }

  @Test
  void makesASecretOnce() throws Exception {
    String secret = StateDirectory.open(config).sharedSecret();
    assertTrue(Base64.getUrlDecoder().decode(secret).length * 8 >= 128);
    assertEquals(secret, StateDirectory.open(config).sharedSecret());
    assertNotEquals(secret, StateDirectory.open(config).secret("admin-token"));
  }

  @Test
  void nobodyElseCanReadIt() throws Exception {
    StateDirectory opened = StateDirectory.open(config);
    opened.sharedSecret();
    opened.certificate(config, "host.example.org", NOW);
    assertEquals("rwx------", permissions(state));
    assertEquals("rw-------", permissions(state.resolve("secret")));
    assertEquals("rw-------", permissions(state.resolve("self-signed.pem")));
    try (var files = Files.list(state)) {
      assertEquals(2, files.count(), "no temporary file is left");
    }
  }

  @Test
  void processesThatStartTogetherAgree() throws Exception {
    StateDirectory opened = StateDirectory.open(config);
    CountDownLatch start = new CountDownLatch(1);
    List<Callable<String>> tasks = new ArrayList<>();
    for (int i = 0; i < 8; i++) {
      tasks.add(
          () -> {
            start.await();
            return opened.sharedSecret();
          });
    }
    Set<String> secrets = new HashSet<>();
    try (var threads = Executors.newFixedThreadPool(8)) {
      var results = tasks.stream().map(threads::submit).toList();
      start.countDown();
      for (var result : results) {
        secrets.add(result.get());
      }
    }
    assertEquals(1, secrets.size());
  }

  @Test
  void aDamagedSecretIsSaidAndNotReplaced() throws Exception {
    StateDirectory opened = StateDirectory.open(config);
    Files.writeString(state.resolve("secret"), "x\n");
    var failure = assertThrows(StartFailure.class, opened::sharedSecret);
    assertTrue(failure.line().contains("too short"), failure.line());
  }

  @Test
  void makesACertificateOnce() throws Exception {
    StateDirectory opened = StateDirectory.open(config);
    CertificateChain chain = opened.certificate(config, "host.example.org", NOW);
    assertEquals("EC", chain.key().getAlgorithm());
    chain.leaf().verify(chain.leaf().getPublicKey());
    String names = String.valueOf(chain.leaf().getSubjectAlternativeNames());
    assertTrue(names.contains("[2, host.example.org]"), names);
    assertTrue(names.contains("[2, localhost]"), names);
    assertTrue(names.contains("[7, 127.0.0.1]"), names);
    assertTrue(
        chain.leaf().getNotAfter().toInstant().isAfter(NOW.plus(Duration.ofDays(365))), "a year");
    assertEquals(chain, opened.certificate(config, "other", NOW));
  }

  @Test
  void renewsItsOwnCertificateBeforeItEnds() throws Exception {
    StateDirectory opened = StateDirectory.open(config);
    CertificateChain old = opened.certificate(config, "host", NOW);
    CertificateChain renewed = opened.certificate(config, "host", NOW.plus(Duration.ofDays(390)));
    assertNotEquals(old.leaf(), renewed.leaf());
  }

  @Test
  void aHostNameThatIsNoNameIsLeftOut() throws Exception {
    CertificateChain chain = StateDirectory.open(config).certificate(config, "my host\n", NOW);
    assertTrue(!String.valueOf(chain.leaf().getSubjectAlternativeNames()).contains("my host"));
  }

  @Test
  void aFileInThePlaceOfTheDirectory() throws IOException {
    Files.createDirectories(state.getParent());
    Files.writeString(state, "");
    StartFailure failure = assertThrows(StartFailure.class, () -> StateDirectory.open(config));
    assertEquals(2, failure.kind().exitCode());
  }

  @Test
  void aDirectoryThatCannotBeMade() throws Exception {
    Config odd = new Given(directory).flag("state-dir", "/proc/puente").load();
    StartFailure failure = assertThrows(StartFailure.class, () -> StateDirectory.open(odd));
    assertEquals(3, failure.kind().exitCode());
    assertTrue(failure.line().startsWith("/proc/puente: "), failure.line());
  }

  @Test
  void usualPlace() {
    Path usual = StateDirectory.usual(Map.of("XDG_STATE_HOME", "/xdg"));
    assertTrue(usual.equals(Path.of("/var/lib/puente")) || usual.equals(Path.of("/xdg/puente")));
  }

  private static String permissions(Path file) throws IOException {
    return PosixFilePermissions.toString(Files.getPosixFilePermissions(file));
  }
}

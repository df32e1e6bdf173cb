package puente.launcher;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.security.cert.X509Certificate;
import java.time.Instant;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A certificate whose file is replaced is taken without anybody's word. */
class NodeCertificatesTest {
  private static final Instant NOW = Instant.now();

  @TempDir private Path directory;
  private Path file = Path.of("unset");
  private int writes;

  @BeforeEach
  void write() throws IOException {
    file = directory.resolve("cert.pem");
    write(SelfSignedCertificate.pem("host.example.org", NOW));
  }

  /** The clock of a file system is coarser than a test. */
  private void write(String text) throws IOException {
    Files.writeString(file, text);
    Files.setLastModifiedTime(file, FileTime.from(NOW.plusSeconds(++writes)));
  }

  private Config config() throws StartFailure {
    return new Given(directory)
        .flag("state-dir", directory.toString())
        .flag("cert", file.toString())
        .load();
  }

  @Test
  void filesAreTakenWhenTheyHaveChangedAndRest() throws Exception {
    StateDirectory state = StateDirectory.open(config());
    NodeTls tls = NodeTls.open(config(), state);
    try (var certificates = new NodeCertificates(tls, config(), state)) {
      X509Certificate first = tls.leaf();
      certificates.tick();
      certificates.tick();
      assertEquals(first, tls.leaf());
      write("half of");
      certificates.tick();
      write(SelfSignedCertificate.pem("host.example.org", NOW));
      certificates.tick();
      assertEquals(first, tls.leaf(), "it may be written yet");
      certificates.tick();
      assertNotEquals(first, tls.leaf());
    }
  }

  @Test
  void whatIsNoCertificateLeavesTheFormerOne() throws Exception {
    StateDirectory state = StateDirectory.open(config());
    NodeTls tls = NodeTls.open(config(), state);
    try (var certificates = new NodeCertificates(tls, config(), state)) {
      X509Certificate first = tls.leaf();
      for (String wrong : new String[] {"no certificate", ""}) {
        write(wrong);
        certificates.tick();
        certificates.tick();
        assertEquals(first, tls.leaf());
      }
      Files.delete(file);
      certificates.tick();
      certificates.tick();
      assertEquals(first, tls.leaf());
      write(SelfSignedCertificate.pem("host.example.org", NOW));
      certificates.tick();
      certificates.tick();
      assertNotEquals(first, tls.leaf());
    }
  }

  /** What a reload has read is not read again. */
  @Test
  void aReloadIsALookAsWell() throws Exception {
    StateDirectory state = StateDirectory.open(config());
    NodeTls tls = NodeTls.open(config(), state);
    try (var certificates = new NodeCertificates(tls, config(), state)) {
      write(SelfSignedCertificate.pem("host.example.org", NOW));
      certificates.reload(config());
      X509Certificate reloaded = tls.leaf();
      certificates.tick();
      certificates.tick();
      assertEquals(reloaded, tls.leaf());
    }
  }
}

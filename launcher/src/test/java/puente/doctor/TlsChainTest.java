package puente.doctor;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.security.KeyPair;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;
import puente.doctor.Finding.Verdict;

/** What is wrong with a certificate is found, and said in a way that helps. */
class TlsChainTest {
  private static final Instant NOW = Instant.now();
  private static final Instant BEGIN = NOW.minus(Duration.ofDays(1));

  private final TestCertificateAuthority authority = new TestCertificateAuthority();
  private final KeyPair keys = TestCertificateAuthority.newKeys();

  private X509Certificate issue(int fromDays, int toDays, String... names) {
    return authority.issue(
        keys.getPublic(),
        List.of(names),
        BEGIN.plus(Duration.ofDays(fromDays)),
        NOW.plus(Duration.ofDays(toDays)));
  }

  private Finding judge(String host, X509Certificate leaf, X509Certificate... roots) {
    return new TlsChain(host, NOW, List.of(roots)).judge(List.of(leaf), "tls chain");
  }

  @Test
  void aGoodOneIsGood() {
    X509Certificate leaf = issue(0, 60, "turn.example.org", "*.example.net", "192.0.2.7");
    for (String host : List.of("turn.example.org", "a.example.net", "192.0.2.7")) {
      assertEquals(Verdict.GOOD, judge(host, leaf, authority.root()).verdict(), host);
    }
  }

  @Test
  void eachFaultIsSaid() {
    X509Certificate root = authority.root();
    String host = "turn.example.org";
    said(Verdict.PROBLEM, "expired", judge(host, issue(-9, -1, host), root));
    said(Verdict.PROBLEM, "begins", judge(host, issue(9, 60, host), root));
    said(Verdict.PROBLEM, "not for turn.example.org", judge(host, issue(0, 60, "b.org"), root));
    said(Verdict.PROBLEM, "not for a.b.c.org", judge("a.b.c.org", issue(0, 60, "*.c.org"), root));
    said(Verdict.PROBLEM, "no root", judge(host, issue(0, 60, host)));
    said(Verdict.WARNING, "expires in 5 days", judge(host, issue(0, 6, host), root));
  }

  private static void said(Verdict verdict, String words, Finding found) {
    assertEquals(verdict, found.verdict(), found::toString);
    assertTrue(found.detail().contains(words), found::toString);
    assertTrue(!found.fix().isEmpty(), found::toString);
  }
}

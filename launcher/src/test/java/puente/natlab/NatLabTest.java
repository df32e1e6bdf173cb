package puente.natlab;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import puente.chaos.Laboratory;

/** The peers' commands behind a few pairs of NATs; all pairs: {@code ./puente natlab}. */
@Tag("e2e")
class NatLabTest {
  private record Pair(Nat one, Nat other) {}

  private static @Nullable NatLab lab;

  @BeforeAll
  static void build() {
    List<String> missing = Laboratory.missing();
    assumeTrue(missing.isEmpty(), () -> "a laboratory needs " + String.join(", ", missing));
    System.setProperty("puente.natlab.megabytes", "10");
    lab = NatLab.start(Path.of("target", "natlab"), 3);
  }

  @AfterAll
  static void remove() {
    if (lab != null) {
      lab.close();
    }
  }

  private static NatLab lab() {
    return Objects.requireNonNull(lab);
  }

  @Test
  void pairsConnectAsTheirNatsAllow() {
    for (Pair pair :
        List.of(
            new Pair(Nat.FULL_CONE, Nat.SYMMETRIC),
            new Pair(Nat.PORT_RESTRICTED, Nat.PORT_RESTRICTED),
            new Pair(Nat.SYMMETRIC, Nat.SYMMETRIC),
            new Pair(Nat.DUAL_SYMMETRIC, Nat.DUAL_SYMMETRIC))) {
      lab().nat(1, pair.one);
      lab().nat(2, pair.other);
      boolean opens = Nat.opens(pair.one, pair.other);
      Trial.Outcome punched = Trial.PUNCH.run(lab(), Nat.path(pair.one, pair.other));
      assertTrue(punched.isGood(), punched::said);
      assertEquals(opens ? "direct UDP" : "none", punched.path(), punched::said);
    }
    tries(new Pair(Nat.PORT_RESTRICTED, Nat.ADDRESS_RESTRICTED), Trial.CHAT, Trial.SWITCH);
    tries(new Pair(Nat.FULL_CONE, Nat.PORT_RESTRICTED), Trial.VANISH);
    tries(new Pair(Nat.PORT_RESTRICTED, Nat.BLOCKED), Trial.SEND);
    tries(new Pair(Nat.SYMMETRIC, Nat.BLOCKED), Trial.SEND);
    tries(new Pair(Nat.PORT_RESTRICTED, Nat.TLS_ONLY), Trial.SEND);
    tries(new Pair(Nat.IPV6, Nat.IPV6), Trial.SEND);
    tries(new Pair(Nat.PORT_RESTRICTED, Nat.IPV6), Trial.SEND);
  }

  /** RFC 6887 §11: with a port of the router's, two symmetric NATs end on a direct path. */
  @Test
  void aRouterThatLendsPortsIsAsked() {
    assumeTrue(NatLab.canLend(), "a router that lends ports needs miniupnpd");
    lab().nat(1, Nat.SYMMETRIC);
    lab().nat(2, Nat.SYMMETRIC);
    Trial.Outcome outcome = Trial.PCP.run(lab(), Nat.path(Nat.SYMMETRIC, Nat.SYMMETRIC));
    assertTrue(outcome.isGood(), outcome::said);
    assertTrue(outcome.path().endsWith("direct UDP"), outcome::said);
  }

  /** RFC 5780 §4.3, §4.4: what a NAT does can be told from behind it. */
  @Test
  void natsAreKnownForWhatTheyAre() {
    try (LabProgram ana = lab().puente(1, "chat", "alone", "--name", "ana")) {
      ana.await("in alone with", Trial.PATIENCE);
      for (Nat nat : Nat.values()) {
        if (nat.hasIpv6() && nat != Nat.DUAL_SYMMETRIC) {
          continue; // nothing that this one is not
        }
        lab().nat(1, nat);
        boolean isKnown = false;
        for (int attempt = 1; attempt <= 3 && !isKnown; attempt++) { // a late answer is none
          int before = ana.count();
          ana.type("/nat");
          String line = ana.await("your NAT: ", Trial.PATIENCE, before);
          isKnown =
              line.contains("your NAT: " + nat.said())
                  && nat.hasIpv6() == line.contains("; with IPv6 none, but a firewall");
        }
        assertTrue(isKnown, () -> nat + "\n" + ana.all());
      }
    }
  }

  @Test
  void receiversServeEachOther() {
    SwarmTrial.Outcome outcome =
        new SwarmTrial(lab(), SwarmTrial.NATS.subList(0, 3), 6, 20).together();
    assertTrue(outcome.isGood(), outcome::said);
    assertTrue(outcome.served().stream().noneMatch("nothing"::equals), outcome::said);
  }

  private static void tries(Pair pair, Trial... trials) {
    lab().nat(1, pair.one);
    lab().nat(2, pair.other);
    String path = Nat.path(pair.one, pair.other);
    for (Trial trial : trials) {
      Trial.Outcome outcome = trial.run(lab(), path);
      assertTrue(outcome.isGood(), outcome::said);
      assertTrue(outcome.path().contains(path), outcome::said);
    }
  }
}

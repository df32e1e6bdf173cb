package puente.turn;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static puente.turn.Client.refused;
import static puente.turn.Client.silence;
import static puente.turn.Sent.allocate;
import static puente.turn.Sent.createPermission;
import static puente.turn.Sent.refresh;

import java.util.List;
import org.junit.jupiter.api.Test;
import puente.stun.AttributeType;
import puente.stun.IntegrityKey;
import puente.stun.PasswordAlgorithm;
import puente.stun.Transport;
import puente.turn.store.Accounts;
import puente.turn.store.Accounts.Failed;
import puente.turn.store.Accounts.Known;
import puente.turn.store.Accounts.Terms;

/** Users that only others know: requests wait for the answer, and nothing else does. */
class AccountsTest {

  private static final long AGE_MS = 30_000;

  private Lab lab =
      new Lab(
          Lab.config()
              .elsewhere(AGE_MS, false)
              .limits(Limits.STANDARD.withUnauthorized(0, 0))
              .build());
  private final Client iris = lab.client("192.0.2.7:4000");

  private static Known known(String name, String password) {
    return known(name, password, Terms.NONE);
  }

  private static Known known(String name, String password, Terms terms) {
    return new Known(
        IntegrityKey.longTerm(PasswordAlgorithm.MD5, name, Lab.REALM, password), null, terms);
  }

  /** The answer is sealed with the key that was told; what follows needs nobody. */
  @Test
  void aUserOfOthersAllocates() {
    iris.as("iris", "lirio").sends(allocate()).then(silence());
    var question = lab.others(known("iris", "lirio"));
    assertEquals("iris", question.name());
    assertEquals(Lab.REALM, question.realm());
    Reply reply = iris.next();
    assertTrue(iris.trusts(reply));
    assertTrue(reply.has(AttributeType.XOR_RELAYED_ADDRESS));
    iris.sends(createPermission("192.0.2.9:1")).succeeds();
    iris.sends(refresh()).succeeds();
    assertEquals(0, lab.asked.size());
    assertEquals(3, lab.counters.total(Counter.DIRECTORY_ACCEPTED));
    iris.sends(refresh().lifetime(0)).succeeds();
    lab.assertEmpty();
  }

  /** RFC 8489 §6.3.1: a retransmission is one request, however long the first copy waits. */
  @Test
  void aRetransmissionAsksOnce() {
    iris.as("iris", "lirio").sends(allocate()).then(silence());
    iris.retransmits().then(silence());
    assertEquals(1, lab.asked.size());
    lab.others(known("iris", "lirio"));
    iris.next();
    iris.receivesNothing();
    assertEquals(1, lab.server.allocations());
  }

  /** Whom nobody knows, and who knows no password, get the same answer. */
  @Test
  void whoCannotProveItIsUnauthorized() {
    iris.as("iris", "x").sends(allocate());
    lab.others(known("iris", "lirio"));
    int wrong = iris.next().raw.length;
    iris.sends(allocate());
    lab.others(Failed.UNKNOWN);
    Reply unknown = iris.next();
    assertEquals(401, unknown.code());
    assertEquals(wrong, unknown.raw.length);
    assertEquals(2, lab.counters.total(Counter.DIRECTORY_REFUSED));
    lab.assertEmpty();
  }

  /** The configuration's own users and secrets are asked first, and the configuration decides. */
  @Test
  void theConfigurationComesFirst() {
    iris.as("ana", "secreto").sends(allocate()).succeeds();
    lab.client("192.0.2.7:1").as("ana", "x").sends(allocate()).refused(401);
    assertEquals(0, lab.asked.size());
    // A name of digits only might be ephemeral, and is a user of others.
    Client digits = lab.client("192.0.2.7:2").as("491511234567", "clave");
    digits.sends(allocate()).then(silence());
    lab.others(known("491511234567", "clave"));
    assertTrue(digits.trusts(digits.next()));
  }

  /** Whom no nonce of ours has reached makes nobody work (a forged source, §9.2.4). */
  @Test
  void withoutANonceNobodyIsAsked() {
    iris.as("iris", "lirio");
    iris.nonce = "obMatJos2AAAAnothing".getBytes();
    iris.sends(allocate()).refused(438);
    assertEquals(0, lab.asked.size());
  }

  /** A dead database: who is new waits for better days, what is there goes on. */
  @Test
  void whatIsThereGoesOnWithoutOthers() {
    iris.as("iris", "lirio").sends(allocate());
    lab.others(known("iris", "lirio"));
    iris.next();
    lab.passes(AGE_MS);
    iris.sends(refresh()).then(silence());
    lab.others(Failed.DOWN);
    assertTrue(iris.trusts(iris.next()));
    iris.sends(refresh()).then(silence());
    lab.others(Failed.BUSY);
    assertTrue(iris.trusts(iris.next()));
    lab.server.reconfigure(Lab.config().elsewhere(AGE_MS, false).build());
    iris.sends(refresh()).then(silence());
    lab.others(Failed.DOWN);
    assertTrue(iris.trusts(iris.next()));

    Client late = lab.client("192.0.2.7:1").as("iris", "lirio");
    late.sends(allocate());
    lab.others(Failed.DOWN);
    assertEquals(500, late.next().code());
    late.sends(allocate());
    lab.others(Failed.BUSY);
    late.receivesNothing();
    assertEquals(1, lab.counters.total(Counter.LOOKUP_BUSY));
  }

  /** A user that is gone, or has another password, is so after the stated age. */
  @Test
  void whatOthersSaidGetsOld() {
    iris.as("iris", "lirio").sends(allocate());
    lab.others(known("iris", "lirio"));
    iris.next();
    lab.passes(AGE_MS - 1);
    iris.sends(refresh()).succeeds();
    lab.passes(1);
    iris.sends(refresh());
    lab.others(Failed.UNKNOWN);
    assertEquals(401, iris.next().code());
  }

  /** Whoever is served is asked for again, too, without a word of the client. */
  @Test
  void whoIsServedIsDoubtedInTime() {
    lab.client("192.0.2.7:1").as("ana", "secreto").allocates();
    lab.server.forEachAllocation(own -> assertNull(own.doubt(Long.MAX_VALUE)));
    iris.as("iris", "lirio").sends(allocate());
    lab.others(known("iris", "lirio"));
    iris.next();
    Allocation allocation = lab.server.allocationOf(iris.tuple);
    assertNotNull(allocation);
    assertNull(allocation.doubt(lab.now));
    lab.passes(AGE_MS);
    Accounts.Question doubt = allocation.doubt(lab.now);
    assertEquals(Accounts.Question.again(Lab.REALM, "iris", iris.tuple), doubt);
    for (Failed silence : List.of(Failed.DOWN, Failed.BUSY)) {
      assertTrue(allocation.holds(silence, lab.now));
      assertEquals(doubt, allocation.doubt(lab.now));
    }
    assertTrue(allocation.holds(known("iris", "lirio"), lab.now));
    assertNull(allocation.doubt(lab.now));
    // What was said so counts for the client's own requests as well.
    iris.sends(refresh()).succeeds();
    assertFalse(allocation.holds(known("iris", "rosa"), lab.now));
    assertFalse(allocation.holds(Failed.UNKNOWN, lab.now));
  }

  /** Others may set limits for one user; a longer lifetime than allowed is none of them. */
  @Test
  void othersSetLimits() {
    Terms terms = new Terms(1, 1000, 120);
    iris.as("iris", "lirio").sends(allocate());
    lab.others(known("iris", "lirio", terms));
    Reply reply = iris.next();
    assertEquals(120, reply.message.i32At(reply.message.find(AttributeType.LIFETIME)));
    reply = iris.sends(refresh().lifetime(3600)).succeeds();
    assertEquals(120, reply.message.i32At(reply.message.find(AttributeType.LIFETIME)));
    lab.server.forEachAllocation(
        allocation -> assertTrue(allocation.up != null && allocation.down != null));

    Client second = lab.client("192.0.2.7:1").as("iris", "lirio");
    second.sends(allocate());
    lab.others(known("iris", "lirio", terms));
    assertEquals(486, second.next().code());
    lab.passes(AGE_MS);
    iris.sends(refresh());
    lab.others(known("iris", "lirio"));
    iris.next();
    lab.server.forEachAllocation(allocation -> assertEquals(null, allocation.up));
  }

  /** An invented name costs as much as a 401, over TCP as well; whoever is known gets it back. */
  @Test
  void inventedNamesAreLimited() {
    lab =
        new Lab(
            Lab.config()
                .elsewhere(AGE_MS, false)
                .limits(Limits.STANDARD.withUnauthorized(1, 3))
                .build());
    Client crowd = lab.client(Transport.TCP, "192.0.2.7:1").as("iris", "lirio");
    for (int i = 0; i < 20; i++) {
      crowd.sends(allocate());
      lab.others(known("iris", "lirio"));
      crowd.next();
      crowd.sends(refresh().lifetime(0)).succeeds();
    }
    int asked = 0;
    for (int i = 0; i < 20; i++) {
      crowd.as("nobody" + i, "x").sends(allocate());
      if (!lab.asked.isEmpty()) {
        asked++;
        lab.others(Failed.UNKNOWN);
        assertEquals(401, crowd.next().code());
      }
    }
    assertEquals(3, asked);
    assertEquals(17, lab.counters.total(Counter.RATE_LIMITED));
  }

  /** What waits is bounded; and what waits for a closed connection waits no more. */
  @Test
  void whatWaitsIsBounded() {
    Client gone = lab.client(Transport.TCP, "192.0.2.8:1").as("iris", "lirio");
    gone.sends(allocate());
    lab.server.onClosed(gone.tuple, lab.now, lab);
    lab.others(known("iris", "lirio"));
    gone.receivesNothing();
    lab.assertEmpty();
    for (int i = 0; i < 1100; i++) {
      lab.client("192.0.2.7:" + (5000 + i)).as("iris", "lirio").sends(allocate());
    }
    assertEquals(1024, lab.asked.size());
    assertEquals(76, lab.counters.total(Counter.LOOKUP_BUSY));
    lab.passes(30_000);
    lab.client("192.0.2.7:4000").as("iris", "lirio").sends(allocate());
    assertEquals(1025, lab.asked.size());
  }

  /** RFC 8489 §9.2.1: only what all have a key for is offered. */
  @Test
  void sha256IsOfferedWhereAllHaveIt() {
    Reply challenge = iris.sends(allocate()).refused(401);
    byte[] md5 = {0, 1, 0, 0};
    assertEquals(new String(md5), new String(challenge.bytes(AttributeType.PASSWORD_ALGORITHMS)));
    lab = new Lab(Lab.config().elsewhere(AGE_MS, true).build());
    Client modern = lab.client("192.0.2.7:1").as("iris", "lirio").with(PasswordAlgorithm.SHA_256);
    modern.sends(allocate());
    lab.others(
        new Known(
            null,
            IntegrityKey.longTerm(PasswordAlgorithm.SHA_256, "iris", Lab.REALM, "lirio"),
            Terms.NONE));
    assertTrue(modern.trusts(modern.next()));
    Client old = lab.client("192.0.2.7:2").as("iris", "lirio");
    old.sends(allocate());
    lab.others(new Known(null, IntegrityKey.of(new byte[32]), Terms.NONE));
    old.next();
    assertFalse(old.hasMail());
  }

  /** A revoked ephemeral name is refused, whatever others would say. */
  @Test
  void theRevokedStayOut() {
    String name = (lab.now / 1000 + 600) + ":iris";
    lab.server.reconfigure(
        Lab.config()
            .elsewhere(AGE_MS, false)
            .credentials(
                Credentials.ofRealm(Lab.REALM)
                    .withSecret("north")
                    .withRevoked(java.util.Set.of(name)))
            .build());
    iris.as(name, Credentials.ephemeralPassword("north", name));
    iris.sends(allocate()).then(refused(401));
    assertEquals(0, lab.asked.size());
  }
}

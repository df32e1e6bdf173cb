package puente.turn;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static puente.turn.Client.refused;
import static puente.turn.Sent.allocate;
import static puente.turn.Sent.createPermission;
import static puente.turn.Sent.refresh;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import puente.stun.AttributeType;
import puente.stun.Integrity;
import puente.stun.IntegrityKey;
import puente.stun.Method;
import puente.stun.Nonce;
import puente.stun.PasswordAlgorithm;
import puente.stun.Transport;
import puente.turn.store.LocalStore;

/** RFC 8489 §9.2 and RFC 8656 §5: who may do what. */
class AuthenticationTest {

  private static final Method[] REQUESTS = {
    Method.ALLOCATE, Method.REFRESH, Method.CREATE_PERMISSION, Method.CHANNEL_BIND
  };

  private final Lab lab =
      new Lab(Lab.config().limits(Limits.STANDARD.withUnauthorized(0, 0)).build());
  private final Client ana = lab.client("192.0.2.7:4000");

  /** RFC 8489 §9.2.4, §14.9, first check: every method, and nothing is learnt from the answer. */
  @Test
  void everyMethodIsChallenged() {
    for (Method method : REQUESTS) {
      Reply reply = ana.sends(Sent.request(method)).refused(401);
      assertTrue(reply.has(AttributeType.NONCE));
      assertTrue(reply.has(AttributeType.REALM));
      assertTrue(reply.has(AttributeType.PASSWORD_ALGORITHMS));
      assertFalse(reply.has(AttributeType.SOFTWARE));
    }
  }

  /** §9.2.4: successes and refusals of an authenticated request are sealed alike. */
  @Test
  void answersAreSealed() {
    ana.as("ana", "secreto");
    assertTrue(ana.trusts(ana.sends(allocate()).succeeds()));
    assertTrue(ana.trusts(ana.sends(allocate()).refused(437)));
    assertTrue(ana.trusts(ana.sends(createPermission()).refused(400)));
    assertTrue(ana.trusts(ana.sends(createPermission("127.0.0.1:1")).refused(403)));
    assertTrue(
        ana.trusts(ana.sends(refresh().bytes(AttributeType.PRIORITY, (byte) 0)).refused(420)));
    assertTrue(ana.trusts(ana.sends(refresh().lifetime(0)).succeeds()));
    assertTrue(ana.trusts(ana.sends(refresh()).refused(437)));
  }

  /** §9.2.4, second check: integrity without what it is made with. */
  @Test
  void incompleteCredentialsAreBad() {
    ana.as("ana", "secreto");
    Integrity integrity = new Integrity();
    for (AttributeType missing :
        new AttributeType[] {AttributeType.USERNAME, AttributeType.REALM, AttributeType.NONCE}) {
      Reply reply =
          ana.sends(
                  allocate(),
                  b -> {
                    if (missing != AttributeType.USERNAME) {
                      b.bytes(AttributeType.USERNAME, "ana".getBytes());
                    }
                    if (missing != AttributeType.REALM) {
                      b.bytes(AttributeType.REALM, ana.realm);
                    }
                    if (missing != AttributeType.NONCE) {
                      b.bytes(AttributeType.NONCE, ana.nonce);
                    }
                    b.integrity(integrity.hmacSha1(ana.key()));
                  })
              .refused(400);
      assertFalse(reply.has(AttributeType.NONCE));
      assertFalse(reply.has(AttributeType.MESSAGE_INTEGRITY));
    }
  }

  /** §9.2.4: unknown user, wrong password, other realm: one answer for all. */
  @Test
  void whoCannotProveItIsUnauthorized() {
    byte[] unknownUser =
        lab.client("192.0.2.7:1").as("nobody", "x").sends(allocate()).refused(401).raw;
    byte[] wrongPassword =
        lab.client("192.0.2.7:2").as("ana", "x").sends(allocate()).refused(401).raw;
    assertEquals(unknownUser.length, wrongPassword.length);

    ana.as("ana", "secreto");
    ana.realm = "elsewhere.org".getBytes();
    Reply reply = ana.sends(allocate()).refused(401);
    assertEquals(Lab.REALM, new String(reply.bytes(AttributeType.REALM)));
    lab.assertEmpty();
  }

  /** §14.5: every bit of a sealed request matters. */
  @Test
  void tamperedRequestsAreRefused() {
    ana.as("ana", "secreto");
    ana.sends(refresh().lifetime(600)).then(refused(437));
    byte[] good = ana.lastBytes();
    for (int i = 24; i < good.length; i++) {
      byte[] bad = good.clone();
      bad[i] ^= 0x10;
      ana.sendsBytes(bad);
      if (ana.hasMail()) {
        int code = ana.next().code();
        assertTrue(code == 401 || code == 400 || code == 438, "byte " + i + " gave " + code);
      }
    }
    lab.assertEmpty();
  }

  /** §14.5: what stands behind the integrity does not exist. */
  @Test
  void attributesBehindTheIntegrityAreIgnored() {
    ana.as("ana", "secreto").allocates();
    Reply reply =
        ana.sends(
                refresh(),
                b -> {
                  ana.seal(b);
                  b.i32(AttributeType.LIFETIME, 0).i32(AttributeType.PRIORITY, 0);
                })
            .succeeds();
    assertEquals(600, reply.lifetime());
    assertEquals(1, lab.server.allocations());
  }

  /** §9.2.4, last check: a nonce that is not ours, or another client's, or too old. */
  @Test
  void nonceMustBeOursAndFresh() {
    ana.as("ana", "secreto");
    byte[] good = ana.nonce;
    Random random = new Random(5);
    for (int i = 0; i < 40; i++) {
      ana.nonce = good.clone();
      ana.nonce[13 + random.nextInt(19)] ^= (byte) (1 + random.nextInt(7));
      Reply reply = ana.sends(allocate()).refused(438);
      assertTrue(reply.has(AttributeType.NONCE) && reply.has(AttributeType.REALM));
    }
    for (byte[] forged : new byte[][] {{}, {1}, new byte[13], new byte[128], "nonce".getBytes()}) {
      ana.nonce = forged;
      ana.sends(allocate()).then(refused(438));
    }
    Client other = lab.client("192.0.2.7:4001").as("ana", "secreto");
    ana.nonce = other.nonce;
    ana.sends(allocate()).then(refused(438));

    ana.nonce = good;
    ana.allocates();
    lab.passesSeconds(601);
    Reply stale = ana.sends(refresh()).refused(438);
    ana.learn(stale);
    assertNotEquals(new String(good), new String(ana.nonce));
  }

  /** §9.2.4: a captured request is worth nothing from elsewhere. */
  @Test
  void aReplayFromElsewhereIsRefused() {
    ana.as("ana", "secreto").allocates();
    Client thief = lab.client("192.0.2.66:6666");
    thief.sendsBytes(ana.lastBytes());
    assertEquals(438, thief.next().code());
    assertEquals(1, lab.server.allocations());
  }

  /** RFC 8656 §5: another user on the allocation, 441; and nothing has changed. */
  @Test
  void anotherUserMayNotDriveAnAllocation() {
    ana.as("ana", "secreto").allocates();
    Client eva = lab.client("192.0.2.7:4000").as("eva", "oculto");
    Reply reply = eva.sends(refresh().lifetime(0)).refused(441);
    assertTrue(eva.trusts(reply));
    eva.sends(createPermission("192.0.2.200:1")).then(refused(441));
    assertEquals(0, lab.counters.permissions());
    ana.sends(refresh()).succeeds();
  }

  /** RFC 8489 §9.2.4, §14.11, §14.12: SHA-256 for the password, and for the integrity both ways. */
  @Test
  void sha256IsSpoken() {
    ana.as("ana", "secreto").with(PasswordAlgorithm.SHA_256);
    Reply reply = ana.sends(allocate()).succeeds();
    assertTrue(ana.trusts(reply));
    assertFalse(reply.has(AttributeType.MESSAGE_INTEGRITY));
    assertTrue(ana.trusts(ana.sends(allocate()).refused(437)));
    ana.sends(refresh().lifetime(0)).succeeds();
    Client md5 = lab.client("192.0.2.7:4001").as("ana", "secreto").with(PasswordAlgorithm.MD5);
    assertTrue(md5.trusts(md5.sends(allocate()).succeeds()));
  }

  /** RFC 8489 §9.2.1, §9.2.4, §14.11: a list of algorithms that was tampered with is found out. */
  @Test
  void bidDownIsFoundOut() {
    ana.as("ana", "secreto");
    Integrity integrity = new Integrity();
    byte[] onlyMd5 = {0, 1, 0, 0};
    ana.sends(
            allocate(),
            b -> {
              b.bytes(AttributeType.USERNAME, "ana".getBytes())
                  .bytes(AttributeType.REALM, ana.realm)
                  .bytes(AttributeType.NONCE, ana.nonce)
                  .bytes(AttributeType.PASSWORD_ALGORITHMS, onlyMd5)
                  .i32(AttributeType.PASSWORD_ALGORITHM, 1 << 16)
                  .integrity(integrity.hmacSha1(ana.key()));
            })
        .refused(400);
    ana.sends(
            allocate(),
            b -> {
              b.bytes(AttributeType.USERNAME, "ana".getBytes())
                  .bytes(AttributeType.REALM, ana.realm)
                  .bytes(AttributeType.NONCE, ana.nonce)
                  .i32(AttributeType.PASSWORD_ALGORITHM, 1 << 16)
                  .integrity(integrity.hmacSha1(ana.key()));
            })
        .refused(400);
    // The bit that was to be protected taken out of the nonce: not our nonce any more.
    ana.nonce = new String(ana.nonce).replaceFirst("obMatJos2....", "obMatJos2AAAA").getBytes();
    ana.sends(allocate()).then(refused(438));
  }

  /** RFC 8489 §9.2.4, §14.4: users of the configuration may hide their names, where that can be offered. */
  @Test
  void userhashStandsForAUser() {
    Credentials users = Credentials.ofRealm(Lab.REALM).withUser("ana", "secreto");
    Lab named = new Lab(Lab.config().credentials(users).build());
    Client hidden = named.client("192.0.2.7:1").as("ana", "secreto").hashed();
    int features = Nonce.features(hidden.nonce, 0, hidden.nonce.length);
    assertEquals(Nonce.PASSWORD_ALGORITHMS | Nonce.USERNAME_ANONYMITY, features);
    hidden.allocates();
    hidden.sends(refresh()).succeeds();
    named.client("192.0.2.7:2").as("nobody", "x").hashed().sends(allocate()).then(refused(401));

    ana.as("ana", "secreto");
    assertEquals(Nonce.PASSWORD_ALGORITHMS, Nonce.features(ana.nonce, 0, ana.nonce.length));
  }

  /** Ephemeral credentials under either of two secrets, beside the users of the configuration. */
  @Test
  void ephemeralCredentialsAreTaken() {
    String name = lab.now / 1000 + 3600 + ":ana";
    for (String secret : new String[] {"north", "south"}) {
      Client each = lab.client("192.0.2.8:" + secret.hashCode() % 1000 + 2000);
      each.as(name, Credentials.ephemeralPassword(secret, name)).allocates();
      each.sends(refresh().lifetime(0)).succeeds();
    }
    ana.as(name, Credentials.ephemeralPassword("west", name)).sends(allocate()).then(refused(401));
    assertEquals(1, lab.counters.total(Counter.REST_REFUSED));
    String bare = String.valueOf(lab.now / 1000 + 3600);
    ana.as(bare, Credentials.ephemeralPassword("north", bare)).allocates();
  }

  /** The expiry is read strictly. */
  @Test
  void oddExpiriesAreRefused() {
    long past = lab.now / 1000 - 1;
    for (String expiry :
        new String[] {
          "" + past,
          "0",
          "-1",
          "+9999999999",
          " 9999999999",
          "9999999999 ",
          "0x7fffffff",
          "99999999999999999999999",
          "18446744073709551616",
          "09999999999",
          "9999999999.0",
          "1e12",
          "٩٩٩٩٩٩٩٩٩٩"
        }) {
      String name = expiry + ":ana";
      Client each = lab.client("192.0.2.9:4000");
      each.as(name, Credentials.ephemeralPassword("north", name));
      each.sends(allocate()).then(refused(401));
    }
    lab.assertEmpty();
  }

  /** A quota is the person's, not each credential's. */
  @Test
  void quotasCountThePersonBehindTheExpiry() {
    Lab guarded = new Lab(Lab.config().build(), new LocalStore.Quotas(1, 0, 0, 0));
    String one = guarded.now / 1000 + 100 + ":ana";
    String two = guarded.now / 1000 + 200 + ":ana";
    guarded.client("192.0.2.7:1").as(one, Credentials.ephemeralPassword("north", one)).allocates();
    Client second =
        guarded.client("192.0.2.7:2").as(two, Credentials.ephemeralPassword("north", two));
    second.sends(allocate()).then(refused(486));
    assertEquals(1, guarded.counters.total(Counter.QUOTA_USER));
  }

  /** Without strict-expiry an allocation outlives its credential, and only its own. */
  @Test
  void anAllocationOutlivesItsCredential() {
    String name = lab.now / 1000 + 100 + ":ana";
    ana.as(name, Credentials.ephemeralPassword("north", name)).allocates();
    lab.passesSeconds(200);
    ana.sends(refresh()).succeeds();
    Client late = lab.client("192.0.2.7:4001");
    late.as(name, Credentials.ephemeralPassword("north", name));
    late.sends(allocate()).then(refused(401));
    lab.server.reconfigure(Lab.config().build());
    ana.sends(refresh()).succeeds();
  }

  /** strict-expiry ends the allocation with the credential. */
  @Test
  void strictExpiryEndsTheAllocation() {
    Lab strict = new Lab(Lab.config().strictExpiry(true).build());
    String name = strict.now / 1000 + 100 + ":ana";
    Client one =
        strict.client("192.0.2.7:1").as(name, Credentials.ephemeralPassword("north", name));
    assertEquals(100, one.sends(allocate()).succeeds().lifetime());
    strict.passesSeconds(40);
    assertEquals(60, one.sends(refresh().lifetime(3600)).succeeds().lifetime());
    strict.passesSeconds(60);
    strict.assertEmpty();
  }

  /** Who is taken out of the configuration loses all at once; whoever else is there does not. */
  @Test
  void removedUsersLoseTheirAllocations() {
    ana.as("ana", "secreto").allocates();
    lab.client("192.0.2.8:1").as("eva", "oculto").allocates();
    Credentials others = Credentials.ofRealm(Lab.REALM).withUser("eva", "oculto");
    lab.server.reconfigure(Lab.config().credentials(others).build());
    lab.passes(1);
    assertEquals(1, lab.server.allocations());
    ana.learn(ana.sends(refresh(), b -> {}).refused(401));
    ana.sends(refresh()).then(refused(401));
    lab.server.reconfigure(Lab.config().build());
    assertEquals(1, lab.server.allocations());
  }

  /** A user may be given by the digest of the password: MD5 or SHA-256. */
  @Test
  void digestsStandForPasswords() {
    byte[] md5 = IntegrityKey.longTerm(PasswordAlgorithm.MD5, "ana", Lab.REALM, "secreto").bytes();
    byte[] sha =
        IntegrityKey.longTerm(PasswordAlgorithm.SHA_256, "ana", Lab.REALM, "secreto").bytes();
    Credentials byMd5 = Credentials.ofRealm(Lab.REALM).withKeys(Map.of("ana", md5));
    Reply challenge =
        new Lab(Lab.config().credentials(byMd5).build())
            .client("192.0.2.7:1")
            .sends(allocate())
            .refused(401);
    assertArrayEquals(new byte[] {0, 1, 0, 0}, challenge.bytes(AttributeType.PASSWORD_ALGORITHMS));
    new Lab(Lab.config().credentials(byMd5).build())
        .client("192.0.2.7:1")
        .as("ana", "secreto")
        .allocates();
    Credentials bySha = Credentials.ofRealm(Lab.REALM).withKeys(Map.of("ana", sha));
    new Lab(Lab.config().credentials(bySha).build())
        .client("192.0.2.7:1")
        .as("ana", "secreto")
        .with(PasswordAlgorithm.SHA_256)
        .allocates();
    assertThrows(
        IllegalArgumentException.class,
        () -> Credentials.ofRealm("r").withKeys(Map.of("ana", new byte[20])));
  }

  /** RFC 8489 §14.3: hostile usernames are only names. */
  @Test
  void hostileNamesAreRefused() {
    String[] names = {
      "' OR 1=1 --",
      "${jndi:ldap://x}",
      "a\0b",
      "../../etc",
      "a".repeat(508),
      "%s%n",
      "\r\nx: y",
      ":",
      "1:",
      ":1"
    };
    for (String name : names) {
      lab.client("192.0.2.9:1").as(name, "x").sends(allocate()).then(refused(401));
    }
    lab.client("192.0.2.9:1").as("a".repeat(509), "x").sends(allocate()).then(refused(401));
    lab.client("192.0.2.9:1").as("a".repeat(60_000), "x").sends(allocate()).then(refused(401));
    lab.client("192.0.2.9:1").as("", "x").sends(allocate()).then(refused(401));
    lab.assertEmpty();
  }

  /** Unauthenticated answers over UDP are bounded per source; a login gives its token back. */
  @Test
  void challengesAreRateLimited() {
    Lab limited = new Lab(Lab.config().build());
    int answered = 0;
    for (int i = 0; i < 1000; i++) {
      Client each = limited.client("192.0.2.7:" + (1000 + i));
      each.sends(allocate(), b -> {});
      answered += each.hasMail() ? 1 : 0;
    }
    assertEquals(100, answered);
    assertEquals(900, limited.counters.total(Counter.RATE_LIMITED));
    limited.client("192.0.2.8:1").sends(allocate()).then(refused(401));
    limited.passesSeconds(1);
    for (int i = 0; i < 10; i++) {
      limited.client("192.0.2.7:" + (3000 + i)).sends(allocate()).then(refused(401));
    }
    limited.client("192.0.2.7:1").sends(allocate()).then(Client.silence());
    // Streams cannot be spoofed.
    limited.client(Transport.TCP, "192.0.2.7:1").sends(allocate()).then(refused(401));
  }

  /** A crowd of honest clients behind one NAT gets in, all of them. */
  @Test
  void anHonestCrowdGetsIn() {
    Lab limited = new Lab(Lab.config().build());
    for (int i = 0; i < 1000; i++) {
      limited.client("192.0.2.7:" + (1000 + i)).as("ana", "secreto").allocates();
    }
    assertEquals(0, limited.counters.total(Counter.RATE_LIMITED));
  }

  /** The nonces of such a crowd run out in the same moment, and each of them is told so. */
  @Test
  void anHonestCrowdLearnsThatItsNoncesAreOld() {
    Lab limited = new Lab(Lab.config().build());
    List<Client> crowd = new ArrayList<>();
    for (int i = 0; i < 300; i++) {
      Client each = limited.client("192.0.2.7:" + (1000 + i)).as("ana", "secreto");
      each.allocates();
      each.sends(refresh().lifetime(3000)).succeeds();
      crowd.add(each);
    }
    limited.passesSeconds(601);
    for (Client each : crowd) {
      each.sends(refresh()).then(refused(438));
    }
    assertEquals(0, limited.counters.total(Counter.RATE_LIMITED));
    // Whoever made its nonce up is limited as ever.
    Client forger = crowd.getFirst();
    forger.nonce = new byte[32];
    for (int i = 0; i < 200; i++) {
      forger.sends(refresh());
    }
    assertEquals(100, limited.counters.total(Counter.RATE_LIMITED));
  }

  /** secure-stun: Binding needs a credential, and its answer is sealed. */
  @Test
  void bindingMayNeedACredential() {
    Lab secure = new Lab(Lab.config().secureStun(true).build());
    Client one = secure.client("192.0.2.7:1");
    one.sends(Sent.request(Method.BINDING)).then(refused(401));
    one.as("ana", "secreto");
    Reply reply = one.sends(Sent.request(Method.BINDING)).succeeds();
    assertEquals(one.tuple.client(), reply.mapped());
    assertTrue(one.trusts(reply));
  }

  /** stun-only, no-stun, and Binding without any of it. */
  @Test
  void halvesOfTheServerCanBeOff() {
    assertEquals(ana.tuple.client(), ana.sends(Sent.request(Method.BINDING)).succeeds().mapped());
    Lab stun = new Lab(Lab.config().stunOnly(true).build());
    stun.client("192.0.2.7:1").sends(allocate()).then(Client.silence());
    stun.client("192.0.2.7:1").sends(Sent.request(Method.BINDING)).succeeds();
    Lab turn = new Lab(Lab.config().noStun(true).build());
    turn.client("192.0.2.7:1").sends(Sent.request(Method.BINDING)).then(Client.silence());
    turn.client("192.0.2.7:1").sends(allocate()).then(refused(401));
  }
}

package puente.turn;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static puente.turn.Sent.allocate;
import static puente.turn.Sent.refresh;

import java.nio.charset.StandardCharsets;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.NullUnmarked;
import org.junit.jupiter.api.Test;
import puente.stun.AttributeType;
import puente.stun.PasswordAlgorithm;
import puente.stun.Transport;
import puente.stun.TransportAddress;
import puente.turn.Redirection.Target;
import puente.turn.Redirection.When;

/** RFC 8656 §7.2 step 11 with RFC 8489 §10: 300 Try Alternate, and draining. */
@NullUnmarked
class RedirectTest {

  private static final TransportAddress IPV4 = Lab.address("198.51.100.2:3478");
  private static final TransportAddress IPV6 = Lab.address("[2620:fe::2]:3478");
  private static final TransportAddress SECURE = Lab.address("198.51.100.2:5349");
  private static final List<Target> OTHERS =
      List.of(
          new Target(Transport.UDP, IPV6, null),
          new Target(Transport.UDP, IPV4, null),
          new Target(Transport.TLS, SECURE, "two.example.org"));

  /** RFC 8489 §10, §14.15: the first address is of the client's family. */
  @Test
  void theFirstAddressIsOfTheClientsFamily() {
    Lab lab = redirected(Lab.noAuth().build(), new Redirection(When.ALWAYS, OTHERS));
    Reply reply = lab.client("192.0.2.7:1").sends(allocate()).refused(300);
    int first = reply.message.find(AttributeType.ALTERNATE_SERVER);
    assertEquals(IPV4, reply.message.addressAt(first));
    int second = reply.message.find(AttributeType.ALTERNATE_SERVER, first + 1);
    assertEquals(IPV6, reply.message.addressAt(second));
    lab.assertEmpty();
  }

  /** RFC 8489 §10: a client is sent to a server of its own transport, in turns if there are more. */
  @Test
  void aClientKeepsItsTransportAndServersTakeTurns() {
    TransportAddress third = Lab.address("198.51.100.3:3478");
    Lab lab =
        redirected(
            Lab.noAuth().build(),
            new Redirection(
                When.ALWAYS,
                List.of(
                    new Target(Transport.TCP, IPV4, null),
                    new Target(Transport.TCP, third, null))));
    lab.client(Transport.UDP, "192.0.2.7:1").allocates();
    TransportAddress one = toldTo(lab.client(Transport.TCP, "192.0.2.7:2"));
    TransportAddress two = toldTo(lab.client(Transport.TCP, "192.0.2.7:3"));
    assertFalse(one.equals(two));
    assertTrue(List.of(IPV4, third).containsAll(List.of(one, two)));
  }

  /** RFC 8656 §7.2 step 1 comes before step 11: nobody learns of the others without a credential. */
  @Test
  void onlyAuthenticatedRequestsAreRedirected() {
    Lab lab = redirected(Lab.config().build(), new Redirection(When.DRAINING, OTHERS));
    Client client = lab.client("192.0.2.7:1");
    client.sends(allocate(), nothing -> {}).then(Client.refused(401));
    Reply reply = client.as("ana", "secreto").sends(allocate()).refused(300);
    assertTrue(reply.has(AttributeType.MESSAGE_INTEGRITY));
    assertFalse(reply.has(AttributeType.NONCE));
  }

  /** RFC 8489 §14.16: the name of the other certificate, over TLS and with SHA-256 only. */
  @Test
  void theOtherCertificatesNameIsTold() {
    Lab lab = redirected(Lab.config().build(), new Redirection(When.DRAINING, OTHERS));
    Client modern = lab.client(Transport.TLS, "192.0.2.7:1").as("ana", "secreto");
    Reply reply = modern.with(PasswordAlgorithm.SHA_256).sends(allocate()).refused(300);
    assertArrayEquals(
        "two.example.org".getBytes(StandardCharsets.US_ASCII),
        reply.bytes(AttributeType.ALTERNATE_DOMAIN));
    Client old = lab.client(Transport.TLS, "192.0.2.7:2").as("ana", "secreto");
    assertFalse(old.sends(allocate()).refused(300).has(AttributeType.ALTERNATE_DOMAIN));
  }

  @Test
  void whoDrainsAndKnowsNobodyRefuses() {
    Lab lab = redirected(Lab.noAuth().build(), new Redirection(When.DRAINING, List.of()));
    lab.client("192.0.2.7:1").sends(allocate()).then(Client.refused(508));
    lab.assertEmpty();
  }

  @Test
  void whatExistsGoesOnWhileDraining() {
    Lab lab = new Lab(Lab.noAuth().build());
    Client client = lab.client("192.0.2.7:1");
    client.allocates();
    lab.server.redirect(new Redirection(When.DRAINING, List.of()));
    client.sends(refresh().lifetime(600)).succeeds();
    lab.server.reconfigure(Lab.noAuth().build());
    lab.client("192.0.2.7:2").sends(allocate()).then(Client.refused(508));
    lab.server.redirect(Redirection.NONE);
    lab.client("192.0.2.7:3").allocates();
    assertEquals(2, lab.server.allocations());
  }

  /** A full server sends clients on before it refuses them. */
  @Test
  void aFullServerRedirects() {
    Lab lab =
        redirected(Lab.noAuth().ports(50_000, 50_000).build(), new Redirection(When.FULL, OTHERS));
    lab.client("192.0.2.7:1").allocates();
    assertEquals(IPV4, toldTo(lab.client("192.0.2.7:2")));
    lab.client(Transport.TCP, "192.0.2.7:3").sends(allocate()).then(Client.refused(508));
  }

  /** RFC 8155 §6: after the checks of an Allocate, whatever else is answered as everywhere. */
  @Test
  void whoCameByAnAnycastAddressIsToldOurOwn() {
    TransportAddress own = Lab.address("198.51.100.9:0");
    Map<TransportAddress, TransportAddress> anycast = Map.of(Lab.SERVER.withPort(0), own);
    Lab lab = new Lab(Lab.config().anycast(anycast).build());
    Client client = lab.client("192.0.2.7:1");
    client.sends(allocate()).then(Client.refused(401));
    client.as("ana", "secreto");
    client.sends(allocate().token(1).evenPort(false)).then(Client.refused(400));
    Reply reply = client.sends(allocate()).refused(300);
    assertTrue(reply.has(AttributeType.MESSAGE_INTEGRITY));
    int first = reply.message.find(AttributeType.ALTERNATE_SERVER);
    assertEquals(own.withPort(Lab.SERVER.port()), reply.message.addressAt(first));
    assertEquals(-1, reply.message.find(AttributeType.ALTERNATE_SERVER, first + 1));
    client.sends(refresh()).then(Client.refused(437));
    lab.assertEmpty();
    lab.server.redirect(new Redirection(When.DRAINING, OTHERS));
    assertEquals(IPV4, toldTo(lab.client("192.0.2.7:2").as("ana", "secreto")));
    lab.server.redirect(Redirection.NONE);
    lab.server.reconfigure(Lab.config().build());
    client.allocates();
  }

  /** RFC 8489 §10: nobody is sent to an address of the other family alone. */
  @Test
  void whoseFamilyNobodyHasIsServedHere() {
    List<Target> only = List.of(new Target(Transport.UDP, IPV6, null));
    Lab lab = redirected(Lab.noAuth().build(), new Redirection(When.ALWAYS, only));
    lab.client("192.0.2.7:1").allocates();
    lab.client("[2001:db8::7]:1").sends(allocate()).refused(300);
  }

  /** Servers to fall back on are for whom there is no place here, and no other server. */
  @Test
  void spareServersAreForTheFullServerOnly() {
    TransportAddress other = Lab.address("198.51.100.3:3478");
    List<Target> spare =
        List.of(new Target(Transport.UDP, IPV4, null), new Target(Transport.TCP, other, null));
    Lab lab =
        redirected(
            Lab.noAuth().ports(50_000, 50_000).build(),
            new Redirection(When.ALWAYS, List.of(new Target(Transport.TCP, IPV4, null)), spare));
    lab.client(Transport.UDP, "192.0.2.7:1").allocates();
    assertEquals(IPV4, toldTo(lab.client("192.0.2.7:2")));
    assertEquals(IPV4, toldTo(lab.client(Transport.TCP, "192.0.2.7:3")));
    assertEquals(IPV4, toldTo(lab.client(Transport.TCP, "192.0.2.7:4")));
  }

  /** RFC 8489 §10: clients of the one transport do not take the turns of the other's. */
  @Test
  void eachTransportHasItsOwnTurns() {
    TransportAddress third = Lab.address("198.51.100.3:3478");
    List<Target> both =
        Stream.of(Transport.UDP, Transport.TCP)
            .flatMap(by -> Stream.of(new Target(by, IPV4, null), new Target(by, third, null)))
            .toList();
    Lab lab = redirected(Lab.noAuth().build(), new Redirection(When.ALWAYS, both));
    Set<TransportAddress> told = new HashSet<>();
    for (int port = 1; port <= 2; port++) {
      told.add(toldTo(lab.client(Transport.UDP, "192.0.2.7:" + port)));
      toldTo(lab.client(Transport.TCP, "192.0.2.8:" + port));
    }
    assertEquals(Set.of(IPV4, third), told);
  }

  private static Lab redirected(TurnConfig config, Redirection redirection) {
    Lab lab = new Lab(config);
    lab.server.redirect(redirection);
    return lab;
  }

  private static TransportAddress toldTo(Client client) {
    Reply reply = client.sends(allocate()).refused(300);
    return reply.message.addressAt(reply.message.find(AttributeType.ALTERNATE_SERVER));
  }
}

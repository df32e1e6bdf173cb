package puente.turn;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static puente.turn.Client.refused;
import static puente.turn.Client.silence;
import static puente.turn.Sent.allocate;
import static puente.turn.Sent.refresh;

import java.util.List;
import org.junit.jupiter.api.Test;
import puente.stun.AttributeType;
import puente.stun.Family;
import puente.stun.Method;
import puente.stun.Transport;
import puente.stun.TransportAddress;
import puente.turn.store.LocalStore;

/** RFC 8656 §7: the Allocate request, from the server's side. */
class AllocateTest {

  private final Lab lab = new Lab(Lab.noAuth().build());
  private final Client client = lab.client("192.0.2.7:4000");

  /** RFC 8656 §7.2, §18.5: the success has the relayed address, the lifetime and the client's own address. */
  @Test
  void anAllocationIsMade() {
    Reply reply = client.sends(allocate()).succeeds();

    assertTrue(reply.relayed().sameIp(Lab.RELAY_IPV4.hi(), Lab.RELAY_IPV4.lo()));
    assertTrue(reply.relayed().port() >= 49152);
    assertEquals(600, reply.lifetime());
    assertEquals(client.tuple.client(), reply.mapped());
    assertFalse(reply.has(AttributeType.SOFTWARE));
    assertEquals(1, lab.counters.allocations(Transport.UDP, Family.IPV4));
  }

  /** §7.2 step 1. */
  @Test
  void withoutCredentialsThereIsAChallenge() {
    Lab guarded = new Lab(Lab.config().build());
    Client stranger = guarded.client("192.0.2.7:4000");

    Reply reply = stranger.sends(allocate()).refused(401);

    assertEquals(Lab.REALM, new String(reply.bytes(AttributeType.REALM)));
    assertTrue(new String(reply.bytes(AttributeType.NONCE)).startsWith("obMatJos2"));
    assertFalse(reply.has(AttributeType.MESSAGE_INTEGRITY));
    guarded.assertEmpty();
  }

  /** §7.2 step 2. */
  @Test
  void aSecondAllocationOfAFiveTupleIsRefused() {
    client.allocates();
    client.sends(allocate()).then(refused(437));
  }

  /** RFC 8656 §18.8, §7.2 step 3: missing, malformed, unsupported. */
  @Test
  void theTransportMustBeUdp() {
    client.sends(Sent.request(Method.ALLOCATE)).then(refused(400));
    client
        .sends(Sent.request(Method.ALLOCATE).bytes(AttributeType.REQUESTED_TRANSPORT, (byte) 17))
        .then(refused(400));
    for (int protocol : new int[] {0, 6, 255}) {
      client.sends(Sent.request(Method.ALLOCATE).transport(protocol)).then(refused(442));
    }
    lab.assertEmpty();
  }

  /** RFC 8656 §18.9, §7.2 step 4: supported. */
  @Test
  void dontFragmentIsUnderstood() {
    client.sends(allocate().dontFragment()).succeeds();
  }

  /** §7.2 step 5: beside what the token decides already. */
  @Test
  void aTokenStandsAlone() {
    client.sends(allocate().token(1).evenPort(false)).then(refused(400));
    client.sends(allocate().token(1).family(Family.IPV4)).then(refused(400));
    client.sends(allocate().token(1).additionalFamily(2)).then(refused(400));
    client.sends(allocate().bytes(AttributeType.RESERVATION_TOKEN, (byte) 1)).then(refused(400));
  }

  /** RFC 8656 §18.10, §7.2 step 5: never given, used before, too late. */
  @Test
  void aTokenThatIsNotValidIsRefused() {
    client.sends(allocate().token(1)).then(refused(508));

    long token = client.sends(allocate().evenPort(true)).succeeds().token();
    lab.client("192.0.2.8:1").sends(allocate().token(token)).succeeds();
    lab.client("192.0.2.8:2").sends(allocate().token(token)).then(refused(508));

    long late = lab.client("192.0.2.8:3").sends(allocate().evenPort(true)).succeeds().token();
    lab.passesSeconds(31);
    lab.client("192.0.2.8:4").sends(allocate().token(late)).then(refused(508));
  }

  /** §7.2 step 6. */
  @Test
  void oneKindOfFamilyAtATime() {
    client.sends(allocate().family(Family.IPV4).additionalFamily(2)).then(refused(400));
  }

  /** RFC 8656 §18.6, §7.2 step 7. */
  @Test
  void theFamilyIsTheOneAskedFor() {
    assertEquals(Family.IPV6, client.allocates(allocate().family(Family.IPV6)).family());
    Client other = lab.client("192.0.2.7:4001");
    other.sends(allocate().family(9)).then(refused(440));
    other.sends(allocate().family(0)).then(refused(440));
  }

  /** §7.2 step 7: also where no family is named and there is no IPv4. */
  @Test
  void aFamilyThatWeDoNotHaveIsRefused() {
    Lab only4 = new Lab(Lab.noAuth().relayAddresses(new RelayAddress(Lab.RELAY_IPV4)).build());
    only4.client("192.0.2.7:1").sends(allocate().family(Family.IPV6)).then(refused(440));
    Lab only6 = new Lab(Lab.noAuth().relayAddresses(new RelayAddress(Lab.RELAY_IPV6)).build());
    only6.client("192.0.2.7:1").sends(allocate()).then(refused(440));
  }

  /** RFC 8656 §18.7, §7.2 step 8. */
  @Test
  void anEvenPortIsEven() {
    for (int i = 0; i < 50; i++) {
      Client each = lab.client("192.0.2.9:" + (1000 + i));
      assertEquals(0, each.allocates(allocate().evenPort(false)).port() & 1);
    }
    client.sends(allocate().evenPort(true).additionalFamily(2)).then(refused(400));
  }

  /** §7.2, EVEN-PORT with R: the token gives the next-higher port on the same address. */
  @Test
  void theNextPortIsReserved() {
    Reply first = client.sends(allocate().evenPort(true)).succeeds();
    assertEquals(0, first.relayed().port() & 1);
    assertEquals(1, lab.counters.ports(Counters.PortState.RESERVED));

    Client second = lab.client("192.0.2.8:5000");
    TransportAddress next = second.allocates(allocate().token(first.token()));

    assertEquals(first.relayed().withPort(first.relayed().port() + 1), next);
    assertEquals(0, lab.counters.ports(Counters.PortState.RESERVED));
    second.sends(refresh().lifetime(0)).succeeds();
    client.sends(refresh().lifetime(0)).succeeds();
    lab.assertEmpty();
  }

  /** §7.2: a reservation is the whole server's; the port goes home when it is not used any more. */
  @Test
  void anotherShardMayClaimTheReservation() {
    TurnConfig config = Lab.noAuth().ports(50000, 50007).build();
    LocalStore store = new LocalStore(LocalStore.Quotas.NONE);
    Lab owner = new Lab(config, store, 1, 0, 2);
    Lab claimer = new Lab(config, store, 2, 1, 2);
    Client first = owner.client("192.0.2.7:1");
    Client second = claimer.client("192.0.2.7:2");
    Reply reply = first.sends(allocate().evenPort(true)).succeeds();

    TransportAddress next = second.allocates(allocate().token(reply.token()));

    assertEquals(reply.relayed().withPort(reply.relayed().port() + 1), next);
    claimer.client("192.0.2.7:3").sends(allocate().token(reply.token())).then(refused(508));
    owner.passesSeconds(40);
    assertEquals(2, owner.counters.ports(Counters.PortState.USED), "still on loan");
    second.sends(refresh().lifetime(0)).succeeds();
    first.sends(refresh().lifetime(0)).succeeds();
    owner.passesSeconds(40);
    owner.assertEmpty();
    claimer.assertEmpty();
    assertEquals(0, owner.counters.ports(Counters.PortState.QUARANTINED));
  }

  /** §7.2: a reserved port that somebody else has bound meanwhile is not available. */
  @Test
  void aReservedPortMayBeLostToAnother() {
    Reply reply = client.sends(allocate().evenPort(true)).succeeds();
    lab.portsOfOthers.add(reply.relayed().port() + 1);
    lab.client("192.0.2.8:1").sends(allocate().token(reply.token())).then(refused(508));
    client.sends(refresh().lifetime(0)).succeeds();
    lab.assertEmpty();
  }

  /** §7.2: a reservation that nobody claims is given back after 30 seconds. */
  @Test
  void aReservationEnds() {
    client.sends(allocate().evenPort(true)).succeeds();
    client.sends(refresh().lifetime(0)).succeeds();
    lab.passesSeconds(29);
    assertEquals(1, lab.counters.ports(Counters.PortState.RESERVED));
    lab.passesSeconds(1);
    lab.assertEmpty();
  }

  /** RFC 8656 §18.11, §7.2 step 9: a dual allocation. */
  @Test
  void bothFamiliesAtOnce() {
    Reply reply = client.sends(allocate().additionalFamily(2)).succeeds();

    List<TransportAddress> relayed = reply.allRelayed();
    assertEquals(2, relayed.size());
    assertEquals(Family.IPV4, relayed.get(0).family());
    assertEquals(Family.IPV6, relayed.get(1).family());
    assertFalse(reply.has(AttributeType.ADDRESS_ERROR_CODE));
  }

  /** §7.2 step 9: the value is IPv6. */
  @Test
  void theAdditionalFamilyIsIpv6() {
    client.sends(allocate().additionalFamily(1)).then(refused(400));
    client.sends(allocate().additionalFamily(9)).then(refused(400));
  }

  /** RFC 8656 §18.12, §7.2 step 9: half of it, and why not the other half. */
  @Test
  void halfADualAllocationSaysWhy() {
    Lab only4 = new Lab(Lab.noAuth().relayAddresses(new RelayAddress(Lab.RELAY_IPV4)).build());
    Reply reply = only4.client("192.0.2.7:1").sends(allocate().additionalFamily(2)).succeeds();

    assertEquals(1, reply.allRelayed().size());
    byte[] why = reply.bytes(AttributeType.ADDRESS_ERROR_CODE);
    assertArrayEquals(new byte[] {2, 0, 4, 40}, java.util.Arrays.copyOf(why, 4));
  }

  /** §7.2 step 10: 486 for the user's quota, and room again when one has gone. */
  @Test
  void theUsersQuotaIsKept() {
    Lab guarded = new Lab(Lab.config().build(), new LocalStore.Quotas(2, 0, 0, 0));
    Client one = guarded.client("192.0.2.7:1").as("ana", "secreto");
    one.allocates();
    guarded.client("192.0.2.7:2").as("ana", "secreto").allocates();
    Client third = guarded.client("192.0.2.7:3").as("ana", "secreto");
    third.sends(allocate()).then(refused(486));
    guarded.client("192.0.2.7:4").as("eva", "oculto").allocates();

    one.sends(refresh().lifetime(0)).succeeds();
    third.allocates();
  }

  /** §7.2 step 10: of one source address, of the whole server. */
  @Test
  void otherQuotasAreKept() {
    Lab bySource = new Lab(Lab.noAuth().build(), new LocalStore.Quotas(0, 0, 1, 0));
    bySource.client("192.0.2.7:1").allocates();
    bySource.client("192.0.2.7:2").sends(allocate()).then(refused(486));
    bySource.client("192.0.2.8:1").allocates();

    Lab byTotal = new Lab(Lab.noAuth().build(), new LocalStore.Quotas(0, 0, 0, 1));
    byTotal.client("192.0.2.7:1").allocates();
    byTotal.client("192.0.2.8:1").sends(allocate()).then(refused(508));
  }

  /** RFC 8656 §18.2, §7.2: between the default and the maximum. */
  @Test
  void theLifetimeIsBounded() {
    assertEquals(600, lifetimeFor(0));
    assertEquals(600, lifetimeFor(10));
    assertEquals(1000, lifetimeFor(1000));
    assertEquals(3600, lifetimeFor(3601));
    assertEquals(3600, lifetimeFor(0xffff_ffff));
    client.sends(allocate().bytes(AttributeType.LIFETIME, (byte) 1)).then(refused(400));
  }

  private int lifetimeFor(int proposed) {
    int port = 7000 + lab.server.allocations();
    Client each = lab.client("192.0.2.9:" + port);
    return each.sends(allocate().lifetime(proposed)).succeeds().lifetime();
  }

  /** §6: an allocation that is not refreshed ends by itself, exactly at its time. */
  @Test
  void anAllocationExpires() {
    client.allocates();
    lab.passes(599_999);
    client.sends(refresh().lifetime(600)).succeeds();
    lab.passes(600_000);
    lab.assertEmpty();
    client.sends(refresh()).then(refused(437));
    assertEquals(1, lab.counters.closed(CloseReason.EXPIRED));
  }

  /** §5, §7.2: the same request again gets the same answer, and makes nothing. */
  @Test
  void aRetransmissionIsAnsweredIdentically() {
    byte[] first = client.sends(allocate().evenPort(true).lifetime(900)).succeeds().raw;
    lab.passesSeconds(3);
    assertArrayEquals(first, client.retransmits().succeeds().raw);
    assertEquals(1, lab.server.allocations());
  }

  /** §5: while its first copy is being worked on, a second one is only absorbed. */
  @Test
  void aRetransmissionMeanwhileIsAbsorbed() {
    lab.busy = true;
    client.sends(allocate()).then(silence());
    client.retransmits().then(silence());
    client.sends(allocate()).then(refused(437));
    lab.busy = false;
    lab.settle();
    assertTrue(client.hasMail());
    client.next();
    client.receivesNothing();
  }

  /** §7.2, last note: a refusal does not become a success when it is asked again. */
  @Test
  void aRetransmittedRefusalStaysOne() {
    Lab small = new Lab(Lab.noAuth().ports(50000, 50000).build());
    Client one = small.client("192.0.2.7:1");
    one.allocates();
    Client two = small.client("192.0.2.7:2");
    two.sends(allocate()).then(refused(508));
    one.sends(refresh().lifetime(0)).succeeds();
    two.retransmits().then(refused(508));
    two.allocates();
  }

  /** RFC 8489 §6.3.1: unknown attributes are told, each once. */
  @Test
  void unknownAttributesAreTold() {
    Reply reply =
        client
            .sends(
                allocate()
                    .bytes(AttributeType.PRIORITY, (byte) 0)
                    .bytes(AttributeType.CHANGE_REQUEST, (byte) 0)
                    .bytes(AttributeType.PRIORITY, (byte) 0))
            .refused(420);
    assertArrayEquals(new byte[] {0, 0x24, 0, 0x03}, reply.bytes(AttributeType.UNKNOWN_ATTRIBUTES));
    lab.assertEmpty();
  }

  /** §7.2: ports are not to be guessed. */
  @Test
  void portsDoNotFollowEachOther() {
    int adjacent = 0;
    int last = 0;
    for (int i = 0; i < 200; i++) {
      int port = lab.client("192.0.2.9:" + (1000 + i)).allocates().port();
      assertNotEquals(last, port);
      adjacent += Math.abs(port - last) <= 2 ? 1 : 0;
      last = port;
    }
    assertTrue(adjacent < 5);
  }

  /** A port of another program's is passed over, and not lost. */
  @Test
  void aPortInUseIsPassedOver() {
    Lab small = new Lab(Lab.noAuth().ports(50000, 50003).build());
    small.portsOfOthers.add(50000);
    small.portsOfOthers.add(50001);
    small.portsOfOthers.add(50002);
    Client one = small.client("192.0.2.7:1");
    assertEquals(50003, one.allocates().port());
    small.client("192.0.2.7:2").sends(allocate()).then(refused(508));
    one.sends(refresh().lifetime(0)).succeeds();
    small.assertEmpty();
    small.portsOfOthers.clear();
    small.passesSeconds(60);
    for (int i = 0; i < 4; i++) {
      small.client("192.0.2.8:" + (i + 1)).allocates();
    }
  }

  /** A pair is whole or not at all: a sibling of another program's frees the even port too. */
  @Test
  void aHalfBoundPairIsGivenBack() {
    Lab small = new Lab(Lab.noAuth().ports(50000, 50003).build());
    small.portsOfOthers.add(50001);
    Client one = small.client("192.0.2.7:1");
    assertEquals(50002, one.sends(allocate().evenPort(true)).succeeds().relayed().port());
    one.sends(refresh().lifetime(0)).succeeds();
    small.passesSeconds(40);
    small.assertEmpty();
    assertEquals(0, small.counters.ports(Counters.PortState.QUARANTINED));
  }

  /** The system is out of sockets: 508, and all as before. */
  @Test
  void withoutSocketsThereIsNoAllocation() {
    lab.outOfSockets = true;
    client.sends(allocate()).then(refused(508));
    lab.client("192.0.2.7:2").sends(allocate().evenPort(true)).then(refused(508));
    lab.client("192.0.2.7:3").sends(allocate().additionalFamily(2)).then(refused(508));
    lab.assertEmpty();
    lab.outOfSockets = false;
    lab.client("192.0.2.7:4").allocates();
  }

  /** A connection that closes on the way leaves nothing, whatever comes late. */
  @Test
  void aClientThatLeavesMeanwhileLeavesNothing() {
    Client tcp = lab.client(Transport.TCP, "192.0.2.7:4000");
    lab.busy = true;
    tcp.sends(allocate().additionalFamily(2)).then(silence());
    lab.server.onClosed(tcp.tuple, lab.now, lab);
    lab.busy = false;
    lab.settle();
    tcp.receivesNothing();
    lab.assertEmpty();
  }

  /** If the store never answers, the client is told and nothing is kept. */
  @Test
  void anUnansweredQuestionIsGivenUp() {
    lab.busy = true;
    client.sends(allocate()).then(silence());
    lab.passesSeconds(10);
    assertEquals(500, client.next().code());
    lab.busy = false;
    lab.settle();
    lab.assertEmpty();
  }
}

package puente.signal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import puente.stun.TransportAddress;

/** The rendezvous over UDP in virtual time, with clients that know only its page. */
class RendezvousTest implements Rendezvous.Effects {
  private static final byte[] SECRET = "shared with the endpoint".getBytes();
  private static final Rendezvous.Limits LIMITS = new Rendezvous.Limits(5, 12, 4, 30_000, 50);

  private static final int SPOOFED = 1009;

  private final Rendezvous rendezvous =
      new Rendezvous(LIMITS, SECRET, "of this process".getBytes());
  private final Map<Rendezvous.Event, Integer> counts = new EnumMap<>(Rendezvous.Event.class);
  private final List<Peer> peers = new ArrayList<>();
  private long now = 1_800_000_000_000L;
  private int sentLength;

  /** A client at an address. */
  private final class Peer {
    final RendezvousClient client;
    TransportAddress address;

    Peer(String meeting, String name, int port) {
      this(token(meeting, name, 300), name, port);
    }

    Peer(byte[] token, String name, int port) {
      client = new RendezvousClient(token, "note of " + name);
      address = TransportAddress.ipv4(0xC0000200 | port & 0xFF, port);
      peers.add(this);
    }

    Peer meets() {
      sends(client.meet());
      return this;
    }

    void sends(byte[] datagram) {
      sentLength = datagram.length;
      rendezvous.onDatagram(
          new Rendezvous.Guest(address, this), datagram, now, RendezvousTest.this);
    }

    List<TransportAddress> others() {
      return client.others.values().stream().map(RendezvousClient.Other::address).sorted().toList();
    }
  }

  private byte[] token(String meeting, String peer, long seconds) {
    return new RendezvousToken(now / 1000 + seconds, meeting, peer).encode(SECRET);
  }

  /** Who has both families comes with one token by both: each other hears of the one it can use. */
  @Test
  void whoHasBothFamiliesIsSeenByEach() {
    byte[] token = token("m", "both", 300);
    Peer one = new Peer(token, "both", 1001).meets();
    Peer same = new Peer(token, "both", 1001);
    same.address = TransportAddress.ipv6(0x20010DB8_00000000L, 1, 1001);
    same.meets();
    Peer four = new Peer("m", "four", 1002).meets();
    Peer six = new Peer("m", "six", 1003);
    six.address = TransportAddress.ipv6(0x20010DB8_00000000L, 3, 1003);
    six.meets();
    waits(50);
    assertEquals(List.of(one.address, six.address), four.others());
    assertEquals(List.of(four.address, same.address), six.others());
    assertEquals(2, one.others().size(), "not itself");
    assertEquals(one.others(), same.others());
  }

  @Test
  void peersOfOneMeetingLearnWhereTheOthersAre() {
    Peer ana = new Peer("m", "ana", 1001).meets();
    assertEquals(ana.address, ana.client.own);
    Peer ben = new Peer("m", "ben", 1002).meets();
    assertEquals(List.of(ana.address), ben.others());
    assertEquals("note of ana", ben.client.others.values().iterator().next().note());
    new Peer("other", "cleo", 1003).meets();
    waits(50);
    assertEquals(List.of(ben.address), ana.others());
    assertEquals(2, rendezvous.meetings());
  }

  @Test
  void ipv6() {
    Peer ana = new Peer("m", "ana", 1001);
    ana.address = TransportAddress.ipv6(0x20010DB800000000L, 7, 4321);
    ana.meets();
    assertEquals(ana.address, ana.client.own);
  }

  @Test
  void whoMovesOrLeavesOrFallsSilentIsToldOf() {
    Peer ana = new Peer("m", "ana", 1001).meets();
    Peer ben = new Peer("m", "ben", 1002).meets();
    ben.address = ben.address.withPort(2002);
    ben.meets();
    waits(50);
    assertEquals(List.of(ben.address), ana.others(), "another address of the same peer");
    ben.sends(ben.client.leave());
    waits(50);
    assertEquals(List.of(), ana.others());

    ben.meets();
    for (int i = 0; i < 4; i++) {
      waits(10_000);
      ana.meets();
    }
    assertEquals(List.of(), ana.others(), "silent for 30 s");
    waits(40_000);
    assertEquals(0, rendezvous.meetings() + rendezvous.peers());
  }

  /** What a stranger gets is never longer than what he sent; and nothing reaches a third party. */
  @Test
  void nothingIsAmplified() {
    Peer ana = new Peer("m", "ana", 1001).meets();
    int before = ana.client.answers;
    Random random = new Random(1);
    Peer spoofed = new Peer("m", "eve", SPOOFED);
    for (int length = 0; length <= 600; length++) {
      byte[] datagram = Arrays.copyOf(spoofed.client.meet(), length);
      if (random.nextBoolean() && length > 33) {
        datagram[random.nextInt(length)] ^= (byte) (1 + random.nextInt(255));
      }
      spoofed.sends(datagram);
      now += 100;
    }
    assertEquals(1, rendezvous.peers(), "without its cookie it is nowhere");
    waits(1_000);
    assertEquals(before, ana.client.answers, "nor is anybody told of it");
  }

  @Test
  void tokensOfOthersOrOfYesterdayAreRefused() {
    Peer forged = new Peer(Arrays.copyOf(token("m", "x", 300), 40), "x", 1001).meets();
    assertEquals(List.of(Rendezvous.UNAUTHORIZED), forged.client.refusals);
    byte[] twisted = token("m", "x", 300);
    twisted[7] ^= 1;
    Peer twister = new Peer(twisted, "x", 1002).meets();
    assertEquals(List.of(Rendezvous.UNAUTHORIZED), twister.client.refusals);
    Peer late = new Peer(token("m", "x", -1), "x", 1003).meets();
    assertEquals(List.of(Rendezvous.EXPIRED), late.client.refusals);
    assertNull(RendezvousToken.decode(token("m", "x", 1), "another secret".getBytes()));
  }

  @Test
  void cookiesAreGoodAtOneAddressForAWhile() {
    Peer ana = new Peer("m", "ana", 1001).meets();
    ana.address = TransportAddress.ipv4(0x0A000001, 99);
    ana.sends(ana.client.meet());
    assertEquals(2, counts.get(Rendezvous.Event.COOKIE), "a new address is asked again");
    now += 3 * 60_000;
    ana.meets();
    assertEquals(3, counts.get(Rendezvous.Event.COOKIE));
  }

  @Test
  void everythingHasABound() {
    for (int i = 0; i < 6; i++) {
      new Peer("m", "p" + i, 1000 + i).meets();
    }
    assertEquals(2, counts.get(Rendezvous.Event.MEETING_FULL));
    for (int i = 0; i < 9; i++) {
      new Peer("n" + i, "p", 1100 + i).meets();
    }
    assertEquals(5, rendezvous.meetings());
    assertEquals(5, counts.get(Rendezvous.Event.FULL));
    assertEquals(List.of(Rendezvous.FULL), peers.getLast().client.refusals);
    Peer flood = new Peer("m", "p0", 1000);
    for (int i = 0; i < 1_000; i++) {
      flood.sends(flood.client.meet());
    }
    assertTrue(counts.getOrDefault(Rendezvous.Event.RATE_LIMITED, 0) > 900);
  }

  @Test
  void garbageIsCountedAndNotAnswered() {
    Random random = new Random(2);
    Peer eve = new Peer("m", "eve", 1001);
    for (int i = 0; i < 5_000; i++) {
      byte[] datagram = new byte[random.nextInt(600)];
      random.nextBytes(datagram);
      eve.sends(datagram);
    }
    assertEquals(5_000, counts.get(Rendezvous.Event.MALFORMED));
    assertEquals(0, eve.client.answers);
  }

  private void waits(long ms) {
    for (long end = now + ms; now < end; ) {
      now = Math.min(end, now + 50);
      sentLength = Integer.MAX_VALUE;
      rendezvous.onTime(now, this);
    }
  }

  @Override
  public void send(Rendezvous.Guest to, byte[] datagram) {
    boolean isHere = (datagram[4] & 0xFF) == RendezvousWire.HERE;
    assertTrue(isHere || datagram.length <= sentLength, "amplified: " + datagram.length);
    Peer peer = (Peer) to.way();
    // Somebody who gives another's address hears no cookie.
    if (peer.address.port() != SPOOFED && peer.client.hears(datagram)) {
      peer.sends(peer.client.meet());
    }
  }

  @Override
  public void count(Rendezvous.Event event) {
    counts.merge(event, 1, Integer::sum);
  }
}

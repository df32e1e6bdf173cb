package puente.peer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.PriorityQueue;
import java.util.Random;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Two sides, their NATs and the network between them in virtual time. */
class PunchTest {
  private static final InetSocketAddress SERVER = new InetSocketAddress("203.0.113.1", 3478);

  private static final byte[] EXPIRED =
      ByteBuffer.allocate(16)
          .putInt(Meeting.SERVER_MAGIC)
          .put((byte) Meeting.REFUSED)
          .put((byte) 44)
          .array();

  /** RFC 4787 §4 and §5: how a NAT maps, and whom it lets in. */
  enum Nat {
    FULL_CONE,
    ADDRESS_RESTRICTED,
    PORT_RESTRICTED,
    SYMMETRIC;

    /** Everything opens but where the one cannot know the port and the other insists on it. */
    static boolean opens(Nat a, Nat b) {
      boolean blind = a == SYMMETRIC && b.ordinal() >= PORT_RESTRICTED.ordinal();
      return !blind && !(b == SYMMETRIC && a == PORT_RESTRICTED);
    }
  }

  static Stream<Arguments> pairs() {
    return Stream.of(Nat.values())
        .flatMap(a -> Stream.of(Nat.values()).map(b -> Arguments.of(a, b)));
  }

  @ParameterizedTest
  @MethodSource("pairs")
  void opensWhereAPathIsPossible(Nat one, Nat other) {
    for (int seed = 0; seed < 20; seed++) {
      World world = new World(new Random(seed), one, other);
      world.run(30_000);
      for (Side side : world.sides) {
        assertEquals(Nat.opens(one, other), !side.peer.isEmpty(), one + "/" + other + " " + seed);
      }
      if (Nat.opens(one, other)) {
        world.sides.forEach(side -> assertTrue(side.punch.isMutual(), "both know"));
        world.sides.get(0).punch.text("hello");
        world.run(40_000);
        assertFalse(world.sides.get(0).punch.isOver());
      } else {
        assertTrue(world.sides.get(0).punch.stage().contains("another port"));
      }
    }
  }

  @Test
  void whatIsSaidIsHeardAndLeavingIsTold() {
    World world = new World(new Random(1), Nat.PORT_RESTRICTED, Nat.PORT_RESTRICTED);
    world.loss = 0;
    world.run(5_000);
    world.sides.get(0).punch.text("one");
    world.run(5_500);
    world.sides.get(1).punch.text("two");
    world.run(6_000);
    assertEquals(List.of("two"), world.sides.get(0).heard);
    assertEquals(List.of("one"), world.sides.get(1).heard);
    world.sides.get(0).punch.leave();
    world.run(7_000);
    assertEquals("the other left", world.sides.get(1).ended);
  }

  @Test
  void silenceEndsIt() {
    World world = new World(new Random(2), Nat.FULL_CONE, Nat.FULL_CONE);
    world.run(5_000);
    world.loss = 1;
    world.run(60_000);
    assertTrue(world.sides.get(0).ended.contains("not been heard"), world.sides.get(0).ended);
  }

  @Test
  void strangersOpenNothing() {
    World world = new World(new Random(3), Nat.FULL_CONE, Nat.FULL_CONE);
    world.loss = 0;
    Side side = world.sides.get(0);
    world.run(10);
    InetSocketAddress stranger = new InetSocketAddress("198.51.100.66", 1);
    for (Meeting.Word word : Meeting.Word.values()) {
      side.punch.onDatagram(Meeting.said(word, 5, 6, new byte[3]), stranger, world.now);
    }
    side.punch.onDatagram(new byte[] {1, 2, 3}, stranger, world.now);
    side.punch.onDatagram(new byte[] {(byte) 0xD0, 0x50, 0x4E, 0x54}, SERVER, world.now);
    assertFalse(side.peer.equals(stranger.toString()));
  }

  @Test
  void refusalIsSaid() {
    World world = new World(new Random(4), Nat.FULL_CONE, Nat.FULL_CONE);
    Side side = world.sides.get(0);
    side.punch.onDatagram(EXPIRED, SERVER, 0);
    assertEquals("the token has expired", side.ended);
  }

  /** A token lasts minutes, and is asked for while two talk, too. */
  @Test
  void anExpiredTokenEndsNoOpenPath() {
    World world = new World(new Random(6), Nat.PORT_RESTRICTED, Nat.PORT_RESTRICTED);
    world.loss = 0;
    world.run(5_000);
    for (Side side : world.sides) {
      side.punch.onDatagram(EXPIRED, SERVER, world.now);
    }
    world.run(60_000);
    world.sides.get(0).punch.text("still here");
    world.run(61_000);
    assertEquals(List.of("still here"), world.sides.get(1).heard);
    world.sides.forEach(side -> assertEquals("", side.ended));
  }

  /** By both families at once: whichever the two have in common leads to the other. */
  @Test
  void eachFamilyHasADoorOfItsOwn() {
    InetSocketAddress six = new InetSocketAddress("2001:db8::1", 3478);
    InetSocketAddress other = new InetSocketAddress("2001:db8::2", 4000);
    InetSocketAddress own = new InetSocketAddress("2001:db8::3", 5000);
    Map<InetSocketAddress, byte[]> sent = new HashMap<>();
    World world = new World(new Random(5), Nat.FULL_CONE, Nat.FULL_CONE);
    Side side =
        new Side(world, Nat.FULL_CONE, "198.51.100.3", List.of(SERVER, six)) {
          @Override
          public void send(InetSocketAddress to, byte[] datagram) {
            sent.put(to, datagram);
          }
        };
    Punch punch = side.punch;
    punch.onTime(0);
    assertEquals(Set.of(SERVER, six), sent.keySet(), "both are asked");
    byte[] byFour = Objects.requireNonNull(sent.get(SERVER));
    byte[] bySix = Objects.requireNonNull(sent.get(six));
    InetSocketAddress seen = new InetSocketAddress("198.51.100.3", 10_000);
    punch.onDatagram(here(byFour, seen, List.of(other)), SERVER, 1);
    assertTrue(punch.stage().contains("another address family"), punch.stage());

    long nonce = ByteBuffer.wrap(Objects.requireNonNull(sent.get(other))).getLong(8);
    punch.onDatagram(Meeting.said(Meeting.Word.OPEN, 77, nonce, new byte[0]), other, 2);
    assertEquals("", side.peer, "how this side is seen there is not known yet");
    punch.onDatagram(here(bySix, own, List.of(other)), six, 3);
    punch.onDatagram(Meeting.said(Meeting.Word.OPEN, nonce, nonce, new byte[0]), own, 3);
    assertEquals("", side.peer, "its own echo is no other");
    punch.onDatagram(Meeting.said(Meeting.Word.OPEN, 77, nonce, new byte[0]), other, 4);
    assertEquals(other.toString(), side.peer);
  }

  private record Flight(long at, Runnable arrives) {}

  private static final class World {
    final Random random;
    final List<Side> sides = new ArrayList<>();
    final PriorityQueue<Flight> flights = new PriorityQueue<>((a, b) -> Long.compare(a.at, b.at));
    double loss = 0.2;
    long now;

    World(Random random, Nat one, Nat other) {
      this.random = random;
      sides.add(new Side(this, one, "198.51.100.1"));
      sides.add(new Side(this, other, "198.51.100.2"));
    }

    void run(long until) {
      while (now < until) {
        now++;
        while (!flights.isEmpty() && flights.peek().at <= now) {
          flights.remove().arrives.run();
        }
        for (Side side : sides) {
          if (!side.punch.isOver() && side.punch.nextDeadline() <= now) {
            side.punch.onTime(now);
          }
        }
      }
    }

    void fly(Side from, InetSocketAddress source, InetSocketAddress to, byte[] datagram) {
      if (random.nextDouble() < loss) {
        return;
      }
      long at = now + 5 + random.nextInt(40);
      if (to.equals(SERVER)) {
        flights.add(new Flight(at, () -> server(from, source, datagram)));
        return;
      }
      for (Side side : sides) {
        if (side != from) {
          flights.add(new Flight(at, () -> side.arrives(source, to, datagram)));
        }
      }
    }

    /** The rendezvous, as far as it matters here. */
    private void server(Side from, InetSocketAddress source, byte[] datagram) {
      if (datagram[4] != Meeting.MEET) {
        return;
      }
      from.seen = source;
      for (Side side : sides) {
        InetSocketAddress place = side.seen;
        if (place != null) {
          byte[] here = here(side == from ? datagram : new byte[16], place, side);
          flights.add(new Flight(now + 10, () -> side.arrives(SERVER, place, here)));
        }
      }
    }

    private byte[] here(byte[] request, InetSocketAddress own, Side side) {
      return PunchTest.here(
          request,
          own,
          sides.stream()
              .filter(other -> other != side)
              .map(other -> other.seen)
              .filter(Objects::nonNull)
              .toList());
    }
  }

  /** The answer to a request, or what nobody asked for. */
  private static byte[] here(
      byte[] request, InetSocketAddress own, List<InetSocketAddress> others) {
    ByteBuffer out = ByteBuffer.allocate(128);
    out.putInt(Meeting.SERVER_MAGIC).put((byte) Meeting.HERE).put((byte) 0).putShort((short) 0);
    out.put(request, 8, 8).putShort((short) 30).put((byte) others.size()).put((byte) 0);
    address(out, own);
    for (InetSocketAddress other : others) {
      out.putLong(7);
      address(out, other);
      out.put((byte) 1).put((byte) 'x');
    }
    return Arrays.copyOf(out.array(), out.position());
  }

  private static void address(ByteBuffer out, InetSocketAddress address) {
    byte[] magic = {(byte) 0xD0, 0x50, 0x4E, 0x54};
    byte[] ip = address.getAddress().getAddress();
    byte[] plain =
        ByteBuffer.allocate(2 + ip.length).putShort((short) address.getPort()).put(ip).array();
    out.put((byte) (ip.length == 4 ? 1 : 2));
    for (int i = 0; i < plain.length; i++) {
      out.put((byte) (plain[i] ^ magic[i % 4]));
    }
  }

  private static class Side implements Punch.Effects {
    final World world;
    final Nat nat;
    final String address;
    final Map<InetSocketAddress, Integer> ports = new HashMap<>();
    final Set<InetSocketAddress> sentTo = new HashSet<>();
    final List<String> heard = new ArrayList<>();
    final Punch punch;
    @org.jspecify.annotations.Nullable InetSocketAddress seen;
    String peer = "";
    String ended = "";

    Side(World world, Nat nat, String address) {
      this(world, nat, address, List.of(SERVER));
    }

    Side(World world, Nat nat, String address, List<InetSocketAddress> servers) {
      this.world = world;
      this.nat = nat;
      this.address = address;
      var self = new Punch.Self(new byte[40], servers, "x", world.random.nextLong() | 1);
      punch = new Punch(self, world.random, 0, this);
    }

    @Override
    public void send(InetSocketAddress to, byte[] datagram) {
      sentTo.add(to);
      world.fly(this, new InetSocketAddress(address, port(to)), to, datagram);
    }

    private int port(InetSocketAddress to) {
      return nat == Nat.SYMMETRIC
          ? ports.computeIfAbsent(to, place -> 20_000 + world.random.nextInt(40_000))
          : 10_000;
    }

    void arrives(InetSocketAddress from, InetSocketAddress to, byte[] datagram) {
      Predicate<InetSocketAddress> known =
          place ->
              switch (nat) {
                case FULL_CONE -> true;
                case ADDRESS_RESTRICTED -> place.getAddress().equals(from.getAddress());
                case PORT_RESTRICTED, SYMMETRIC -> place.equals(from);
              };
      boolean mine =
          to.getAddress().getHostAddress().equals(address)
              && sentTo.stream().anyMatch(known.and(place -> port(place) == to.getPort()));
      if (mine && !punch.isOver()) {
        punch.onDatagram(datagram, from, world.now);
      }
    }

    @Override
    public void explain(String what) {}

    @Override
    public void open(InetSocketAddress at, String name, InetSocketAddress own) {
      peer = at.toString();
    }

    @Override
    public void text(String text) {
      heard.add(text);
    }

    @Override
    public void closed(String why) {
      ended = why;
    }
  }
}

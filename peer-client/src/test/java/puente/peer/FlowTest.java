package puente.peer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.PriorityQueue;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A flow over a network that loses, doubles and turns round, in virtual time. */
class FlowTest {
  private static final int MESSAGES = 3_000;

  @ParameterizedTest
  @ValueSource(doubles = {0, 0.01, 0.1, 0.3})
  void everyMessageOnceAndInOrder(double loss) {
    for (int seed = 0; seed < 5; seed++) {
      World world = new World(seed, loss);
      world.send(MESSAGES);
      world.runUntilHeard(MESSAGES);
      assertEquals(IntStream.range(0, MESSAGES).boxed().toList(), world.heard, "seed " + seed);
      world.run(world.now + 5_000);
      assertTrue(world.left.isEmpty(), "all is acknowledged, seed " + seed);
    }
  }

  @Test
  void nothingIsSentTwiceWhereNothingIsLost() {
    World world = new World(1, 0);
    world.doubled = 0;
    world.jitter = 1;
    world.send(MESSAGES);
    world.runUntilHeard(MESSAGES);
    assertEquals(0, world.left.resent());
    assertTrue(world.left.rttMs() >= 40 && world.left.rttMs() < 70, "" + world.left.rttMs());
  }

  @Test
  void anotherPathGoesOnWhereTheOldOneBroke() {
    World world = new World(2, 0.05);
    world.send(MESSAGES);
    world.run(300);
    world.loss = 1;
    world.run(20_000);
    assertTrue(world.heard.size() < MESSAGES);
    world.loss = 0.05;
    world.left.onNewPath(true, world.now);
    world.right.onNewPath(true, world.now);
    world.runUntilHeard(MESSAGES);
    assertEquals(IntStream.range(0, MESSAGES).boxed().toList(), world.heard);
  }

  @Test
  void whatWaitsIsBounded() {
    World world = new World(3, 1);
    int taken = 0;
    while (world.left.offer(new byte[10], 0)) {
      taken++;
    }
    assertTrue(taken >= Flow.WAITING_MAX && taken < Flow.WAITING_MAX + 100, "" + taken);
    assertEquals(0, world.left.room());
  }

  @Test
  void nonsenseIsBorne() {
    World world = new World(4, 0);
    Random random = new Random(4);
    for (int i = 0; i < 20_000; i++) {
      byte[] packet = new byte[random.nextInt(60)];
      random.nextBytes(packet);
      if (packet.length > 0) {
        packet[0] = (byte) (1 + random.nextInt(5));
      }
      if (packet.length > 4 && packet[0] == 1) {
        packet[1] |= (byte) 0x40; // not by chance the number that is expected
      }
      world.left.onPacket(packet, packet.length, 0);
    }
    world.send(10);
    world.runUntilHeard(10);
    assertEquals(10, world.heard.size());
  }

  private record Flight(long at, Runnable arrives) {}

  private static final class World {
    final Random random;
    final PriorityQueue<Flight> flights = new PriorityQueue<>((a, b) -> Long.compare(a.at, b.at));
    final List<Integer> heard = new ArrayList<>();
    final Flow left;
    final Flow right;
    double loss;
    double doubled = 0.02;
    int jitter = 15;
    long now;
    int toSend;
    int sent;

    World(int seed, double loss) {
      random = new Random(seed);
      this.loss = loss;
      left = new Flow(0, packet -> fly(packet, false), message -> {});
      right = new Flow(0, packet -> fly(packet, true), this::hear);
    }

    private void hear(byte[] message) {
      heard.add(ByteBuffer.wrap(message).getInt());
    }

    private void fly(byte[] packet, boolean toLeft) {
      for (int copy = random.nextDouble() < doubled ? 2 : 1; copy > 0; copy--) {
        if (random.nextDouble() >= loss) {
          long at = now + 20 + random.nextInt(jitter);
          flights.add(
              new Flight(at, () -> (toLeft ? left : right).onPacket(packet, packet.length, now)));
        }
      }
    }

    void send(int count) {
      toSend += count;
    }

    void runUntilHeard(int count) {
      while (heard.size() < count && now < 3_600_000) {
        run(now + 1);
      }
    }

    void run(long until) {
      while (now < until) {
        now++;
        while (!flights.isEmpty() && flights.peek().at <= now) {
          flights.remove().arrives.run();
        }
        while (sent < toSend && left.offer(ByteBuffer.allocate(100).putInt(sent).array(), now)) {
          sent++;
        }
        for (Flow flow : List.of(left, right)) {
          if (flow.nextDeadline() <= now) {
            flow.onTime(now);
          }
        }
      }
    }
  }
}

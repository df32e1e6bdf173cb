package puente.turn.relay;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.SocketAddress;
import java.net.SocketTimeoutException;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.NullUnmarked;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import puente.net.Addresses;
import puente.net.BindFailure;
import puente.net.EventLoops;
import puente.net.EventLoops.UdpIo;
import puente.stun.AttributeType;
import puente.stun.BindingConfig;
import puente.stun.Message;
import puente.stun.MessageBuilder;
import puente.stun.MessageClass;
import puente.stun.Method;
import puente.stun.Transport;
import puente.stun.TransportAddress;
import puente.turn.Counter;
import puente.turn.RelayAddress;
import puente.turn.TurnConfig;
import puente.turn.store.LocalStore;

/** RFC 5780 with the address of another node. */
@NullUnmarked
@Timeout(60)
class PartnerTest {

  private static final TransportAddress ONE = TransportAddress.ipv4(0x7f000001, 0);
  private static final TransportAddress TWO = TransportAddress.ipv4(0x7f000002, 0);
  private static final String SECRET = "sixteen letters!";
  private static final int CHANGE_IP = 4;
  private static final int CHANGE_PORT = 2;
  private static final int FLOOD = 400;

  private Node one;
  private Node two;

  private static final class Node {
    final EventLoops loops = EventLoops.open(1, UdpIo.AUTO, true);
    final TurnNode turn;
    final ForwardLink link;

    Node(TransportAddress first, TransportAddress second) throws BindFailure {
      TurnConfig config =
          TurnConfig.builder().noAuth().relayAddresses(new RelayAddress(first.withPort(0))).build();
      List<TurnNode.Listen> listen =
          List.of(
              new TurnNode.Listen(Transport.UDP, first),
              new TurnNode.Listen(Transport.UDP, second));
      BindingConfig binding = new BindingConfig(null, false, true, false, List.of(), null);
      TurnNode.Options options =
          new TurnNode.Options(listen, config, binding, StreamLimits.DEFAULT);
      try {
        turn = TurnNode.start(loops, options, new LocalStore(LocalStore.Quotas.NONE));
        link = turn.forward(first.withPort(0), SECRET);
      } catch (BindFailure taken) {
        loops.close().toCompletableFuture().join();
        throw taken;
      }
    }

    TransportAddress at(int corner) {
      return turn.endpoints().get(corner).local();
    }

    void close() {
      link.close();
      turn.stop().toCompletableFuture().join();
      loops.close().toCompletableFuture().join();
    }
  }

  /** Both on the same two ports; ports that the second finds taken are left again. */
  private void open() {
    for (int attempt = 0; attempt < 20; attempt++) {
      try {
        one = new Node(ONE, ONE);
        two = new Node(TWO.withPort(one.at(0).port()), TWO.withPort(one.at(1).port()));
        return;
      } catch (BindFailure taken) {
        one.close();
        one = null;
      }
    }
    throw new AssertionError("no two ports are free on both addresses");
  }

  @AfterEach
  void close() {
    if (one != null) {
      one.close();
    }
    if (two != null) {
      two.close();
    }
  }

  /** §6.1, table 1: all four corners answer, whichever node was asked. */
  @Test
  void thePartnerAnswersFromItsOwnAddress() throws IOException {
    open();
    meet();
    try (DatagramSocket client = socket()) {
      assertEquals(Addresses.of(one.at(0)), askUntilAnswered(client, 0));
      assertEquals(Addresses.of(one.at(1)), askUntilAnswered(client, CHANGE_PORT));
      assertEquals(Addresses.of(two.at(0)), askUntilAnswered(client, CHANGE_IP));
      assertEquals(Addresses.of(two.at(1)), askUntilAnswered(client, CHANGE_IP | CHANGE_PORT));
    }
  }

  /** §7.4: without another address there is no OTHER-ADDRESS, and CHANGE-REQUEST is unknown. */
  @Test
  void withoutAPartnerThereIsNoOtherAddress() throws IOException {
    open();
    try (DatagramSocket client = socket()) {
      Message answer = exchange(client, 0);
      assertTrue(answer.find(AttributeType.OTHER_ADDRESS) < 0);
      assertEquals(MessageClass.ERROR, exchange(client, CHANGE_IP).messageClass());
      meet();
      answer = exchange(client, 0);
      assertEquals(two.at(1), answer.addressAt(answer.find(AttributeType.OTHER_ADDRESS)));
      one.turn.discoverWith(List.of()).toCompletableFuture().join();
      assertTrue(exchange(client, 0).find(AttributeType.OTHER_ADDRESS) < 0);
    }
  }

  /** Whoever forges sources cannot make the nodes send more than so much to each other. */
  @Test
  void aFloodIsNotPassedOn() throws IOException {
    open();
    meet();
    try (DatagramSocket client = socket()) {
      long started = System.nanoTime();
      for (int i = 0; i < FLOOD; i++) {
        send(client, CHANGE_IP);
        // An answered one after each: nothing is lost on the way.
        exchange(client, 0);
      }
      long seconds = (System.nanoTime() - started) / 1_000_000_000 + 2;
      long dropped = one.turn.counters().getFirst().total(Counter.RATE_LIMITED);
      assertTrue(dropped >= FLOOD - 100 * seconds, dropped + " in " + seconds + " s");
      assertTrue(one.link.count(ForwardLink.Fact.SENT) <= 100 * seconds);
    }
  }

  private void meet() {
    BindingConfig.Square square = new BindingConfig.Square(one.at(0), two.at(1));
    one.turn
        .discoverWith(List.of(new Partner(square, two.link.local())))
        .toCompletableFuture()
        .join();
  }

  private SocketAddress askUntilAnswered(DatagramSocket client, int change) throws IOException {
    return ask(client, change).getSocketAddress();
  }

  private Message exchange(DatagramSocket client, int change) throws IOException {
    DatagramPacket answer = ask(client, change);
    assertEquals(Addresses.of(one.at(0)), answer.getSocketAddress());
    return parse(answer);
  }

  /** Until what was asked is answered: late answers to earlier requests are let pass. */
  private DatagramPacket ask(DatagramSocket client, int change) throws IOException {
    for (int i = 0; i < 20; i++) {
      byte[] id = send(client, change);
      try {
        DatagramPacket packet = receive(client);
        while (!parse(packet).hasTransactionId(id)) {
          packet = receive(client);
        }
        return packet;
      } catch (SocketTimeoutException again) {
        // RFC 8489 §6.2.1: what is not answered is sent again.
      }
    }
    throw new AssertionError("no answer");
  }

  private static Message parse(DatagramPacket packet) {
    Message message = new Message();
    assertEquals(Message.Shape.WELL_FORMED, message.parse(packet.getData(), packet.getLength()));
    return message;
  }

  private byte[] send(DatagramSocket client, int change) throws IOException {
    byte[] id = new byte[Message.TRANSACTION_ID_LENGTH];
    ThreadLocalRandom.current().nextBytes(id);
    MessageBuilder request =
        new MessageBuilder(100).message(MessageClass.REQUEST, Method.BINDING, id);
    if (change != 0) {
      request.i32(AttributeType.CHANGE_REQUEST, change);
    }
    client.send(new DatagramPacket(request.bytes(), request.length(), Addresses.of(one.at(0))));
    return id;
  }

  private static DatagramPacket receive(DatagramSocket client) throws IOException {
    DatagramPacket packet = new DatagramPacket(new byte[2048], 2048);
    client.receive(packet);
    return packet;
  }

  private static DatagramSocket socket() throws IOException {
    DatagramSocket socket = new DatagramSocket(0, InetAddress.getLoopbackAddress());
    socket.setSoTimeout(500);
    return socket;
  }
}

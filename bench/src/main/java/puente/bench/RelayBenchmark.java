package puente.bench;

import java.nio.ByteBuffer;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;
import puente.stun.AddressRange;
import puente.stun.AttributeType;
import puente.stun.BindingConfig;
import puente.stun.BindingServer;
import puente.stun.FiveTuple;
import puente.stun.MessageBuilder;
import puente.stun.MessageClass;
import puente.stun.Method;
import puente.stun.Packet;
import puente.stun.Transport;
import puente.stun.TransportAddress;
import puente.turn.Counters;
import puente.turn.PeerPolicy;
import puente.turn.Relay;
import puente.turn.RelayAddress;
import puente.turn.TurnConfig;
import puente.turn.TurnServer;
import puente.turn.store.AllocationStore;

/** A packet's road through the core, each way, over many allocations in turn. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
public class RelayBenchmark {

  private static final TransportAddress PEER = TransportAddress.ipv4(0xc00002c8, 7000);
  private static final TransportAddress SERVER = TransportAddress.ipv4(0xc6336401, 3478);
  private static final int CHANNEL = 0x4000;
  private static final int CLIENTS = 0x0b00_0000;

  @Param({"100", "4000"})
  public int allocations;

  private final NoEffects effects = new NoEffects();
  private final FiveTuple[] current = {null};
  private final Packet up = packet(frame(1200));
  private final Packet down = packet(new byte[1200]);
  private TurnServer server;
  private Relay[] relays;
  private int next;

  /** Each with a channel to the one peer. */
  @Setup
  public void allocate() {
    TurnConfig config =
        TurnConfig.builder()
            .noAuth()
            .relayAddresses(new RelayAddress(SERVER.withPort(0)))
            .peers(PeerPolicy.SAFE.withAllowed(AddressRange.parse("192.0.2.0/24")))
            .build();
    BindingServer bindings = new BindingServer(BindingConfig.PLAIN);
    server =
        new TurnServer(config, packet -> current[0], bindings, new Counters(), new Random(1), 0, 1);
    relays = new Relay[allocations];
    for (int i = 0; i < allocations; i++) {
      TransportAddress client = TransportAddress.ipv4(CLIENTS + i, 5000);
      current[0] = new FiveTuple(Transport.UDP, client, SERVER, 0, null);
      MessageBuilder request = request(Method.ALLOCATE, i);
      request.i32(AttributeType.REQUESTED_TRANSPORT, 17 << 24);
      server.onDatagram(from(client, request), 0, effects);
      server.onAnswer(new AllocationStore.Granted(current[0]), 0, effects);
      relays[i] = effects.bound;
      server.onBound(effects.bound, 0, effects);
      MessageBuilder bind = request(Method.CHANNEL_BIND, i);
      bind.i32(AttributeType.CHANNEL_NUMBER, CHANNEL << 16);
      bind.xorAddress(AttributeType.XOR_PEER_ADDRESS, PEER);
      server.onDatagram(from(client, bind), 0, effects);
    }
    down.sourceLo = PEER.lo();
    down.sourcePort = PEER.port();
  }

  /** ChannelData from a client. */
  @Benchmark
  public int clientToPeer() {
    next = next + 1 == allocations ? 0 : next + 1;
    up.sourceLo = TransportAddress.mapped(CLIENTS + next);
    up.sourcePort = 5000;
    server.onDatagram(up, 1, effects);
    return effects.packets;
  }

  /** A datagram from the peer. */
  @Benchmark
  public int peerToClient() {
    next = next + 1 == allocations ? 0 : next + 1;
    server.onPeer(relays[next], down, 1, effects);
    return effects.packets;
  }

  private static MessageBuilder request(Method method, int number) {
    byte[] transaction = ByteBuffer.allocate(12).putInt(number).array();
    return new MessageBuilder(500).message(MessageClass.REQUEST, method, transaction);
  }

  private static Packet from(TransportAddress client, MessageBuilder message) {
    Packet packet = packet(message.bytes());
    packet.length = message.length();
    packet.sourceLo = client.lo();
    packet.sourcePort = client.port();
    return packet;
  }

  private static Packet packet(byte[] bytes) {
    Packet packet = new Packet();
    packet.buffer = ByteBuffer.allocateDirect(bytes.length).put(0, bytes);
    packet.length = bytes.length;
    return packet;
  }

  private static byte[] frame(int length) {
    return ByteBuffer.allocate(4 + length).putInt(CHANNEL << 16 | length).array();
  }
}

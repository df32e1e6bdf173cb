package puente.stun;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import org.junit.jupiter.api.Test;

/** What runs for each packet makes no garbage. */
class AllocationFreeTest {

  private static final int WARM_UP = 20_000;
  private static final int RUNS = 50_000;
  private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

  private final Packet packet = new Packet();
  private final Message message = new Message();
  private final byte[] scratch = new byte[1500];
  private final Integrity integrity = new Integrity();
  private long found;

  /** RFC 8656 §12.4: ChannelData finds its client and its channel in place, without garbage. */
  @Test
  void channelData() {
    AddressMap<String> clients = new AddressMap<>(42);
    for (int i = 0; i < 10_000; i++) {
      clients.put(0, TransportAddress.mapped(i), 40_000 | 1 << 16, "client");
    }
    ByteBuffer buffer = ByteBuffer.allocateDirect(2048);
    packet.buffer = buffer.putInt(100, 0x4001_0005);
    packet.offset = 100;
    packet.length = 12;
    packet.sourcePort = 40_000;
    packet.listener = 1;
    double garbage = garbagePerRun(() -> lookUp(clients));
    assertEquals(0, garbage);
    assertTrue(found > 0);
  }

  private void lookUp(AddressMap<String> clients) {
    packet.sourceLo = TransportAddress.mapped((int) (found & 0x1fff));
    int number = packet.sourcePort | packet.listener << 16;
    if (PacketKind.of(packet.u8(0)) == PacketKind.CHANNEL_DATA
        && ChannelData.isChannel(packet.u16(0))
        && packet.u16(2) <= packet.length - ChannelData.HEADER_LENGTH
        && clients.find(packet.sourceHi, packet.sourceLo, number) != null) {
      found++;
    }
  }

  /** RFC 8489 §5: a message is indexed, searched and its FINGERPRINT checked without garbage. */
  @Test
  void parsing() {
    byte[] request = Hex.resource("vectors/rfc5769-2.1-request.hex");
    packet.buffer = ByteBuffer.allocateDirect(2048).put(7, request);
    packet.offset = 7;
    packet.length = request.length;
    double garbage = garbagePerRun(this::parse);
    assertEquals(0, garbage);
    assertTrue(found > 0);
  }

  private void parse() {
    packet.copyTo(scratch, packet.length);
    if (message.parse(scratch, packet.length) == Message.Shape.WELL_FORMED
        && message.has(AttributeType.USERNAME)
        && !integrity.hasWrongFingerprint(message)) {
      found++;
    }
  }

  /** RFC 8489 §6.3.1.1: a Binding request costs its answer's two addresses and no more. */
  @Test
  void binding() {
    BindingServer server = new BindingServer(BindingConfig.PLAIN);
    MessageBuilder out = new MessageBuilder();
    Message request = Messages.parsed(Messages.binding());
    FiveTuple client = Messages.client(Transport.UDP);
    double garbage = garbagePerRun(() -> assertNotNull(server.answer(request, client, out)));
    assertTrue(garbage <= 100, garbage + " bytes for each request");
  }

  /** RFC 8489 §14.5: a signed request costs what the Java platform's HMAC costs, no set-up. */
  @Test
  void verifying() {
    IntegrityKey key = IntegrityKey.shortTerm("VOkJxbRl1RmTxUk/WvJxBt");
    Message request = Messages.parsed(Hex.resource("vectors/rfc5769-2.1-request.hex"));
    double garbage = garbagePerRun(() -> assertTrue(integrity.verify(request, key)));
    assertTrue(garbage <= 200, garbage + " bytes for each check");
  }

  private static double garbagePerRun(Runnable run) {
    for (int i = 0; i < WARM_UP; i++) {
      run.run();
    }
    long before = THREADS.getCurrentThreadAllocatedBytes();
    for (int i = 0; i < RUNS; i++) {
      run.run();
    }
    long garbage = THREADS.getCurrentThreadAllocatedBytes() - before;
    // Below one byte a run lies what the Java platform itself does now and then.
    return garbage < RUNS ? 0 : (double) garbage / RUNS;
  }
}

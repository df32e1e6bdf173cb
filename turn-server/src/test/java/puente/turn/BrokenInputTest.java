package puente.turn;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import puente.stun.AttributeType;
import puente.stun.Family;
import puente.stun.Message;
import puente.stun.MessageClass;
import puente.stun.Method;
import puente.stun.Transport;
import puente.stun.TransportAddress;

/** Broken, mutated and nonsensical input: no exception, at most one answer, a bystander unharmed. */
class BrokenInputTest {

  private static final int MESSAGES = 60_000;
  private static final String PEER = "192.0.2.200:7000";

  @ParameterizedTest
  @ValueSource(longs = {11, 12})
  void nothingBreaksTheServer(long seed) {
    Random random = new Random(seed);
    Lab lab = new Lab(Lab.noAuth().build());
    Client bystander = lab.client("192.0.2.50:1");
    TransportAddress relayed = bystander.allocates(Sent.allocate().lifetime(3600));
    bystander.sends(Sent.channelBind(0x4000, PEER)).succeeds();
    List<byte[]> seeds = seeds();
    for (int i = 0; i < MESSAGES; i++) {
      byte[] bytes = mutate(seeds.get(random.nextInt(seeds.size())).clone(), random);
      Transport transport = random.nextInt(8) == 0 ? Transport.TCP : Transport.UDP;
      Client hostile = lab.client(transport, "192.0.2.7:" + (1 + random.nextInt(40)));
      hostile.sendsBytes(bytes);
      int answers = lab.inboxOf(hostile.tuple).size();
      assertTrue(answers <= 1, "seed " + seed + ", message " + i);
      if (answers == 1) {
        MessageClass asked = MessageClass.ofType((bytes[0] & 0xff) << 8 | bytes[1] & 0xff);
        assertEquals(MessageClass.REQUEST, asked, "only requests are answered");
        Reply reply = hostile.next();
        assertTrue(reply.message.messageClass() != MessageClass.REQUEST);
        assertEquals(Message.Shape.WELL_FORMED, reply.message.parse(reply.raw, reply.raw.length));
      }
      lab.atPeers.clear();
      if (i % 500 == 0) {
        bystander.sendsChannelData(0x4000, "x");
        assertEquals(1, lab.atPeers.size());
        lab.peerSends(Lab.address(PEER), relayed, "y");
        bystander.receivesOnChannel(0x4000, "y");
        lab.atPeers.clear();
      }
    }
    lab.passesSeconds(4000);
    lab.assertEmpty();
  }

  private static List<byte[]> seeds() {
    List<byte[]> seeds = new ArrayList<>();
    for (Method method : Method.values()) {
      for (Sent sent : new Sent[] {Sent.request(method), Sent.indication(method)}) {
        seeds.add(
            sent.transport(17)
                .lifetime(600)
                .channel(0x4001)
                .peer(PEER)
                .data("payload")
                .bytes(b -> {}));
      }
    }
    seeds.add(Sent.allocate().bytes(b -> {}));
    seeds.add(Sent.allocate().evenPort(true).bytes(b -> b.fingerprint()));
    seeds.add(Sent.allocate().additionalFamily(2).bytes(b -> {}));
    seeds.add(Sent.allocate().token(5).bytes(b -> {}));
    seeds.add(Sent.refresh().family(Family.IPV6).lifetime(0).bytes(b -> {}));
    seeds.add(Sent.createPermission(PEER, "[2001:db8::1]:9").bytes(b -> {}));
    seeds.add(Sent.channelBind(0x4000, PEER).bytes(b -> {}));
    seeds.add(
        Sent.allocate()
            .bytes(AttributeType.USERNAME, new byte[513])
            .bytes(AttributeType.NONCE, new byte[1])
            .bytes(AttributeType.MESSAGE_INTEGRITY, new byte[20])
            .bytes(b -> {}));
    seeds.add(new byte[] {0x40, 0, 0, 4, 1, 2, 3, 4});
    seeds.add(new byte[] {0});
    seeds.add(new byte[0]);
    return seeds;
  }

  /** Some bytes changed; sometimes cut or made longer; the length mostly made to fit. */
  private static byte[] mutate(byte[] bytes, Random random) {
    byte[] result = bytes;
    if (random.nextInt(4) == 0) {
      result = java.util.Arrays.copyOf(result, random.nextInt(2 * result.length + 5));
    }
    if (result.length == 0) {
      return result;
    }
    for (int n = random.nextInt(4); n > 0; n--) {
      result[random.nextInt(result.length)] = (byte) random.nextInt(256);
    }
    if (result.length >= 20 && random.nextInt(3) > 0) {
      int length = result.length - 20;
      result[2] = (byte) (length >>> 8);
      result[3] = (byte) length;
    }
    return result;
  }
}

package puente.stun;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static puente.stun.BindingServerTest.assertError;
import static puente.stun.Messages.CLIENT;
import static puente.stun.Messages.binding;
import static puente.stun.Messages.classicBinding;

import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** NAT behaviour discovery from two addresses with two ports each. */
class BehaviorDiscoveryTest {

  private static final int A1 = 0x0a00_0001;
  private static final int A2 = 0x0a00_0002;
  private static final TransportAddress A1P1 = TransportAddress.ipv4(A1, 3478);
  private static final TransportAddress A2P2 = TransportAddress.ipv4(A2, 3479);
  private static final BindingConfig.Square SQUARE = new BindingConfig.Square(A1P1, A2P2);
  private static final BindingConfig TWO_ADDRESSES =
      new BindingConfig(null, false, true, true, List.of(SQUARE), null);
  private static final BindingConfig ONE_ADDRESS =
      new BindingConfig(null, false, true, false, List.of(), null);

  private final MessageBuilder out = new MessageBuilder();

  /** RFC 5780 §7.2, §6.1, table 1: where the response comes from, from each of the four corners. */
  @ParameterizedTest
  @CsvSource({
    "1, 3478, 0, 1, 3478", "1, 3478, 4, 2, 3478", "1, 3478, 2, 1, 3479", "1, 3478, 6, 2, 3479",
    "1, 3479, 0, 1, 3479", "1, 3479, 4, 2, 3479", "1, 3479, 2, 1, 3478", "1, 3479, 6, 2, 3478",
    "2, 3478, 0, 2, 3478", "2, 3478, 4, 1, 3478", "2, 3478, 2, 2, 3479", "2, 3478, 6, 1, 3479",
    "2, 3479, 0, 2, 3479", "2, 3479, 4, 1, 3479", "2, 3479, 2, 2, 3478", "2, 3479, 6, 1, 3478"
  })
  void changeRequest(int ip, int port, int flags, int fromIp, int fromPort) {
    FiveTuple client = at(TransportAddress.ipv4(0x0a00_0000 + ip, port));
    TransportAddress from = TransportAddress.ipv4(0x0a00_0000 + fromIp, fromPort);
    TransportAddress other = TransportAddress.ipv4(0x0a00_0003 - ip, port == 3478 ? 3479 : 3478);
    BindingServer.Answer answer =
        answer(TWO_ADDRESSES, binding().i32(AttributeType.CHANGE_REQUEST, flags), client);
    assertNotNull(answer);
    assertEquals(from, answer.from());
    assertEquals(CLIENT, answer.to());
    assertEquals(flags == 0, answer.isDirect(client));
    Message response = Messages.parsed(out);
    assertEquals(from, response.addressAt(response.find(AttributeType.RESPONSE_ORIGIN)));
    assertEquals(other, response.addressAt(response.find(AttributeType.OTHER_ADDRESS)));
    assertEquals(CLIENT, response.addressAt(response.find(AttributeType.MAPPED_ADDRESS)));
    assertEquals(CLIENT, response.xorAddressAt(response.find(AttributeType.XOR_MAPPED_ADDRESS)));
  }

  /** RFC 5780 §6.1: clients behind no attribute of it still learn of the other address. */
  @Test
  void otherAddressIsAlwaysTold() {
    assertNotNull(answer(TWO_ADDRESSES, binding(), at(A1P1)));
    Message response = Messages.parsed(out);
    assertEquals(A1P1, response.addressAt(response.find(AttributeType.RESPONSE_ORIGIN)));
    assertEquals(A2P2, response.addressAt(response.find(AttributeType.OTHER_ADDRESS)));
  }

  /** RFC 5780 §7.3 and §7.4: behind a translation, clients are told what they can reach. */
  @Test
  void publicAddresses() {
    TransportAddress public1 = TransportAddress.ipv4(0xc633_6401, 3478);
    TransportAddress public2 = TransportAddress.ipv4(0xc633_6402, 3479);
    BindingConfig.Square square = new BindingConfig.Square(A1P1, A2P2, public1, public2);
    BindingConfig config = new BindingConfig(null, false, true, false, List.of(square), null);
    BindingServer.Answer answer =
        answer(config, binding().i32(AttributeType.CHANGE_REQUEST, 4), at(A1P1));
    assertNotNull(answer);
    assertEquals(A2P2.withPort(3478), answer.from());
    Message response = Messages.parsed(out);
    assertEquals(
        public2.withPort(3478), response.addressAt(response.find(AttributeType.RESPONSE_ORIGIN)));
    assertEquals(public2, response.addressAt(response.find(AttributeType.OTHER_ADDRESS)));
  }

  /** RFC 5780 §6: with one address, or at a listener outside, no OTHER-ADDRESS, and 420. */
  @Test
  void oneAddress() {
    TransportAddress elsewhere = TransportAddress.ipv4(A1, 5000);
    for (FiveTuple client : new FiveTuple[] {at(A1P1), at(elsewhere)}) {
      BindingConfig config = client.server().equals(elsewhere) ? TWO_ADDRESSES : ONE_ADDRESS;
      assertNotNull(answer(config, binding(), client));
      assertFalse(Messages.parsed(out).has(AttributeType.OTHER_ADDRESS));
      assertNotNull(answer(config, binding().i32(AttributeType.CHANGE_REQUEST, 6), client));
      assertError(420, Messages.parsed(out));
    }
  }

  /** RFC 5780 §6.1: a connection cannot be answered from elsewhere: 420. */
  @ParameterizedTest
  @EnumSource(
      value = Transport.class,
      names = {"TCP", "TLS", "DTLS"})
  void connections(Transport transport) {
    FiveTuple client = Messages.client(transport, A1P1);
    for (AttributeType type :
        List.of(AttributeType.CHANGE_REQUEST, AttributeType.RESPONSE_PORT, AttributeType.PADDING)) {
      assertNotNull(answer(TWO_ADDRESSES, binding().i32(type, 6), client));
      assertError(420, Messages.parsed(out));
    }
    assertNotNull(answer(TWO_ADDRESSES, binding(), client));
    assertTrue(Messages.parsed(out).has(AttributeType.OTHER_ADDRESS));
  }

  /** RFC 5780 §7.5: to another port of the same address. */
  @Test
  void responsePort() {
    BindingServer.Answer answer =
        answer(ONE_ADDRESS, binding().i32(AttributeType.RESPONSE_PORT, 5000 << 16), at(A1P1));
    assertNotNull(answer);
    assertEquals(A1P1, answer.from());
    assertEquals(CLIENT.withPort(5000), answer.to());
    assertEquals(CLIENT, Messages.parsed(out).xorAddressAt(0));
  }

  /** RFC 5780 §6.1 and §7: malformed, port 0, or RESPONSE-PORT together with PADDING: 400. */
  @Test
  void badRequests() {
    for (MessageBuilder request :
        List.of(
            binding().i32(AttributeType.RESPONSE_PORT, 0),
            binding().flag(AttributeType.RESPONSE_PORT),
            binding().flag(AttributeType.CHANGE_REQUEST),
            binding().i64(AttributeType.CHANGE_REQUEST, 6),
            binding().i32(AttributeType.RESPONSE_PORT, -1).flag(AttributeType.PADDING))) {
      BindingServer.Answer answer = answer(TWO_ADDRESSES, request, at(A1P1));
      assertNotNull(answer);
      assertEquals(CLIENT, answer.to());
      assertEquals(A1P1, answer.from());
      assertError(400, Messages.parsed(out));
    }
  }

  /** RFC 5780 §7.6, bounded: PADDING is answered, never with more bytes than were sent. */
  @ParameterizedTest
  @ValueSource(ints = {0, 1, 4, 64, 100, 500, 1500})
  void padding(int length) {
    MessageBuilder request = binding().bytes(AttributeType.PADDING, new byte[length]);
    assertNotNull(answer(ONE_ADDRESS, binding(), at(A1P1)));
    int unpadded = out.length();
    assertNotNull(answer(ONE_ADDRESS, request, at(A1P1)));
    assertTrue(Messages.parsed(out).has(AttributeType.PADDING));
    assertTrue(out.length() <= Math.max(request.length(), unpadded + 4));
    if (length >= 500) {
      assertTrue(out.length() > request.length() - 16);
    }
  }

  /** RFC 3489 §8.1: CHANGED-ADDRESS and CHANGE-REQUEST for clients without the magic cookie. */
  @Test
  void classic() {
    BindingServer.Answer answer =
        answer(TWO_ADDRESSES, classicBinding().i32(AttributeType.CHANGE_REQUEST, 6), at(A1P1));
    assertNotNull(answer);
    assertEquals(A2P2, answer.from());
    Message response = Messages.parsed(out);
    assertEquals(3, response.count());
    assertEquals(A2P2, response.addressAt(response.find(AttributeType.SOURCE_ADDRESS)));
    assertEquals(A2P2, response.addressAt(response.find(AttributeType.CHANGED_ADDRESS)));
    MessageBuilder reflect = classicBinding().i32(AttributeType.RESPONSE_PORT, 53 << 16);
    assertNotNull(answer(TWO_ADDRESSES, reflect, at(A1P1)));
    assertError(420, Messages.parsed(out));
  }

  /** RFC 5780 §6: a square has two addresses of one family and two ports. */
  @Test
  void squares() {
    TransportAddress ipv6 = TransportAddress.ipv6(1, 2, 3479);
    for (TransportAddress other :
        List.of(A1P1, A1P1.withPort(3479), TransportAddress.ipv4(A2, 3478), ipv6)) {
      assertThrows(IllegalArgumentException.class, () -> new BindingConfig.Square(A1P1, other));
    }
  }

  private static FiveTuple at(TransportAddress server) {
    return Messages.client(Transport.UDP, server);
  }

  private BindingServer.@Nullable Answer answer(
      BindingConfig config, MessageBuilder request, FiveTuple client) {
    return new BindingServer(config).answer(Messages.parsed(request), client, out);
  }
}

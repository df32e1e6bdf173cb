package puente.stun;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static puente.stun.Messages.CLIENT;
import static puente.stun.Messages.SERVER;
import static puente.stun.Messages.binding;
import static puente.stun.Messages.classicBinding;

import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Binding requests and their answers, without behaviour discovery. */
class BindingServerTest {

  private static final BindingConfig CLASSIC =
      new BindingConfig(null, false, false, true, List.of(), null);

  private final MessageBuilder out = new MessageBuilder();
  private final Integrity integrity = new Integrity();

  /** RFC 8489 §6.3.1.1: success with XOR-MAPPED-ADDRESS, and with nothing that was not asked. */
  @ParameterizedTest
  @EnumSource(Transport.class)
  void success(Transport transport) {
    FiveTuple client = Messages.client(transport);
    BindingServer.Answer answer = answer(BindingConfig.PLAIN, binding(), client, null);
    assertNotNull(answer);
    assertTrue(answer.isDirect(client));
    assertEquals(SERVER, answer.from());
    assertEquals(CLIENT, answer.to());
    Message response = Messages.parsed(out);
    assertEquals(0x0101, response.type());
    assertTrue(response.hasTransactionId(Messages.TRANSACTION));
    assertEquals(1, response.count());
    assertEquals(CLIENT, response.xorAddressAt(response.find(AttributeType.XOR_MAPPED_ADDRESS)));
  }

  /** RFC 8489 §14.2: the same over IPv6. */
  @Test
  void successOverIpv6() {
    TransportAddress ipv6 = TransportAddress.ipv6(0x2001_0db8L << 32, 1, 5000);
    TransportAddress server = TransportAddress.ipv6(0x2001_0db8L << 32, 2, 3478);
    FiveTuple client = new FiveTuple(Transport.UDP, ipv6, server, 1, null);
    assertNotNull(answer(BindingConfig.PLAIN, binding(), client, null));
    assertEquals(ipv6, Messages.parsed(out).xorAddressAt(0));
  }

  /** RFC 8489 §6.3.2 to §6.3.4: indications and responses get no answer. */
  @ParameterizedTest
  @EnumSource(
      value = MessageClass.class,
      names = {"INDICATION", "SUCCESS", "ERROR"})
  void silentToOtherClasses(MessageClass messageClass) {
    MessageBuilder message = new MessageBuilder(100);
    message.message(messageClass, Method.BINDING, Messages.TRANSACTION);
    assertNull(answer(BindingConfig.PLAIN, message));
  }

  /** RFC 8489 §6.3: other methods are not for this server. */
  @Test
  void silentToOtherMethods() {
    MessageBuilder message = new MessageBuilder(100);
    message.message(MessageClass.REQUEST, Method.ALLOCATE, Messages.TRANSACTION);
    assertNull(answer(BindingConfig.PLAIN, message));
  }

  /** RFC 8489 §6.3.1: unknown comprehension-required attributes: 420 with their list. */
  @Test
  void unknownAttributes() {
    MessageBuilder request = binding().flag(AttributeType.PRIORITY).flag(AttributeType.PRIORITY);
    request.flag(AttributeType.DATA).flag(AttributeType.ICE_CONTROLLED);
    assertNotNull(answer(BindingConfig.PLAIN, request));
    Message response = Messages.parsed(out);
    assertEquals(0x0111, response.type());
    assertError(420, response);
    int list = response.find(AttributeType.UNKNOWN_ATTRIBUTES);
    assertArrayEquals(Hex.of("0024"), response.valueBytes(list));
  }

  /** RFC 8489 §14.13: the list is bounded, and so is the answer. */
  @Test
  void unknownAttributesAreBounded() {
    MessageBuilder request = binding();
    for (int i = 0; i < Message.ATTRIBUTES_MAX; i++) {
      int at = request.length();
      request.flag(AttributeType.SOFTWARE);
      Message.U16.set(request.bytes(), at, (short) (0x7000 + i));
    }
    assertNotNull(answer(BindingConfig.PLAIN, request));
    assertTrue(out.length() < 200);
    assertTrue(out.length() <= request.length());
  }

  /** RFC 5780 §7, RFC 3489 §11.2.2: without configuration their attributes are unknown. */
  @ParameterizedTest
  @EnumSource(
      value = AttributeType.class,
      names = {"CHANGE_REQUEST", "RESPONSE_PORT", "PADDING", "RESPONSE_ADDRESS"})
  void discoveryIsOptIn(AttributeType type) {
    for (BindingConfig config : List.of(BindingConfig.PLAIN, CLASSIC)) {
      assertNotNull(answer(config, binding().i32(type, 0)));
      assertError(420, Messages.parsed(out));
    }
  }

  /** RFC 8489 §7, §14.7: FINGERPRINT where the request had one, or where configured. */
  @Test
  void fingerprint() {
    assertNotNull(answer(BindingConfig.PLAIN, binding().fingerprint()));
    assertFingerprint();
    BindingConfig always = new BindingConfig(null, true, false, false, List.of(), null);
    assertNotNull(answer(always, binding()));
    assertFingerprint();
    assertNotNull(answer(always, binding().i32(AttributeType.PRIORITY, 1)));
    assertFingerprint();
  }

  private void assertFingerprint() {
    Message response = Messages.parsed(out);
    assertTrue(response.has(AttributeType.FINGERPRINT));
    assertFalse(integrity.hasWrongFingerprint(response));
  }

  /** RFC 8489 §14.14: SOFTWARE only where configured. */
  @Test
  void software() {
    BindingConfig named = new BindingConfig("ours", false, false, false, List.of(), null);
    assertNotNull(answer(named, binding()));
    Message response = Messages.parsed(out);
    assertEquals("ours", response.textAt(response.find(AttributeType.SOFTWARE)));
  }

  /** RFC 8489 §9.2.4: an authenticated request has a sealed answer, FINGERPRINT outside of it. */
  @Test
  void seals() {
    IntegrityKey key = IntegrityKey.shortTerm("secret");
    MessageBuilder request = binding().integrity(integrity.hmacSha1(key)).fingerprint();
    FiveTuple client = Messages.client(Transport.UDP);
    BindingServer.Seal seal = response -> response.integrity(integrity.hmacSha1(key));
    assertNotNull(answer(BindingConfig.PLAIN, request, client, seal));
    assertTrue(integrity.verify(Messages.parsed(out), key));
    assertFingerprint();
  }

  /** RFC 8489 §10 and §14.8: 300 for authenticated requests alone, our family's address first. */
  @Test
  void redirects() {
    IntegrityKey key = IntegrityKey.shortTerm("secret");
    TransportAddress ipv4 = TransportAddress.ipv4(0xc633_6464, 3478);
    TransportAddress ipv6 = TransportAddress.ipv6(1, 2, 3478);
    Redirect redirect = new Redirect(ipv4, ipv6, "turn.example.org");
    BindingConfig config = new BindingConfig(null, false, false, false, List.of(), redirect);
    BindingServer.Seal seal = response -> response.integritySha256(integrity.hmacSha256(key));
    assertNotNull(answer(config, binding()));
    assertEquals(0x0101, Messages.parsed(out).type());

    MessageBuilder request = binding().integritySha256(integrity.hmacSha256(key));
    assertNotNull(answer(config, request, Messages.client(Transport.TLS), seal));
    Message response = Messages.parsed(out);
    assertError(300, response);
    assertTrue(integrity.verify(response, key));
    int first = response.find(AttributeType.ALTERNATE_SERVER);
    assertEquals(ipv4, response.addressAt(first));
    assertEquals(ipv6, response.addressAt(first + 1));
    int domain = response.find(AttributeType.ALTERNATE_DOMAIN);
    assertEquals("turn.example.org", response.textAt(domain));

    assertNotNull(answer(config, request, Messages.client(Transport.UDP), seal));
    assertFalse(Messages.parsed(out).has(AttributeType.ALTERNATE_DOMAIN));
    BindingConfig other =
        new BindingConfig(null, false, false, false, List.of(), new Redirect(null, ipv6, null));
    assertNotNull(answer(other, request, Messages.client(Transport.UDP), seal));
    assertEquals(0x0101, Messages.parsed(out).type());
  }

  /** RFC 8489 §12 and §11: clients of RFC 3489 are answered only where configured. */
  @Test
  void classicIsOptIn() {
    assertNull(answer(BindingConfig.PLAIN, classicBinding()));
    assertNotNull(answer(CLASSIC, classicBinding()));
  }

  /** RFC 5389 §12.2, RFC 3489 §8.1: MAPPED-ADDRESS, SOURCE-ADDRESS, the whole transaction ID. */
  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void classic(boolean fingerprint) {
    BindingConfig config = new BindingConfig(null, fingerprint, false, true, List.of(), null);
    assertNotNull(answer(config, classicBinding()));
    Message response = Messages.parsed(out);
    assertEquals(0x1234_5678, response.i32(4));
    assertTrue(response.hasTransactionId(Messages.TRANSACTION));
    assertEquals(2, response.count());
    assertEquals(CLIENT, response.addressAt(response.find(AttributeType.MAPPED_ADDRESS)));
    assertEquals(SERVER, response.addressAt(response.find(AttributeType.SOURCE_ADDRESS)));
  }

  /** RFC 3489 §8.1: RESPONSE-ADDRESS would make us a reflector; it is never honoured. */
  @Test
  void responseAddressIsRefused() {
    MessageBuilder request =
        classicBinding().address(AttributeType.RESPONSE_ADDRESS, TransportAddress.ipv4(1, 1));
    BindingServer.Answer answer = answer(CLASSIC, request);
    assertNotNull(answer);
    assertEquals(CLIENT, answer.to());
    assertError(420, Messages.parsed(out));
  }

  /** RFC 8489 §11: over DTLS a request without the magic cookie is an error, come what may. */
  @Test
  void classicOverDtls() {
    for (BindingConfig config : List.of(BindingConfig.PLAIN, CLASSIC)) {
      assertNotNull(answer(config, classicBinding(), Messages.client(Transport.DTLS), null));
      assertError(500, Messages.parsed(out));
    }
  }

  /** RFC 8489 §14.8: class and number of the error code. */
  static void assertError(int code, Message response) {
    assertEquals(MessageClass.ERROR, response.messageClass());
    int index = response.find(AttributeType.ERROR_CODE);
    assertEquals(code / 100 << 8 | code % 100, response.i32At(index));
  }

  private BindingServer.@Nullable Answer answer(BindingConfig config, MessageBuilder request) {
    return answer(config, request, Messages.client(Transport.UDP), null);
  }

  private BindingServer.@Nullable Answer answer(
      BindingConfig config,
      MessageBuilder request,
      FiveTuple client,
      BindingServer.@Nullable Seal seal) {
    return new BindingServer(config).answer(Messages.parsed(request), client, out, seal);
  }
}

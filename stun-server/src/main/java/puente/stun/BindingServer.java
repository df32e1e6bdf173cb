package puente.stun;

import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Answers Binding requests: RFC 8489, and where configured RFC 5780 (behaviour discovery) and RFC
 * 3489 (clients without the magic cookie). It remembers nothing.
 *
 * <p>No amplification for the asking: a response goes to the source address of its request, never
 * to an address that the request names (RESPONSE-ADDRESS of RFC 3489 is unknown here); only its
 * port may be another one, by RESPONSE-PORT of RFC 5780. PADDING never makes a response longer than
 * its request.
 *
 * <p>For one thread.
 */
public final class BindingServer {

  /** RFC 5780 §7.2: the flags of CHANGE-REQUEST. */
  private static final int CHANGE_IP = 0x4;

  private static final int CHANGE_PORT = 0x2;

  private static final int ATTRIBUTE_HEADER = 4;
  private static final int FINGERPRINT_LENGTH = 8;

  /**
   * Where an answer leaves and where it goes. Both are those of the five-tuple, the other way
   * round, unless RFC 5780 says otherwise.
   */
  public record Answer(TransportAddress from, TransportAddress to) {

    /** Whether it simply goes back the way that the request came. */
    public boolean isDirect(FiveTuple client) {
      return from == client.server() && to == client.client();
    }
  }

  /** Seals an answer whose request was authenticated, as for {@code secure-stun}. */
  @FunctionalInterface
  public interface Seal {

    /** Adds MESSAGE-INTEGRITY or MESSAGE-INTEGRITY-SHA256; only FINGERPRINT comes after. */
    void on(MessageBuilder answer);
  }

  private final BindingConfig config;
  private final byte @Nullable [] software;
  private final Set<AttributeType> understood;
  private final Set<AttributeType> understoodWithDiscovery;
  private final Set<AttributeType> understoodWithChange;
  private final Set<AttributeType> understoodOfClassic;
  private List<BindingConfig.Square> own;
  private List<BindingConfig.Square> partners = List.of();
  private List<BindingConfig.Square> squares;
  private final int[] unknown = new int[Message.ATTRIBUTES_MAX];

  public BindingServer(BindingConfig config) {
    this.config = config;
    software = config.softwareBytes();
    own = config.squares();
    squares = own;
    understood = EnumSet.allOf(AttributeType.class);
    understood.removeAll(
        Set.of(
            AttributeType.RESPONSE_ADDRESS,
            AttributeType.CHANGE_REQUEST,
            AttributeType.SOURCE_ADDRESS,
            AttributeType.CHANGED_ADDRESS,
            AttributeType.PRIORITY,
            AttributeType.USE_CANDIDATE,
            AttributeType.PADDING,
            AttributeType.RESPONSE_PORT));
    understoodWithDiscovery = EnumSet.copyOf(understood);
    understoodWithDiscovery.add(AttributeType.PADDING);
    understoodWithDiscovery.add(AttributeType.RESPONSE_PORT);
    understoodWithChange = EnumSet.copyOf(understoodWithDiscovery);
    understoodWithChange.add(AttributeType.CHANGE_REQUEST);
    understoodOfClassic = EnumSet.copyOf(understood);
    understoodOfClassic.add(AttributeType.CHANGE_REQUEST);
  }

  /**
   * From now on, these squares too, for listeners that are in none of the configuration: their
   * other address is another server's, which sends for us what is to come from there.
   */
  public void discoverWith(List<BindingConfig.Square> newPartners) {
    partners = newPartners;
    squares = joined();
  }

  /** From now on, these squares of our own instead of those of the configuration. */
  public void listensAt(List<BindingConfig.Square> newOwn) {
    own = newOwn;
    squares = joined();
  }

  private List<BindingConfig.Square> joined() {
    List<BindingConfig.Square> all = new ArrayList<>(own);
    all.addAll(partners);
    return List.copyOf(all);
  }

  /** The same without authentication. */
  public @Nullable Answer answer(Message request, FiveTuple client, MessageBuilder out) {
    return answer(request, client, out, null);
  }

  /**
   * Writes the answer to a well-formed message with a right FINGERPRINT or none (RFC 8489 §6.3).
   *
   * @param seal the request was authenticated, and so must be the answer; null if it was not
   * @return where to send what stands in {@code out}; null when no answer is owed
   */
  public @Nullable Answer answer(
      Message request, FiveTuple client, MessageBuilder out, @Nullable Seal seal) {
    if (request.messageClass() != MessageClass.REQUEST || request.method() != Method.BINDING) {
      return null;
    }
    boolean classic = !request.hasMagicCookie();
    Answer direct = new Answer(client.server(), client.client());
    if (classic && client.transport() == Transport.DTLS) {
      // RFC 8489 §11: no RFC 3489 over DTLS.
      return finish(error(request, out, ErrorCode.SERVER_ERROR), direct, request, seal);
    }
    if (classic && !config.classic()) {
      return null;
    }
    BindingConfig.Square square = squareOf(client, classic);
    Set<AttributeType> known = understoodBy(client, classic, square);
    int unknowns = request.unknownRequired(known, unknown);
    if (unknowns > 0) {
      error(request, out, ErrorCode.UNKNOWN_ATTRIBUTE).unknownAttributes(unknown, unknowns);
      return finish(out, direct, request, seal);
    }
    Redirect redirect = config.redirect();
    if (seal != null && redirect != null && redirect.suits(client)) {
      redirect.write(request, client, out);
      return finish(out, direct, request, seal);
    }
    Answer answer = address(request, client, square);
    if (answer == null) {
      return finish(error(request, out, ErrorCode.BAD_REQUEST), direct, request, seal);
    }
    success(request, client, out, square, answer);
    if (known.contains(AttributeType.PADDING) && request.has(AttributeType.PADDING)) {
      pad(request, out, seal);
    }
    return finish(out, answer, request, seal);
  }

  /** The square that this listener is a corner of, if it may be used for this client. */
  private BindingConfig.@Nullable Square squareOf(FiveTuple client, boolean classic) {
    if (!config.behaviorDiscovery() && !classic) {
      return null;
    }
    for (BindingConfig.Square square : squares) {
      if (square.has(client.server())) {
        return square;
      }
    }
    return null;
  }

  /** A connection cannot be answered from elsewhere: those attributes are for UDP alone. */
  private Set<AttributeType> understoodBy(
      FiveTuple client, boolean classic, BindingConfig.@Nullable Square square) {
    if (client.transport() != Transport.UDP) {
      return understood;
    }
    if (classic) {
      return square == null ? understood : understoodOfClassic;
    }
    if (!config.behaviorDiscovery()) {
      return understood;
    }
    return square == null ? understoodWithDiscovery : understoodWithChange;
  }

  /** RFC 5780 §6.1: from where and to where; null for a bad request. */
  private static @Nullable Answer address(
      Message request, FiveTuple client, BindingConfig.@Nullable Square square) {
    TransportAddress from = client.server();
    int change = request.find(AttributeType.CHANGE_REQUEST);
    if (change >= 0 && square != null) {
      if (request.lengthAt(change) != 4) {
        return null;
      }
      int flags = request.i32At(change);
      if ((flags & (CHANGE_IP | CHANGE_PORT)) != 0) {
        from = square.corner(from, (flags & CHANGE_IP) != 0, (flags & CHANGE_PORT) != 0);
      }
    }
    int port = request.find(AttributeType.RESPONSE_PORT);
    if (port < 0) {
      return new Answer(from, client.client());
    }
    if (request.has(AttributeType.PADDING)
        || request.lengthAt(port) < 2
        || request.u16At(port) == 0) {
      return null;
    }
    return new Answer(from, client.client().withPort(request.u16At(port)));
  }

  private void success(
      Message request,
      FiveTuple client,
      MessageBuilder out,
      BindingConfig.@Nullable Square square,
      Answer answer) {
    out.answer(MessageClass.SUCCESS, request);
    TransportAddress from = square == null ? answer.from() : square.seen(answer.from());
    TransportAddress other =
        square == null ? null : square.seen(square.corner(client.server(), true, true));
    if (!request.hasMagicCookie()) {
      // RFC 3489 §8.1, RFC 5389 §12.2.
      out.address(AttributeType.MAPPED_ADDRESS, client.client());
      out.address(AttributeType.SOURCE_ADDRESS, from);
      if (other != null) {
        out.address(AttributeType.CHANGED_ADDRESS, other);
      }
      return;
    }
    out.xorAddress(AttributeType.XOR_MAPPED_ADDRESS, client.client());
    if (!config.behaviorDiscovery()) {
      return;
    }
    // RFC 5780 §6.1: both forms of the mapped address.
    out.address(AttributeType.MAPPED_ADDRESS, client.client());
    out.address(AttributeType.RESPONSE_ORIGIN, from);
    if (other != null) {
      out.address(AttributeType.OTHER_ADDRESS, other);
    }
  }

  /**
   * RFC 5780 §6.1 asks for a PADDING of the size of the MTU, whatever the request's size: an
   * amplifier. Ours fills the response up to the size of its request.
   */
  private void pad(Message request, MessageBuilder out, @Nullable Seal seal) {
    int fixed = out.length() + ATTRIBUTE_HEADER + FINGERPRINT_LENGTH;
    if (software != null) {
      fixed += ATTRIBUTE_HEADER + (software.length + 3 & ~3);
    }
    if (seal != null) {
      fixed += ATTRIBUTE_HEADER + Integrity.SHA256_LENGTH;
    }
    out.zeros(AttributeType.PADDING, Math.max(0, request.length() - fixed & ~3));
  }

  private static MessageBuilder error(Message request, MessageBuilder out, ErrorCode code) {
    return out.answer(MessageClass.ERROR, request).errorCode(code);
  }

  private Answer finish(MessageBuilder out, Answer answer, Message request, @Nullable Seal seal) {
    if (software != null) {
      out.bytes(AttributeType.SOFTWARE, software);
    }
    if (seal != null) {
      seal.on(out);
    }
    boolean asked = request.has(AttributeType.FINGERPRINT);
    if (request.hasMagicCookie() && (asked || config.fingerprint())) {
      out.fingerprint();
    }
    return answer;
  }
}

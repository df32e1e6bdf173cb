package puente.stun;

import org.jspecify.annotations.Nullable;

/** STUN attributes that this server reads or writes, with the code points of the IANA registry. */
public enum AttributeType {
  MAPPED_ADDRESS(0x0001),
  /** RFC 3489 §11.2.2 alone; known by name so that it can be refused. */
  RESPONSE_ADDRESS(0x0002),
  CHANGE_REQUEST(0x0003),
  /** RFC 3489 §11.2.5 alone. */
  SOURCE_ADDRESS(0x0004),
  /** RFC 3489 §11.2.3 alone. */
  CHANGED_ADDRESS(0x0005),
  USERNAME(0x0006),
  MESSAGE_INTEGRITY(0x0008),
  ERROR_CODE(0x0009),
  UNKNOWN_ATTRIBUTES(0x000a),
  CHANNEL_NUMBER(0x000c),
  LIFETIME(0x000d),
  XOR_PEER_ADDRESS(0x0012),
  DATA(0x0013),
  REALM(0x0014),
  NONCE(0x0015),
  XOR_RELAYED_ADDRESS(0x0016),
  REQUESTED_ADDRESS_FAMILY(0x0017),
  EVEN_PORT(0x0018),
  REQUESTED_TRANSPORT(0x0019),
  DONT_FRAGMENT(0x001a),
  /** RFC 7635 §6.2. */
  ACCESS_TOKEN(0x001b),
  MESSAGE_INTEGRITY_SHA256(0x001c),
  PASSWORD_ALGORITHM(0x001d),
  USERHASH(0x001e),
  XOR_MAPPED_ADDRESS(0x0020),
  RESERVATION_TOKEN(0x0022),
  PRIORITY(0x0024),
  USE_CANDIDATE(0x0025),
  PADDING(0x0026),
  RESPONSE_PORT(0x0027),
  CONNECTION_ID(0x002a),
  ADDITIONAL_ADDRESS_FAMILY(0x8000),
  ADDRESS_ERROR_CODE(0x8001),
  PASSWORD_ALGORITHMS(0x8002),
  ALTERNATE_DOMAIN(0x8003),
  ICMP(0x8004),
  SOFTWARE(0x8022),
  ALTERNATE_SERVER(0x8023),
  FINGERPRINT(0x8028),
  ICE_CONTROLLED(0x8029),
  ICE_CONTROLLING(0x802a),
  RESPONSE_ORIGIN(0x802b),
  OTHER_ADDRESS(0x802c),
  /** RFC 7635 §6.1. */
  THIRD_PARTY_AUTHORIZATION(0x802e),
  /** Of draft-ietf-tram-stun-origin, which never became an RFC; coturn knows it. */
  ORIGIN(0x802f),
  /** RFC 8016 §3.3. */
  MOBILITY_TICKET(0x8030);

  /** Attributes from here on may be ignored by who does not know them (RFC 8489 §14). */
  public static final int FIRST_COMPREHENSION_OPTIONAL = 0x8000;

  private static final int HALF = 0x40;
  private static final @Nullable AttributeType[] REQUIRED = new AttributeType[HALF];
  private static final @Nullable AttributeType[] OPTIONAL = new AttributeType[HALF];

  static {
    for (AttributeType type : values()) {
      (type.code < FIRST_COMPREHENSION_OPTIONAL ? REQUIRED : OPTIONAL)[type.code & HALF - 1] = type;
    }
  }

  private final int code;

  AttributeType(int code) {
    this.code = code;
  }

  public int code() {
    return code;
  }

  /** The name in the IANA registry. */
  public String registeredName() {
    return name().replace('_', '-');
  }

  public static @Nullable AttributeType of(int code) {
    if ((code & 0x7fff) >= HALF) {
      return null;
    }
    return (code < FIRST_COMPREHENSION_OPTIONAL ? REQUIRED : OPTIONAL)[code & HALF - 1];
  }
}

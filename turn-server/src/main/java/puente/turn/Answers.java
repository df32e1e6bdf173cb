package puente.turn;

import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;
import puente.stun.AttributeType;
import puente.stun.ErrorCode;
import puente.stun.Family;
import puente.stun.Integrity;
import puente.stun.IntegrityKey;
import puente.stun.Message;
import puente.stun.MessageBuilder;
import puente.stun.MessageClass;

/** Writes and seals what goes back to clients. For one thread. */
final class Answers {

  private final MessageBuilder builder = new MessageBuilder();
  private final Redirects redirects = new Redirects();
  private final Integrity integrity;
  private final Counters counters;
  private final @Nullable Authenticator authenticator;
  private TurnConfig config;
  private byte @Nullable [] software;

  Answers(
      TurnConfig config,
      Integrity integrity,
      @Nullable Authenticator authenticator,
      Counters counters) {
    this.config = config;
    this.integrity = integrity;
    this.authenticator = authenticator;
    this.counters = counters;
    this.software = softwareOf(config);
  }

  void reconfigure(TurnConfig newConfig) {
    config = newConfig;
    software = softwareOf(newConfig);
  }

  /** The builder, for messages that are no answers of TURN. */
  MessageBuilder builder() {
    return builder;
  }

  Redirects redirects() {
    return redirects;
  }

  MessageBuilder success(Request request) {
    return builder.message(MessageClass.SUCCESS, request.method(), request.transactionId());
  }

  /** Sends the success that stands in the builder. */
  void send(Request request, Effects out) {
    finish(request, null, out);
  }

  /**
   * The success of an Allocate request; the same for every copy of it (RFC 8656 §7.2).
   *
   * @param ticket for mobility; null without
   */
  void birth(Allocation allocation, Request request, byte @Nullable [] ticket, Effects out) {
    Birth birth = allocation.birth;
    success(request);
    for (Relay relay : allocation.relays()) {
      builder.xorAddress(AttributeType.XOR_RELAYED_ADDRESS, relay.advertised());
    }
    builder.i32(AttributeType.LIFETIME, birth.lifetimeSeconds);
    Long token = birth.token;
    if (token != null) {
      builder.i64(AttributeType.RESERVATION_TOKEN, token);
    }
    Family missingFamily = birth.missingFamily;
    ErrorCode missing = birth.missing;
    if (missingFamily != null && missing != null) {
      builder.addressErrorCode(missingFamily, missing);
    }
    if (ticket != null) {
      builder.bytes(AttributeType.MOBILITY_TICKET, ticket);
    }
    builder.xorAddress(AttributeType.XOR_MAPPED_ADDRESS, request.client().client());
    send(request, out);
  }

  /**
   * The success of a Refresh request.
   *
   * @param ticket of an allocation that has moved (RFC 8016 §3.2.2); null without
   */
  void refreshed(Request request, int seconds, byte @Nullable [] ticket, Effects out) {
    success(request).i32(AttributeType.LIFETIME, seconds);
    if (ticket != null) {
      builder.bytes(AttributeType.MOBILITY_TICKET, ticket);
    }
    send(request, out);
  }

  /** The one way of saying no (RFC 8489 §6.3.4, §9.2.4); signed if the request was. */
  void refuse(Request request, Refuse refusal, long now, Effects out) {
    ErrorCode error = refusal.error();
    builder.message(MessageClass.ERROR, request.method(), request.transactionId()).errorCode(error);
    if (refusal.unknown().length > 0) {
      builder.unknownAttributes(refusal.unknown(), refusal.unknown().length);
    }
    if (error == ErrorCode.TRY_ALTERNATE) {
      redirects.write(builder, request);
    }
    if (authenticator != null
        && (error == ErrorCode.UNAUTHORIZED || error == ErrorCode.STALE_NONCE)) {
      authenticator.challenge(builder, request.login().realm(), request.client(), now);
    }
    finish(request, error, out);
  }

  /** Adds MESSAGE-INTEGRITY of the kind that this login wants; nothing for nobody. */
  void seal(MessageBuilder message, Login login) {
    IntegrityKey key = login.key();
    if (key == null) {
      return;
    }
    if (login.sha256()) {
      message.integritySha256(integrity.hmacSha256(key));
    } else {
      message.integrity(integrity.hmacSha1(key));
    }
  }

  private void finish(Request request, @Nullable ErrorCode error, Effects out) {
    byte[] name = software;
    if (name != null) {
      builder.bytes(AttributeType.SOFTWARE, name);
    }
    seal(builder, request.login());
    if (config.fingerprint()) {
      builder.fingerprint();
    }
    counters.response(request.method(), request.client().transport(), error);
    out.toClient(request.client(), builder.bytes(), builder.length());
  }

  /** What the answer in this builder says, if ERROR-CODE stands first: its error code, or null. */
  static @Nullable ErrorCode errorIn(MessageBuilder builder) {
    byte[] bytes = builder.bytes();
    int type = (bytes[0] & 0xff) << 8 | bytes[1] & 0xff;
    if (MessageClass.ofType(type) != MessageClass.ERROR) {
      return null;
    }
    // Header, type and length of the attribute, two reserved bytes; then class and number.
    int at = Message.HEADER_LENGTH + 6;
    int code = 100 * bytes[at] + bytes[at + 1];
    for (ErrorCode error : ErrorCode.values()) {
      if (error.code() == code) {
        return error;
      }
    }
    return ErrorCode.SERVER_ERROR;
  }

  private static byte @Nullable [] softwareOf(TurnConfig config) {
    String name = config.software();
    return name == null ? null : name.getBytes(StandardCharsets.UTF_8);
  }
}

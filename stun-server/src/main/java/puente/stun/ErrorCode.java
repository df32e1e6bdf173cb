package puente.stun;

import java.nio.charset.StandardCharsets;

/** Error codes with their registered reason phrases (RFC 8489 §14.8, RFC 8656 §19). */
public enum ErrorCode {
  TRY_ALTERNATE(300, "Try Alternate"),
  BAD_REQUEST(400, "Bad Request"),
  UNAUTHORIZED(401, "Unauthorized"),
  FORBIDDEN(403, "Forbidden"),
  MOBILITY_FORBIDDEN(405, "Mobility Forbidden"),
  UNKNOWN_ATTRIBUTE(420, "Unknown Attribute"),
  ALLOCATION_MISMATCH(437, "Allocation Mismatch"),
  STALE_NONCE(438, "Stale Nonce"),
  ADDRESS_FAMILY_NOT_SUPPORTED(440, "Address Family not Supported"),
  WRONG_CREDENTIALS(441, "Wrong Credentials"),
  UNSUPPORTED_TRANSPORT_PROTOCOL(442, "Unsupported Transport Protocol"),
  PEER_ADDRESS_FAMILY_MISMATCH(443, "Peer Address Family Mismatch"),
  CONNECTION_ALREADY_EXISTS(446, "Connection Already Exists"),
  CONNECTION_TIMEOUT_OR_FAILURE(447, "Connection Timeout or Failure"),
  ALLOCATION_QUOTA_REACHED(486, "Allocation Quota Reached"),
  SERVER_ERROR(500, "Server Error"),
  INSUFFICIENT_CAPACITY(508, "Insufficient Capacity");

  private final int code;
  private final String reason;
  private final byte[] reasonBytes;

  ErrorCode(int code, String reason) {
    this.code = code;
    this.reason = reason;
    this.reasonBytes = reason.getBytes(StandardCharsets.UTF_8);
  }

  public int code() {
    return code;
  }

  public String reason() {
    return reason;
  }

  /** The reason phrase in UTF-8. Not to be written to. */
  byte[] reasonBytes() {
    return reasonBytes;
  }
}

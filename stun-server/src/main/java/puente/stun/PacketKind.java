package puente.stun;

/**
 * What a datagram is, by its first byte (RFC 7983 §7, with the channels of RFC 5766 §11: numbers
 * that RFC 8656 §12 reserves are bound by nobody or by those clients).
 */
public enum PacketKind {
  STUN,
  DTLS,
  CHANNEL_DATA,
  UNKNOWN;

  public static PacketKind of(int firstByte) {
    if (firstByte >= 64 && firstByte <= 127) {
      return CHANNEL_DATA;
    }
    if (firstByte <= 3) {
      return STUN;
    }
    return firstByte >= 20 && firstByte <= 63 ? DTLS : UNKNOWN;
  }
}

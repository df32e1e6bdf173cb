package puente.stun;

/** The address families of RFC 8489 §14.1, with their code points. */
public enum Family {
  IPV4(0x01, 4),
  IPV6(0x02, 16);

  private final int code;
  private final int addressLength;

  Family(int code, int addressLength) {
    this.code = code;
    this.addressLength = addressLength;
  }

  public int code() {
    return code;
  }

  /** Bytes of an address of this family on the wire. */
  public int addressLength() {
    return addressLength;
  }
}

package puente.stun;

/** How a client reaches the server (RFC 8656 §3.1). */
public enum Transport {
  UDP,
  TCP,
  TLS,
  DTLS;

  /** Whether messages are framed on a byte stream (RFC 8489 §6.2.2, RFC 8656 §12.5). */
  public boolean isStream() {
    return this == TCP || this == TLS;
  }

  /** Whether a client has shown that it is where its packets say, and its way to us can end. */
  public boolean isConnection() {
    return this != UDP;
  }
}

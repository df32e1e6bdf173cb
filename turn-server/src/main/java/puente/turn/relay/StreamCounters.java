package puente.turn.relay;

import java.util.concurrent.atomic.LongAdder;

/** What became of TCP, TLS and DTLS connections. */
public final class StreamCounters {

  /** One constant per fact. */
  public enum Fact {
    OPENED,
    /** Refused: too many connections that have not authenticated. */
    REFUSED_UNAUTHENTICATED,
    /** Refused: too many connections from one address. */
    REFUSED_SOURCE,
    /** Closed: no whole message within stream-first-message-timeout. */
    SILENT,
    /**
     * Closed: without an allocation for stream-authentication-timeout, or silent for
     * stream-idle-timeout.
     */
    IDLE,
    /** Closed: what came was neither STUN nor ChannelData. */
    GARBAGE,
    /** Closed: a proxy's header was broken, or somebody sent one whose word does not count. */
    PROXY_HEADER,
    /** Closed: the TLS or DTLS handshake failed. */
    HANDSHAKE_FAILED,
    /** Closed: reset by the client, or a defect. */
    FAILED,
    /** A ClientHello of DTLS that was answered with a cookie, and forgotten. */
    DTLS_GREETED,
    /** Refused: {@code max-dtls-handshakes} are under way. */
    DTLS_HALF_OPEN_FULL,
    /** A datagram of DTLS dropped: of no association, or one too many for a handshake. */
    DTLS_STRAY
  }

  private final LongAdder[] values = new LongAdder[Fact.values().length];

  StreamCounters() {
    for (int i = 0; i < values.length; i++) {
      values[i] = new LongAdder();
    }
  }

  void count(Fact fact) {
    values[fact.ordinal()].increment();
  }

  public long value(Fact fact) {
    return values[fact.ordinal()].sum();
  }
}

package puente.turn;

/** What came of a snapshot that was to be an allocation again. */
public enum Restored {
  /** Its sockets are being opened; without them it ends as any allocation does. */
  YES,
  /** Its time was over. */
  EXPIRED,
  /** The client's connection went with the process that had it. */
  STREAM,
  /** Its client has an allocation here, maybe a new one. */
  TUPLE_TAKEN,
  /** The relayed address is not one of this configuration, or its port not this shard's. */
  NO_SUCH_ADDRESS,
  /** The relayed address is another allocation's. */
  PORT_TAKEN,
  /** It was made without authentication, which this configuration asks for; or with. */
  OTHER_AUTHENTICATION
}

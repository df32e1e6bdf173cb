package puente.turn;

/** How a client proved who it is: the label {@code mechanism} of the metrics. */
public enum Mechanism {
  /** {@code no-auth}. */
  NONE,
  /** A user of the configuration. */
  STATIC,
  /** An expiring username whose password is made from a shared secret. */
  REST,
  /** A token of an authorization server (RFC 7635). */
  OAUTH,
  /** A user of a database or a web service. */
  DIRECTORY
}

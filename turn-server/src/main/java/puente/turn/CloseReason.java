package puente.turn;

/** Why an allocation ended: the label {@code reason} of the metrics. */
public enum CloseReason {
  EXPIRED,
  CLIENT,
  DRAIN,
  ADMIN,
  TCP_CLOSED,
  QUOTA,
  ERROR,
  /** Another node has it now; the client notices nothing. */
  TAKEN_OVER
}

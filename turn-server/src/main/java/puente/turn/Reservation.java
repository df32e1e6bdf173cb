package puente.turn;

/** A relayed address held for whoever shows the token (RFC 8656 §7.2, EVEN-PORT with R). */
final class Reservation extends Deadline {

  final long token;
  final Relay relay;

  Reservation(long token, Relay relay) {
    this.token = token;
    this.relay = relay;
  }
}

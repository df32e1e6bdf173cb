package puente.turn;

/** When a port that this shard holds for a token is free again, unless it was claimed. */
final class Reservation extends Deadline {

  final long token;

  Reservation(long token) {
    this.token = token;
  }
}

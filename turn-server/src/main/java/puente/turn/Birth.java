package puente.turn;

import org.jspecify.annotations.Nullable;
import puente.stun.ErrorCode;
import puente.stun.Family;

/** How an allocation came about: enough to finish making it, and to answer the same again. */
final class Birth {

  final Request request;
  final Wanted wanted;

  /** Whether the store has granted it, so that it has to be given back. */
  boolean granted;

  /** From a snapshot: its client has its answer long since, and is told nothing. */
  boolean restored;

  /** How often a port turned out to be another program's. */
  int retries;

  /** The next-higher port, while it is bound for a reservation (EVEN-PORT with R). */
  @Nullable Relay sibling;

  /** What LIFETIME said. */
  int lifetimeSeconds;

  /** What RESERVATION-TOKEN said. */
  @Nullable Long token;

  /** What ADDRESS-ERROR-CODE said. */
  @Nullable Family missingFamily;

  @Nullable ErrorCode missing;

  Birth(Request request, Wanted wanted) {
    this.request = request;
    this.wanted = wanted;
    this.missingFamily = wanted.missingFamily();
    this.missing = wanted.missing();
    this.lifetimeSeconds = wanted.lifetimeSeconds();
  }
}

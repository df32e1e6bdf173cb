package puente.turn;

import java.util.Objects;
import org.jspecify.annotations.Nullable;
import puente.stun.ErrorCode;
import puente.stun.Family;
import puente.stun.FiveTuple;

/** How an allocation came about: enough to finish making it, and to answer the same again. */
final class Birth {

  /** Of the request. */
  final byte[] transactionId;

  /** Where its client was. */
  final FiveTuple origin;

  /** REQUESTED-TRANSPORT is TCP (RFC 6062). */
  final boolean tcp;

  // Null when it is made: there may be very many.

  private @Nullable Request request;
  private @Nullable Wanted wanted;

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
    this.transactionId = request.transactionId();
    this.origin = request.client();
    this.tcp = wanted.tcp();
    this.missingFamily = wanted.missingFamily();
    this.missing = wanted.missing();
    this.lifetimeSeconds = wanted.lifetimeSeconds();
  }

  /** While it is being made. */
  Request request() {
    return Objects.requireNonNull(request);
  }

  /** While it is being made. */
  Wanted wanted() {
    return Objects.requireNonNull(wanted);
  }

  /** Made, and answered, long since. */
  void restored() {
    restored = true;
    made();
  }

  /** It is there, and has been answered. */
  void made() {
    request = null;
    wanted = null;
  }
}

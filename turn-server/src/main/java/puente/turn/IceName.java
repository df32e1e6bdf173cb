package puente.turn;

import org.jspecify.annotations.Nullable;

/** What one allocation on a shared port is called in the checks of one of its peers. */
final class IceName {

  final long own;
  final long peers;

  /** Null once another allocation has called itself so, too. */
  @Nullable SharedRelay relay;

  /** The next one of the same allocation. */
  final @Nullable IceName next;

  IceName(long own, long peers, SharedRelay relay, @Nullable IceName next) {
    this.own = own;
    this.peers = peers;
    this.relay = relay;
    this.next = next;
  }
}

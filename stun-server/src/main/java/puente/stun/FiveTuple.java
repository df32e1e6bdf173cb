package puente.stun;

import org.jspecify.annotations.Nullable;

/**
 * A client's way to us: its address, ours and the transport (RFC 8656 §3.2). {@code listener} is
 * the number the shell gave our end, so that two tuples are the same exactly if their client
 * addresses and their listeners are. {@code link} is the shell's own handle of the way back; the
 * core passes it around and never looks.
 */
public final class FiveTuple implements Comparable<FiveTuple> {

  private final Transport transport;
  private final TransportAddress client;
  private final TransportAddress server;
  private final int listener;
  private final @Nullable Object link;

  public FiveTuple(
      Transport transport,
      TransportAddress client,
      TransportAddress server,
      int listener,
      @Nullable Object link) {
    this.transport = transport;
    this.client = client;
    this.server = server;
    this.listener = listener;
    this.link = link;
  }

  public Transport transport() {
    return transport;
  }

  public TransportAddress client() {
    return client;
  }

  public TransportAddress server() {
    return server;
  }

  public int listener() {
    return listener;
  }

  public @Nullable Object link() {
    return link;
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof FiveTuple that
        && listener == that.listener
        && client.equals(that.client);
  }

  @Override
  public int hashCode() {
    return 31 * client.hashCode() + listener;
  }

  /** By client, for the reason given at {@link TransportAddress}. */
  @Override
  public int compareTo(FiveTuple other) {
    int order = client.compareTo(other.client);
    return order == 0 ? Integer.compare(listener, other.listener) : order;
  }

  @Override
  public String toString() {
    return transport + " " + client + " -> " + server;
  }
}

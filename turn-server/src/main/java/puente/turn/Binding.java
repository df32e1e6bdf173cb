package puente.turn;

import org.jspecify.annotations.Nullable;
import puente.stun.FiveTuple;

/**
 * A ConnectionBind request on its way from the shard that its connection came to, to the shard that
 * made the CONNECTION-ID, and back with the verdict. Immutable.
 */
public final class Binding {

  final Request request;
  final int id;
  final @Nullable Refuse refusal;
  final @Nullable PeerConnection connection;

  Binding(Request request, int id) {
    this(request, id, null, null);
  }

  private Binding(
      Request request, int id, @Nullable Refuse refusal, @Nullable PeerConnection connection) {
    this.request = request;
    this.id = id;
    this.refusal = refusal;
    this.connection = connection;
  }

  Binding refused(Refuse why) {
    return new Binding(request, id, why, null);
  }

  Binding granted(PeerConnection to) {
    return new Binding(request, id, null, to);
  }

  /** The client's data connection. */
  public FiveTuple client() {
    return request.client();
  }

  /** The shard that would know this CONNECTION-ID. */
  public int shard() {
    return Connections.shardOf(id);
  }

  /** What it is joined with; null if it was refused, or nobody has decided yet. */
  public @Nullable PeerConnection connection() {
    return connection;
  }
}

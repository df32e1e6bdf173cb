package puente.turn.relay;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;
import puente.net.ClientConnection;
import puente.stun.FiveTuple;
import puente.stun.Packet;
import puente.stun.TransportAddress;

/**
 * A connection at another node, as the shard sees it that has its client's allocation: what is
 * written goes there. Nothing is kept of it; each of its frames makes it anew.
 */
final class FarConnection implements ClientConnection {

  /** Our end is at another node: no listener of ours has such a number. */
  private static final int LISTENERS = 0x4000;

  private final ForwardLink link;
  private final TransportAddress node;
  private final Forwarded frame;
  private final int place;
  private final FiveTuple tuple;

  /**
   * @param frame that has come from there
   * @param place this shard
   */
  FarConnection(ForwardLink link, TransportAddress node, Forwarded frame, int place) {
    this.link = link;
    this.node = node;
    this.frame = frame;
    this.place = place;
    int there = 31 * (31 * node.hashCode() + frame.door().hashCode()) + frame.transport().ordinal();
    int listener = LISTENERS | (there ^ there >>> 16) & LISTENERS - 1;
    tuple = new FiveTuple(frame.transport(), frame.client(), frame.door(), listener, this);
  }

  @Override
  public FiveTuple tuple() {
    return tuple;
  }

  @Override
  public boolean write(byte[] message, int length) {
    send(Arrays.copyOf(message, length));
    return true;
  }

  @Override
  public boolean writeChannelData(int number, Packet from, int offset, int length) {
    send(ShardForwarding.channelData(number, from, offset, length));
    return true;
  }

  private void send(byte[] payload) {
    link.count(ForwardLink.Fact.DOWN, 1);
    link.send(node, frame.about(Forwarded.Kind.DOWN, frame.asker(), place, payload));
  }

  /** Who has the connection sees by itself when it is to end. */
  @Override
  public void close() {
    link.send(node, frame.answer(Forwarded.Kind.GONE, place));
  }

  @Override
  public long openedAt() {
    return 0;
  }

  @Override
  public long heardAt() {
    return 0;
  }

  @Override
  public boolean hasSpoken() {
    return true;
  }

  @Override
  public @Nullable String serverName() {
    return null;
  }
}

package puente.turn.relay;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import puente.stun.TransportAddress;

/**
 * What clients send while it is found out whose they are, in the order in which it came: bounded in
 * number, bytes and time. For the shard's loop.
 */
final class HeldPackets {

  /** A client's second of audio, or its check of connectivity; and that of some hundred clients. */
  static final int PACKETS_MAX = 4096;

  static final int BYTES_MAX = 1 << 20;

  private record Held(TransportAddress client, int listener, byte[] bytes, long untilMs) {}

  private final ArrayDeque<Held> packets = new ArrayDeque<>();
  private int bytes;

  /** False if there is no room. */
  boolean add(TransportAddress client, int listener, byte[] packet, long untilMs) {
    if (packets.size() >= PACKETS_MAX || bytes + packet.length > BYTES_MAX) {
      return false;
    }
    packets.add(new Held(client, listener, packet, untilMs));
    bytes += packet.length;
    return true;
  }

  /** A client's packets on one listener, the first one first. */
  List<byte[]> take(TransportAddress client, int listener) {
    List<byte[]> taken = new ArrayList<>();
    Iterator<Held> all = packets.iterator();
    while (all.hasNext()) {
      Held held = all.next();
      if (held.listener == listener && held.client.equals(client)) {
        taken.add(held.bytes);
        bytes -= held.bytes.length;
        all.remove();
      }
    }
    return taken;
  }

  /** Lets go of what nobody has wanted in time, and says how many that were. */
  int expire(long now) {
    int expired = 0;
    for (Held held = packets.peek(); held != null && now >= held.untilMs; held = packets.peek()) {
      packets.remove();
      bytes -= held.bytes.length;
      expired++;
    }
    return expired;
  }
}

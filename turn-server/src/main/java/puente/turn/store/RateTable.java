package puente.turn.store;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.util.Arrays;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Who may use how much of one rate. Each node has its even part for the asking. More than that is
 * lent of what the others do not want, and given back as soon as they want it: who has little to
 * send gets all of it, the others share the rest evenly.
 */
public final class RateTable {
  private static final int VERSION = 1;

  /**
   * What a node says of itself, true and later than all it said before.
   *
   * @param held what it may use now
   * @param wanted what it would use if it could; 0 is nothing any more
   * @param even what each node may use without being lent it
   */
  public record Word(long held, long wanted, long limit, long even) {}

  /**
   * @param held what it may be using, until its next word
   * @param granted what it was told with its last one
   */
  private record Claim(long number, long held, long wanted, long granted) {}

  private final Map<String, Claim> byNode = new TreeMap<>();

  /** The table in these bytes; an empty one if there are none that this version understands. */
  public static RateTable decode(byte @Nullable [] bytes) {
    RateTable table = new RateTable();
    if (bytes == null) {
      return table;
    }
    try (DataInputStream in = new DataInputStream(new ByteArrayInputStream(bytes))) {
      if (in.readUnsignedByte() == VERSION) {
        for (int left = in.readUnsignedShort(); left > 0; left--) {
          table.byNode.put(
              in.readUTF(), new Claim(in.readLong(), in.readLong(), in.readLong(), in.readLong()));
        }
      }
    } catch (IOException foreign) {
      table.byNode.clear();
    }
    return table;
  }

  public byte[] encode() {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (DataOutputStream out = new DataOutputStream(bytes)) {
      out.writeByte(VERSION);
      out.writeShort(byNode.size());
      for (var entry : byNode.entrySet()) {
        out.writeUTF(entry.getKey());
        out.writeLong(entry.getValue().number);
        out.writeLong(entry.getValue().held);
        out.writeLong(entry.getValue().wanted);
        out.writeLong(entry.getValue().granted);
      }
    } catch (IOException impossible) {
      throw new IllegalStateException(impossible);
    }
    return bytes.toByteArray();
  }

  /**
   * What this node may use from now on, by its own word of this number, which grows with each. What
   * it is to give up counts as held until it has said that it did: of no byte per second two nodes
   * think that it was lent to them.
   */
  public long settle(String node, long number, Word word) {
    Claim before = byNode.get(node);
    if (before != null && before.number >= number) {
      return before.granted;
    }
    long others = 0;
    for (var entry : byNode.entrySet()) {
      Claim claim = entry.getValue();
      others +=
          entry.getKey().equals(node) ? 0 : Math.max(claim.held, Math.min(claim.wanted, word.even));
    }
    long free = Math.max(0, word.limit - others);
    long granted = Math.max(Math.min(word.wanted, word.even), Math.min(fairPart(node, word), free));
    // Who wants nothing stays by its number, so that an older word of it that comes late is known.
    long held = word.wanted == 0 ? 0 : Math.max(word.held, granted);
    byNode.put(node, new Claim(number, held, word.wanted, granted));
    return granted;
  }

  /** Who wants less than an even part of what is left gets it; the others share evenly. */
  private long fairPart(String node, Word word) {
    long[] wanted =
        byNode.entrySet().stream()
            .filter(entry -> !entry.getKey().equals(node))
            .mapToLong(entry -> entry.getValue().wanted)
            .sorted()
            .toArray();
    long left = word.limit;
    int sharing = wanted.length + 1;
    for (long each : wanted) {
      if (each > left / sharing) {
        break;
      }
      left -= each;
      sharing--;
    }
    return Math.min(word.wanted, left / sharing);
  }

  /** A node is gone, and what it used is free. */
  public void forget(String node) {
    byNode.remove(node);
  }

  /** After a split network heals: each node's latest word, of either half. */
  public void merge(RateTable other) {
    other.byNode.forEach(
        (node, claim) ->
            byNode.merge(
                node, claim, (one, another) -> one.number >= another.number ? one : another));
  }

  /** Whether nobody wants anything. */
  public boolean isEmpty() {
    return byNode.values().stream().allMatch(claim -> claim.wanted == 0);
  }

  /** What is held by all nodes together. */
  long held() {
    return Arrays.stream(byNode.values().stream().mapToLong(Claim::held).toArray()).sum();
  }
}

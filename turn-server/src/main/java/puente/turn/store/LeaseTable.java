package puente.turn.store;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Who holds how much of one quota. What a node says of itself is true and replaces what it said
 * before; an older word that arrives late is known by its number.
 */
public final class LeaseTable {
  private static final int VERSION = 1;

  private record Holding(int held, long number) {}

  private final Map<String, Holding> byNode = new TreeMap<>();

  /** The table in these bytes; an empty one if there are none that this version understands. */
  public static LeaseTable decode(byte @Nullable [] bytes) {
    LeaseTable table = new LeaseTable();
    if (bytes == null) {
      return table;
    }
    try (DataInputStream in = new DataInputStream(new ByteArrayInputStream(bytes))) {
      if (in.readUnsignedByte() == VERSION) {
        for (int left = in.readUnsignedShort(); left > 0; left--) {
          table.byNode.put(in.readUTF(), new Holding(in.readInt(), in.readLong()));
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
        out.writeInt(entry.getValue().held);
        out.writeLong(entry.getValue().number);
      }
    } catch (IOException impossible) {
      throw new IllegalStateException(impossible);
    }
    return bytes.toByteArray();
  }

  /**
   * A node holds {@code held} and wants up to {@code want} more.
   *
   * @param number grows with each word of this node
   * @param share of what is left this much is lent at once: less and less towards the end
   * @return how much more it holds now
   */
  public int settle(String node, long number, int held, int want, int limit, int share) {
    Holding before = byNode.get(node);
    if (before != null && before.number >= number) {
      return 0;
    }
    long others = 0;
    for (var entry : byNode.entrySet()) {
      others += entry.getKey().equals(node) ? 0 : entry.getValue().held;
    }
    long left = Math.max(0, limit - others - held);
    int granted = (int) Math.min(left, Math.min(want, Math.max(1, left / Math.max(1, share))));
    byNode.put(node, new Holding(held + granted, number));
    return granted;
  }

  /** What a dead node held is free again. */
  public void forget(String node) {
    byNode.remove(node);
  }

  /** After a split network heals: each node's latest word, of either half. */
  public void merge(LeaseTable other) {
    other.byNode.forEach(
        (node, theirs) -> byNode.merge(node, theirs, (a, b) -> a.number >= b.number ? a : b));
  }

  /** All that is lent. */
  public int lent() {
    return byNode.values().stream().mapToInt(Holding::held).sum();
  }
}

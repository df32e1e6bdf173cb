package puente.series;

import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.zip.CRC32;

/**
 * Points as bytes, for files and for other nodes. A head names the figures, so that what another
 * version wrote can be read: figures that are not known any more are left out, new ones are not
 * known of old points.
 *
 * <pre>
 * head   "PTS1"  count:16  count x (length:16 UTF-8)
 * point  tier:8  step:64  count x mean:32  count x max:32  crc:32
 * </pre>
 */
public final class PointCodec {

  private static final int MAGIC = 0x50545331;
  private static final int FIGURES_MAX = 1000;

  /** For each place in the bytes, the figure's ordinal; -1: not known here. */
  private final int[] ordinals;

  private PointCodec(int[] ordinals) {
    this.ordinals = ordinals;
  }

  /** As this version writes. */
  public static PointCodec present() {
    int[] ordinals = new int[Figure.values().length];
    for (int i = 0; i < ordinals.length; i++) {
      ordinals[i] = i;
    }
    return new PointCodec(ordinals);
  }

  public static byte[] head() {
    int length = 6;
    for (Figure figure : Figure.values()) {
      length += 2 + figure.key().getBytes(StandardCharsets.UTF_8).length;
    }
    ByteBuffer out = ByteBuffer.allocate(length);
    out.putInt(MAGIC).putShort((short) Figure.values().length);
    for (Figure figure : Figure.values()) {
      byte[] key = figure.key().getBytes(StandardCharsets.UTF_8);
      out.putShort((short) key.length).put(key);
    }
    return out.array();
  }

  /** Whoever wrote this head; empty if it is none. Leaves the buffer behind it. */
  public static Optional<PointCodec> ofHead(ByteBuffer in) {
    try {
      if (in.getInt() != MAGIC) {
        return Optional.empty();
      }
      int count = in.getShort() & 0xffff;
      if (count > FIGURES_MAX) {
        return Optional.empty();
      }
      int[] ordinals = new int[count];
      for (int i = 0; i < count; i++) {
        byte[] key = new byte[in.getShort() & 0xffff];
        in.get(key);
        ordinals[i] =
            Figure.of(new String(key, StandardCharsets.UTF_8)).map(Figure::ordinal).orElse(-1);
      }
      return Optional.of(new PointCodec(ordinals));
    } catch (BufferUnderflowException cut) {
      return Optional.empty();
    }
  }

  /** Whether what this version adds can follow. */
  public boolean isPresent() {
    return Arrays.equals(ordinals, present().ordinals);
  }

  /** How long one point is. */
  public int length() {
    return 9 + 8 * ordinals.length + 4;
  }

  /** In the order of this version. */
  public static byte[] encode(Point point) {
    ByteBuffer out = ByteBuffer.allocate(present().length());
    out.put((byte) point.tier().ordinal()).putLong(point.step());
    for (float value : point.mean()) {
      out.putFloat(value);
    }
    for (float value : point.max()) {
      out.putFloat(value);
    }
    CRC32 crc = new CRC32();
    crc.update(out.array(), 0, out.position());
    out.putInt((int) crc.getValue());
    return out.array();
  }

  /**
   * All whole points; what is cut or broken at the end, as after a loss of power, is left out.
   */
  public List<Point> decode(ByteBuffer in) {
    List<Point> points = new ArrayList<>();
    while (in.remaining() >= length()) {
      ByteBuffer one = in.slice(in.position(), length());
      CRC32 crc = new CRC32();
      crc.update(one.duplicate().limit(length() - 4));
      int tier = one.get();
      if (one.getInt(length() - 4) != (int) crc.getValue()
          || tier < 0
          || tier >= Tier.values().length) {
        return points;
      }
      long step = one.getLong();
      points.add(new Point(Tier.values()[tier], step, values(one), values(one)));
      in.position(in.position() + length());
    }
    return points;
  }

  private float[] values(ByteBuffer in) {
    float[] values = new float[Figure.values().length];
    Arrays.fill(values, Float.NaN);
    for (int ordinal : ordinals) {
      float value = in.getFloat();
      if (ordinal >= 0) {
        values[ordinal] = value;
      }
    }
    return values;
  }
}

package puente.stun;

import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A hash map whose key is 128 address bits and one int (a port, or a port and a listener's number),
 * looked up without making an object: it stands on every packet's road. Open addressing with linear
 * probing and backward-shift removal; the slot order is seeded, so that nobody outside can choose
 * addresses that collide. For one thread.
 */
public final class AddressMap<V> {

  private static final int SMALLEST = 4;

  private final long seedLo;
  private final long seedHi;
  private long[] keys = new long[2 * SMALLEST];
  private int[] numbers = new int[SMALLEST];
  private @Nullable Object[] values = new Object[SMALLEST];
  private int size;

  /**
   * @param seed any number that the outside cannot know
   */
  public AddressMap(long seed) {
    // The steps of SplitMix64: no seed, not even 0, makes a factor that hides nothing.
    seedLo = mix(seed + 0x9e37_79b9_7f4a_7c15L);
    seedHi = mix(seed + 2 * 0x9e37_79b9_7f4a_7c15L);
  }

  public int size() {
    return size;
  }

  public boolean isEmpty() {
    return size == 0;
  }

  @SuppressWarnings("unchecked")
  public @Nullable V find(long hi, long lo, int number) {
    int mask = numbers.length - 1;
    for (int i = slot(hi, lo, number, mask); ; i = i + 1 & mask) {
      Object value = values[i];
      if (value == null) {
        return null;
      }
      if (keys[2 * i + 1] == lo && numbers[i] == number && keys[2 * i] == hi) {
        return (V) value;
      }
    }
  }

  /** Puts the value there; a former one under the same key is replaced. */
  public void put(long hi, long lo, int number, V value) {
    if (size + 1 > numbers.length - (numbers.length >> 2)) {
      grow();
    }
    int mask = numbers.length - 1;
    int i = slot(hi, lo, number, mask);
    while (values[i] != null) {
      if (keys[2 * i + 1] == lo && numbers[i] == number && keys[2 * i] == hi) {
        values[i] = value;
        return;
      }
      i = i + 1 & mask;
    }
    set(i, hi, lo, number, value);
    size++;
  }

  /** Takes the key out and returns what stood there, or null. */
  @SuppressWarnings("unchecked")
  public @Nullable V remove(long hi, long lo, int number) {
    int mask = numbers.length - 1;
    int i = slot(hi, lo, number, mask);
    while (true) {
      Object value = values[i];
      if (value == null) {
        return null;
      }
      if (keys[2 * i + 1] == lo && numbers[i] == number && keys[2 * i] == hi) {
        closeGap(i, mask);
        size--;
        return (V) value;
      }
      i = i + 1 & mask;
    }
  }

  /** Shows every value once, in no order. The map must not be changed meanwhile. */
  public void forEach(Consumer<V> action) {
    forEach(0, values.length, action);
  }

  /** How many places there are for values, most of them with one. */
  public int slots() {
    return values.length;
  }

  /**
   * Shows the values in some of the {@link #slots}, so that a long look can be cut. What is put in
   * or removed between two parts may be missed or shown twice; nothing else is.
   */
  @SuppressWarnings("unchecked")
  public void forEach(int from, int to, Consumer<V> action) {
    for (int i = from; i < Math.min(to, values.length); i++) {
      Object value = values[i];
      if (value != null) {
        action.accept((V) value);
      }
    }
  }

  private void closeGap(int gap, int mask) {
    int free = gap;
    for (int i = gap + 1 & mask; values[i] != null; i = i + 1 & mask) {
      int home = slot(keys[2 * i], keys[2 * i + 1], numbers[i], mask);
      if ((i - home & mask) >= (i - free & mask)) {
        set(free, keys[2 * i], keys[2 * i + 1], numbers[i], values[i]);
        free = i;
      }
    }
    values[free] = null;
  }

  private void grow() {
    long[] oldKeys = keys;
    int[] oldNumbers = numbers;
    @Nullable Object[] oldValues = values;
    keys = new long[4 * oldNumbers.length];
    numbers = new int[2 * oldNumbers.length];
    values = new Object[2 * oldNumbers.length];
    int mask = numbers.length - 1;
    for (int i = 0; i < oldNumbers.length; i++) {
      if (oldValues[i] != null) {
        int j = slot(oldKeys[2 * i], oldKeys[2 * i + 1], oldNumbers[i], mask);
        while (values[j] != null) {
          j = j + 1 & mask;
        }
        set(j, oldKeys[2 * i], oldKeys[2 * i + 1], oldNumbers[i], oldValues[i]);
      }
    }
  }

  private void set(int i, long hi, long lo, int number, @Nullable Object value) {
    keys[2 * i] = hi;
    keys[2 * i + 1] = lo;
    numbers[i] = number;
    values[i] = value;
  }

  /**
   * Two multiplications of 64 by 64 bits, folded, each by a factor that the seed hides. An odd
   * constant alone would not do: differences in the top bits of {@code lo} would meet again in
   * {@code hi} whatever the seed.
   */
  int slot(long hi, long lo, int number, int mask) {
    long h = fold(lo ^ seedLo, hi ^ seedHi);
    h = fold(h ^ number, seedHi | 1);
    return (int) h & mask;
  }

  private static long mix(long z) {
    long h = (z ^ z >>> 30) * 0xbf58_476d_1ce4_e5b9L;
    h = (h ^ h >>> 27) * 0x94d0_49bb_1331_11ebL;
    return h ^ h >>> 31;
  }

  private static long fold(long a, long b) {
    return a * b ^ Math.unsignedMultiplyHigh(a, b);
  }
}

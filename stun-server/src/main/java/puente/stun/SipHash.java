package puente.stun;

/**
 * SipHash-2-4 with 128 bits of output (Aumasson and Bernstein, 2012): a keyed pseudorandom function
 * made for messages as short as ours. For nobody who waits for a challenge should more be computed
 * than his datagram costs anyway. For one thread.
 */
final class SipHash {

  static final int KEY_LENGTH = 16;

  // The words of the key.
  private long k0;
  private long k1;

  // The state; and when it is done, the first two are the hash.
  private long v0;
  private long v1;
  private long v2;
  private long v3;

  /** Keys it with the first 16 bytes of this. */
  void key(byte[] key) {
    if (key.length < KEY_LENGTH) {
      throw new IllegalArgumentException("a key of less than " + KEY_LENGTH + " bytes");
    }
    k0 = littleEndian(key, 0);
    k1 = littleEndian(key, 8);
  }

  /** Hashes these words, each as eight bytes, the least significant first. */
  void hash(long[] words) {
    v0 = k0 ^ 0x736f6d6570736575L;
    v1 = k1 ^ 0x646f72616e646f6dL ^ 0xee;
    v2 = k0 ^ 0x6c7967656e657261L;
    v3 = k1 ^ 0x7465646279746573L;
    for (long word : words) {
      compress(word);
    }
    compress((long) words.length << 59); // the length in bytes, modulo 256, on top
    v2 ^= 0xee;
    rounds(4);
    long first = v0 ^ v1 ^ v2 ^ v3;
    v1 ^= 0xdd;
    rounds(4);
    v1 = v0 ^ v1 ^ v2 ^ v3;
    v0 = first;
  }

  /** Of the last hash, byte 0 to 15. */
  byte byteAt(int index) {
    return (byte) ((index < 8 ? v0 : v1) >>> 8 * (index & 7));
  }

  private void compress(long word) {
    v3 ^= word;
    rounds(2);
    v0 ^= word;
  }

  private void rounds(int count) {
    long a = v0;
    long b = v1;
    long c = v2;
    long d = v3;
    for (int i = 0; i < count; i++) {
      a += b;
      c += d;
      b = Long.rotateLeft(b, 13) ^ a;
      d = Long.rotateLeft(d, 16) ^ c;
      a = Long.rotateLeft(a, 32);
      c += b;
      a += d;
      b = Long.rotateLeft(b, 17) ^ c;
      d = Long.rotateLeft(d, 21) ^ a;
      c = Long.rotateLeft(c, 32);
    }
    v0 = a;
    v1 = b;
    v2 = c;
    v3 = d;
  }

  private static long littleEndian(byte[] bytes, int at) {
    long word = 0;
    for (int i = 7; i >= 0; i--) {
      word = word << 8 | bytes[at + i] & 0xff;
    }
    return word;
  }
}

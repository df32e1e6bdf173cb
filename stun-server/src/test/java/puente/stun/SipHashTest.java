package puente.stun;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.HexFormat;
import java.util.Random;
import org.bouncycastle.crypto.macs.SipHash128;
import org.bouncycastle.crypto.params.KeyParameter;
import org.junit.jupiter.api.Test;

class SipHashTest {

  /** The key of the authors' test vectors: 0, 1, 2 ... */
  private static final byte[] KEY = HexFormat.of().parseHex("000102030405060708090a0b0c0d0e0f");

  @Test
  void ofNothingItIsTheAuthorsFirstVector() {
    assertEquals("a3817f04ba25a8e66df67214c7550293", HexFormat.of().formatHex(ours(KEY)));
  }

  @Test
  void anotherImplementationSaysTheSame() {
    var random = new Random(1);
    for (int count = 0; count < 40; count++) {
      byte[] key = new byte[16];
      random.nextBytes(key);
      long[] words = random.longs(count).toArray();
      assertArrayEquals(theirs(key, words), ours(key, words), count + " words");
    }
  }

  @Test
  void ofALongerKeyTheFirstBytesCount() {
    byte[] longer = new byte[32];
    System.arraycopy(KEY, 0, longer, 0, KEY.length);
    assertArrayEquals(ours(KEY, 7), ours(longer, 7));
    assertThrows(IllegalArgumentException.class, () -> ours(new byte[15]));
  }

  private static byte[] ours(byte[] key, long... words) {
    var hash = new SipHash();
    hash.key(key);
    hash.hash(words);
    byte[] bytes = new byte[16];
    for (int i = 0; i < bytes.length; i++) {
      bytes[i] = hash.byteAt(i);
    }
    return bytes;
  }

  private static byte[] theirs(byte[] key, long... words) {
    ByteBuffer message = ByteBuffer.allocate(8 * words.length).order(ByteOrder.LITTLE_ENDIAN);
    for (long word : words) {
      message.putLong(word);
    }
    var hash = new SipHash128();
    hash.init(new KeyParameter(key));
    hash.update(message.array(), 0, message.capacity());
    byte[] bytes = new byte[16];
    hash.doFinal(bytes, 0);
    return bytes;
  }
}

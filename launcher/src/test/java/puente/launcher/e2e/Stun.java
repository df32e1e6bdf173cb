package puente.launcher.e2e;

import java.io.ByteArrayOutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.concurrent.ThreadLocalRandom;
import java.util.zip.CRC32;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.jspecify.annotations.Nullable;

/**
 * A second, independent reading of RFC 8489: nothing here is shared with the codec under test, and
 * the same code talks to other servers.
 */
public final class Stun {

  public static final int BINDING = 0x001;
  public static final int ALLOCATE = 0x003;
  public static final int REFRESH = 0x004;
  public static final int SEND_INDICATION = 0x016;
  public static final int DATA_INDICATION = 0x017;
  public static final int CREATE_PERMISSION = 0x008;
  public static final int CHANNEL_BIND = 0x009;
  public static final int SUCCESS = 0x100;
  public static final int ERROR = 0x110;

  public static final int USERNAME = 0x0006;
  public static final int MESSAGE_INTEGRITY = 0x0008;
  public static final int ERROR_CODE = 0x0009;
  public static final int CHANNEL_NUMBER = 0x000C;
  public static final int LIFETIME = 0x000D;
  public static final int XOR_PEER_ADDRESS = 0x0012;
  public static final int DATA = 0x0013;
  public static final int REALM = 0x0014;
  public static final int NONCE = 0x0015;
  public static final int XOR_RELAYED_ADDRESS = 0x0016;
  public static final int XOR_MAPPED_ADDRESS = 0x0020;
  public static final int REQUESTED_ADDRESS_FAMILY = 0x0017;
  public static final int EVEN_PORT = 0x0018;
  public static final int REQUESTED_TRANSPORT = 0x0019;
  public static final int RESERVATION_TOKEN = 0x0022;
  public static final int ADDITIONAL_ADDRESS_FAMILY = 0x8000;
  public static final int FINGERPRINT = 0x8028;

  public static final int HEADER = 20;
  public static final int COOKIE = 0x2112A442;

  private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();

  private Stun(int type, byte[] transaction) {
    bytes.writeBytes(
        ByteBuffer.allocate(HEADER)
            .putShort((short) type)
            .putShort((short) 0)
            .putInt(COOKIE)
            .put(transaction)
            .array());
  }

  public static Stun request(int type) {
    var transaction = new byte[12];
    ThreadLocalRandom.current().nextBytes(transaction);
    return new Stun(type, transaction);
  }

  public Stun with(int type, byte... value) {
    bytes.writeBytes(
        ByteBuffer.allocate(4 + (value.length + 3 & ~3))
            .putShort((short) type)
            .putShort((short) value.length)
            .put(value)
            .array());
    return this;
  }

  public Stun with(int type, String value) {
    return with(type, value.getBytes(StandardCharsets.UTF_8));
  }

  public Stun with(int type, InetSocketAddress address) {
    return with(type, xored(address, Arrays.copyOfRange(bytes.toByteArray(), 4, HEADER)));
  }

  public byte[] bytes() {
    return sized(bytes.toByteArray(), 0);
  }

  /** RFC 8489 §14.5: the HMAC runs over a header whose length already counts the attribute. */
  public byte[] signed(byte[] key) {
    return sign(bytes.toByteArray(), key);
  }

  public static byte[] sign(byte[] message, byte[] key) {
    var covered = sized(message, 24);
    var whole = Arrays.copyOf(covered, covered.length + 24);
    ByteBuffer.wrap(whole)
        .putShort(covered.length, (short) MESSAGE_INTEGRITY)
        .putShort(covered.length + 2, (short) 20)
        .put(covered.length + 4, hmac(key, covered));
    return whole;
  }

  /** RFC 8489 §14.7. */
  public static byte[] fingerprinted(byte[] message) {
    var covered = sized(message, 8);
    var crc = new CRC32();
    crc.update(covered);
    return ByteBuffer.allocate(covered.length + 8)
        .put(covered)
        .putShort((short) FINGERPRINT)
        .putShort((short) 4)
        .putInt((int) crc.getValue() ^ 0x5354554e)
        .array();
  }

  public static byte[] sized(byte[] message, int more) {
    var copy = message.clone();
    ByteBuffer.wrap(copy).putShort(2, (short) (message.length - HEADER + more));
    return copy;
  }

  private static byte[] hmac(byte[] key, byte[] covered) {
    try {
      var mac = Mac.getInstance("HmacSHA1");
      mac.init(new SecretKeySpec(key, "HmacSHA1"));
      return mac.doFinal(covered);
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException(e);
    }
  }

  /** RFC 8489 §9.2.2: MD5 of "username:realm:password". */
  public static byte[] key(String user, String realm, String password) {
    try {
      return MessageDigest.getInstance("MD5")
          .digest((user + ":" + realm + ":" + password).getBytes(StandardCharsets.UTF_8));
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException(e);
    }
  }

  public static int type(byte[] message) {
    return ByteBuffer.wrap(message).getShort(0) & 0xFFFF;
  }

  public static boolean isStun(byte[] message) {
    return message.length >= HEADER
        && (message[0] & 0xC0) == 0
        && ByteBuffer.wrap(message).getInt(4) == COOKIE;
  }

  public static String transaction(byte[] message) {
    return new String(message, 8, 12, StandardCharsets.ISO_8859_1);
  }

  public static byte @Nullable [] attribute(byte[] message, int type) {
    var view = ByteBuffer.wrap(message);
    int at = HEADER;
    while (at + 4 <= message.length) {
      int length = view.getShort(at + 2) & 0xFFFF;
      if ((view.getShort(at) & 0xFFFF) == type && at + 4 + length <= message.length) {
        return Arrays.copyOfRange(message, at + 4, at + 4 + length);
      }
      at += 4 + (length + 3 & ~3);
    }
    return null;
  }

  /** 0 when the message carries no error. */
  public static int errorCode(byte[] message) {
    var value = attribute(message, ERROR_CODE);
    return value == null ? 0 : (value[2] & 7) * 100 + value[3];
  }

  public static @Nullable InetSocketAddress address(byte[] message, int type) {
    var value = attribute(message, type);
    if (value == null) {
      return null;
    }
    var mask = Arrays.copyOfRange(message, 4, HEADER);
    var plain = Arrays.copyOfRange(value, 4, value.length);
    for (int i = 0; i < plain.length; i++) {
      plain[i] ^= mask[i];
    }
    try {
      int port = (ByteBuffer.wrap(value).getShort(2) & 0xFFFF) ^ (COOKIE >>> 16);
      return new InetSocketAddress(InetAddress.getByAddress(plain), port);
    } catch (UnknownHostException e) {
      throw new IllegalStateException(e);
    }
  }

  private static byte[] xored(InetSocketAddress address, byte[] mask) {
    var plain = address.getAddress().getAddress();
    for (int i = 0; i < plain.length; i++) {
      plain[i] ^= mask[i];
    }
    return ByteBuffer.allocate(4 + plain.length)
        .putShort((short) (plain.length == 4 ? 1 : 2))
        .putShort((short) (address.getPort() ^ (COOKIE >>> 16)))
        .put(plain)
        .array();
  }
}

package puente.launcher;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * One message between nodes, as bytes: version, kind, number of the question, sender, subject,
 * body. For a refusal the subject says why.
 */
record MessageFrame(Kind kind, long id, String from, String subject, byte[] body) {
  private static final byte VERSION = 1;
  private static final int NAME_MAX = 1024;

  enum Kind {
    TELL,
    ASK,
    ANSWER,
    REFUSAL
  }

  MessageFrame answer(String by, byte[] with) {
    return new MessageFrame(Kind.ANSWER, id, by, "", with);
  }

  MessageFrame refusal(String by, String why) {
    return new MessageFrame(Kind.REFUSAL, id, by, why, new byte[0]);
  }

  byte[] encode() {
    byte[] sender = name(from);
    byte[] about = name(subject);
    return ByteBuffer.allocate(14 + sender.length + about.length + body.length)
        .put(VERSION)
        .put((byte) kind.ordinal())
        .putLong(id)
        .putShort((short) sender.length)
        .put(sender)
        .putShort((short) about.length)
        .put(about)
        .put(body)
        .array();
  }

  private static byte[] name(String text) {
    byte[] bytes = text.getBytes(UTF_8);
    return bytes.length <= NAME_MAX ? bytes : Arrays.copyOf(bytes, NAME_MAX);
  }

  /** Null if it is of a version or kind that is not known here, or cut short. */
  static @Nullable MessageFrame decode(byte[] bytes) {
    ByteBuffer in = ByteBuffer.wrap(bytes);
    try {
      if (in.get() != VERSION) {
        return null;
      }
      int kind = in.get();
      if (kind < 0 || kind >= Kind.values().length) {
        return null;
      }
      long id = in.getLong();
      String from = text(in);
      String subject = text(in);
      byte[] body = new byte[in.remaining()];
      in.get(body);
      return new MessageFrame(Kind.values()[kind], id, from, subject, body);
    } catch (BufferUnderflowException cut) {
      return null;
    }
  }

  private static String text(ByteBuffer in) {
    byte[] bytes = new byte[in.getShort() & 0xFFFF];
    in.get(bytes);
    return new String(bytes, UTF_8);
  }
}

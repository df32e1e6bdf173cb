package puente.peer;

import io.vertx.core.json.DecodeException;
import io.vertx.core.json.JsonObject;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * What the two sides of a transfer say to each other: one byte that names the word, then JSON, or of
 * a piece its offset and bytes.
 */
sealed interface FileWord {
  int PIECE_BYTES = 1024;

  /**
   * @param id the same for the same content, as far as can be seen without reading it
   */
  record Offer(String id, String name, long size) implements FileWord {}

  /** From this byte on. */
  record Want(String id, long from) implements FileWord {}

  record Refuse(String id, String why) implements FileWord {}

  record Piece(long offset, byte[] content) implements FileWord {}

  record End(String id, String sha256) implements FileWord {}

  record Done(String id, boolean isGood) implements FileWord {}

  /** There are no more files. */
  record NoMore() implements FileWord {}

  default byte[] bytes() {
    return switch (this) {
      case Offer it ->
          json(1, new JsonObject().put("id", it.id).put("name", it.name).put("size", it.size));
      case Want it -> json(2, new JsonObject().put("id", it.id).put("from", it.from));
      case Refuse it -> json(3, new JsonObject().put("id", it.id).put("why", it.why));
      case Piece it ->
          ByteBuffer.allocate(9 + it.content.length)
              .put((byte) 4)
              .putLong(it.offset)
              .put(it.content)
              .array();
      case End it -> json(5, new JsonObject().put("id", it.id).put("sha256", it.sha256));
      case Done it -> json(6, new JsonObject().put("id", it.id).put("good", it.isGood));
      case NoMore it -> json(7, new JsonObject());
    };
  }

  private static byte[] json(int word, JsonObject object) {
    byte[] text = object.encode().getBytes(StandardCharsets.UTF_8);
    return ByteBuffer.allocate(1 + text.length).put((byte) word).put(text).array();
  }

  /** Null if it is none. */
  static @Nullable FileWord of(byte[] message) {
    if (message.length == 0) {
      return null;
    }
    ByteBuffer in = ByteBuffer.wrap(message, 1, message.length - 1);
    if (message[0] == 4 && in.remaining() >= 8) {
      long offset = in.getLong();
      byte[] bytes = new byte[in.remaining()];
      in.get(bytes);
      return new Piece(offset, bytes);
    }
    try {
      JsonObject it = new JsonObject(StandardCharsets.UTF_8.decode(in).toString());
      String id = it.getString("id", "");
      return switch (message[0]) {
        case 1 -> new Offer(id, it.getString("name", ""), it.getLong("size", -1L));
        case 2 -> new Want(id, it.getLong("from", 0L));
        case 3 -> new Refuse(id, it.getString("why", ""));
        case 5 -> new End(id, it.getString("sha256", ""));
        case 6 -> new Done(id, it.getBoolean("good", false));
        case 7 -> new NoMore();
        default -> null;
      };
    } catch (DecodeException | ClassCastException strange) {
      return null;
    }
  }
}

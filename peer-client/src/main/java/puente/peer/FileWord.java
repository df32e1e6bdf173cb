package puente.peer;

import io.vertx.core.json.DecodeException;
import io.vertx.core.json.JsonObject;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.BitSet;
import org.jspecify.annotations.Nullable;

/**
 * What peers say to each other about files: one byte that names the word, and of all but the first the
 * file's handle, which is the beginning of its id.
 *
 * <pre>
 * +---+--------+----------------
 * | w | handle | the rest
 * +---+--------+----------------
 * </pre>
 */
sealed interface FileWord {
  int PIECE_BYTES = 1024;
  int HASHES_MAX = 1024 / Manifest.HASH_BYTES;
  int BITS_MAX = 8 * 1024;

  int OFFER = 1;
  int HASHES = 2;
  int HAS = 3;
  int WANT = 4;
  int FETCHES = 5;
  int PIECE = 6;
  int DONE = 7;
  int NO_MORE = 8;
  int IDENTITY = 9;

  /** Hex digits of a digest. */
  int IDENTITY_MAX = 64;

  record Offer(String id, String name, long size, int blockBytes, String sha256)
      implements FileWord {}

  /** From this block's on. */
  record Hashes(int handle, int from, byte[] hashes) implements FileWord {}

  /** Blocks that the speaker has, counted from this one. */
  record Has(int handle, int from, BitSet blocks) implements FileWord {}

  /** To be sent to the speaker. */
  record Want(int handle, int block) implements FileWord {}

  /** The speaker is about to have it: no need for another to ask the sender. */
  record Fetches(int handle, int block) implements FileWord {}

  record Piece(int handle, long offset, byte[] content) implements FileWord {}

  /** Whole, or why not. */
  record Done(int handle, String why) implements FileWord {}

  /** The sender goes; everybody has what he could get. */
  record NoMore() implements FileWord {}

  /** Of a receiver, the same when its program is started anew: {@link ReceiverSecret}. */
  record Identity(String digest) implements FileWord {}

  static int handle(String id) {
    return Integer.parseUnsignedInt(id.substring(0, 8), 16);
  }

  default byte[] bytes() {
    return switch (this) {
      case Offer it -> {
        JsonObject facts =
            new JsonObject()
                .put("id", it.id)
                .put("name", it.name)
                .put("size", it.size)
                .put("block", it.blockBytes)
                .put("sha256", it.sha256);
        yield word(OFFER, handle(it.id), facts.encode().getBytes(StandardCharsets.UTF_8));
      }
      case Hashes it -> counted(HASHES, it.handle, it.from, it.hashes);
      case Has it -> counted(HAS, it.handle, it.from, it.blocks.toByteArray());
      case Want it -> counted(WANT, it.handle, it.block, new byte[0]);
      case Fetches it -> counted(FETCHES, it.handle, it.block, new byte[0]);
      case Piece it -> {
        ByteBuffer rest = ByteBuffer.allocate(8 + it.content.length);
        yield word(PIECE, it.handle, rest.putLong(it.offset).put(it.content).array());
      }
      case Done it -> word(DONE, it.handle, it.why.getBytes(StandardCharsets.UTF_8));
      case NoMore it -> word(NO_MORE, 0, new byte[0]);
      case Identity it -> word(IDENTITY, 0, it.digest.getBytes(StandardCharsets.UTF_8));
    };
  }

  private static byte[] counted(int word, int handle, int number, byte[] rest) {
    ByteBuffer counted = ByteBuffer.allocate(4 + rest.length).putInt(number).put(rest);
    return word(word, handle, counted.array());
  }

  private static byte[] word(int word, int handle, byte[] rest) {
    return ByteBuffer.allocate(5 + rest.length).put((byte) word).putInt(handle).put(rest).array();
  }

  /** Null if it is none. */
  static @Nullable FileWord of(byte[] message) {
    try {
      ByteBuffer in = ByteBuffer.wrap(message);
      int word = in.get();
      int handle = in.getInt();
      return switch (word) {
        case OFFER -> offer(new JsonObject(StandardCharsets.UTF_8.decode(in).toString()));
        case HASHES -> new Hashes(handle, in.getInt(), rest(in));
        case HAS -> new Has(handle, in.getInt(), BitSet.valueOf(rest(in)));
        case WANT -> new Want(handle, in.getInt());
        case FETCHES -> new Fetches(handle, in.getInt());
        case PIECE -> new Piece(handle, in.getLong(), rest(in));
        case DONE -> new Done(handle, StandardCharsets.UTF_8.decode(in).toString());
        case NO_MORE -> new NoMore();
        case IDENTITY ->
            in.remaining() > IDENTITY_MAX
                ? null
                : new Identity(StandardCharsets.UTF_8.decode(in).toString());
        default -> null; // of a later version
      };
    } catch (BufferUnderflowException | DecodeException | ClassCastException strange) {
      return null;
    }
  }

  private static Offer offer(JsonObject it) {
    return new Offer(
        it.getString("id", ""),
        it.getString("name", ""),
        it.getLong("size", -1L),
        it.getInteger("block", 0),
        it.getString("sha256", ""));
  }

  private static byte[] rest(ByteBuffer in) {
    byte[] bytes = new byte[in.remaining()];
    in.get(bytes);
    return bytes;
  }
}

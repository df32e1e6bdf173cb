package puente.peer;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.HexFormat;

/**
 * What is known of a file before a byte of it is there: each block is checked as it comes, from
 * whomever, and the whole at the end.
 *
 * @param sha256 of the whole
 * @param hashes SHA-256 of each block, one after the other
 */
record Manifest(String name, long size, int blockBytes, String sha256, byte[] hashes) {
  static final int HASH_BYTES = 32;
  static final int BLOCK_MIN = 64 << 10;
  static final int BLOCK_MAX = 8 << 20;
  static final int BLOCKS_MAX = 1 << 17;
  private static final int BLOCKS_USUAL = 512;

  /** Reads the whole file once. */
  static Manifest of(Path path) throws IOException {
    long size = Files.size(path);
    int block = blockBytes(size);
    int count = blocks(size, block);
    if (count > BLOCKS_MAX) {
      throw new IOException(path + " is too large");
    }
    byte[] hashes = new byte[count * HASH_BYTES];
    MessageDigest whole = digest();
    try (InputStream in = Files.newInputStream(path)) {
      byte[] bytes = new byte[block];
      for (int i = 0; i < count; i++) {
        int length = in.readNBytes(bytes, 0, (int) Math.min(block, size - (long) i * block));
        whole.update(bytes, 0, length);
        System.arraycopy(hash(bytes, length), 0, hashes, i * HASH_BYTES, HASH_BYTES);
      }
    }
    String name = String.valueOf(path.getFileName());
    return new Manifest(name, size, block, HexFormat.of().formatHex(whole.digest()), hashes);
  }

  private static int blockBytes(long size) {
    long usual = Long.highestOneBit(Math.max(1, size / BLOCKS_USUAL));
    return Math.clamp(usual, BLOCK_MIN, BLOCK_MAX);
  }

  static int blocks(long size, int blockBytes) {
    return Math.toIntExact((size + blockBytes - 1) / blockBytes);
  }

  int blocks() {
    return blocks(size, blockBytes);
  }

  long offset(int block) {
    return (long) block * blockBytes;
  }

  int length(int block) {
    return (int) Math.min(blockBytes, size - offset(block));
  }

  boolean isBlock(int block, byte[] content, int length) {
    int at = block * HASH_BYTES;
    return length == length(block)
        && MessageDigest.isEqual(
            hash(content, length), Arrays.copyOfRange(hashes, at, at + HASH_BYTES));
  }

  /** The same for the same name and content, whoever sends it. */
  String id() {
    MessageDigest digest = digest();
    digest.update((name + "\n" + size + "\n" + blockBytes + "\n").getBytes(StandardCharsets.UTF_8));
    digest.update(sha256.getBytes(StandardCharsets.UTF_8));
    digest.update(hashes);
    return HexFormat.of().formatHex(digest.digest(), 0, 16);
  }

  private static byte[] hash(byte[] content, int length) {
    MessageDigest digest = digest();
    digest.update(content, 0, length);
    return digest.digest();
  }

  static MessageDigest digest() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException(e);
    }
  }
}

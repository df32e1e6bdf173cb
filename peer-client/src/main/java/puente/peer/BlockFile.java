package puente.peer;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.BitSet;
import java.util.HexFormat;

/**
 * The blocks of a file that are here: all of one that is sent; those that have come of one that is
 * received, which lies beside as {@code .NAME.ID.part} until it is whole. Which blocks a part already
 * has is seen by their hashes: nothing else has to be written down, or could be wrong.
 */
final class BlockFile implements AutoCloseable {
  private final Manifest manifest;
  private final Path path;
  private final FileChannel channel;
  private final BitSet here = new BitSet();

  private BlockFile(Manifest manifest, Path path, FileChannel channel) {
    this.manifest = manifest;
    this.path = path;
    this.channel = channel;
  }

  static BlockFile whole(Manifest manifest, Path path) throws IOException {
    BlockFile file = new BlockFile(manifest, path, FileChannel.open(path, StandardOpenOption.READ));
    file.here.set(0, manifest.blocks());
    return file;
  }

  /** Goes on with what lies in this folder from another time. */
  static BlockFile part(Manifest manifest, Path folder) throws IOException {
    Path path = folder.resolve("." + manifest.name() + "." + manifest.id() + ".part");
    FileChannel channel =
        FileChannel.open(
            path, StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE);
    BlockFile file = new BlockFile(manifest, path, channel);
    try {
      if (channel.tryLock() == null) {
        throw new IOException("another program receives it here");
      }
      for (int block = 0; manifest.offset(block) < Math.min(channel.size(), manifest.size()); ) {
        byte[] content = file.read(block);
        if (manifest.isBlock(block, content, content.length)) {
          file.here.set(block);
        }
        block++;
      }
      return file;
    } catch (IOException | RuntimeException failed) {
      channel.close();
      throw failed;
    }
  }

  synchronized BitSet here() {
    return (BitSet) here.clone();
  }

  synchronized boolean has(int block) {
    return here.get(block);
  }

  synchronized boolean isWhole() {
    return here.cardinality() == manifest.blocks();
  }

  synchronized long bytes() {
    int count = here.cardinality();
    int last = manifest.blocks() - 1;
    long missing = last >= 0 && here.get(last) ? manifest.blockBytes() - manifest.length(last) : 0;
    return (long) count * manifest.blockBytes() - missing;
  }

  /** False if it is not what the manifest says. */
  boolean write(int block, byte[] content) throws IOException {
    if (!manifest.isBlock(block, content, content.length)) {
      return false;
    }
    ByteBuffer bytes = ByteBuffer.wrap(content);
    while (bytes.hasRemaining()) {
      channel.write(bytes, manifest.offset(block) + bytes.position());
    }
    synchronized (this) {
      here.set(block);
    }
    return true;
  }

  /** Shorter than it should be if the file is. */
  byte[] read(int block) throws IOException {
    ByteBuffer bytes = ByteBuffer.allocate(manifest.length(block));
    int length = 0;
    while (bytes.hasRemaining() && length >= 0) {
      length = channel.read(bytes, manifest.offset(block) + bytes.position());
    }
    return bytes.hasRemaining() ? Arrays.copyOf(bytes.array(), bytes.position()) : bytes.array();
  }

  /** Checks the whole and gives it its name; nothing that is there is overwritten. */
  Path finish(Path folder) throws IOException {
    MessageDigest digest = Manifest.digest();
    for (int block = 0; block < manifest.blocks(); block++) {
      digest.update(read(block));
    }
    if (!HexFormat.of().formatHex(digest.digest()).equals(manifest.sha256())) {
      close();
      Files.delete(path); // going on with it would end the same way
      throw new IOException("what arrived is not what was sent (SHA-256)");
    }
    Path place = free(folder, manifest.name());
    Files.move(path, place); // the open channel goes on serving others
    return place;
  }

  private static Path free(Path folder, String name) {
    Path place = folder.resolve(name);
    int dot = name.lastIndexOf('.') > 0 ? name.lastIndexOf('.') : name.length();
    for (int i = 2; Files.exists(place); i++) {
      place = folder.resolve(name.substring(0, dot) + "-" + i + name.substring(dot));
    }
    return place;
  }

  @Override
  public void close() {
    try {
      channel.close();
    } catch (IOException lost) {
      synchronized (this) {
        here.clear(); // it may not be on the disk
      }
    }
  }
}

package puente.peer;

import java.io.IOException;
import java.nio.file.Path;
import java.util.BitSet;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.ThreadLocalRandom;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** One file on its way: what is known of it, its blocks here, and blocks of which a part has come. */
final class Transfer {
  private static final Pattern ID = Pattern.compile("[0-9a-f]{32}");
  private static final Pattern SHA256 = Pattern.compile("[0-9a-f]{64}");
  private static final int NAME_MAX = 200;

  private static final class Begun {
    final byte[] content;
    int filled;

    Begun(int length) {
      content = new byte[length];
    }
  }

  private final FileWord.Offer offer;
  private final byte[] hashes;
  private final Map<Peer, Map<Integer, Begun>> begunByPeer = new HashMap<>();
  private int hashed;
  private long arrived;
  private @Nullable Manifest manifest;
  private @Nullable BlockFile file;
  private @Nullable Swarm<Peer> swarm;
  private boolean isOver;

  private Transfer(FileWord.Offer offer, byte[] hashes) {
    this.offer = offer;
    this.hashes = hashes;
  }

  static Transfer sent(Path path) throws IOException {
    Manifest manifest = Manifest.of(path);
    FileWord.Offer offer =
        new FileWord.Offer(
            manifest.id(),
            manifest.name(),
            manifest.size(),
            manifest.blockBytes(),
            manifest.sha256());
    Transfer transfer = new Transfer(offer, manifest.hashes());
    transfer.manifest = manifest;
    transfer.file = BlockFile.whole(manifest, path);
    transfer.isOver = true;
    return transfer;
  }

  static Transfer offered(FileWord.Offer offer) throws IOException {
    boolean isPlain =
        ID.matcher(offer.id()).matches()
            && SHA256.matcher(offer.sha256()).matches()
            && isPlain(offer.name());
    boolean fits =
        offer.blockBytes() >= Manifest.BLOCK_MIN
            && offer.blockBytes() <= Manifest.BLOCK_MAX
            && offer.size() >= 0
            && offer.size() <= (long) offer.blockBytes() * Manifest.BLOCKS_MAX;
    if (!isPlain || !fits) {
      throw new IOException("that is no name or size for a file here");
    }
    int blocks = Manifest.blocks(offer.size(), offer.blockBytes());
    return new Transfer(offer, new byte[blocks * Manifest.HASH_BYTES]);
  }

  /** A name, not a way: nothing outside of the folder, nothing hidden. */
  private static boolean isPlain(String name) {
    return !name.isEmpty()
        && name.length() <= NAME_MAX
        && !name.startsWith(".")
        && name.chars().noneMatch(c -> c == '/' || c == '\\' || c < 0x20 || c == 0x7F);
  }

  FileWord.Offer offer() {
    return offer;
  }

  int handle() {
    return FileWord.handle(offer.id());
  }

  byte[] hashes() {
    return hashes;
  }

  /** Null as long as not all hashes are known. */
  @Nullable BlockFile file() {
    return file;
  }

  /** Null for a sender, too. */
  @Nullable Swarm<Peer> swarm() {
    return swarm;
  }

  int blocks() {
    return hashes.length / Manifest.HASH_BYTES;
  }

  int length(int block) {
    return (int) Math.min(blockBytes(), offer.size() - (long) block * blockBytes());
  }

  int blockBytes() {
    return offer.blockBytes();
  }

  /** Whole, or given up. */
  boolean isOver() {
    return isOver;
  }

  void end() {
    isOver = true;
    begunByPeer.clear();
  }

  long arrived() {
    return arrived;
  }

  /** True when the last has come: then the file can be opened. */
  boolean hash(int from, byte[] some) {
    boolean isNext = (long) from * Manifest.HASH_BYTES == hashed;
    if (file != null || !isNext || some.length > hashes.length - hashed) {
      return false;
    }
    System.arraycopy(some, 0, hashes, hashed, some.length);
    hashed += some.length;
    return hashed == hashes.length;
  }

  void open(Path folder) throws IOException {
    Manifest known =
        new Manifest(offer.name(), offer.size(), offer.blockBytes(), offer.sha256(), hashes);
    if (!known.id().equals(offer.id())) {
      throw new IOException("what is announced does not fit together");
    }
    BlockFile opened = BlockFile.part(known, folder);
    manifest = known;
    file = opened;
    BitSet here = opened.here();
    swarm = new Swarm<>(known.blocks(), here, ThreadLocalRandom.current());
    arrived = opened.bytes();
  }

  /** A part of a block; the block's number when it is complete and good, else -1. */
  int piece(Peer from, FileWord.Piece piece, long now) throws IOException {
    Manifest known = manifest;
    BlockFile into = file;
    Swarm<Peer> asks = swarm;
    long number = piece.offset() / offer.blockBytes();
    if (known == null || into == null || asks == null || number < 0 || number >= known.blocks()) {
      return -1;
    }
    int block = (int) number;
    if (!asks.isAsked(from, block) || into.has(block)) {
      return -1; // it came from another in the meantime
    }
    asks.progress(from, now);
    Map<Integer, Begun> begun = begunByPeer.computeIfAbsent(from, p -> new HashMap<>());
    Begun one = begun.computeIfAbsent(block, b -> new Begun(known.length(b)));
    int length = piece.content().length;
    if (piece.offset() != known.offset(block) + one.filled
        || length > one.content.length - one.filled) {
      begun.remove(block);
      asks.failed(from, block);
      return -1;
    }
    System.arraycopy(piece.content(), 0, one.content, one.filled, length);
    one.filled += length;
    arrived += length;
    if (one.filled < one.content.length) {
      return -1;
    }
    begun.remove(block);
    if (!into.write(block, one.content)) {
      arrived -= one.filled;
      asks.failed(from, block);
      return -1;
    }
    asks.arrived(block);
    return block;
  }

  void gone(Peer peer) {
    begunByPeer.remove(peer);
    if (swarm != null) {
      swarm.gone(peer);
    }
  }
}

package puente.peer;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/** Files for one receiver, one after the other, each from where the receiver already has it. */
public final class FileSending {
  private static final long ANSWER_SECONDS = 120;
  private static final int READ_BYTES = 256 * FileWord.PIECE_BYTES;

  /** What is sent; read once for its digest, however many receive it. */
  public static final class Source {
    private final Path path;
    private final long size;
    private final String id;
    private final AtomicReference<@Nullable String> sha256 = new AtomicReference<>();

    public Source(Path path) throws IOException {
      if (!Files.isRegularFile(path) || !Files.isReadable(path)) {
        throw new IOException(path + " is no file that can be read");
      }
      this.path = path;
      size = Files.size(path);
      String facts = path.getFileName() + "\n" + size + "\n" + Files.getLastModifiedTime(path);
      id = hex(digest().digest(facts.getBytes(StandardCharsets.UTF_8))).substring(0, 32);
    }

    public String name() {
      return String.valueOf(path.getFileName());
    }

    public long size() {
      return size;
    }

    synchronized String sha256() throws IOException {
      String known = sha256.get();
      if (known == null) {
        known = FileSending.sha256(path);
        sha256.set(known);
      }
      return known;
    }
  }

  /** How it goes on. */
  public interface Progress {
    void at(Source file, long bytes);

    void done(Source file, boolean isGood, String why);
  }

  private final Peer to;
  private final List<Source> files;
  private final Progress progress;
  private final BlockingQueue<FileWord> heard = new LinkedBlockingQueue<>(256);

  public FileSending(Peer to, List<Source> files, Progress progress) {
    this.to = to;
    this.files = List.copyOf(files);
    this.progress = progress;
  }

  public void onMessage(byte[] message) {
    FileWord word = FileWord.of(message);
    if (word != null) {
      heard.offer(word); // who answers more often than asked is not heard
    }
  }

  /** True if all files arrived whole, or were refused as being there. */
  public boolean run() throws InterruptedException {
    boolean good = true;
    for (Source file : files) {
      String why = "";
      try {
        send(file);
      } catch (IOException failed) {
        why = String.valueOf(failed.getMessage());
        good = false;
      }
      progress.done(file, why.isEmpty(), why);
    }
    to.send(new FileWord.NoMore().bytes());
    to.flush(10_000);
    return good;
  }

  private void send(Source file) throws IOException, InterruptedException {
    say(new FileWord.Offer(file.id, file.name(), file.size));
    FileWord answer = await(file.id);
    if (answer instanceof FileWord.Refuse no) {
      throw new IOException("refused: " + no.why());
    }
    if (!(answer instanceof FileWord.Want want) || want.from() < 0 || want.from() > file.size) {
      throw new IOException("the receiver wants what is not there");
    }
    pieces(file, want.from());
    say(new FileWord.End(file.id, file.sha256()));
    if (!(await(file.id) instanceof FileWord.Done done && done.isGood())) {
      throw new IOException("what arrived is not what was sent (SHA-256)");
    }
  }

  private void pieces(Source file, long from) throws IOException, InterruptedException {
    try (FileChannel in = FileChannel.open(file.path, StandardOpenOption.READ)) {
      ByteBuffer block = ByteBuffer.allocate(READ_BYTES);
      long offset = from;
      while (offset < file.size) {
        block.clear();
        int length = in.read(block, offset);
        if (length <= 0) {
          throw new IOException(file.path + " became shorter");
        }
        for (int at = 0; at < length; at += FileWord.PIECE_BYTES) {
          int end = Math.min(length, at + FileWord.PIECE_BYTES);
          say(new FileWord.Piece(offset + at, Arrays.copyOfRange(block.array(), at, end)));
        }
        offset += length;
        progress.at(file, offset);
      }
    }
  }

  private void say(FileWord word) throws IOException, InterruptedException {
    if (!to.send(word.bytes())) {
      throw new IOException(to.name() + " left");
    }
  }

  private FileWord await(String id) throws IOException, InterruptedException {
    for (long waited = 0; waited < ANSWER_SECONDS; ) {
      FileWord word = heard.poll(1, TimeUnit.SECONDS);
      if (word instanceof FileWord.Want it && it.id().equals(id)
          || word instanceof FileWord.Refuse no && no.id().equals(id)
          || word instanceof FileWord.Done end && end.id().equals(id)) {
        return word;
      }
      if (to.isGone()) {
        throw new IOException(to.name() + " left");
      }
      if (word == null && to.flush(1)) {
        waited++; // what waits for a path, or is being sent, is not late
      }
    }
    throw new IOException(to.name() + " does not answer");
  }

  static String sha256(Path path) throws IOException {
    MessageDigest digest = digest();
    byte[] block = new byte[1 << 16];
    try (InputStream in = Files.newInputStream(path)) {
      for (int length = in.read(block); length >= 0; length = in.read(block)) {
        digest.update(block, 0, length);
      }
    }
    return hex(digest.digest());
  }

  private static MessageDigest digest() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException(e);
    }
  }

  private static String hex(byte[] bytes) {
    return HexFormat.of().formatHex(bytes);
  }
}

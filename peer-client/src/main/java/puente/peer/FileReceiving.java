package puente.peer;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The files of one sender. What has not arrived whole lies beside as {@code .NAME.ID.part}, and is gone
 * on with when the same file is offered again, by whomever.
 */
public final class FileReceiving implements AutoCloseable {
  /** How it goes on. */
  public interface Progress {
    void begin(String name, long size, long from);

    void at(String name, long size, long bytes);

    void done(String name, boolean isGood, String what);

    void noMore();
  }

  private static final Pattern ID = Pattern.compile("[0-9a-f]{32}");
  private static final int NAME_MAX = 200;

  private final Peer from;
  private final Path folder;
  private final Progress progress;
  private @Nullable FileChannel out;
  private @Nullable Path part;
  private FileWord.Offer offer = new FileWord.Offer("", "", 0);
  private long at;

  public FileReceiving(Peer from, Path folder, Progress progress) {
    this.from = from;
    this.folder = folder;
    this.progress = progress;
  }

  /** In the order in which they were sent, from one thread at a time. */
  public void onMessage(byte[] message) throws InterruptedException {
    try {
      switch (FileWord.of(message)) {
        case FileWord.Offer it -> offered(it);
        case FileWord.Piece it -> piece(it);
        case FileWord.End it -> end(it);
        case FileWord.NoMore it -> progress.noMore();
        case null, default -> {} // of a sender, nothing else
      }
    } catch (IOException failed) {
      String why = String.valueOf(failed.getMessage());
      close();
      progress.done(offer.name(), false, why);
      from.send(new FileWord.Refuse(offer.id(), why).bytes());
    }
  }

  private void offered(FileWord.Offer it) throws IOException, InterruptedException {
    close();
    offer = it;
    if (!ID.matcher(it.id()).matches() || it.size() < 0 || !isPlain(it.name())) {
      throw new IOException("that is no name for a file here");
    }
    Path beside = folder.resolve("." + it.name() + "." + it.id() + ".part");
    FileChannel channel =
        FileChannel.open(beside, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
    part = beside;
    out = channel;
    if (channel.tryLock() == null) {
      throw new IOException("another program receives it here");
    }
    at = Math.min(channel.size(), it.size());
    progress.begin(it.name(), it.size(), at);
    from.send(new FileWord.Want(it.id(), at).bytes());
  }

  /** A name, not a way: nothing outside of the folder, nothing hidden. */
  private static boolean isPlain(String name) {
    return !name.isEmpty()
        && name.length() <= NAME_MAX
        && !name.startsWith(".")
        && name.chars().noneMatch(c -> c == '/' || c == '\\' || c < 0x20 || c == 0x7F);
  }

  private void piece(FileWord.Piece it) throws IOException {
    FileChannel channel = out;
    if (channel == null || it.offset() != at) {
      return; // of a file that was refused
    }
    if (at + it.content().length > offer.size()) {
      throw new IOException("more comes than was announced");
    }
    ByteBuffer bytes = ByteBuffer.wrap(it.content());
    while (bytes.hasRemaining()) {
      at += channel.write(bytes, at);
    }
    progress.at(offer.name(), offer.size(), at);
  }

  private void end(FileWord.End it) throws IOException, InterruptedException {
    Path beside = part;
    if (beside == null || !it.id().equals(offer.id())) {
      return;
    }
    close();
    boolean good = at == offer.size() && FileSending.sha256(beside).equals(it.sha256());
    if (good) {
      Path place = free(offer.name());
      Files.move(beside, place);
      progress.done(offer.name(), true, place.getFileName() + " " + it.sha256());
    } else {
      Files.delete(beside); // going on with it would end the same way
      progress.done(offer.name(), false, "what arrived is not what was sent (SHA-256)");
    }
    from.send(new FileWord.Done(it.id(), good).bytes());
  }

  /** Nothing that is there is overwritten. */
  private Path free(String name) {
    Path place = folder.resolve(name);
    int dot = name.lastIndexOf('.') > 0 ? name.lastIndexOf('.') : name.length();
    for (int i = 2; Files.exists(place); i++) {
      place = folder.resolve(name.substring(0, dot) + "-" + i + name.substring(dot));
    }
    return place;
  }

  /** What has arrived stays for the next time. */
  @Override
  public void close() {
    FileChannel channel = out;
    out = null;
    part = null;
    if (channel != null) {
      try {
        channel.close();
      } catch (IOException lost) {
        progress.done(offer.name(), false, String.valueOf(lost.getMessage()));
      }
    }
  }
}

package puente.peer;

import java.io.IOException;
import java.util.Arrays;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/** What one peer is sent, by a thread of its own: a slow one holds nobody else up. */
final class Desk {
  /** Who asks for more at a time is not heard. */
  private static final int SERVED_MAX = 64;

  /** Somebody without a path for long learns less of who has what; the sender has all. */
  private static final int NEWS_MAX = 1 << 18;

  private static final long LOOK_MS = 1_000;

  private sealed interface Job {}

  private record Mark(CountDownLatch said) implements Job {}

  private record Announce(Transfer transfer) implements Job {}

  private record Say(FileWord word) implements Job {}

  private record Serve(Transfer transfer, int block) implements Job {}

  private final Peer peer;
  private final LinkedBlockingQueue<Job> jobs = new LinkedBlockingQueue<>();
  private int serving;
  private long served;
  private long relayed;

  Desk(Peer peer) {
    this.peer = peer;
    Thread.ofPlatform().daemon().name("to " + peer.name()).start(this::run);
  }

  Peer peer() {
    return peer;
  }

  void say(FileWord word) {
    boolean isNews = word instanceof FileWord.Has || word instanceof FileWord.Fetches;
    if (!isNews || jobs.size() < NEWS_MAX) {
      jobs.add(new Say(word));
    }
  }

  void announce(Transfer transfer) {
    jobs.add(new Announce(transfer));
  }

  void serve(Transfer transfer, int block) {
    synchronized (this) {
      if (serving >= SERVED_MAX) {
        return;
      }
      serving++;
    }
    jobs.add(new Serve(transfer, block));
  }

  /** Bytes of files; those by a relay among them, or alone. */
  synchronized long served(boolean byRelay) {
    return byRelay ? relayed : served;
  }

  /** Waits until all that was to be said has arrived. */
  void flush(long patienceMs) throws InterruptedException {
    long end = DtlsLink.nowMs() + patienceMs;
    CountDownLatch said = new CountDownLatch(1);
    jobs.add(new Mark(said));
    if (said.await(patienceMs, TimeUnit.MILLISECONDS)) {
      peer.flush(end - DtlsLink.nowMs());
    }
  }

  private void run() {
    try {
      while (!peer.isGone()) {
        switch (jobs.poll(LOOK_MS, TimeUnit.MILLISECONDS)) {
          case null -> {} // it may be gone
          case Announce it -> announceNow(it.transfer);
          case Say it -> peer.send(it.word.bytes());
          case Mark it -> it.said.countDown();
          case Serve it -> {
            send(it);
            synchronized (this) {
              serving--;
            }
          }
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void announceNow(Transfer transfer) throws InterruptedException {
    peer.send(transfer.offer().bytes());
    int each = FileWord.HASHES_MAX * Manifest.HASH_BYTES;
    byte[] all = transfer.hashes();
    for (int at = 0; at < all.length; at += each) {
      byte[] some = Arrays.copyOfRange(all, at, Math.min(all.length, at + each));
      FileWord word = new FileWord.Hashes(transfer.handle(), at / Manifest.HASH_BYTES, some);
      peer.send(word.bytes());
    }
  }

  private void send(Serve it) throws InterruptedException {
    BlockFile file = it.transfer.file();
    if (file == null || !file.has(it.block)) {
      return;
    }
    try {
      byte[] content = file.read(it.block);
      if (content.length < it.transfer.length(it.block)) {
        throw new IOException("it became shorter");
      }
      long offset = (long) it.block * it.transfer.blockBytes();
      for (int at = 0; at < content.length; at += FileWord.PIECE_BYTES) {
        int end = Math.min(content.length, at + FileWord.PIECE_BYTES);
        byte[] piece = Arrays.copyOfRange(content, at, end);
        if (!peer.send(new FileWord.Piece(it.transfer.handle(), offset + at, piece).bytes())) {
          return;
        }
      }
      synchronized (this) {
        served += content.length;
        relayed += peer.isDirect() ? 0 : content.length;
      }
    } catch (IOException unreadable) {
      say(new FileWord.Done(it.transfer.handle(), it.transfer.offer().name() + " cannot be read"));
    }
  }
}

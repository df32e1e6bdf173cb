package puente.peer;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.BitSet;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Files in a room: one sends them, all others who receive have them in the end, each from the sender
 * and from those who already have a part. What a receiver has, and is about to have, it tells all
 * others; {@link Swarm} chooses.
 */
public final class FileExchange implements AutoCloseable {
  private static final long LOOK_MS = 500;
  private static final int FILES_MAX = 256;

  /** How it goes on. Called with a lock held: it must not wait. */
  public interface Progress {
    void begin(String name, long size, long from);

    void at(String name, long size, long bytes);

    void done(String name, boolean isGood, String what);

    /** A receiver has a file whole, or says why not. */
    void received(Peer by, String name, String why);

    /** A receiver has all files, or will not have them. */
    void complete(Peer receiver, boolean isGood);

    /** Who a receiver is, also when its program is started anew. */
    void known(Peer receiver, String identity);

    /** The sender says that everybody has what he could get. */
    void noMore();
  }

  private final @Nullable Path folder;
  private final @Nullable ReceiverSecret secret;
  private final Set<Peer> introduced = new HashSet<>();
  private final Progress progress;
  private final Map<Integer, Transfer> transfers = new LinkedHashMap<>();
  private final Map<Peer, Desk> desks = new ConcurrentHashMap<>();
  private final Map<Peer, Map<Integer, BitSet>> hasByPeer = new HashMap<>();
  private final Map<Peer, Set<Integer>> openByReceiver = new HashMap<>();
  private final Set<Peer> disappointed = new HashSet<>();
  private final Set<Peer> senders = new HashSet<>();
  private final ScheduledExecutorService disk =
      Executors.newSingleThreadScheduledExecutor(
          work -> Thread.ofPlatform().daemon().name("files").unstarted(work));
  private int finishing;
  private long servedToGone;
  private long relayedToGone;

  private FileExchange(@Nullable Path folder, Progress progress) {
    this.folder = folder;
    secret = folder == null ? null : ReceiverSecret.in(folder);
    this.progress = progress;
    disk.scheduleWithFixedDelay(this::look, LOOK_MS, LOOK_MS, TimeUnit.MILLISECONDS);
  }

  public static FileExchange receiving(Path folder, Progress progress) {
    return new FileExchange(folder, progress);
  }

  /** Reads the files once. */
  public static FileExchange sending(List<Path> files, Progress progress) throws IOException {
    FileExchange exchange = new FileExchange(null, progress);
    if (files.size() > FILES_MAX) {
      throw new IOException("more than " + FILES_MAX + " files");
    }
    for (Path path : files) {
      if (!Files.isRegularFile(path) || !Files.isReadable(path)) {
        throw new IOException(path + " is no file that can be read");
      }
      Transfer transfer = Transfer.sent(path);
      exchange.transfers.put(transfer.handle(), transfer);
    }
    return exchange;
  }

  private boolean isSender() {
    return folder == null;
  }

  /** Somebody who sends or receives is here. */
  public synchronized void met(Peer peer) {
    Desk desk = new Desk(peer);
    desks.put(peer, desk);
    if (isSender()) {
      openByReceiver.put(peer, new HashSet<>(transfers.keySet()));
      transfers.values().forEach(desk::announce);
    } else {
      transfers.values().forEach(transfer -> tellWhatIsHere(desk, transfer));
    }
  }

  public synchronized void gone(Peer peer) {
    Desk desk = desks.remove(peer);
    servedToGone += desk == null ? 0 : desk.served(false);
    relayedToGone += desk == null ? 0 : desk.served(true);
    hasByPeer.remove(peer);
    introduced.remove(peer);
    transfers.values().forEach(transfer -> transfer.gone(peer));
    if (openByReceiver.remove(peer) != null) {
      progress.complete(peer, false);
    }
    if (senders.remove(peer)) {
      leaveIfOver();
    }
    look();
  }

  /** Who has all and whose sender left need not be told that there is no more. */
  private void leaveIfOver() {
    boolean isOver = transfers.values().stream().allMatch(Transfer::isOver);
    if (!isSender() && senders.isEmpty() && finishing == 0 && isOver) {
      progress.noMore();
    }
  }

  /** By another path than before; or it fell silent, and the others do without, or is heard again. */
  public synchronized void path(Peer peer) {
    introduce(peer);
    transfers.values().forEach(transfer -> route(transfer, peer));
    look();
  }

  /** To a sender, as soon as it is known to whom that goes. */
  private void introduce(Peer sender) {
    Desk desk = desks.get(sender);
    String key = sender.key();
    if (secret != null && desk != null && !key.isEmpty() && sender.role().equals("send")) {
      if (introduced.add(sender)) {
        desk.say(new FileWord.Identity(secret.towards(key)));
      }
    }
  }

  private static void route(Transfer transfer, Peer peer) {
    Swarm<Peer> swarm = transfer.swarm();
    if (swarm != null) {
      swarm.path(peer, peer.isDirect());
      swarm.away(peer, peer.isSilent());
    }
  }

  public synchronized void onMessage(Peer from, byte[] message) {
    FileWord word = FileWord.of(message);
    if (word == null || !desks.containsKey(from)) {
      return;
    }
    try {
      understand(from, word);
    } catch (IOException failed) {
      int handle = word instanceof FileWord.Piece piece ? piece.handle() : 0;
      Transfer transfer = transfers.get(handle);
      if (transfer != null) {
        fail(transfer, String.valueOf(failed.getMessage()));
      }
    }
  }

  private void understand(Peer from, FileWord word) throws IOException {
    switch (word) {
      case FileWord.Offer it -> offered(from, it);
      case FileWord.Hashes it -> hashes(from, it);
      case FileWord.Has it -> has(from, it);
      case FileWord.Want it -> {
        Transfer transfer = transfers.get(it.handle());
        Desk desk = desks.get(from);
        if (transfer != null && desk != null && it.block() >= 0) {
          desk.serve(transfer, it.block());
        }
      }
      case FileWord.Fetches it -> {
        Swarm<Peer> swarm = swarm(it.handle());
        if (swarm != null) {
          swarm.fetches(from, it.block());
        }
      }
      case FileWord.Piece it -> piece(from, it);
      case FileWord.Done it -> done(from, it);
      case FileWord.NoMore it -> progress.noMore();
      case FileWord.Identity it -> {
        if (isSender()) {
          progress.known(from, it.digest());
        }
      }
    }
  }

  private @Nullable Swarm<Peer> swarm(int handle) {
    Transfer transfer = transfers.get(handle);
    return transfer == null ? null : transfer.swarm();
  }

  // ---- what a receiver does

  private void offered(Peer from, FileWord.Offer it) {
    if (isSender()) {
      return;
    }
    senders.add(from);
    Desk desk = desks.get(from);
    try {
      Transfer offered = Transfer.offered(it);
      Transfer known = transfers.get(offered.handle());
      if (known == null && transfers.size() < FILES_MAX) {
        transfers.put(offered.handle(), offered);
        known = offered;
      }
      if (known == null || !known.offer().equals(it)) {
        throw new IOException("more than " + FILES_MAX + " files, or two that look alike");
      }
      BlockFile here = known.file();
      if (here != null) {
        sourceOf(known, from);
        if (known.isOver() && desk != null) {
          desk.say(new FileWord.Done(known.handle(), here.isWhole() ? "" : "it failed before"));
        }
        look();
      } else if (known.blocks() == 0) {
        open(known, from);
      }
    } catch (IOException strange) {
      String why = String.valueOf(strange.getMessage());
      progress.done(it.name(), false, why);
      if (desk != null && it.id().matches("[0-9a-f]{32}")) {
        desk.say(new FileWord.Done(FileWord.handle(it.id()), why));
      }
    }
  }

  private void hashes(Peer from, FileWord.Hashes it) throws IOException {
    Transfer transfer = transfers.get(it.handle());
    if (!isSender() && transfer != null && transfer.hash(it.from(), it.hashes())) {
      open(transfer, from);
    }
  }

  private void open(Transfer transfer, Peer from) throws IOException {
    Path into = folder;
    if (into == null) {
      return;
    }
    try {
      transfer.open(into);
    } catch (IOException failed) {
      fail(transfer, String.valueOf(failed.getMessage()));
      return;
    }
    progress.begin(transfer.offer().name(), transfer.offer().size(), transfer.arrived());
    sourceOf(transfer, from);
    for (Map.Entry<Peer, Map<Integer, BitSet>> known : hasByPeer.entrySet()) {
      BitSet blocks = known.getValue().get(transfer.handle());
      Swarm<Peer> swarm = transfer.swarm();
      if (blocks != null && swarm != null) {
        swarm.has(known.getKey(), 0, blocks);
        route(transfer, known.getKey());
      }
    }
    desks.values().forEach(desk -> tellWhatIsHere(desk, transfer));
    finishIfWhole(transfer);
    look();
  }

  /** Who offers a file has all of it. */
  private static void sourceOf(Transfer transfer, Peer sender) {
    Swarm<Peer> swarm = transfer.swarm();
    if (swarm != null) {
      BitSet all = new BitSet();
      all.set(0, transfer.blocks());
      swarm.has(sender, 0, all);
      route(transfer, sender);
    }
  }

  private static void tellWhatIsHere(Desk desk, Transfer transfer) {
    BlockFile file = transfer.file();
    if (file == null) {
      return;
    }
    BitSet here = file.here();
    for (int from = 0; from < here.length(); from += FileWord.BITS_MAX) {
      BitSet some = here.get(from, Math.min(here.length(), from + FileWord.BITS_MAX));
      desk.say(new FileWord.Has(transfer.handle(), from, some));
    }
  }

  private void has(Peer from, FileWord.Has it) {
    if (it.from() < 0 || it.from() + it.blocks().length() > Manifest.BLOCKS_MAX) {
      return;
    }
    Map<Integer, BitSet> known = hasByPeer.computeIfAbsent(from, p -> new HashMap<>());
    if (known.size() < FILES_MAX || known.containsKey(it.handle())) {
      BitSet all = known.computeIfAbsent(it.handle(), h -> new BitSet());
      it.blocks().stream().forEach(i -> all.set(it.from() + i));
    }
    Transfer transfer = transfers.get(it.handle());
    Swarm<Peer> swarm = transfer == null ? null : transfer.swarm();
    if (transfer != null && swarm != null) {
      swarm.has(from, it.from(), it.blocks());
      route(transfer, from);
      look();
    } else if (transfer != null && isSender()) {
      progress.at(transfer.offer().name(), transfer.offer().size(), spread(transfer));
    }
  }

  /** Of a sender: how many bytes his receivers have, on average. */
  private long spread(Transfer transfer) {
    long blocks = 0;
    for (Map<Integer, BitSet> known : hasByPeer.values()) {
      BitSet has = known.get(transfer.handle());
      blocks += has == null ? 0 : has.cardinality();
    }
    long bytes = blocks * transfer.blockBytes() / Math.max(1, hasByPeer.size());
    return Math.min(bytes, transfer.offer().size());
  }

  private void piece(Peer from, FileWord.Piece it) throws IOException {
    Transfer transfer = transfers.get(it.handle());
    if (transfer == null || transfer.isOver()) {
      return;
    }
    int block = transfer.piece(from, it, DtlsLink.nowMs());
    progress.at(transfer.offer().name(), transfer.offer().size(), transfer.arrived());
    if (block >= 0) {
      BitSet one = new BitSet();
      one.set(0);
      desks.values().forEach(d -> d.say(new FileWord.Has(it.handle(), block, one)));
      finishIfWhole(transfer);
      look();
    }
  }

  /** Asks for what is missing, of the first file that is not whole. */
  private synchronized void look() {
    for (Transfer transfer : transfers.values()) {
      Swarm<Peer> swarm = transfer.swarm();
      if (transfer.isOver() || swarm == null) {
        continue;
      }
      BlockFile file = transfer.file();
      if (!swarm.isHopeful() && !senders.isEmpty() && file != null && !file.isWhole()) {
        fail(transfer, "what was sent is not what was announced");
        continue;
      }
      for (Swarm.Request<Peer> request : swarm.next(DtlsLink.nowMs())) {
        ask(transfer, request);
      }
      return;
    }
  }

  private void ask(Transfer transfer, Swarm.Request<Peer> request) {
    for (Desk desk : desks.values()) {
      desk.say(
          desk.peer() == request.of()
              ? new FileWord.Want(transfer.handle(), request.block())
              : new FileWord.Fetches(transfer.handle(), request.block()));
    }
  }

  private void finishIfWhole(Transfer transfer) {
    BlockFile file = transfer.file();
    Path into = folder;
    if (transfer.isOver() || file == null || into == null || !file.isWhole()) {
      return;
    }
    transfer.end();
    finishing++;
    disk.execute(
        () -> {
          String why = "";
          String place = "";
          try {
            place = file.finish(into).getFileName() + " " + transfer.offer().sha256();
          } catch (IOException failed) {
            why = String.valueOf(failed.getMessage());
          }
          synchronized (this) {
            finishing--;
            over(transfer, why, place);
            leaveIfOver();
          }
        });
  }

  private void fail(Transfer transfer, String why) {
    if (!transfer.isOver() && !isSender()) {
      transfer.end();
      over(transfer, why, "");
    }
  }

  private void over(Transfer transfer, String why, String place) {
    progress.done(transfer.offer().name(), why.isEmpty(), why.isEmpty() ? place : why);
    desks.values().forEach(desk -> desk.say(new FileWord.Done(transfer.handle(), why)));
  }

  // ---- what a sender hears

  private void done(Peer from, FileWord.Done it) {
    Transfer transfer = transfers.get(it.handle());
    if (transfer == null) {
      return;
    }
    if (!isSender()) {
      if (!it.why().isEmpty()) {
        transfer.gone(from); // he cannot give what he offered
        look();
      }
      return;
    }
    Set<Integer> open = openByReceiver.get(from);
    if (open == null || !open.remove(it.handle())) {
      return;
    }
    progress.received(from, transfer.offer().name(), it.why());
    if (!it.why().isEmpty()) {
      disappointed.add(from);
    }
    if (open.isEmpty()) {
      openByReceiver.remove(from);
      progress.complete(from, !disappointed.contains(from));
    }
  }

  /** Bytes of files, given to all together; those by a relay among them, or alone. */
  public synchronized long served(boolean byRelay) {
    long toGone = byRelay ? relayedToGone : servedToGone;
    return toGone + desks.values().stream().mapToLong(desk -> desk.served(byRelay)).sum();
  }

  /** Lets the receivers go; waits until they have heard it. */
  public void finish(long patienceMs) throws InterruptedException {
    List<Desk> all = desks.values().stream().filter(desk -> !desk.peer().isSilent()).toList();
    all.forEach(desk -> desk.say(new FileWord.NoMore()));
    for (Desk desk : all) {
      desk.flush(patienceMs);
    }
  }

  @Override
  public synchronized void close() {
    disk.shutdownNow();
    for (Transfer transfer : transfers.values()) {
      BlockFile file = transfer.file();
      if (file != null) {
        file.close();
      }
    }
    if (secret != null && transfers.values().stream().allMatch(Transfer::isOver)) {
      secret.forget();
    }
  }
}
